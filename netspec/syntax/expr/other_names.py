"""Names of functions, attributes and values in Python, torch and Keras, and what to write instead."""

from __future__ import annotations

from collections.abc import Collection

from netspec.diagnostics import nearest
from netspec.syntax.expr.value import ATTRIBUTES

_WALK = "`foreach` walks lists side by side, as in `foreach: {i: range(3), n: [1, 2, 3]}`"
_FORMULA = "a step computes values, as in `formula: sqrt(x)`"
_STEP = "it is a step of its own, whose value a label names"
_REDUCTION = "a step computes it, as in `reduce: {mean: [height, width], keep: true}`, whose value a label names"
_NOISE = "formulas have no random numbers"

FUNCTIONS = {
    "all": "join conditions by 'and'",
    **dict.fromkeys(("conv", "dropout", "layer_norm", "linear", "ln", "matmul", "mish", "softmax", "bn"), _STEP),
    "arange": "did you mean 'range'?",
    "hardtanh": "as in `clamp(x, -1, 1)`",
    "leaky_relu": "as in `where(x > 0, x, 0.2 * x)`",
    "maximum": "did you mean 'max'?",
    "mean": _REDUCTION,
    "minimum": "did you mean 'min'?",
    "norm": _REDUCTION,
    "ones": "write the number, as in `x + 1`",
    "ones_like": "write the number, as in `1 - x`",
    "rand": _NOISE,
    "randn": _NOISE,
    "std": _REDUCTION,
    "swish": "did you mean 'silu'?",
    "var": _REDUCTION,
    "zeros": "write the number, as in `max(x, 0)`",
    "zeros_like": "write the number, as in `max(x, 0)`",
    "any": "join conditions by 'or'",
    "bool": "compare, as in `n > 0`",
    "enumerate": _WALK,
    "exp": _FORMULA,
    "log": _FORMULA,
    "make_divisible": "did you mean 'round_to'?",
    "pow": "a power is written **",
    "prod": "multiply, as in `x.height * x.width`",
    "reversed": "items backwards are `items[::-1]`",
    "size": "axes are read from a value, as in `x.channels`",
    "sqrt": "a square root is `** 0.5`",
    "str": "a name is put together in braces, as in `name: layer{i}`",
    "zip": _WALK,
}

_CHANNELS, _HEIGHT, _WIDTH = "channels", "height", "width"
_ATTRIBUTES = {
    **dict.fromkeys(("c", "ch", "channel", "num_channels", "num_features", "in_channels"), _CHANNELS),
    **dict.fromkeys(("out_channels", "out", "filters", "dim", "nc"), _CHANNELS),
    **dict.fromkeys(("in_features", "out_features", "embed_dim"), "features"),
    **dict.fromkeys(("h", "rows"), _HEIGHT),
    **dict.fromkeys(("w", "cols", "columns"), _WIDTH),
    **dict.fromkeys(("d", "frames"), "depth"),
    **dict.fromkeys(("len", "seq_len", "time"), "length"),
    **dict.fromkeys(("size", "sizes", "dims", "get_shape"), "shape"),
    **dict.fromkeys(("ndim", "ndims"), "rank"),
}

_ALONE = "an argument is read by its name alone, as in `width`"

_OF_A_VALUE = {name: f"it is read of a value, as in `x.{name}`" for name in ATTRIBUTES}

READ_OTHERWISE = {
    **_OF_A_VALUE,
    **dict.fromkeys(("args", "self", "cfg", "config", "hparams", "kwargs", "opt"), _ALONE),
    **dict.fromkeys(("no", "off"), "write `false`"),
    **dict.fromkeys(("yes", "on"), "write `true`"),
    "inf": "write a number; netspec knows none that is infinite",
    "nan": "write a number",
}
"""Names that are read in another way, or not at all. A name of the document's own is always read before."""

SIZES = {
    **dict.fromkeys("CHLTW", "a size is a number here; the network takes the other sizes that fit"),
    **dict.fromkeys("BN", "leave out the axis of the examples, and write sizes as numbers"),
}
"""Letters of the axes of shapes, as papers write them."""


def suggest_function(name: str, known: Collection[str]) -> str:
    """Return the help for a function that expressions do not have.

    Example:
        >>> suggest_function("sqrt", ["min", "max"]), suggest_function("mx", ["min", "max"])
        ('a square root is `** 0.5`', "did you mean 'max'?")
    """
    if name in known:
        return f"did you mean '{name}'?"
    return FUNCTIONS.get(name) or nearest(name, known) or "the functions are " + " ".join(known)


def suggest_method(name: str, known: Collection[str]) -> str:
    """Return the help for a method of a value, of which there is none.

    Example:
        >>> suggest_method("size", ["min", "max"]), suggest_method("max", ["min", "max"])
        ("did you mean 'shape'?", "did you mean 'max'?")
    """
    if name in ATTRIBUTES:
        return f"it is read without brackets: `.{name}`"
    is_function = name not in _ATTRIBUTES and (name in known or name in FUNCTIONS)
    return suggest_function(name, known) if is_function else suggest_attribute(name)


def suggest_constant(name: str) -> str:
    """Return the help for a constant or function of a module."""
    constants = {"pi": "write 3.141592653589793", "e": "write 2.718281828459045", "inf": "write `inf`, in a formula"}
    return constants.get(name, "modules of Python and torch are not known here")


def suggest_attribute(name: str) -> str:
    """Return the help for an attribute that values do not have.

    Example:
        >>> suggest_attribute("h"), suggest_attribute("chanels")
        ("did you mean 'height'?", "did you mean 'channels'?")
    """
    if name in ("T", "mT", "H"):
        return "the step `permute` changes the order of axes"
    meant = _ATTRIBUTES.get(name.lower())
    if meant:
        return f"did you mean '{meant}'?"
    return nearest(name, ATTRIBUTES) or "a value has " + ", ".join(ATTRIBUTES)

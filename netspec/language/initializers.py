"""Initializers: their names and arguments, and the shapes of the parameters that they can initialize."""

from __future__ import annotations

from typing import Any

from netspec.ir import Initializer
from netspec.sizes.shape import Shape, show

FUNCTIONS: dict[str, tuple[str, ...]] = {
    "constant": ("val",),
    "zeros": (),
    "ones": (),
    "normal": ("mean", "std"),
    "trunc_normal": ("mean", "std", "a", "b"),
    "uniform": ("a", "b"),
    "xavier_normal": ("gain",),
    "xavier_uniform": ("gain",),
    "kaiming_normal": ("a", "mode", "nonlinearity"),
    "kaiming_uniform": ("a", "mode", "nonlinearity"),
    "orthogonal": ("gain",),
    "dirac": ("groups",),
    "eye": (),
}
"""The initializers by their name in ``torch.nn.init``, with their arguments."""

OTHER_NAMES = {
    "msra": "kaiming_normal",
    "he": "kaiming_normal",
    "he_normal": "kaiming_normal",
    "he_uniform": "kaiming_uniform",
    "xavier": "xavier_uniform",
    "glorot": "xavier_uniform",
    "glorot_uniform": "xavier_uniform",
    "glorot_normal": "xavier_normal",
    "gaussian": "normal",
    "randn": "normal",
    "rand": "uniform",
    "random_normal": "normal",
    "random_uniform": "uniform",
    "truncated_normal": "trunc_normal",
}
"""Names of initializers in other frameworks, for suggestions."""

ARGUMENT_WORDS = {
    "mode": ("fan_in", "fan_out"),
    "nonlinearity": ("linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"),
}
"""The words that arguments of initializers allow."""
WORDS = frozenset({*FUNCTIONS, *OTHER_NAMES})
EXAMPLES = ("normal: {std: 0.01}", "kaiming_normal: {mode: fan_out}")
"""Initializers with an argument that is a number, and one that is a word."""


# torch computes the fans of a weight from its first two axes, cuts `eye` from a matrix, and fills only convolutions'
# weights with `dirac`. Nine axes mean no limit.
_AXES: dict[str, tuple[int, int]] = {
    "xavier_normal": (2, 9),
    "xavier_uniform": (2, 9),
    "kaiming_normal": (2, 9),
    "kaiming_uniform": (2, 9),
    "orthogonal": (2, 9),
    "eye": (2, 2),
    "dirac": (3, 5),
}
"""The fewest and the most axes of the parameters that a function can initialize; others initialize all."""


def validate_initializer(how: Initializer, shape: Shape) -> str:
    """Return why an initializer cannot be used for a parameter of a shape, or an empty string.

    Example:
        >>> [validate_initializer(Initializer("eye"), shape) for shape in ((8, 3, 1, 1), (8, 3))]
        ['eye initializes parameters of 2 axes', '']
    """
    arguments = dict(how.arguments)
    if how.function == "values":
        return "" if _shape_of(arguments["values"]) == shape else f"write values of shape {show(shape)}"
    least, most = _AXES.get(how.function, (0, 9))
    if not least <= len(shape) <= most:
        axes = f"{least}" if least == most else f"at least {least}" if most == 9 else f"{least} to {most}"
        return f"{how.function} initializes parameters of {axes} axes"
    return _wrong_arguments(how.function, arguments, shape)


def _wrong_arguments(function: str, arguments: dict[str, Any], shape: Shape) -> str:
    if function == "dirac" and (arguments.get("groups", 1) < 1 or shape[0] % arguments.get("groups", 1)):
        return "the groups of dirac divide the number of filters"
    if function == "normal" and arguments.get("std", 1) < 0:
        return "the std of normal is at least 0"
    if function == "trunc_normal" and arguments.get("std", 1) <= 0:
        return "the std of trunc_normal is greater than 0"
    # Defaults are torch's: 0 and 1 for uniform, -2 and 2 for trunc_normal.
    if function == "uniform" and arguments.get("a", 0) > arguments.get("b", 1):
        return "the a of uniform is at most its b"
    if function == "trunc_normal" and arguments.get("a", -2) >= arguments.get("b", 2):
        return "the a of trunc_normal is less than its b"
    return ""


def _shape_of(values: Any) -> Shape | None:
    """Return the shape of nested values; None where they are ragged."""
    if not isinstance(values, tuple):
        return ()
    # A set: rows of one shape leave one element, and ragged ones several.
    inner = {_shape_of(each) for each in values}
    (only,) = inner if len(inner) == 1 else (None,)
    return None if only is None else (len(values), *only)

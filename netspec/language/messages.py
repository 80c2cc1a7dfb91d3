"""How messages show values and what they suggest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from netspec.diagnostics import nearest
from netspec.sizes.shape import show
from netspec.syntax.expr import Value

OTHER_NAMES = {
    "batch_norm": "bn",
    "batchnorm": "bn",
    "batchnorm1d": "bn",
    "batchnorm2d": "bn",
    "batchnorm3d": "bn",
    "deconv": "conv_transpose",
    "depthwise": "conv",
    "dwconv": "conv",
    "fc": "linear",
    "for": "foreach",
    "fully_connected": "linear",
    "gap": "global_avgpool",
    "group_norm": "gn",
    "groupnorm": "gn",
    "instance_norm": "in",
    "instancenorm": "in",
    "instancenorm2d": "in",
    "interpolate": "upsample",
    "layer_norm": "ln",
    "layernorm": "ln",
    "loop": "repeat",
    "mha": "attention",
    "multiply": "mul",
    "padding": "pad",
    "pool": "maxpool",
    "product": "mul",
    "squeeze_excite": "se",
    "sum": "add",
    "swish": "silu",
    "transpose": "permute",
    "view": "reshape",
    "zero_pad": "pad",
}
"""What other libraries and papers call steps, where the spelling alone does not tell."""


def suggest_step(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'name'?`` for what somebody may mean by a step's word, or an empty string.

    Example:
        >>> suggest_step("BatchNorm2d", ["bn", "conv"]), suggest_step("cnov", ["bn", "conv"])
        ("did you mean 'bn'?", "did you mean 'conv'?")
    """
    other = OTHER_NAMES.get(word.lower())
    return f"did you mean '{other}'?" if other else nearest(word, known)


def show_value(value: Any) -> str:
    """Return a value as a message shows it.

    Example:
        >>> show_value("on"), show_value(None), show_value([1, 2])
        ("'on'", 'nothing', '[1, 2]')
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Value):
        return f"a value of shape {show(value.shape)}"
    if isinstance(value, list) and any(isinstance(item, Value) for item in value):
        return f"[{', '.join(map(show_value, value))}]"
    text = ascii(list(value)) if isinstance(value, (list, tuple)) else ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."


def show_kind(value: Any) -> str:
    """Return what a value is, where its content does not matter, and the value itself where it is a single one.

    Example:
        >>> show_kind([1, 2]), show_kind({}), show_kind(3)
        ('a list', 'a mapping', '3')
    """
    if isinstance(value, list):
        return "a list"
    return "a mapping" if isinstance(value, dict) else show_value(value)


def lowered(description: str | None) -> str:
    """Return a description as a help line: without a capital and a full stop.

    Example:
        >>> lowered("Size of the windows, in elements.")
        'size of the windows, in elements'
    """
    text = (description or "").rstrip(".")
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def show_count(least: int, most: int | None) -> str:
    """Return how many operands there may be.

    Example:
        >>> show_count(2, 2), show_count(1, 3), show_count(2, None)
        ('2 operands', '1 to 3 operands', 'at least 2 operands')
    """
    if most is None:
        return f"at least {least} operand{'' if least == 1 else 's'}"
    return f"{least} operands" if least == most else f"{least} to {most} operands"

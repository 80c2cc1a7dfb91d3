"""How messages show values."""

from __future__ import annotations

from typing import Any

from netspec.sizes.shape import show
from netspec.syntax.expr import Value


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

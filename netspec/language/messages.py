"""How messages show values."""

from __future__ import annotations

from itertools import islice
from typing import Any

from netspec.language.model import Body
from netspec.sizes import Dim, Ratio
from netspec.sizes.shape import show
from netspec.syntax.expr import Value

MOST_CHARACTERS = 60
"""The length of a value in a message."""


def show_value(value: Any) -> str:
    """Return a value as a message shows it.

    Example:
        >>> show_value("on"), show_value(None), show_value([1, True]), show_value({"a": 1})
        ("'on'", 'nothing', '[1, true]', '{a: 1}')
    """
    text = "nothing" if value is None else _shown(value)
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"


def _shown(value: Any) -> str:
    """Return a value as a document writes it, shortened for a message."""
    match value:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case Value():
            return f"a value of shape {show(value.shape)}"
        case Dim() | Ratio():
            return ascii(value.stated)
        case int() | float() | str():
            return ascii(value)
        case list() | tuple():
            items = ", ".join(map(_shown, value[:MOST_CHARACTERS]))
            return f"[{items}]"
        case dict():
            return f"{{{', '.join(f'{key}: {_shown(item)}' for key, item in islice(value.items(), MOST_CHARACTERS))}}}"
        case Body():
            return "steps"
    return repr(value)


def show_kind(value: Any) -> str:
    """Return the kind of a list or mapping, and any other value as it is written.

    Example:
        >>> show_kind([1, 2]), show_kind({}), show_kind(3)
        ('a list', 'a mapping', '3')
    """
    if isinstance(value, list):
        return "a list"
    return "a mapping" if isinstance(value, dict) else show_value(value)


def as_help(description: str | None) -> str:
    """Return a description as a help line: without a capital and a full stop.

    Example:
        >>> as_help("Size of the windows, in elements.")
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

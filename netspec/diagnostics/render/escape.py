"""The one way by which text of a document reaches an output."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return a text with all characters escaped that are not printable on a terminal.

    Example:
        >>> print(printable("red \\x1b[31m, turned \\u202e, café"))
        red \\x1b[31m, turned \\u202e, café
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escaped(character) for character in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")

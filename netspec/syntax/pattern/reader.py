"""From text to pattern."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from netspec.syntax.pattern.error import PatternError
from netspec.syntax.pattern.model import ELLIPSIS, Axis, Pattern, Side

MAX_CHARACTERS = 256
MOST_NAMES = 32
"""Far beyond what anybody reads; torch's tensors have 64 axes."""

_TOKEN = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_]*)|(?P<one>1(?![0-9A-Za-z_]))|(?P<mark>\.\.\.|->|[(),])")
_INSTEAD = {
    "=": "an arrow is written `->`",
    "*": "one axis of several names is written in brackets: `(h w)`",
    "[": "brackets are round: `(h w)`",
    "]": "brackets are round: `(h w)`",
}
EXAMPLE = 'as in "c h w -> (h w) c"'


class _Token(NamedTuple):
    text: str
    offset: int

    def error(self, message: str, help: str = EXAMPLE) -> PatternError:
        return PatternError(message, self.offset, len(self.text), help)


@lru_cache(maxsize=512)
def read(text: str) -> Pattern:
    """Return the pattern of a text.

    Raises: PatternError with the wrong part.

    Example:
        >>> [axis.names for axis in read("c (h p) 1 -> (c p) h").operands[0].axes]
        [('c',), ('h', 'p'), ()]
    """
    if len(text) > MAX_CHARACTERS:
        excess = len(text) - MAX_CHARACTERS
        raise PatternError(
            f"{len(text)} characters are more than the {MAX_CHARACTERS} allowed",
            MAX_CHARACTERS,
            excess,
            "use two steps",
        )
    tokens = list(_tokens(text))
    arrows = [place for place, token in enumerate(tokens) if token.text == "->"]
    if not arrows:
        raise PatternError("a pattern has an arrow between its sides", 0, max(len(text), 1), EXAMPLE)
    if len(arrows) > 1:
        raise tokens[arrows[1]].error("a pattern has a single arrow", "use two steps")
    arrow = tokens[arrows[0]]
    operands = tuple(_side(part, arrow.offset) for part in _parts(tokens[: arrows[0]]))
    behind = tokens[arrows[0] + 1 :]
    result = _side(behind, len(text))
    if any(token.text == "," for token in behind):
        help_text = "axes stand apart by blanks, " + EXAMPLE
        raise next(token for token in behind if token.text == ",").error("a result is a single value", help_text)
    return _checked(Pattern(text, operands, result, _places(tokens)))


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        found = _TOKEN.match(text, place)
        if found is None:
            raise _unreadable(text, place)
        yield _Token(found[0], place)
        place = found.end()


def _unreadable(text: str, place: int) -> PatternError:
    number = re.compile(r"\d+").match(text, place)
    if number:
        return PatternError(
            "an axis has a name, and the only number is 1",
            place,
            len(number[0]),
            "give the size as an argument: `p: 16`",
        )
    message = f"unexpected character {text[place]!a}"
    if text[place] in _INSTEAD:
        return PatternError(message, place, 1, _INSTEAD[text[place]])
    return PatternError(message, place, 1, f"names, brackets, `1`, `...` and `->`: {EXAMPLE}")


def _parts(tokens: list[_Token]) -> Iterator[list[_Token]]:
    """Yield the tokens of each operand."""
    part: list[_Token] = []
    for token in tokens:
        if token.text == ",":
            yield part
            part = []
        else:
            part.append(token)
    yield part


def _side(tokens: list[_Token], end: int) -> Side:
    axes: list[Axis] = []
    opened: _Token | None = None
    inside: list[str] = []
    for token in tokens:
        names = () if token.text == "1" else (token.text,)
        if token.text == "(":
            if opened:
                raise token.error("brackets in brackets mean nothing", "the last name runs fastest anyway")
            opened, inside = token, []
        elif token.text == ")":
            if opened is None:
                raise token.error("this bracket was never opened")
            axes.append(Axis(tuple(inside), opened.offset, token.offset + 1 - opened.offset))
            opened = None
        elif opened:
            inside.extend(names)
        elif token.text != ",":
            axes.append(Axis(names, token.offset, len(token.text)))
    if opened:
        raise opened.error("this bracket is not closed")
    if not tokens:
        return Side((), end, 1)
    first, last = tokens[0], tokens[-1]
    return Side(tuple(axes), first.offset, last.offset + len(last.text) - first.offset)


def _places(tokens: list[_Token]) -> dict[str, int]:
    places: dict[str, int] = {}
    for token in tokens:
        if token.text[0].isalpha() or token.text == ELLIPSIS:
            places.setdefault(token.text, token.offset)
    return places


def _checked(pattern: Pattern) -> Pattern:
    if len(pattern.names) > MOST_NAMES:
        name = pattern.names[MOST_NAMES]
        message = f"a pattern has at most {MOST_NAMES} names"
        raise PatternError(message, pattern.places[name], len(name), "`...` stands for axes that stay as they are")
    for side in (*pattern.operands, pattern.result):
        for axis in side.axes:
            twice = next((name for name in axis.names if side.names.count(name) > 1), None)
            if twice is not None:
                raise _again(pattern, side, twice)
    return pattern


def _again(pattern: Pattern, side: Side, name: str) -> PatternError:
    """Return the error for a name that stands twice on one side, at its second place."""
    text = pattern.text[side.offset : side.offset + side.length]
    places = [found.start() for found in _TOKEN.finditer(text) if found[0] == name]
    message = f"`{name}` stands twice on one side"
    return PatternError(message, side.offset + places[1], len(name), "each axis has a name of its own")

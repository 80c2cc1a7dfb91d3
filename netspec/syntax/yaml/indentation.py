"""Lines that are indented like no line around them: the parser reports where it gives up, often at a correct line."""

from __future__ import annotations

import re
from typing import NamedTuple

_KEY_WITH_VALUE = re.compile(r"\s*(- +)?[\w$]+: +[^\s#|>]")
_KEY = re.compile(r" *[^\s\-#:][^\s:]*:( |$)")
_ITEM = re.compile(r" *-( |$)")
_SCALAR_ITEM = re.compile(r" *- +[^\s:]+ *(#.*)?$")


class Misplaced(NamedTuple):
    """A line that is indented wrongly: its position, counted from zero, and what to say about it."""

    position: tuple[int, int]
    message: str
    help: str


def misplaced_line(lines: tuple[str, ...], line: int, opening: int, complaint: str) -> Misplaced | None:
    """Return the line whose indentation the parser cannot place, when it gave up at ``line``.

    ``opening`` is the line on which the collection begins that it was reading.
    """
    above = max((each for each in range(line) if is_filled(lines[each])), default=None)
    if above is None:
        return None
    is_first = not any(map(is_filled, lines[:above]))
    if "document start" in complaint and is_first and indent(lines[above]) > indent(lines[line]) == 0:
        return _misplaced(lines, above, "this line is indented, and the next one is not", "indent both alike")
    if "mapping values" in complaint:
        return _below_value(lines, above, line)
    if "<first>" in complaint and ("block collection" in complaint or "block mapping" in complaint):
        return _between(lines, opening, line, complaint)
    return None


def _below_value(lines: tuple[str, ...], above: int, line: int) -> Misplaced | None:
    """Return which of two lines is misplaced, of which the lower was read as more of the upper one's value."""
    if _SCALAR_ITEM.match(lines[above]) and _ITEM.match(lines[line]):
        upper, lower = indent(lines[above]), indent(lines[line])
    elif _KEY_WITH_VALUE.match(lines[above]):
        upper, lower = indent(lines[above], item=True), indent(lines[line])
    else:
        return None
    if upper >= lower:
        return None
    below = next((each for each in range(line + 1, len(lines)) if is_filled(lines[each])), None)
    if (below is not None and indent(lines[below]) == lower) or upper % 2 > lower % 2:
        return _misplaced(lines, above, "this line is indented less than those below it", "indent them alike")
    return _misplaced(lines, line, "this line is indented more than the one above it", "indent both alike")


def _between(lines: tuple[str, ...], opening: int, line: int, complaint: str) -> Misplaced | None:
    """Return the misplaced line where one is indented more than the collection around it and less than the one inside.

    Any of the three may be at fault. Documents are indented by an even number of spaces, so that the first with an odd
    number is.
    """
    column, outer = indent(lines[line]), indent(lines[opening], item=True)
    if column <= indent(lines[opening]):
        return None
    if column % 2 == 0 and outer % 2 and _stands_alone(lines, opening, line):
        less = "less" if outer < column else "more"
        return _misplaced(lines, opening, f"this line is indented {less} than its keys below", _spaces({column}))
    siblings = _lines_inside(lines, line)
    if column % 2 == 0 and len(siblings) == 1 and siblings[0][1] % 2:
        message = "this line is indented more than its neighbours below"
        return _misplaced(lines, siblings[0][0], message, _spaces({column}))
    return _at_the_line(lines, line, {start for _, start in siblings}, _continued(lines, opening, line, complaint))


def _continued(lines: tuple[str, ...], opening: int, line: int, complaint: str) -> set[int]:
    """Return the column at which a line would continue the collection around it, if it is an item or key as those."""
    is_list = "block collection" in complaint
    if not (_ITEM if is_list else _KEY).match(lines[line]):
        return set()
    return {indent(lines[opening], item=not is_list)}


def _at_the_line(lines: tuple[str, ...], line: int, inside: set[int], around: set[int]) -> Misplaced | None:
    """Return the misplacement of the line itself, which could continue what is at these columns."""
    column = indent(lines[line])
    around = {each for each in around if each < column}
    if inside and around:
        message = "this line is indented less than the one above it, and more than those around it"
    elif inside or around:
        message = f"this line is indented {'less' if inside else 'more'} than its neighbours above"
    else:
        return None
    return _misplaced(lines, line, message, _spaces(inside | around))


def _stands_alone(lines: tuple[str, ...], opening: int, line: int) -> bool:
    """Return whether the collection has no other key between its opening and a line."""
    return not any(
        indent(lines[each]) == indent(lines[opening], item=True)
        for each in range(opening + 1, line)
        if is_filled(lines[each])
    )


def _lines_inside(lines: tuple[str, ...], line: int) -> list[tuple[int, int]]:
    """Return the lines directly above that a line could continue, with the column at which they are continued."""
    column, is_item = indent(lines[line]), bool(_ITEM.match(lines[line]))
    found: list[tuple[int, int]] = []
    for each in filter(lambda each: is_filled(lines[each]), range(line - 1, -1, -1)):
        if _ITEM.match(lines[each]) or not is_item:
            found.append((each, indent(lines[each], item=not is_item)))
        if indent(lines[each]) <= column:
            break
    inside = [(each, start) for each, start in found if start > column]
    least = min((start for _, start in inside), default=0)
    return [(each, start) for each, start in inside if start == least]


def _misplaced(lines: tuple[str, ...], line: int, message: str, help: str) -> Misplaced:
    return Misplaced((line, indent(lines[line])), message, help)


def _spaces(columns: set[int]) -> str:
    """Return the help that says how far to indent."""
    *others, last = sorted(columns)
    return f"indent it by {''.join(f'{each} or ' for each in others)}{last} space{'s' * (last != 1)}"


def is_filled(line: str) -> bool:
    """Return whether a line has more than a comment."""
    return bool(line.strip()) and not line.lstrip().startswith("#")


def indent(line: str, item: bool = False) -> int:
    """Return the indentation of a line; for an item of a list, that of its content.

    Example:
        >>> indent("  - relu"), indent("  - relu", item=True)
        (2, 4)
    """
    return len(line) - len(line.lstrip(" -" if item else " "))

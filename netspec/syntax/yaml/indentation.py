"""Lines that are indented like no line around them: the parser reports where it gives up, often at a correct line."""

from __future__ import annotations

import re
import sys
from typing import NamedTuple

_KEY_WITH_VALUE = re.compile(r"\s*(- +)?[\w$]+: +[^\s#|>]")
_KEY = re.compile(r" *[^\s\-#:][^\s:]*:( |$)")
_ITEM = re.compile(r" *-( |$)")
_KEY_OF_ITEM = re.compile(r" *(- +)+[^\s\-#:\[{][^\s:]*:( |$)")
_PLAIN_VALUE = re.compile(r" *(- +)*([^\s:]+: +)?[^\s\-#&*!|>\"'%@`\[{]")
_WORD_ITEM = re.compile(r" *- +[^\s:]+ *(#.*)?$")

_LESS = ("this line is indented less than those below it", "indent them alike")


class Misplaced(NamedTuple):
    """A line that is indented wrongly: its position, counted from zero, and what to say about it."""

    position: tuple[int, int]
    message: str
    help: str


def misplaced_line(lines: tuple[str, ...], line: int, opening: int, complaint: str) -> Misplaced | None:
    """Return the line whose indentation the parser cannot place, when it gave up at ``line``.

    ``opening`` is the line on which the collection begins that it was reading.
    """
    above = _filled_above(lines, line)
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


def continued_text(lines: tuple[str, ...], above: int, last: int) -> Misplaced | None:
    """Return which line is misplaced where an item of a list was read as more of the text that begins at ``above``."""
    line = next((each for each in range(above + 1, last + 1) if _ITEM.match(lines[each])), None)
    if line is None:
        return None
    # The text may have begun lines before, of which the last is the neighbour.
    return _one_of_two(lines, _filled_above(lines, line) or above, line)


def _below_value(lines: tuple[str, ...], above: int, line: int) -> Misplaced | None:
    """Return which of two lines is misplaced, of which the lower was read as more of the upper one's value."""
    before = _filled_above(lines, above)
    if before is not None and _ITEM.match(lines[above]) and _is_continued_by(lines, before, above):
        return _one_of_two(lines, before, above)
    if _WORD_ITEM.match(lines[above]) and _agrees(lines, above, line):
        return _misplaced(lines, above, *_LESS)
    return _one_of_two(lines, above, line) if _is_continued_by(lines, above, line) else None


def _is_continued_by(lines: tuple[str, ...], above: int, line: int) -> bool:
    """Return whether a line is read as more of the text that the line above it ends with."""
    if _ITEM.match(lines[line]):
        is_text = _PLAIN_VALUE.match(lines[above]) and not _opens(lines[above])
        return bool(is_text) and indent(lines[above]) < indent(lines[line])
    return bool(_KEY_WITH_VALUE.match(lines[above])) and indent(lines[above], item=True) < indent(lines[line])


def _agrees(lines: tuple[str, ...], above: int, line: int) -> bool:
    """Return whether a line continues what is further above, but not the item directly above it."""
    column, is_item = indent(lines[line]), bool(_ITEM.match(lines[line]))
    return column > indent(lines[above], item=True) and (column, is_item) in _open_columns(lines, above)


def _one_of_two(lines: tuple[str, ...], above: int, line: int) -> Misplaced:
    if _is_upper_wrong(lines, above, line):
        return _misplaced(lines, above, *_LESS)
    return _misplaced(lines, line, "this line is indented more than the one above it", "indent both alike")


def _is_upper_wrong(lines: tuple[str, ...], above: int, line: int) -> bool:
    """Return whether the upper of two lines is misplaced: the lower one agrees with more of those around them."""
    upper, lower, is_item = indent(lines[above]), indent(lines[line]), bool(_ITEM.match(lines[line]))
    below = next((each for each in lines[line + 1 :] if is_filled(each)), "")
    if indent(below) == lower and bool(_ITEM.match(below)) == is_item:
        return True
    around = _open_columns(lines, above)
    if _ITEM.match(lines[above]) and not is_item and (upper, True) in around:
        return False
    opened = _filled_above(lines, above)
    wants_more = opened is not None and _opens(lines[opened]) and upper <= indent(lines[opened], item=True) < lower
    return wants_more or (lower, is_item) in around or upper % 2 > lower % 2


def _open_columns(lines: tuple[str, ...], line: int) -> set[tuple[int, bool]]:
    """Return the columns at which a line could continue a list (True) or a mapping (False) above it."""
    found: set[tuple[int, bool]] = set()
    limit = sys.maxsize
    for text in filter(is_filled, reversed(lines[:line])):
        column, is_item = indent(text), bool(_ITEM.match(text))
        if column > limit:
            continue
        limit = column
        if is_item or _KEY.match(text):
            found.add((column, is_item))
        if _KEY_OF_ITEM.match(text):
            found.add((indent(text, item=True), False))
        if column == 0:
            break
    return found


def _between(lines: tuple[str, ...], opening: int, line: int, complaint: str) -> Misplaced | None:
    """Return the misplaced line where one is indented more than the collection around it and less than the one inside.

    Any of the three may be at fault. Documents are indented by an even number of spaces, so that the first with an odd
    number is; otherwise a line alone is, where several others agree.
    """
    column, outer = indent(lines[line]), indent(lines[opening], item=True)
    if column <= indent(lines[opening]) and not _ITEM.match(lines[line]):
        return None
    if column % 2 == 0 and outer % 2 and _stands_alone(lines, opening, line):
        less = "less" if outer < column else "more"
        return _misplaced(lines, opening, f"this line is indented {less} than its keys below", _spaces({column}))
    above, is_key = _filled_above(lines, line) or 0, not _ITEM.match(lines[line])
    if indent(lines[above], item=is_key) < column and _is_upper_wrong(lines, above, line):
        return _misplaced(lines, above, *_LESS)
    siblings = _lines_inside(lines, line)
    is_usual = column == outer + 2 or _is_continued(lines, line)
    if column % 2 == 0 and len(siblings) == 1 and (siblings[0][1] % 2 or is_usual):
        message = "this line is indented more than its neighbours below"
        return _misplaced(lines, siblings[0][0], message, _spaces({column}))
    return _at_the_line(lines, line, {start for _, start in siblings}, _continued(lines, opening, line, complaint))


def _is_continued(lines: tuple[str, ...], line: int) -> bool:
    """Return whether the collection that a line could begin has another line at the same column."""
    column, is_item = indent(lines[line]), bool(_ITEM.match(lines[line]))
    below = next((each for each in lines[line + 1 :] if is_filled(each) and indent(each) <= column), "")
    return is_filled(below) and (indent(below), bool(_ITEM.match(below))) == (column, is_item)


def _continued(lines: tuple[str, ...], opening: int, line: int, complaint: str) -> set[int]:
    """Return the column at which a line would continue the collection around it, if it is an item or key as those."""
    is_list, is_item = "block collection" in complaint, bool(_ITEM.match(lines[line]))
    if not is_item and (is_list or not _KEY.match(lines[line])):
        return set()
    return (
        {indent(lines[opening], item=not is_item)} if is_list or not is_item or _ITEM.match(lines[opening]) else set()
    )


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
    if columns == {0}:
        return "do not indent it"
    *others, last = sorted(columns)
    return f"indent it by {''.join(f'{each} or ' for each in others)}{last} space{'s' * (last != 1)}"


def _filled_above(lines: tuple[str, ...], line: int) -> int | None:
    """Return the nearest line above with more than a comment."""
    return next((each for each in range(line - 1, -1, -1) if is_filled(lines[each])), None)


def _opens(line: str) -> bool:
    """Return whether a line ends with a key whose value stands below."""
    return line.partition(" #")[0].rstrip().endswith(":")


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

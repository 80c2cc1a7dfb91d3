"""Errors of the YAML parser, reworded in terms of the document."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from netspec.diagnostics import Code, Diagnostic, Note, Span
from netspec.diagnostics.sources import split_lines
from netspec.syntax.yaml.indentation import Misplaced, indent, misplaced_line
from netspec.syntax.yaml.spacing import missing_mark
from netspec.syntax.yaml.tree import Mark

_QUOTE = 'put quotes around a text with any of { } [ ] , : "'
_WHOLE = "remove what is left over, or put quotes around the whole value"
_INDEX = "an expression with brackets needs quotes within {...} and [...]"
_OTHERWISE = "put quotes around a text with special characters"
_ALIGN = "indent the line like its neighbours"
_LONE_WORD = re.compile(r"\s*- [$\w]+\s*")


@dataclass(frozen=True, slots=True)
class _Rule:
    """Words of the parser's message, with the message and help that replace it."""

    words: tuple[str, ...]
    message: str
    help: str
    at_opening: bool = False  # the error lies where the construct begins, not where the parser gave up


# The first rule whose words all occur in the parser's message applies; words in <> are added by _surroundings.
_RULES = (
    _Rule(("tab character",), "a tab cannot indent a line", "indent with spaces"),
    _Rule(("cannot start any token", "<tab>"), "a tab cannot indent a line", "indent with spaces"),
    _Rule(("cannot start any token",), "a value cannot begin with {character}", "put quotes around the text"),
    _Rule(
        ("mapping values are not allowed", "<below word>"),
        "a key is below a lone word",
        "end the word above with ':', so that keys can follow",
    ),
    _Rule(
        ("mapping values are not allowed",),
        "a ':' where no key is allowed",
        f"put quotes around a text with ': ', or {_ALIGN}",
    ),
    _Rule(("mapping keys are not allowed",), "a '?' where no key is allowed", "put quotes around the text"),
    _Rule(("found unexpected ':'",), "no space after ':'", "write 'key: value'"),
    *(
        _Rule((collection, "<last size>"), "a '[' within a text", f"{_INDEX}; `.features` is the last size")
        for collection in ("flow sequence", "flow mapping")
    ),
    *(
        _Rule((collection, "<index>"), "a '[' within a text", _INDEX)
        for collection in ("flow sequence", "flow mapping")
    ),
    _Rule(("flow sequence", "<open>"), "this '[' is never closed", "add the missing ']'", at_opening=True),
    _Rule(("flow mapping", "<open>"), "this '{{' is never closed", "add the missing '}'", at_opening=True),
    _Rule(("flow sequence",), "expected ',' or ']'", f"close the '[', or {_QUOTE}"),
    _Rule(("flow mapping",), "expected ',' or '}}'", f"close the '{{', or {_QUOTE}"),
    _Rule(("quoted scalar", "end of stream"), "this quote is never closed", "add the closing quote", at_opening=True),
    _Rule(("quoted scalar", "document"), "this quote is never closed", "add the closing quote", at_opening=True),
    _Rule(("quoted scalar",), "unknown escape in a quoted text", r"write \\ for a backslash, or use single quotes"),
    _Rule(("sequence entries are not allowed",), "a list cannot begin here", "begin the list on a line of its own"),
    _Rule(
        ("block collection", "<first>"),
        "this line does not fit the list around it",
        f"begin the line with '- ', or {_ALIGN}",
    ),
    _Rule(
        ("block mapping", "<first>"),
        "this line does not fit the mapping around it",
        f"write 'key: value', and {_ALIGN}",
    ),
    _Rule(("block collection",), "unexpected text after a value", _WHOLE),
    _Rule(("block mapping",), "unexpected text after a value", _WHOLE),
    _Rule(("simple key",), "no ':' after this key", "write 'key: value', or '- ' before an item", at_opening=True),
    _Rule(
        ("document start",),
        "unexpected text after the end of the document",
        "look for a bracket that is closed twice, or a line that is indented too little",
    ),
    _Rule(
        ("node content",), "a value is missing here", "remove the extra ',' or bracket, or put quotes around the text"
    ),
    _Rule(("alphabetic or numeric",), "a name is missing after '&' or '*'", "put quotes around the text"),
    _Rule(("block scalar",), "this block text is malformed", "begin the text on the line after '|' or '>'", True),
    _Rule(("directive",), "this directive is not understood", "remove the line that begins with '%'"),
    _Rule(("YAML document",), "this directive is not understood", "remove the line that begins with '%'"),
    _Rule(("tag",), "this tag is malformed", "put quotes around a text that begins with '!'", at_opening=True),
)


def exceeds_depth(error: Exception) -> bool:
    """Return whether the parser exceeded its own depth limit, which is far above the reader's."""
    return "nesting depth" in str(getattr(error, "problem", ""))


def mark_of(error: Exception) -> Mark:
    """Return the place where the parser gave up."""
    mark: Any = getattr(error, "problem_mark", None)
    return (mark.line, mark.column, mark.line, mark.column + 1) if mark else (0, 0, 0, 1)


def syntax_error(error: Exception, text: str, file: str) -> Diagnostic:
    """Return the diagnostic NS0101 for an exception of the YAML parser."""
    lines = split_lines(text)
    gave_up = _position(getattr(error, "problem_mark", None), lines)
    opening = _position(getattr(error, "context_mark", None), lines) or gave_up
    problem = getattr(error, "problem", None) or str(error)
    complaint = f"{getattr(error, 'context', '')} {problem} {_surroundings(lines, gave_up, opening)}"
    rule = next((rule for rule in _RULES if all(word in complaint for word in rule.words)), None)
    misread = None
    if gave_up and opening:
        misread = _misread_line(lines, gave_up[0]) or misplaced_line(lines, gave_up[0], opening[0], complaint)
    if misread:
        return Diagnostic(Code.INVALID_YAML, misread.message, _span(file, misread.position), help=misread.help)
    if rule is None or gave_up is None or opening is None:
        return Diagnostic(Code.INVALID_YAML, f"invalid yaml: {problem}", _span(file, gave_up), help=_OTHERWISE)
    span, begun = _span(file, opening if rule.at_opening else gave_up), _span(file, opening)
    collection = "flow" in complaint or "block" in complaint
    notes = (Note(begun, "begins here"),) if collection and begun.line != span.line else ()
    message = rule.message.format(character=repr(_character(lines, gave_up)))
    return Diagnostic(Code.INVALID_YAML, message, span, notes=notes, help=rule.help)


def _misread_line(lines: tuple[str, ...], line: int) -> Misplaced | None:
    """Return the place where an indicator lacks its space, with a message and help.

    A line that is parsed as text includes the next one, so that the parser reports a correct line.
    """
    above = next((each for each in range(line - 1, -1, -1) if lines[each].strip()), line)
    for each in (above, line):
        found = missing_mark(lines[each])
        if found:
            return Misplaced((each, indent(lines[each])), *found)
    return None


def _position(mark: Any, lines: tuple[str, ...]) -> tuple[int, int] | None:
    """Return line and column, counted from zero, of a parser's mark, clamped to the text."""
    if mark is None:
        return None
    line, column = mark.line, mark.column
    while line > 0 and (line >= len(lines) or not lines[line].strip()):
        line -= 1
        column = len(lines[line])
    return line, min(column, len(lines[line]))


def _surroundings(lines: tuple[str, ...], position: tuple[int, int] | None, opening: tuple[int, int] | None) -> str:
    """Return the words for rules about the text at a position."""
    if position is None or opening is None:
        return ""
    line, column = position
    at_end = not lines[line][column:].strip() and not any(rest.strip() for rest in lines[line + 1 :])
    first = not lines[line][:column].strip(" -")
    tab = lines[line][column : column + 1] == "\t"
    first_key = lines[line][:column].strip().isidentifier()
    below_word = line > 0 and first_key and _LONE_WORD.fullmatch(lines[line - 1])
    is_open = at_end or (line > opening[0] and indent(lines[line]) <= indent(lines[opening[0]], item=True))
    marks = {"<open>": is_open, "<first>": first, "<tab>": tab, "<below word>": below_word}
    return " ".join([*(mark for mark, holds in marks.items() if holds), _index(lines[line], column)])


def _index(line: str, column: int) -> str:
    """Return the word for the bracket of an index, which YAML takes for the begin of a list."""
    if not re.search(r"[\w\])]$", line[:column]) or line[column : column + 1] != "[":
        return ""
    return "<last size>" if line[:column].endswith(".shape") and line.startswith("[-1]", column) else "<index>"


def _character(lines: tuple[str, ...], position: tuple[int, int]) -> str:
    line, column = position
    return lines[line][column : column + 1]


def _span(file: str, position: tuple[int, int] | None) -> Span:
    line, column = position or (0, 0)
    return Span(file, line + 1, column + 1, line + 1, column + 2)

"""A small document algebra (as of Wadler 2003): source as trees, which are laid out once, at any width.

A piece of source is either a text that stays on one line, or ``Brackets``, whose contents may be broken into several
lines. A ``Line`` is one line of a program, however many lines of the file it takes. No text is parsed again, so that a
bracket inside a text is never broken.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

WIDTH = 100
"""The width of a generated file in columns."""


@dataclass(frozen=True)
class Brackets:
    """An opening text, parts, and a closing text, as of a call.

    ``separator`` ends every part; the parts of an expression or a comprehension have none. ``optional`` brackets are
    written only where the parts take several lines.

    Example:
        >>> Brackets("nn.Sequential(", ("nn.ReLU()", "nn.Dropout(0.5)"), ")").flat
        'nn.Sequential(nn.ReLU(), nn.Dropout(0.5))'
    """

    opening: str
    parts: tuple[Document, ...]
    closing: str
    separator: str = ","
    optional: bool = False
    space: str = " "
    """What stands between the parts on one line: nothing in a chain of calls."""

    @cached_property
    def flat(self) -> str:
        """The piece on one line."""
        return self.joined if self.optional else f"{self.opening}{self.joined}{self.closing}"

    @property
    def joined(self) -> str:
        """The parts on one line."""
        return f"{self.separator}{self.space}".join(map(flat, self.parts))


Document = str | Brackets


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a program: its indentation, the text before and after the piece, and a comment."""

    depth: int
    content: Document
    before: str = ""
    after: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Docstring:
    """A docstring, whose words are wrapped."""

    depth: int
    text: str


def flat(document: Document) -> str:
    """Return a document on one line."""
    return document if isinstance(document, str) else document.flat


def call(function: str, arguments: Iterable[Document]) -> Brackets:
    """Return a call."""
    return Brackets(f"{function}(", tuple(arguments), ")")


def expression(*parts: Document) -> Brackets:
    """Return an expression that can be broken between its parts.

    Example:
        >>> expression("left", "+ right").flat
        'left + right'
    """
    return Brackets("(", parts, ")", separator="", optional=True)


def repeat(document: Document, times: int) -> Brackets:
    """Return the starred generator expression that repeats a document.

    Example:
        >>> repeat("nn.ReLU()", 3).flat
        '*(nn.ReLU() for _ in range(3))'
    """
    return Brackets("*(", (document, f"for _ in range({times})"), ")", separator="")


@dataclass(frozen=True, slots=True)
class LocalSize:
    """A size as text over the operands of a line, with ``{0}`` for the first of them."""

    text: str


def literal(value: Any) -> str:
    """Return a value as Python text; everything that is not a number or a list of them is escaped.

    Example:
        >>> literal((3,)), literal('a"b')
        ('(3,)', '"a\\\\"b"')
    """
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, LocalSize):
        return value.text
    if isinstance(value, str):
        return '"' + ascii(value)[1:-1].replace('"', '\\"') + '"'
    return repr(value)


def render(lines: Iterable[Line | Docstring], width: int) -> str:
    """Return the text of lines, broken so that they are at most as long as the width, where possible.

    Example:
        >>> convolution = call("Conv2d", ("64", "128", "kernel_size=(3, 3)"))
        >>> print(render([Line(0, convolution, before="self.conv = ", comment="128x7x7")], 36))
        self.conv = Conv2d(
            64, 128, kernel_size=(3, 3)
        )  # 128x7x7
        >>> print(render([Line(0, repeat(convolution, 3), after=",")], 24))
        *(
            Conv2d(
                64,
                128,
                kernel_size=(3, 3),
            )
            for _ in range(3)
        ),
    """
    return "\n".join(
        text
        for line in lines
        for text in (_docstring(line, width) if isinstance(line, Docstring) else _laid_out(line, width))
    )


def _laid_out(line: Line, width: int) -> Iterator[str]:
    comment = f"  # {line.comment}" if line.comment else ""
    text = f"{'    ' * line.depth}{line.before}{flat(line.content)}{line.after}{comment}"
    if len(text) <= width:
        yield text
    elif isinstance(line.content, str) or not line.content.parts:
        # Nothing in it can be broken; the code matters more than its shape.
        yield text.removesuffix(comment)
    else:
        yield from _broken(line, line.content, width)


def _broken(line: Line, brackets: Brackets, width: int) -> Iterator[str]:
    """Yield the lines of a line that is too long, with the contents of its brackets on lines of their own.

    Parts that construct modules get a line each, like the entries of a list; others share a line if they fit. A text
    that is longer than a line is not broken.
    """
    indent = "    " * line.depth
    yield f"{indent}{line.before}{brackets.opening}"
    if len(indent) + 4 + len(brackets.joined) <= width and not _constructs_modules(brackets):
        yield f"{indent}    {brackets.joined}"
    else:
        for part in brackets.parts:
            yield from _laid_out(Line(line.depth + 1, part, after=brackets.separator), width)
    comment = f"  # {line.comment}" if line.comment else ""
    yield f"{indent}{brackets.closing}{line.after}{comment}"


def _constructs_modules(brackets: Brackets) -> bool:
    return any("nn." in flat(each) or "*(" in flat(each) for each in brackets.parts)


def _docstring(docstring: Docstring, width: int) -> Iterator[str]:
    indent = "    " * docstring.depth
    # Words are not broken, since that could separate a backslash from the escaped character. Ten columns are reserved
    # for the indentation and the quotes of the first line.
    lines = textwrap.wrap(docstring.text, width - 10, break_long_words=False, break_on_hyphens=False)
    if len(lines) == 1 and len(lines[0]) <= width - 10:
        yield f'{indent}"""{lines[0]}"""'
        return
    yield f'{indent}"""{lines[0]}'
    yield from (f"{indent}{line}".rstrip() for line in lines[1:])
    yield f'{indent}"""'

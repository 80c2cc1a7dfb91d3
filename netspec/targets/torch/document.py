"""A small document algebra: calls as trees, which are laid out once, at any width.

A piece of source is either a text that stays on its line or a ``Call``, whose arguments may move to lines of their own.
Nothing is ever parsed again, so that a bracket inside a text cannot be mistaken for one that may be broken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

WIDTH = 100
"""How many columns a generated file has."""


@dataclass(frozen=True)
class Call:
    """Text in brackets: what opens them, the arguments, and what closes them.

    ``separator`` is what ends an argument; the parts of a generator expression have none.

    Example:
        >>> Call("nn.Sequential(", ("nn.ReLU()", "nn.Dropout(0.5)"), ")").flat
        'nn.Sequential(nn.ReLU(), nn.Dropout(0.5))'
    """

    opening: str
    arguments: tuple[Document, ...]
    closing: str
    separator: str = ","

    @cached_property
    def flat(self) -> str:
        """The call on one line."""
        return f"{self.opening}{self.joined}{self.closing}"

    @property
    def joined(self) -> str:
        """The arguments on one line."""
        return f"{self.separator} ".join(map(flat, self.arguments))


Document = str | Call


def flat(document: Document) -> str:
    """Return a document on one line."""
    return document if isinstance(document, str) else document.flat


def repeat(document: Document, times: int) -> Call:
    """Return the starred generator expression that gives a document a number of times.

    Example:
        >>> repeat("nn.ReLU()", 3).flat
        '*(nn.ReLU() for _ in range(3))'
    """
    return Call("*(", (document, f"for _ in range({times})"), ")", separator="")


def lay_out_lines(document: Document, width: int, indent: str = "", before: str = "", after: str = "") -> Iterator[str]:
    """Yield the lines of a document: one where it fits, else its arguments on lines of their own.

    Arguments that construct modules get a line each, like the entries of a list; plain ones share a line where they
    fit. A text that is longer than a line stays whole.

    Example:
        >>> call = Call("Conv2d(", ("64", "128", "kernel_size=(3, 3)"), ")")
        >>> print("\\n".join(lay_out_lines(call, 36, before="self.conv = ")))
        self.conv = Conv2d(
            64, 128, kernel_size=(3, 3)
        )
        >>> print("\\n".join(lay_out_lines(repeat(call, 3), 24, after=",")))
        *(
            Conv2d(
                64,
                128,
                kernel_size=(3, 3),
            )
            for _ in range(3)
        ),
    """
    line = f"{indent}{before}{flat(document)}{after}"
    if isinstance(document, str) or not document.arguments or len(line) <= width:
        yield line
        return
    yield f"{indent}{before}{document.opening}"
    inner = f"{indent}    "
    if len(inner) + len(document.joined) <= width and not _constructs_modules(document):
        yield f"{inner}{document.joined}"
    else:
        for argument in document.arguments:
            yield from lay_out_lines(argument, width, inner, after=document.separator)
    yield f"{indent}{document.closing}{after}"


def _constructs_modules(call: Call) -> bool:
    return not call.separator or any("nn." in flat(each) or "*(" in flat(each) for each in call.arguments)

"""Places in documents, and the diagnostics about them.

A diagnostic has a stable code, a headline, a place, and where it helps: a label under the caret, further places,
a help line, and the chain of block calls that led there. Rendering lives in ``netspec.diagnostics.render``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from netspec.diagnostics.codes import Code, Severity


# Named tuples, since each command pays for defining these classes, and makes a span for every key and value.
class Span(NamedTuple):
    """A range of text in a file. Lines and columns count from 1; the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Note(NamedTuple):
    """A second place that explains a diagnostic, with what is there."""

    span: Span
    label: str


class Frame(NamedTuple):
    """One call on the way to an error: the scope's path, the block's name, the place of the call."""

    path: str
    name: str
    span: Span


LONGEST_TEXT = 2_000
"""The most characters of a message or a help line."""


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]} …"


class Diagnostic(NamedTuple):
    """One error or warning: what (``message``), where (``span`` with ``label``), what to do (``help``).

    Example:
        >>> print(Diagnostic(Code.UNKNOWN_STEP, "unknown step 'cnov'", help="did you mean 'conv'?"))
        NS0301 unknown step 'cnov' (did you mean 'conv'?)
    """

    code: Code
    message: str
    span: Span | None = None
    label: str = ""
    notes: tuple[Note, ...] = ()
    help: str = ""
    chain: tuple[Frame, ...] = ()

    @property
    def severity(self) -> Severity:
        """Whether the document is refused for it."""
        return self.code.severity

    def shortened(self) -> Diagnostic:
        """Return the same diagnostic with texts that people can read: a list of all names may have thousands."""
        if len(self.message) <= LONGEST_TEXT and len(self.help) <= LONGEST_TEXT:
            return self
        return self._replace(message=_shortened(self.message), help=_shortened(self.help))

    def with_chain(self, chain: tuple[Frame, ...]) -> Diagnostic:
        """Return the same diagnostic with the block calls that led to it."""
        return self._replace(chain=chain) if chain and not self.chain else self

    @property
    def key(self) -> tuple[str, Span | None, str]:
        """The identity of a diagnostic: code, place and message."""
        return self.code, self.span, self.message

    def __str__(self) -> str:
        place = f"{self.span}: " if self.span else ""
        code = self.code if self.severity == "error" else f"{self.severity}[{self.code}]"
        help_text = f" ({self.help})" if self.help else ""
        return f"{place}{code} {self.message}{help_text}"


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return diagnostics sorted by place, those without one first, without repeats and with texts of limited length."""
    found: dict[object, Diagnostic] = {}
    for each in diagnostics:
        short = each.shortened()
        found.setdefault(short.key, short)
    return tuple(sorted(found.values(), key=_place))


def _place(diagnostic: Diagnostic) -> tuple[str, int, int, str]:
    span = diagnostic.span
    return (span.file, span.line, span.column, diagnostic.code) if span else ("", 0, 0, diagnostic.code)

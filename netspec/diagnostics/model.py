"""Places, diagnostics and the exception that carries them.

    SpecError               a document is wrong; holds every diagnostic of the run
    └── LimitError          a document asks for more than a limit allows

A diagnostic has a stable code, a headline, a place, and where it helps: a label under the caret, further places,
a help line, and the chain of block calls that led there. Rendering lives in ``netspec.diagnostics.render``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

MOST_FAULTS = 100
"""How many faults a run looks for; whoever has that many looks at the first ones."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A range of text in a file. Lines and columns count from 1; the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Note:
    """A second place that explains a diagnostic, with what is there."""

    span: Span
    label: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One call on the way to a fault: the scope's path, the block's name, the place of the call."""

    path: str
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault: what (``message``), where (``span`` with ``label``), what to do (``help``)."""

    code: str
    message: str
    span: Span | None = None
    label: str = ""
    notes: tuple[Note, ...] = ()
    help: str = ""
    chain: tuple[Frame, ...] = field(default=())

    def with_chain(self, chain: tuple[Frame, ...]) -> Diagnostic:
        """Return the same diagnostic with the block calls that led to it."""
        return replace(self, chain=chain) if chain and not self.chain else self

    @property
    def key(self) -> tuple[str, Span | None, str]:
        """What makes two diagnostics the same fault: code, place and message."""
        return self.code, self.span, self.message

    def __str__(self) -> str:
        place = f"{self.span}: " if self.span else ""
        help_text = f" ({self.help})" if self.help else ""
        return f"{place}{self.code} {self.message}{help_text}"


class SpecError(Exception):
    """Every fault found in a document, sorted by place and without repeats.

    Example:
        >>> error = SpecError([Diagnostic("NS0301", "unknown step 'cnov'", help="did you mean 'conv'?")])
        >>> print(error)
        NS0301 unknown step 'cnov' (did you mean 'conv'?)
    """

    exit_code = 1

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        unique = {diagnostic.key: diagnostic for diagnostic in reversed(list(diagnostics))}
        self.diagnostics: tuple[Diagnostic, ...] = tuple(sorted(unique.values(), key=_place))
        super().__init__("\n".join(str(diagnostic) for diagnostic in self.diagnostics))


class LimitError(SpecError):
    """A limit refused the document before anything was allocated."""

    exit_code = 3


def fault(
    code: str, message: str, span: Span | None = None, *, label: str = "", help: str = "", notes: Iterable[Note] = ()
) -> SpecError:
    """Return a SpecError with the single diagnostic described, ready to raise."""
    return SpecError([Diagnostic(code, message, span, label, tuple(notes), help)])


def _place(diagnostic: Diagnostic) -> tuple[str, int, int, str]:
    span = diagnostic.span
    return (span.file, span.line, span.column, diagnostic.code) if span else ("", 0, 0, diagnostic.code)

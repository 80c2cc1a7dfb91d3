"""The exceptions of netspec.

SpecError               a document is wrong; holds every diagnostic of the run
└── LimitError          a document asks for more than a limit allows
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from netspec.diagnostics.codes import Code
from netspec.diagnostics.model import Diagnostic, Frame, Note, Span

MOST_ERRORS = 100
"""Stop after this many errors."""


class SpecError(Exception):
    """Every error found in a document, sorted by place and without repeats.

    Example:
        >>> error = SpecError.of(Code.UNKNOWN_STEP, "unknown step 'cnov'", help="did you mean 'conv'?")
        >>> print(error)
        NS0301 unknown step 'cnov' (did you mean 'conv'?)
    """

    exit_code = 1

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        unique = {diagnostic.key: diagnostic for diagnostic in reversed(list(diagnostics))}
        self.diagnostics: tuple[Diagnostic, ...] = tuple(sorted(unique.values(), key=lambda each: each.order))
        super().__init__("\n".join(str(diagnostic) for diagnostic in self.diagnostics))

    @classmethod
    def of(
        cls,
        code: Code,
        message: str,
        span: Span | None = None,
        *,
        label: str = "",
        help: str = "",
        notes: Iterable[Note] = (),
        chain: tuple[Frame, ...] = (),
    ) -> Self:
        """Return the error with a single diagnostic, ready to raise."""
        return cls([Diagnostic(code, message, span, label, tuple(notes), help, chain)])


class LimitError(SpecError):
    """A limit refused the document before anything was allocated."""

    exit_code = 3

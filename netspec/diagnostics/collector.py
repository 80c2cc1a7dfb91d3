"""The errors of one stage of the compiler, which continues after an error and raises all of them at its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from netspec.diagnostics.codes import Code
from netspec.diagnostics.errors import LimitError, SpecError, TooManyErrors
from netspec.diagnostics.model import Diagnostic, Frame, Note, Span

MOST_ERRORS = 100
"""Stop after this many errors. Repeats count: a wrong block may be called thousands of times."""
MOST_WARNINGS = 100
"""Nobody reads more of them, and once these are mended the others are shown."""


class Collector:
    """Errors and warnings in the order in which they are found, with the block calls that led to them.

    Example:
        >>> collector = Collector()
        >>> collector.report(Code.UNKNOWN_STEP, "unknown step 'cnov'")
        >>> with collector.catch():
        ...     raise SpecError.of(Code.UNKNOWN_LABEL, "no step is labelled 'skip'")
        >>> [diagnostic.code.value for diagnostic in collector.errors]
        ['NS0301', 'NS0313']
    """

    __slots__ = ("errors", "warnings")

    def __init__(self) -> None:
        self.errors: list[Diagnostic] = []
        self.warnings: list[Diagnostic] = []

    def report(
        self, code: Code, message: str, span: Span | None = None, help: str = "", notes: Iterable[Note] = ()
    ) -> None:
        """Add the diagnostic of a code, which says whether it is an error or a warning.

        Raises: TooManyErrors when the limit on errors is reached.
        """
        self.add([Diagnostic(code, message, span, notes=tuple(notes), help=help)])

    def add(self, diagnostics: Iterable[Diagnostic], chain: tuple[Frame, ...] = ()) -> None:
        """Add diagnostics, with the block calls that led to them.

        Raises: TooManyErrors when the limit on errors is reached.
        """
        for each in diagnostics:
            if each.severity == "warning":
                if len(self.warnings) < MOST_WARNINGS:
                    self.warnings.append(each.with_chain(chain))
                continue
            self.errors.append(each.with_chain(chain))
            # Checked for each error: a loop in a document can produce millions of them.
            if len(self.errors) == MOST_ERRORS:
                raise TooManyErrors(self.errors)

    @contextmanager
    def catch(self, chain: tuple[Frame, ...] = ()) -> Iterator[None]:
        """Collect errors that are raised inside, and continue after it; those that end the run are raised again."""
        try:
            yield
        except SpecError as error:
            self.keep(error, chain)

    def keep(self, error: SpecError, chain: tuple[Frame, ...] = ()) -> None:
        """Collect an error, or raise it again if it must end the run."""
        if isinstance(error, (LimitError, TooManyErrors)):
            raise error
        self.add(error.diagnostics, chain)

    def expect_error(self) -> None:
        """Raise RuntimeError when no error was collected, though a part is left out because of one."""
        # Without this, a mistake of netspec's own would give a smaller network than the document describes.
        if not self.errors:
            raise RuntimeError("a part of the network is left out because of an error, and none was found")

    def raise_errors(self) -> None:
        """Raise SpecError when there are errors."""
        if self.errors:
            raise SpecError(self.errors)

"""The errors of one file, by the marks of the parser."""

from __future__ import annotations

from netspec.diagnostics import Code, Collector, LimitError, Note, SpecError
from netspec.syntax.yaml.tree import Mark, span_of

_SHOWN_CHARACTERS = 160  # a name may have thousands of characters


class MarkCollector(Collector):
    """A collector for one file, with places as marks of the parser."""

    __slots__ = ("file",)

    def __init__(self, file: str) -> None:
        super().__init__()
        self.file = file

    def report_at(self, mark: Mark, code: Code, message: str, help: str, *notes: Note) -> None:
        """Collect an error and continue.

        Raises: TooManyErrors when more would be of no use.
        """
        self.report(code, _shortened(message), span_of(self.file, mark), help, notes)

    def fatal_at(self, mark: Mark, code: Code, message: str, help: str) -> SpecError:
        """Return the exception with all errors so far and one after which nothing can be read."""
        self.report_at(mark, code, message, help)
        return SpecError(self.errors)

    def limit_at(self, mark: Mark, code: Code, message: str, help: str) -> LimitError:
        """Return the exception for a limit that was exceeded, with all errors so far."""
        return LimitError.of(code, message, span_of(self.file, mark), help=help)

    def note_at(self, mark: Mark, label: str) -> Note:
        """Return a note about a place in the same file."""
        return Note(span_of(self.file, mark), label)


def _shortened(message: str) -> str:
    half = _SHOWN_CHARACTERS // 2
    return message if len(message) <= _SHOWN_CHARACTERS else f"{message[:half]} … {message[-half:]}"

"""The errors of one traversal of a file, by the marks of the parser."""

from __future__ import annotations

from netspec.diagnostics import Code, Collector, LimitError, Note, SpecError
from netspec.syntax.yaml.tree import Mark, span_of

_SHOWN_CHARACTERS = 160  # a name may have ten thousand


class MarkCollector(Collector):
    """A collector for one file, which knows places as marks."""

    __slots__ = ("file",)

    def __init__(self, file: str) -> None:
        super().__init__()
        self.file = file

    def report_at(self, mark: Mark, code: Code, message: str, help: str, *notes: Note) -> None:
        """Keep an error and go on.

        Raises: TooManyErrors when more would be of no use.
        """
        self.report(code, _shortened(message), span_of(self.file, mark), help, notes)

    def fatal_at(self, mark: Mark, code: Code, message: str, help: str) -> SpecError:
        """Return everything found so far and an error after which nothing can be read, ready to raise."""
        self.report_at(mark, code, message, help)
        return SpecError(self.errors)

    def limit_at(self, mark: Mark, code: Code, message: str, help: str) -> LimitError:
        """Return the error for a limit that was crossed, ready to raise; it ends the traversal too."""
        return LimitError.of(code, message, span_of(self.file, mark), help=help)

    def note_at(self, mark: Mark, label: str) -> Note:
        """Return a note that points into the same file."""
        return Note(span_of(self.file, mark), label)


def _shortened(message: str) -> str:
    half = _SHOWN_CHARACTERS // 2
    return message if len(message) <= _SHOWN_CHARACTERS else f"{message[:half]} … {message[-half:]}"

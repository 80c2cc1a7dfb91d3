"""The faults of one walk through a document."""

from __future__ import annotations

from netspec.diagnostics import Code, Diagnostic, LimitError, Note
from netspec.syntax.yaml.tree import Mark, span_of

MAX_FAULTS = 100
_SHOWN_CHARACTERS = 160  # a name may have ten thousand


class Stop(Exception):
    """Enough is known: what follows would only repeat it."""


class Faults:
    """Collects the faults of a file, up to a hundred."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Diagnostic] = []

    def add(self, code: Code, message: str, mark: Mark, help: str, *notes: Note) -> None:
        """Keep a fault and go on.

        Raises:
            Stop: a hundred faults are kept.
        """
        self.found.append(Diagnostic(code, _shortened(message), span_of(self.file, mark), notes=notes, help=help))
        if len(self.found) >= MAX_FAULTS:
            raise Stop

    def fatal(self, code: Code, message: str, mark: Mark, help: str) -> Stop:
        """Keep a fault after which nothing can be read, and return what ends the walk."""
        self.add(code, message, mark, help)
        return Stop()

    def limit(self, code: Code, message: str, mark: Mark, help: str) -> LimitError:
        """Return the error for a limit that was crossed; it ends the walk too."""
        return LimitError.of(code, message, span_of(self.file, mark), help=help)

    def note(self, mark: Mark, label: str) -> Note:
        """Return a note that points into the same file."""
        return Note(span_of(self.file, mark), label)


def _shortened(message: str) -> str:
    half = _SHOWN_CHARACTERS // 2
    return message if len(message) <= _SHOWN_CHARACTERS else f"{message[:half]} … {message[-half:]}"

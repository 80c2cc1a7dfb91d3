"""Code frames: a headline, the source lines with carets, what to do, and how the compiler got there."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from netspec.diagnostics.codes import Severity
from netspec.diagnostics.model import Diagnostic, Frame, Note, Span
from netspec.diagnostics.render.escape import printable
from netspec.diagnostics.sources import SourceMap

_SHOWN_COLUMNS = 110
_BEFORE_CARET = 60
_SHOWN_FRAMES = 8
_STYLES = {"error": "1;31", "warning": "1;33", "bold": "1", "frame": "1;34", "note": "34", "help": "36"}


class Painter:
    """Renders code frames, in colour or without."""

    def __init__(self, color: bool, sources: SourceMap) -> None:
        self.color = color
        self.sources = sources

    def paint(self, style: str, text: str) -> str:
        """Return a text in a style."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.color and text else text

    def text(self, diagnostics: Iterable[Diagnostic]) -> str:
        """Return the blocks of several diagnostics, with an empty line between them."""
        return "\n\n".join(self.block(diagnostic) for diagnostic in diagnostics)

    def block(self, diagnostic: Diagnostic) -> str:
        """Return the headline of a diagnostic, its code frame, its help and its call chain."""
        code, message = f"{diagnostic.severity}[{diagnostic.code}]", f": {printable(diagnostic.message)}"
        places = _places(diagnostic)
        margin = " " * max((len(str(note.span.line)) for note in places), default=1)
        headline = self.paint(diagnostic.severity, code) + self.paint("bold", message)
        lines = [headline, *self.frame(places, margin, diagnostic.severity)]
        if diagnostic.help:
            lines.append(self.footer(margin, "help", printable(diagnostic.help)))
        if diagnostic.chain:
            lines.append(self.footer(margin, "in", _chain_text(diagnostic)))
        return "\n".join(lines)

    def frame(self, places: Sequence[Note], margin: str, severity: Severity) -> list[str]:
        """Return the source lines of the places, each with carets under it; the first place is the diagnostic's own."""
        lines: list[str] = []
        file = None
        for index, place in enumerate(places):
            marked = self.marked_line(place, margin, "note" if index else severity)
            if place.span.file != file:
                file = place.span.file
                arrow = "-->" if index == 0 else ":::"
                lines.append(f"{margin}{self.paint('frame', arrow)} {printable(str(place.span))}")
                lines += [f"{margin} {self.paint('frame', '|')}"] if marked else []
            lines += marked
        return lines

    def marked_line(self, place: Note, margin: str, style: str) -> list[str]:
        """Return a source line, and a line that marks a part of it in a style."""
        text = self.sources.line(place.span.file, place.span.line)
        label = printable(place.label)
        bar = self.paint("frame", "|")
        number = self.paint("frame", str(place.span.line).rjust(len(margin)))
        if text is None:
            return [f"{number} {bar} {label}".rstrip()] if label else []
        before, marked, after = _cut(text, place.span)
        carets = ("-" if style == "note" else "^") * max(1, _width(marked))
        under = self.paint(style, f"{carets} {label}".rstrip())
        return [
            f"{number} {bar} {before}{marked}{after}".rstrip(),
            f"{margin} {bar} {' ' * _width(before)}{under}",
        ]

    def footer(self, margin: str, title: str, text: str) -> str:
        """Return a line below the frame."""
        return f"{margin} {self.paint('frame', '=')} {self.paint('help', f'{title}:')} {text}"


def _places(diagnostic: Diagnostic) -> list[Note]:
    own = [Note(diagnostic.span, diagnostic.label)] if diagnostic.span else []
    return own + list(diagnostic.notes)


def _cut(line: str, span: Span) -> tuple[str, str, str]:
    """Return a line's part before, in and after a span, ready to show; a long line is cut around it."""
    start = min(span.column - 1, len(line))
    end = span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
    end = max(start, min(end, len(line)))
    if len(line) <= _SHOWN_COLUMNS:
        return printable(line[:start]), printable(line[start:end]), printable(line[end:])
    first = max(0, start - _BEFORE_CARET)
    last = first + _SHOWN_COLUMNS
    left = "…" if first else ""
    right = "…" if last < len(line) else ""
    end = min(end, last)
    return left + printable(line[first:start]), printable(line[start:end]), printable(line[end:last]) + right


def _width(text: str) -> int:
    """Return the number of terminal columns of a printable text."""
    if text.isascii():
        return len(text)
    return sum(_character_width(character) for character in text)


def _character_width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _chain_text(diagnostic: Diagnostic) -> str:
    """Return the calls that led to a diagnostic, outermost first; the middle of a long chain is left out."""
    # A place in the diagnostic's own file is short: the frame above names the file.
    file = diagnostic.span.file if diagnostic.span else ""
    calls = [_call_text(frame, outermost=index == 0, file=file) for index, frame in enumerate(diagnostic.chain)]
    if len(calls) > _SHOWN_FRAMES:
        half = _SHOWN_FRAMES // 2
        calls[half:-half] = [f"… {len(calls) - 2 * half} more …"]
    return " > ".join(calls)


def _call_text(frame: Frame, outermost: bool, file: str) -> str:
    """Return the place of a call: the outermost by its path in the network, those inside by the block's name."""
    shown = (frame.path or frame.name) if outermost else (frame.name or frame.path)
    place = f"line {frame.span.line}" if frame.span.file == file else f"{frame.span.file}:{frame.span.line}"
    return printable(f"{shown} ({place})")

"""Diagnostics as JSON.

Texts are made printable here too: a program may print what it finds in them.
"""

from __future__ import annotations

import json
from typing import Any

from netspec.diagnostics.model import Diagnostic, Span
from netspec.diagnostics.render.escape import printable


def json_text(diagnostics: list[Diagnostic]) -> str:
    """Return a list of records."""
    return dumped([_record(diagnostic) for diagnostic in diagnostics])


def dumped(value: Any) -> str:
    """Return plain data as indented JSON in ASCII."""
    return json.dumps(value, indent=2, ensure_ascii=True)


def _record(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": printable(diagnostic.message),
        "place": _place(diagnostic.span) if diagnostic.span else None,
        "label": printable(diagnostic.label),
        "help": printable(diagnostic.help),
        "notes": [{"place": _place(note.span), "label": printable(note.label)} for note in diagnostic.notes],
        "chain": [
            {"path": printable(frame.path), "name": printable(frame.name), "place": _place(frame.span)}
            for frame in diagnostic.chain
        ],
    }


def _place(span: Span) -> dict[str, Any]:
    return {
        "file": printable(span.file),
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }

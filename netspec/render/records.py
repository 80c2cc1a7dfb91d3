"""Diagnostics as JSON and as SARIF 2.1.0.

Texts are made printable here too: a program may print what it finds in them.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from netspec.errors import Diagnostic, Span
from netspec.render.escape import printable

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def json_text(diagnostics: list[Diagnostic]) -> str:
    """Return a list of records."""
    return _dumped([_record(diagnostic) for diagnostic in diagnostics])


def _dumped(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=True)


def _record(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "code": diagnostic.code,
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


def sarif_text(diagnostics: list[Diagnostic]) -> str:
    """Return a SARIF 2.1.0 log with one run."""
    codes = sorted({diagnostic.code for diagnostic in diagnostics})
    run = {
        "tool": {"driver": {"name": "netspec", "rules": [{"id": code} for code in codes]}},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(diagnostic, codes) for diagnostic in diagnostics],
    }
    return _dumped({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]})


def _sarif_result(diagnostic: Diagnostic, codes: list[str]) -> dict[str, Any]:
    text = printable(f"{diagnostic.message} ({diagnostic.help})" if diagnostic.help else diagnostic.message)
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": codes.index(diagnostic.code),
        "level": "error",
        "message": {"text": text},
    }
    if diagnostic.span:
        result["locations"] = [_sarif_location(diagnostic.span, diagnostic.label)]
    if diagnostic.notes:
        result["relatedLocations"] = [_sarif_location(note.span, note.label) for note in diagnostic.notes]
    return result


def _sarif_location(span: Span, label: str) -> dict[str, Any]:
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
    physical = {"artifactLocation": {"uri": _uri(span.file)}, "region": region}
    message = {"message": {"text": printable(label)}} if label else {}
    return {"physicalLocation": physical, **message}


def _uri(file: str) -> str:
    """Return a relative or absolute URI for a path."""
    scheme = "file://" if file.startswith("/") else ""
    return scheme + quote(file, errors="replace")

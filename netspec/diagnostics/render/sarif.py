"""Diagnostics as SARIF 2.1.0, the format of code-scanning tools."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from netspec.diagnostics.codes import Code
from netspec.diagnostics.model import Diagnostic, Span
from netspec.diagnostics.render.escape import printable
from netspec.diagnostics.render.json import dumped

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif_text(diagnostics: list[Diagnostic]) -> str:
    """Return a SARIF 2.1.0 log with one run."""
    codes = sorted({diagnostic.code for diagnostic in diagnostics})
    run = {
        "tool": {"driver": {"name": "netspec", "rules": [{"id": code} for code in codes]}},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(diagnostic, codes) for diagnostic in diagnostics],
    }
    return dumped({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]})


def _sarif_result(diagnostic: Diagnostic, codes: Sequence[Code]) -> dict[str, Any]:
    text = printable(f"{diagnostic.message} ({diagnostic.help})" if diagnostic.help else diagnostic.message)
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": codes.index(diagnostic.code),
        "level": diagnostic.severity,
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
    """Return a relative or absolute URI for a path; one of Windows may begin with a drive or a share."""
    path = PurePath(file)
    text = path.as_posix()
    if not path.is_absolute():
        return quote(text, errors="replace")
    if text.startswith("//"):
        return f"file:{quote(text, errors='replace')}"
    start = f"/{path.drive}" if path.drive else ""
    return f"file://{start}{quote(text.removeprefix(path.drive), errors='replace')}"

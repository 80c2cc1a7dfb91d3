"""One line for each diagnostic: for editors, and for the annotations of GitHub's workflows."""

from __future__ import annotations

from netspec.diagnostics.model import Diagnostic
from netspec.diagnostics.render.escape import printable


def concise_text(diagnostics: list[Diagnostic]) -> str:
    """Return one line for each diagnostic: place, code, message and help."""
    return "\n".join(_concise_line(diagnostic) for diagnostic in diagnostics)


def _concise_line(diagnostic: Diagnostic) -> str:
    line = printable(str(diagnostic))
    return f"./{line}" if line.startswith("::") else line  # a file called '::error' must not be taken for a command


def github_text(diagnostics: list[Diagnostic]) -> str:
    """Return one workflow command for each diagnostic."""
    return "\n".join(_github_line(diagnostic) for diagnostic in diagnostics)


def _github_line(diagnostic: Diagnostic) -> str:
    """Return a workflow command that annotates the line of a diagnostic."""
    properties: dict[str, object] = {}
    if span := diagnostic.span:
        properties = {"file": span.file, "line": span.line, "col": span.column, "endLine": span.end_line}
        # GitHub allows a last column only where the range is within one line.
        properties |= {"endColumn": span.end_column} if span.end_line == span.line else {}
    properties["title"] = diagnostic.code
    shown = ",".join(f"{key}={_github_property(str(value))}" for key, value in properties.items())
    help_line = f"%0Ahelp: {_github_data(diagnostic.help)}" if diagnostic.help else ""
    return f"::{diagnostic.severity} {shown}::{_github_data(diagnostic.message)}{help_line}"


def _github_data(text: str) -> str:
    return printable(text).replace("%", "%25")


def _github_property(text: str) -> str:
    return _github_data(text).replace(":", "%3A").replace(",", "%2C")

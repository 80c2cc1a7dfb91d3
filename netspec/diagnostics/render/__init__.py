"""Diagnostics as text: code frames for people, one-line and structured forms for programs.

    text.py     code frames, as a terminal shows them
    lines.py    one line each, for editors and for GitHub
    json.py     records
    sarif.py    SARIF 2.1.0
    escape.py   what makes any text safe to print

Whatever comes from a document passes through ``printable``, so that no document can move a terminal's cursor, reverse
the direction of a line, or inject commands into the program that reads the output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, get_args

from netspec.diagnostics.model import Diagnostic
from netspec.diagnostics.render.escape import printable
from netspec.diagnostics.render.json import json_text
from netspec.diagnostics.render.lines import concise_text, github_text
from netspec.diagnostics.render.sarif import sarif_text
from netspec.diagnostics.render.text import Painter
from netspec.diagnostics.sources import SourceMap

__all__ = ["FORMATS", "Format", "printable", "render"]

Format = Literal["text", "concise", "json", "github", "sarif"]

FORMATS: tuple[Format, ...] = get_args(Format)

_LINES_AND_RECORDS: dict[str, Callable[[list[Diagnostic]], str]] = {
    "concise": concise_text,
    "json": json_text,
    "github": github_text,
    "sarif": sarif_text,
}


def render(
    diagnostics: Iterable[Diagnostic],
    format: Format = "text",
    color: bool = False,
    sources: SourceMap | None = None,
) -> str:
    """Return diagnostics in a format, without a newline at the end; colour is for ``text`` alone.

    ``sources`` is the map that the documents were read with. Without it, ``text`` reads the lines that it shows from
    disk.

    Example:
        >>> from netspec.diagnostics import Code, Span
        >>> place = Span("net.yaml", 3, 5, 3, 9)
        >>> print(render([Diagnostic(Code.UNKNOWN_STEP, "unknown step 'cnov'", place)], "concise"))
        net.yaml:3:5: NS0301 unknown step 'cnov'
    """
    if format == "text":
        return Painter(color, sources or SourceMap()).text(diagnostics)
    return _LINES_AND_RECORDS[format](list(diagnostics))

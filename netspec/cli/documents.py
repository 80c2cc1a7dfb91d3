"""Documents as commands compile them: diagnostics are kept and shown when the command ends."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from netspec.diagnostics import Diagnostic, SourceMap
    from netspec.ir import Graph

FORMAT, DENY_WARNINGS = "netspec.format", "netspec.deny_warnings"
SOURCES, FOUND = "netspec.sources", "netspec.found"
LIMITS = "netspec.limits"
STANDARD_INPUT = "<stdin>"


class Settings(NamedTuple):
    """What decides which network a document describes."""

    variant: str | None
    overrides: dict[str, str]


def compile_document(spec: str, settings: Settings) -> Graph:
    """Return the graph of a document, or of the shipped one of that name; its warnings are shown at the end.

    The document ``-`` is standard input.

    Raises: SpecError with every error, or with the warnings where these are denied.
    """
    from netspec.diagnostics import SourceMap, SpecError
    from netspec.limits import Limits
    from netspec.pipeline import compile_graph

    # Kept in click's context, which the command and the code that ends it share, rather than in a global.
    meta = click.get_current_context().meta
    sources = meta.setdefault(SOURCES, SourceMap())
    if spec == "-":
        spec = _standard_input(sources)
    limits = Limits(**meta.get(LIMITS, {}))
    graph = compile_graph(spec, settings.variant, settings.overrides, sources, limits)
    if graph.warnings and meta.get(DENY_WARNINGS):
        raise SpecError(graph.warnings)
    keep(graph.warnings)
    return graph


def _standard_input(sources: SourceMap) -> str:
    """Return the name of the document that standard input holds, which is read once.

    Its references are resolved from the working folder.
    """
    from pathlib import Path

    from netspec.diagnostics.sources import MAX_BYTES, check_size

    if not sources.is_file(Path(STANDARD_INPUT)):
        content = sys.stdin.buffer.read(MAX_BYTES + 1) if sys.stdin else b""
        check_size(content, STANDARD_INPUT)
        sources.add(STANDARD_INPUT, sources.decode(content, STANDARD_INPUT))
    return STANDARD_INPUT


def keep(diagnostics: Iterable[Diagnostic]) -> None:
    """Keep diagnostics until the command ends, which shows them."""
    click.get_current_context().meta.setdefault(FOUND, []).extend(diagnostics)

"""Documents as commands compile them: what is read is kept, so that diagnostics show the very text they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from netspec.ir import Graph

SOURCES = "netspec.sources"


def compile_document(spec: str, variant: str | None = None, overrides: dict[str, Any] | None = None) -> Graph:
    """Return the graph of a document, or of the shipped one of that name."""
    from netspec.diagnostics import SourceMap
    from netspec.pipeline import compile_graph

    sources = click.get_current_context().meta.setdefault(SOURCES, SourceMap())
    return compile_graph(spec, variant, overrides, sources)

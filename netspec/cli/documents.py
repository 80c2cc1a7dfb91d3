"""Documents as commands compile them: with what is said about them kept until the command ends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from netspec.diagnostics import Diagnostic
    from netspec.ir import Graph

FORMAT, DENY_WARNINGS = "netspec.format", "netspec.deny_warnings"
SOURCES, FOUND = "netspec.sources", "netspec.found"
LIMITS = "netspec.limits"


class Settings(NamedTuple):
    """What decides which network a document describes."""

    variant: str | None
    overrides: dict[str, str]


def compile_document(spec: str, settings: Settings) -> Graph:
    """Return the graph of a document, or of the shipped one of that name; its warnings are shown at the end.

    Raises: SpecError with every error, or with the warnings where these are denied.
    """
    from netspec.diagnostics import SourceMap, SpecError
    from netspec.limits import Limits
    from netspec.pipeline import compile_graph

    # Kept in click's context, which the command and the code that ends it share, without a global.
    meta = click.get_current_context().meta
    sources, limits = meta.setdefault(SOURCES, SourceMap()), Limits(**meta.get(LIMITS, {}))
    graph = compile_graph(spec, settings.variant, settings.overrides, sources, limits)
    if graph.warnings and meta.get(DENY_WARNINGS):
        raise SpecError(graph.warnings)
    keep(graph.warnings)
    return graph


def keep(diagnostics: Iterable[Diagnostic]) -> None:
    """Keep diagnostics until the command ends, which shows them."""
    click.get_current_context().meta.setdefault(FOUND, []).extend(diagnostics)

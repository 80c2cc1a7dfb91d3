"""From a document to its checked graph: everything that needs neither torch nor networkx."""

from __future__ import annotations

from pathlib import Path
from typing import Any

# First, though nothing here needs them: imported from deep within the imports below, pydantic and the YAML parser take
# longer. Where its stack of frames crosses a page, Python maps and frees memory at every call.
import netspec.ops
import netspec.syntax.yaml  # noqa: F401
from netspec.analysis import check_expectations
from netspec.diagnostics import SourceMap, SpecError
from netspec.garbage import collection_paused
from netspec.ir import Graph
from netspec.language import Document, load
from netspec.language.loading.overriding import override
from netspec.limits import Limits
from netspec.lowering import lower


@collection_paused()
def compile_graph(
    document: Document | str | Path,
    variant: str | None = None,
    overrides: dict[str, Any] | None = None,
    sources: SourceMap | None = None,
    limits: Limits | None = None,
) -> Graph:
    """Return the graph of a document, or of the one at a path or of that shipped name.

    ``sources`` keeps the texts that are read, so that they can be shown. ``limits`` replace the default limits.

    Raises: SpecError with every error; LimitError when a limit refuses it.
    """
    sources = document.sources if isinstance(document, Document) else sources or SourceMap()
    sources.begin(limits or Limits())
    if not isinstance(document, Document):
        document = load(document, variant, overrides, sources)
    elif variant is not None or overrides:
        # A loaded document is immutable: overriding makes another one.
        document = override(document, variant, overrides or {})
    graph = lower(document, limits)
    # Last: wrong totals of a network with errors would be misleading.
    try:
        check_expectations(document, graph)
    except SpecError as error:
        # What is suspicious in a network may be why its totals are wrong.
        raise SpecError((*error.diagnostics, *graph.warnings)) from None
    return graph

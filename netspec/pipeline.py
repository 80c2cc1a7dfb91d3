"""From a document to its checked graph: everything that needs neither torch nor networkx."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from netspec.graph import Graph
from netspec.lower import lower
from netspec.passes import run
from netspec.report import check_expectations
from netspec.spec import Document, load
from netspec.spec.overriding import override


def compile_graph(
    document: Document | str | Path, variant: str | None = None, overrides: dict[str, Any] | None = None
) -> Graph:
    """Return the graph of a document, or of the one at a path or of that shipped name.

    Raises: SpecError with every fault; LimitError when a limit refuses it.
    """
    if not isinstance(document, Document):
        document = load(document, variant, overrides)
    elif variant is not None or overrides:
        document = override(document, variant, overrides or {})
    graph = run(lower(document))
    check_expectations(document, graph)
    return graph

"""Passes: pure functions from a graph to a graph, one file each, in the order of ``PIPELINE``.

explicit_padding.py   padding that torch's layers cannot do becomes an op of its own
rewriting.py          replaces nodes in a graph, for passes
"""

from __future__ import annotations

from collections.abc import Callable

from netspec.ir import Graph
from netspec.passes.explicit_padding import explicit_padding

PIPELINE: tuple[Callable[[Graph], Graph], ...] = (explicit_padding,)
"""What every compiled graph goes through. Each pass is idempotent and leaves a graph that ``verify`` accepts."""


def run(graph: Graph) -> Graph:
    """Return the graph after all passes."""
    for each in PIPELINE:
        graph = each(graph)
    return graph

"""What passes share: a copy of a graph in which some nodes give way to others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from netspec.ir import Graph, GraphBuilder, Node, Scope


def expand(graph: Graph, chosen: Mapping[str, tuple[Node, ...]]) -> Graph:
    """Return a graph in which each chosen node is replaced by others; the last of them has the node's path.

    Scopes are copied, so that the given graph stays as it was.
    """
    builder = GraphBuilder(replace(graph.root, items=[]))
    _copy(graph.root, builder.root, chosen, builder)
    return replace(graph, root=builder.root)


def _copy(scope: Scope, copy: Scope, chosen: Mapping[str, tuple[Node, ...]], builder: GraphBuilder) -> None:
    for item in scope.items:
        if isinstance(item, Scope):
            inner = replace(item, parent=copy, items=[])
            builder.open(inner)
            _copy(item, inner, chosen, builder)
            continue
        for node in chosen.get(item.path, (item,)):
            builder.add(replace(node, scope=copy))

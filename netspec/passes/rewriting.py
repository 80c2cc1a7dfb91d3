"""What passes share: a copy of a graph in which some nodes give way to others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from netspec.ir import Graph, Node, Scope


def expand(graph: Graph, chosen: Mapping[str, tuple[Node, ...]]) -> Graph:
    """Return a graph in which each chosen node is replaced by others; the last of them has the node's path.

    Scopes are copied, so that the given graph stays as it was.
    """
    nodes: dict[str, Node] = {}
    root = _copy(graph.root, None, chosen, nodes)
    ordered = {node.path: nodes[node.path] for node in root.walk()}
    return replace(graph, root=root, by_path=ordered)


def _copy(scope: Scope, parent: Scope | None, chosen: Mapping[str, tuple[Node, ...]], nodes: dict[str, Node]) -> Scope:
    copy = replace(scope, parent=parent, items=[])
    for item in scope.items:
        if isinstance(item, Scope):
            copy.items.append(_copy(item, copy, chosen, nodes))
            continue
        for node in chosen.get(item.path, (item,)):
            nodes[node.path] = replace(node, scope=copy)
            copy.items.append(nodes[node.path])
    return copy

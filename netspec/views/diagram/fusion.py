"""Fusion groups: chains of ops that are drawn as one box, as in conv + bn + relu."""

from __future__ import annotations

from collections.abc import Iterable

from netspec.ir import Graph, Node, Scope

FusionGroup = list[Node]

FIRST = frozenset({"convolution", "linear", "normalization", "merge"})
"""The families of ops that a group may begin with."""
FOLLOWERS = frozenset({"normalization", "activation", "regularization"})
LARGEST = 5


class Fusion:
    """Partitions ops into fusion groups. An output of the network ends its group, so that it can be shown."""

    def __init__(self, graph: Graph) -> None:
        self._consumers = graph.consumers()
        self._kept = frozenset(output.node for output in graph.outputs)

    def cut(self, nodes: Iterable[Node]) -> list[FusionGroup]:
        """Return the groups of some nodes, in the order of their first nodes."""
        groups: list[FusionGroup] = []
        growing: dict[str, FusionGroup] = {}
        for node in nodes:
            group = growing.pop(node.inputs[0], None) if len(node.inputs) == 1 else None
            if group and self._follows(node, group):
                group.append(node)
            else:
                group = [node]
                groups.append(group)
            growing[node.path] = group
        return groups

    def alone(self, scope: Scope) -> FusionGroup | None:
        """Return the group that is all of a scope, or None."""
        nodes: list[Node] = []
        for node in scope.traverse():
            nodes.append(node)
            # A larger scope cannot be one group, so its other nodes are not read.
            if len(nodes) > LARGEST:
                return None
        groups = self.cut(nodes)
        return groups[0] if len(groups) == 1 else None

    def _follows(self, node: Node, group: FusionGroup) -> bool:
        last = group[-1]
        return (
            len(group) < LARGEST
            and group[0].op.family in FIRST
            and node.op.family in FOLLOWERS
            # Edges start at boxes, so inner values of a group must have no other uses.
            and last.path not in self._kept
            and len(self._consumers[last.path]) == 1
        )

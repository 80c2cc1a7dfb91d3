"""What each scope of a network adds up to."""

from __future__ import annotations

from dataclasses import dataclass

from netspec.ir import Graph, Node, Scope
from netspec.sizes.shape import elements


@dataclass(slots=True)
class ScopeTotals:
    """Sums over a scope. ``macs`` leave heads out that exist in training only, ``training_macs`` do not."""

    params: int = 0
    macs: int = 0
    training_macs: int = 0
    elements: int = 0
    """How many numbers the values have together; those that share memory with their operand bring none."""
    nodes: int = 0

    def add(self, other: ScopeTotals) -> None:
        """Add the sums of a part."""
        self.params += other.params
        self.macs += other.macs
        self.training_macs += other.training_macs
        self.elements += other.elements
        self.nodes += other.nodes


def measure_node(node: Node, training_only: bool) -> ScopeTotals:
    """Return what a single node adds."""
    return ScopeTotals(
        params=node.params,
        macs=0 if training_only else node.macs,
        training_macs=node.macs,
        elements=0 if node.op.is_view else elements(node.shape),
        nodes=1,
    )


def measure_scopes(graph: Graph) -> dict[Node | Scope, ScopeTotals]:
    """Return the sums of every scope, and of every node as the smallest part."""
    training = graph.training_only
    totals: dict[Node | Scope, ScopeTotals] = {node: measure_node(node, node.path in training) for node in graph}
    # Inner scopes come after outer ones in `descend`, so that backwards every part is known before its whole.
    for scope in reversed(list(graph.root.descend())):
        whole = totals[scope] = ScopeTotals()
        for item in scope.items:
            whole.add(totals[item])
    return totals

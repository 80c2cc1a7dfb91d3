"""Runs of equal siblings: consecutive blocks, or fusion groups, that may be drawn as one box."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from netspec.analysis.dense_layers import DenseLayer, dense_layers
from netspec.ir import Graph, Node, Scope
from netspec.ir.equality import Agreement, GraphEquivalence, Structure
from netspec.sizes.shape import Shape
from netspec.views.diagram.fusion import FusionGroup

Item = Node | Scope


class Runs:
    """Finds runs of equal siblings that are not expanded."""

    def __init__(self, graph: Graph, is_open: Callable[[Scope], bool]) -> None:
        training = graph.training_only
        self._graph = graph
        self._consumers = graph.consumers()
        self._kept = frozenset(output.node for output in graph.outputs)
        self._is_open = is_open

        def compared(agreement: Agreement) -> Structure:
            return Structure(GraphEquivalence(graph, agreement, facts=lambda node: node.path in training))

        self._exact = compared(Agreement())
        # Blocks of one loop may differ in channels, and in what depends on them.
        self._loose = compared(Agreement(sizes="any", arguments="but channels"))

    def length(self, items: Sequence[Item], start: int) -> int:
        """Return how many siblings from ``start`` on are equal and form a chain."""
        first = items[start]
        end = start + 1
        while isinstance(first, Scope) and end < len(items):
            previous, following = items[end - 1], items[end]
            if not (isinstance(previous, Scope) and isinstance(following, Scope)):
                break
            if not (self._continues(previous, following) and self.alike(first, following)):
                break
            end += 1
        return end - start

    def repeats(self, groups: Sequence[FusionGroup], start: int) -> int:
        """Return how many groups from ``start`` on are equal and form a chain."""
        end = start + 1
        while end < len(groups):
            previous, following = groups[end - 1], groups[end]
            last = previous[-1].path
            if following[0].inputs != (last,) or last in self._kept or len(self._consumers[last]) != 1:
                break
            if not self._are_equal(previous, following):
                break
            end += 1
        return end - start

    def _are_equal(self, first: FusionGroup, other: FusionGroup) -> bool:
        # Consecutive groups seldom have the same ops, and comparing names is cheaper than numbering nodes.
        return [node.op.name for node in first] == [node.op.name for node in other] and all(
            map(self._exact.equal, first, other)
        )

    def alike(self, first: Scope, other: Scope) -> bool:
        """Return whether two blocks are equal, or equal but for channels and written as one step of a loop.

        Blocks at different resolutions are the stages of a network, and are not merged.
        """
        if self._is_open(first) or self._is_open(other):
            return False
        # Equal blocks are equal but for channels too, so one comparison is enough; the exact one is seldom asked for.
        if first.span == other.span and self._resolutions(first) == self._resolutions(other):
            return self._loose.equal(first, other)
        return self.same(first, other)

    def _resolutions(self, scope: Scope) -> list[Shape]:
        return [self._graph.shape_of(path)[1:] for path in (*scope.inputs, *scope.outputs)]

    def same(self, first: Scope, other: Scope) -> bool:
        """Return whether two blocks are equal, channels and sizes included."""
        return self._exact.equal(first, other)

    def growth(self, scope: Scope) -> list[DenseLayer]:
        """Return the layers of a dense block if they are alike, and only their last value is read outside."""
        layers = dense_layers(scope)
        if len(layers) < 2 or not all(self.alike(layers[0].layer, other.layer) for other in layers[1:]):
            return []
        return layers if self._are_inside(scope, [each.concat for each in layers[:-1]]) else []

    def _are_inside(self, scope: Scope, nodes: list[Node]) -> bool:
        """Return whether no value of these nodes is read outside the scope."""
        inside = {node.path for node in scope.traverse()}
        readers = (reader.path for node in nodes for reader in self._consumers[node.path])
        return inside.issuperset(readers) and not any(node.path in self._kept for node in nodes)

    def _continues(self, previous: Scope, following: Scope) -> bool:
        """Return whether the second reads all results of the first, and nothing else does."""
        if not previous.outputs or previous.outputs != following.inputs:
            return False
        if any(path in self._kept for path in previous.outputs):
            return False
        inside = {node.path for node in following.traverse()}
        return all(reader.path in inside for path in previous.outputs for reader in self._consumers.get(path, ()))

"""Values that are the same for each example: declared tensors, and what is computed of them alone."""

from __future__ import annotations

from collections.abc import Callable

from netspec.ir.graph import Graph, analysis
from netspec.ir.node import Node
from netspec.ops import Op
from netspec.ops.stored import Parameter
from netspec.sizes.shape import Shape


class Batchless:
    """The values without a batch axis, of nodes that are added in their order.

    Some are ``leading``: they are stored with an axis of 1 in its place.
    """

    def __init__(self, shape_of: Callable[[str], Shape]) -> None:
        self.values: set[str] = set()
        self.leading: set[str] = set()
        self._shape_of = shape_of

    def add(self, node: Node) -> None:
        """Add the results of a node, if they are such values."""
        # A fast path: most networks declare no tensor.
        if node.op.has_batch and not (node.inputs and self.values.issuperset(node.inputs)):
            return
        if not node.op.has_batch or self.adapted(node) is not None:
            self.values.update(node.values)
            if not self.leading.isdisjoint(node.inputs) or (isinstance(node.op, Parameter) and node.op.batch):
                self.leading.update(node.values)

    def adapted(self, node: Node) -> Op | None:
        """Return the op that takes a node's operands as they are stored, or None where they must be expanded."""
        alone = tuple(path in self.values for path in node.inputs)
        if all(node.op.stretches_operand(place) for place, is_alone in enumerate(alone) if is_alone):
            return node.op
        # An index counts from the first axis that is stored.
        if not self.leading.isdisjoint(node.inputs):
            return None
        return node.op.without_batch(alone, *map(self._shape_of, node.inputs))


@analysis
def batchless(graph: Graph) -> Batchless:
    """Return the values of a graph without a batch axis."""
    found = Batchless(graph.shape_of)
    for node in graph:
        found.add(node)
    return found

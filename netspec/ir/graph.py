"""A network as a graph: its inputs and outputs, and the nodes in the order in which they are computed.

``Node.inputs`` is the truth about edges, in operand order; everything else is derived from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from netspec.sizes.shape import Shape

if TYPE_CHECKING:
    from networkx import MultiDiGraph
from netspec.ir.node import Dtype, Initializer, Node, Scope


@dataclass(frozen=True, slots=True)
class Input:
    """A value that enters the network."""

    name: str
    shape: Shape
    dtype: Dtype = "float"
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """A value that leaves the network: the main one, or a side head."""

    name: str
    node: str
    train_only: bool = False
    loss_weight: float = 1.0


@dataclass(slots=True, eq=False)
class Graph:
    """A network: nodes in the order in which they are computed, each with its shape, place and scope.

    Example:
        >>> import netspec
        >>> graph = netspec.compile("lenet5_modern")
        >>> graph.params, [node.path for node in graph][:2]
        (61706, ['conv1', 'relu1'])
    """

    name: str
    title: str
    cite: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    root: Scope
    by_path: dict[str, Node]
    init: tuple[tuple[str, tuple[tuple[str, Initializer], ...]], ...] = ()
    arguments: dict[str, object] = field(default_factory=dict)
    source: str = ""

    def __iter__(self) -> Iterator[Node]:
        return iter(self.by_path.values())

    def __len__(self) -> int:
        return len(self.by_path)

    def __getitem__(self, path: str) -> Node:
        return self.by_path[path]

    def shape_of(self, path: str) -> Shape:
        """Return the shape of a value by the path of its node or the name of its input."""
        node = self.by_path.get(path)
        return node.shape if node else next(each.shape for each in self.inputs if each.name == path)

    @property
    def params(self) -> int:
        """Trainable parameters, shared ones once, side heads included."""
        return sum(node.params for node in self)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one example in evaluation: heads that exist in training only are left out."""
        training = self.training_only
        return sum(node.macs for node in self if node.path not in training)

    @property
    def flops(self) -> int:
        """Floating-point operations: twice the MACs."""
        return 2 * self.macs

    @property
    def training_only(self) -> frozenset[str]:
        """The paths of the nodes that are computed in training only."""
        kept = self.ancestors(output.node for output in self.outputs if not output.train_only)
        heads = self.ancestors(output.node for output in self.outputs if output.train_only)
        training = heads - kept
        for node in self:
            if node.path not in kept and not training.isdisjoint(node.inputs):
                training.add(node.path)  # nobody reads it, but what it reads is there in training only
        return frozenset(training)

    def ancestors(self, paths: Any) -> set[str]:
        """Return the paths of all nodes that the given ones depend on, these included."""
        found: set[str] = set()
        stack = list(paths)
        while stack:
            path = stack.pop()
            if path in self.by_path and path not in found:
                found.add(path)
                stack.extend(self.by_path[path].inputs)
        return found

    def consumers(self) -> dict[str, list[Node]]:
        """Return for each path the nodes that read it, once per operand."""
        readers: dict[str, list[Node]] = {each.name: [] for each in self.inputs}
        for node in self:
            readers[node.path] = []
        for node in self:
            for path in node.inputs:
                readers[path].append(node)
        return readers

    @property
    def networkx(self) -> MultiDiGraph:
        """The graph as networkx holds it: nodes by path with their record, edges with the operand's number."""
        import networkx

        view = networkx.MultiDiGraph(name=self.name)
        for each in self.inputs:
            view.add_node(each.name, input=each, shape=each.shape)
        for node in self:
            view.add_node(node.path, node=node, shape=node.shape)
        for node in self:
            for operand, path in enumerate(node.inputs):
                view.add_edge(path, node.path, operand=operand)
        return view

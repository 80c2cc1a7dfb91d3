"""The graph: nodes that are born with their shape, a tree of scopes beside them, and the networkx view of both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from netspec.errors import Span
from netspec.ops import Op
from netspec.shape import Shape

if TYPE_CHECKING:
    from networkx import MultiDiGraph

Dtype = Literal["float", "int64"]
ScopeKind = Literal["network", "block", "group", "dense", "output"]


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One op at one place. ``inputs`` are the paths of the nodes whose results it takes, in operand order.

    ``path`` is unique; ``module`` is where the weights live, which differs from the path when they are shared.
    """

    path: str
    op: Op
    inputs: tuple[str, ...]
    shape: Shape
    dtype: Dtype
    params: int
    macs: int
    span: Span
    scope: Scope
    module: str
    label: str = ""
    init: tuple[tuple[str, Initializer], ...] = ()
    device: int | None = None
    named: bool = False

    @property
    def name(self) -> str:
        """The last part of the module's path."""
        return self.module.rpartition(".")[2]

    @property
    def shared(self) -> bool:
        """True when the weights belong to an earlier node."""
        return self.module != self.path


@dataclass(frozen=True, slots=True)
class Initializer:
    """How a parameter starts: the name of a function of ``torch.nn.init`` without its underscore, and arguments."""

    function: str
    arguments: tuple[tuple[str, object], ...] = ()


@dataclass(slots=True, eq=False)
class Scope:
    """A named part of the network: the whole, a block's expansion, or a group of steps with a name.

    ``items`` are its nodes and inner scopes in order. ``inputs`` are the paths of the values that enter,
    ``outputs`` of those that leave. ``module`` differs from ``path`` when a shared block is used again.
    """

    path: str
    kind: ScopeKind
    block: str
    arguments: dict[str, object]
    span: Span
    module: str
    parent: Scope | None = None
    items: list[Node | Scope] = field(default_factory=list)
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    input_names: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The last part of the module's path."""
        return self.module.rpartition(".")[2]

    @property
    def scopes(self) -> Iterator[Scope]:
        """The scopes directly inside."""
        return (item for item in self.items if isinstance(item, Scope))

    def walk(self) -> Iterator[Node]:
        """Yield every node inside, at any depth, in order."""
        stack: list[Iterator[Node | Scope]] = [iter(self.items)]
        while stack:
            for item in stack[-1]:
                if isinstance(item, Scope):
                    stack.append(iter(item.items))
                    break
                yield item
            else:
                stack.pop()

    def descend(self) -> Iterator[Scope]:
        """Yield this scope and every scope inside, outer before inner, in order."""
        stack = [self]
        while stack:
            scope = stack.pop()
            yield scope
            stack.extend(reversed(list(scope.scopes)))


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


def verify(graph: Graph) -> None:
    """Assert what every graph must hold: order, known inputs, true shapes and costs, one owner per module.

    Raises: AssertionError that names the node.
    """
    shapes = {each.name: each.shape for each in graph.inputs}
    owners: dict[str, Node] = {}
    for path, node in graph.by_path.items():
        assert path == node.path, f"{path} holds {node.path}"
        assert all(name in shapes for name in node.inputs), f"{path} reads a value that does not exist yet"
        operands = [shapes[name] for name in node.inputs]
        assert node.shape == node.op.infer_shape(*operands), f"{path} has a shape that its op does not give"
        assert node.macs == node.op.count_macs(*operands), f"{path} has a cost that its op does not give"
        owner = owners.setdefault(node.module, node)
        expected = node.op.count_parameters(*operands) if owner is node else 0
        assert node.params == expected, f"{path} has parameters that its op does not give"
        shapes[path] = node.shape
    assert [node.path for node in graph.root.walk()] == list(graph.by_path), "scopes and nodes disagree"
    assert all(output.node in shapes for output in graph.outputs), "an output reads a value that does not exist"

"""A network as a graph: its inputs and outputs, and the nodes in the order in which they are computed.

``Node.inputs`` defines the edges, in operand order; everything else is derived from it. A graph is immutable: another
one is made with a ``GraphBuilder`` or a ``Rewriter``. So analyses are computed once per graph, and cached with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import update_wrapper
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from netspec.diagnostics import Diagnostic
from netspec.ir.interface import Input, Output, Publication
from netspec.ir.node import Initializers, Node, Scope, flatten_tree, producer
from netspec.ops import TensorType
from netspec.sizes import SizeContext
from netspec.sizes.shape import Shape

if TYPE_CHECKING:
    from networkx import MultiDiGraph

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Graph:
    """A network: nodes in the order in which they are computed, each with its shape, place and scope.

    Two graphs are equal if they differ only in the files and places that they were read from.

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
    init: tuple[tuple[str, Initializers], ...] = ()
    """The initializers of each op's parameters, unless its node has others."""
    source: str = ""
    published: Publication | None = None
    warnings: tuple[Diagnostic, ...] = ()
    """The warnings about the document."""
    sizes: SizeContext = field(default_factory=lambda: SizeContext({}))
    """The open sizes of the inputs, and the guards that were recorded while the graph was built."""
    by_path: Mapping[str, Node] = field(init=False)
    _analyses: dict[Any, Any] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        # Scopes were lists while the graph was built. From here on they are immutable, so that analyses can be cached.
        for scope in self.root.descend():
            object.__setattr__(scope, "items", tuple(scope.items))
        object.__setattr__(self, "by_path", MappingProxyType({node.path: node for node in self.root.traverse()}))

    def __repr__(self) -> str:
        return f"<Graph {self.name}: {len(self):,} nodes, {self.params:,} parameters>"

    def __reduce__(self) -> tuple[Any, ...]:
        # Cached analyses are left out: they are large, and computed again on demand.
        fields = (self.name, self.title, self.cite, self.inputs, self.outputs, self.root, self.init)
        return Graph, (*fields, self.source, self.published, self.warnings, self.sizes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Graph) and _contents(self) == _contents(other)

    def __hash__(self) -> int:
        # Equal graphs have equal names and lengths. Hashing all of a graph would cost as much as comparing two.
        return hash((self.name, len(self)))

    def __iter__(self) -> Iterator[Node]:
        return iter(self.by_path.values())

    def __len__(self) -> int:
        return len(self.by_path)

    def __getitem__(self, path: str) -> Node:
        return self.by_path[path]

    def type_of(self, value: str) -> TensorType:
        """Return the type of a value by its name: an input's name, a node's path, or a further result's number."""
        node = self.by_path.get(value)
        return node.results[0] if node is not None else _other_types(self)[value]

    def shape_of(self, value: str) -> Shape:
        """Return the shape of a value by its name."""
        return self.type_of(value).shape

    @property
    def arguments(self) -> Mapping[str, object]:
        """The values of the document's own arguments."""
        return self.root.arguments

    @property
    def params(self) -> int:
        """Trainable parameters that evaluation uses, shared ones once."""
        evaluated = self.evaluated
        return sum(node.params for node in self if node.module in evaluated)

    @property
    def training_params(self) -> int:
        """Trainable parameters, shared ones once, including those of auxiliary outputs that exist in training only."""
        return sum(node.params for node in self)

    @property
    def evaluated(self) -> frozenset[str]:
        """The modules that evaluation uses: all but those of auxiliary outputs that exist in training only."""
        return _evaluated(self)

    @property
    def training_macs(self) -> int:
        """Multiply-accumulates of one example, including those of auxiliary outputs that exist in training only."""
        return sum(node.macs for node in self)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one example in evaluation, without auxiliary outputs that exist in training only."""
        training = self.training_only
        return sum(node.macs for node in self if node.path not in training)

    @property
    def flops(self) -> int:
        """Floating-point operations: twice the MACs."""
        return 2 * self.macs

    @property
    def training_only(self) -> frozenset[str]:
        """The paths of the nodes that are computed in training only."""
        return _training_only(self)

    def ancestors(self, values: Iterable[str]) -> set[str]:
        """Return the paths of all nodes that values depend on, including those that produce them."""
        # No recursion: a network may be longer than Python's stack is deep.
        found: set[str] = set()
        stack = list(values)
        while stack:
            path = producer(stack.pop())
            if path in self.by_path and path not in found:
                found.add(path)
                stack.extend(self.by_path[path].inputs)
        return found

    def consumers(self) -> Mapping[str, tuple[Node, ...]]:
        """Return for each value the nodes that read it, once per operand."""
        return _consumers(self)

    @property
    def networkx(self) -> MultiDiGraph:
        """The graph as networkx holds it: nodes by path with their record, edges with the value and its place."""
        # Imported here: that takes longer than most commands run, and few need it.
        import networkx

        view = networkx.MultiDiGraph(name=self.name)
        for each in self.inputs:
            view.add_node(each.name, input=each, shape=each.shape)
        for node in self:
            view.add_node(node.path, node=node, shape=node.results[0].shape)
        for node in self:
            for operand, value in enumerate(node.inputs):
                view.add_edge(producer(value), node.path, operand=operand, value=value)
        return view


def _contents(graph: Graph) -> tuple[Any, ...]:
    """Return all that graphs are compared by: everything but places in documents."""
    records = flatten_tree(graph.root)
    for record in (*records[0], *records[1]):
        del record["span"]
    header = graph.name, graph.title, graph.cite, graph.published, graph.init
    return header, graph.inputs, graph.outputs, records


# what is derived from graphs


def analysis(
    function: Callable[Concatenate[Graph, Arguments], Result],
) -> Callable[Concatenate[Graph, Arguments], Result]:
    """Make a function of a graph one that computes its result once per graph and arguments.

    All callers get the same object, so that it has to be immutable.

    Example:
        >>> import netspec
        >>> @analysis
        ... def paths(graph: Graph) -> tuple[str, ...]:
        ...     return tuple(graph.by_path)
        >>> graph = netspec.compile("lenet5_modern")
        >>> paths(graph) is paths(graph)
        True
    """

    def once(graph: Graph, /, *args: Arguments.args, **options: Arguments.kwargs) -> Result:
        # The function is part of the key, so that two analyses with equal arguments do not share a result.
        key = (function, args, *options.items())
        if key not in graph._analyses:
            graph._analyses[key] = function(graph, *args, **options)
        result: Result = graph._analyses[key]
        return result

    update_wrapper(once, function)
    return once


@analysis
def _training_only(graph: Graph) -> frozenset[str]:
    if not any(output.train_only for output in graph.outputs):
        return frozenset()
    kept = graph.ancestors(output.node for output in graph.outputs if not output.train_only)
    training = graph.ancestors(output.node for output in graph.outputs if output.train_only) - kept
    for node in graph:
        # A node that no output depends on is computed where its operands are.
        if node.path not in kept and not training.isdisjoint(map(producer, node.inputs)):
            training.add(node.path)
    return frozenset(training)


@analysis
def _evaluated(graph: Graph) -> frozenset[str]:
    training = graph.training_only
    # Weights that an auxiliary output shares with the main path are needed by evaluation too.
    used = [node for node in graph if node.path not in training]
    tied = (key.rpartition(".")[0] for node in used for _, key in node.ties)
    return frozenset(node.module for node in used).union(tied)


@analysis
def _consumers(graph: Graph) -> Mapping[str, tuple[Node, ...]]:
    readers: dict[str, list[Node]] = {each.name: [] for each in graph.inputs}
    for node in graph:
        readers.update((value, []) for value in node.values)
    for node in graph:
        for value in node.inputs:
            readers[value].append(node)
    return MappingProxyType({value: tuple(nodes) for value, nodes in readers.items()})


@analysis
def _other_types(graph: Graph) -> Mapping[str, TensorType]:
    """Return the types of all values but the first results of nodes."""
    types = {each.name: each.type for each in graph.inputs}
    for node in graph:
        if len(node.results) > 1:
            types.update(zip(node.values[1:], node.results[1:], strict=True))
    return types

"""The parts of a graph: nodes, and the scopes that nest them.

A node refers to its scope, and a scope to its items and its parent, so that each part leads to all others. They are
copied and pickled as one flat record of the whole tree, so that neither the length nor the nesting of a network becomes
a depth of recursion.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, Literal

from netspec.diagnostics import Span
from netspec.dtypes import Dtype
from netspec.ir.immutable import frozen_arguments, thawed
from netspec.ops import Op, TensorType
from netspec.sizes.shape import Shape

ScopeKind = Literal["network", "block", "group", "dense", "output", "scan"]


@dataclass(frozen=True, slots=True, repr=False)
class Initializer:
    """How a parameter is initialized: a function of ``torch.nn.init`` without its underscore, and its arguments."""

    function: str
    arguments: tuple[tuple[str, object], ...] = ()

    def __repr__(self) -> str:
        # The values of a parameter may be a list of thousands.
        arguments = ", ".join(f"{name}={reprlib.repr(value)}" for name, value in self.arguments)
        return f"<Initializer {self.function}({arguments})>"


Initializers = tuple[tuple[str, Initializer], ...]
"""The initializers of some parameters, by their name."""

Ties = tuple[tuple[str, str], ...]
"""The weights that are parameters of other modules, by name, each with the key of that parameter."""

Expressions = tuple[tuple[str, str], ...]
"""The arguments of a step that are expressions, by name and as written in the document."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Node:
    """One op at one place. ``inputs`` are the names of its operands, in order.

    ``path`` is unique; ``module`` is where the weights live, which differs from the path when they are shared. A node
    nearly always has one result, whose name is the path, and whose ``shape`` and ``dtype`` are properties. Further
    results are numbered: ``lstm1``, ``lstm1:1``, ``lstm1:2``. ``params`` counts the trainable numbers that it owns, and
    ``macs`` the multiply-accumulates of one example, in all rounds of the scans around it.

    Example:
        >>> import netspec
        >>> node = netspec.compile("lenet5_modern")["conv1"]
        >>> node, node.inputs, node.params, node.macs
        (<Node conv1 = conv(input) 6x28x28>, ('input',), 156, 117600)
    """

    path: str
    op: Op
    inputs: tuple[str, ...]
    results: tuple[TensorType, ...]
    params: int
    macs: int
    span: Span
    scope: Scope
    module: str
    label: str = ""
    init: Initializers = ()
    device: int | None = None
    named: bool = False
    expressions: Expressions = ()
    symbolic: Op | None = None
    """The op with open sizes among its arguments, if there are any; ``op`` is that at the stated sizes."""
    size_inputs: tuple[str, ...] = ()
    """The values, beside the operands, from whose sizes these are computed."""
    ties: Ties = ()
    frozen: bool = False
    """True where the weights are not trained."""

    def __repr__(self) -> str:
        more = (f"... {len(self.inputs)} in all",) if len(self.inputs) > 8 else ()
        operands = ", ".join(self.inputs[:8] + more)
        return f"<Node {self.path} = {self.op.name}({operands}) {', '.join(map(str, self.results))}>"

    def __reduce__(self) -> tuple[Any, ...]:
        # pickle recurses into what an object refers to: from node to scope to node, as deep as the network is long. So
        # a part is pickled as its path in a tree, and the tree as flat records.
        return part_of, (self.scope.root, self.path)

    @property
    def reads(self) -> tuple[str, ...]:
        """The names of all values that the node needs: its operands, and those of which only the sizes are needed."""
        return self.inputs + self.size_inputs

    @property
    def name(self) -> str:
        """The last part of the module's path."""
        return self.module.rpartition(".")[2]

    @property
    def values(self) -> tuple[str, ...]:
        """The names of the node's results."""
        # Most analyses read this of every node, and nearly all have one result.
        if len(self.results) == 1:
            return (self.path,)
        return (self.path, *(f"{self.path}:{number}" for number in range(1, len(self.results))))

    @property
    def type(self) -> TensorType:
        """The type of the node's only result.

        Raises: ValueError when there are several.
        """
        if len(self.results) != 1:
            raise ValueError(f"{self.path} gives {len(self.results)} values: ask for the type of one of them")
        return self.results[0]

    @property
    def shape(self) -> Shape:
        """The shape of the node's only result."""
        return self.type.shape

    @property
    def dtype(self) -> Dtype:
        """The dtype of the node's only result."""
        return self.type.dtype

    @property
    def shared(self) -> bool:
        """True when the weights belong to an earlier node."""
        return self.module != self.path


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Scope:
    """A named part of the network: the whole, a block's expansion, or a group of steps with a name.

    A scope of the kind ``scan`` is the body of a loop over a sequence, and stands for all its rounds. Its nodes of the
    ops in ``ops/scan`` are its edges: ``element`` and ``state`` are what a round begins with, ``next_state`` what it
    hands on, and ``collected`` what it adds to a sequence that the scan gives. Nothing else of it is read outside.

    ``items`` are its nodes and inner scopes in order. ``inputs`` are the names of its live-in values,
    ``outputs`` of its live-outs. ``module`` differs from ``path`` when a shared block is used again.

    While its graph is under construction, a ``GraphBuilder`` adds items and, at the end, the live-outs.
    """

    path: str
    kind: ScopeKind
    block: str
    arguments: Mapping[str, object]
    span: Span
    module: str
    parent: Scope | None = None
    items: Sequence[Node | Scope] = field(default_factory=list)
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    input_names: tuple[str, ...] = ()
    expressions: Expressions = ()
    rounds: int = 1
    """How often its nodes are computed for one example: the lengths of the scans around, multiplied."""
    _parts: Mapping[str, Node | Scope] | None = field(default=None, init=False)
    """Everything inside the root by its path, for unpickling."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "arguments", frozen_arguments(self.arguments))

    def __repr__(self) -> str:
        return f"<Scope {self.path or self.block}: {self.block or self.kind} of {len(self.items)} items>"

    def __reduce__(self) -> tuple[Any, ...]:
        if self.parent is None:
            return restore_tree, flatten_tree(self)
        return part_of, (self.root, self.path)

    @property
    def name(self) -> str:
        """The last part of the module's path."""
        return self.module.rpartition(".")[2]

    @property
    def root(self) -> Scope:
        """The scope of the whole network."""
        return list(self.ascend())[-1]

    @property
    def enclosing_block(self) -> Scope:
        """The innermost block that this scope is, or stands in; the network where there is none."""
        return next(each for each in self.ascend() if each.kind in ("block", "network"))

    @property
    def scopes(self) -> Iterator[Scope]:
        """The scopes directly inside."""
        return (item for item in self.items if isinstance(item, Scope))

    def traverse(self) -> Iterator[Node]:
        """Yield every node inside, at any depth, in order."""
        # An explicit stack: a recursive generator would pass each node through one frame per level.
        stack: list[Iterator[Node | Scope]] = [iter(self.items)]
        while stack:
            for item in stack[-1]:
                if isinstance(item, Scope):
                    stack.append(iter(item.items))
                    break
                yield item
            else:
                stack.pop()

    def ascend(self) -> Iterator[Scope]:
        """Yield this scope and every scope around it, inner before outer."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def descend(self) -> Iterator[Scope]:
        """Yield this scope and every scope inside, outer before inner, in order."""
        stack = [self]
        while stack:
            scope = stack.pop()
            yield scope
            stack.extend([item for item in reversed(scope.items) if isinstance(item, Scope)])


def producer(value: str) -> str:
    """Return the path of the node that produces a value.

    Example:
        >>> producer("encoder.lstm1:2"), producer("encoder.conv1")
        ('encoder.lstm1', 'encoder.conv1')
    """
    return value.partition(":")[0]


# copies

Record = dict[str, Any]
"""The fields of a node or scope by name, with numbers in place of other nodes and scopes."""

_NODE_FIELDS = tuple(each.name for each in fields(Node) if each.name != "scope")
_SCOPE_FIELDS = tuple(each.name for each in fields(Scope) if each.name not in ("parent", "items", "_parts"))


def flatten_tree(root: Scope) -> tuple[list[Record], list[Record]]:
    """Return the scopes and the nodes of a tree as records, which refer to each other by number.

    An item of a scope is the number of a node, or the complement (``~``) of a scope's.
    """
    scopes, nodes = list(root.descend()), list(root.traverse())
    numbers: dict[Node | Scope, int] = {scope: number for number, scope in enumerate(scopes)}
    items = numbers | {node: number for number, node in enumerate(nodes)}
    scope_values, node_values = attrgetter(*_SCOPE_FIELDS), attrgetter(*_NODE_FIELDS)
    scope_records = [
        dict(zip(_SCOPE_FIELDS, scope_values(scope), strict=True))
        | {
            "arguments": thawed(scope.arguments),
            "parent": None if scope.parent is None else numbers[scope.parent],
            "items": [~items[item] if isinstance(item, Scope) else items[item] for item in scope.items],
        }
        for scope in scopes
    ]
    node_records = [
        dict(zip(_NODE_FIELDS, node_values(node), strict=True)) | {"scope": numbers[node.scope]} for node in nodes
    ]
    return scope_records, node_records


def restore_tree(scope_records: list[Record], node_records: list[Record]) -> Scope:
    """Return the root of the tree that was flattened."""
    scopes: list[Scope] = []
    for record in scope_records:
        parent = None if record["parent"] is None else scopes[record["parent"]]
        scopes.append(Scope(**record | {"parent": parent, "items": []}))
    nodes = [Node(**record | {"scope": scopes[record["scope"]]}) for record in node_records]
    for scope, record in zip(scopes, scope_records, strict=True):
        items = tuple(nodes[number] if number >= 0 else scopes[~number] for number in record["items"])
        object.__setattr__(scope, "items", items)
    return scopes[0]


def part_of(root: Scope, path: str) -> Node | Scope:
    """Return a node or scope of a tree by its path."""
    parts = root._parts
    if parts is None:
        everything: list[Node | Scope] = [*root.descend(), *root.traverse()]
        parts = {each.path: each for each in everything}
        # Unpickling looks up each part: searching the tree each time would be quadratic.
        object.__setattr__(root, "_parts", parts)
    return parts[path]

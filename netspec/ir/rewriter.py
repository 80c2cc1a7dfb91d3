"""Rewriting: edits of a graph are collected, then applied to a copy of its tree.

What is not edited stays as it is: paths, spans, labels and modules. When a value is replaced by another, all its uses
become uses of the other one: operands, live-ins and live-outs of scopes, and outputs of the network.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from netspec.ir.builder import GraphBuilder
from netspec.ir.graph import Graph
from netspec.ir.node import Node, Scope
from netspec.ops import Op, TensorType
from netspec.sizes import stated

_UNMARKED: dict[str, Any] = {"label": "", "init": (), "named": False, "ties": (), "frozen": False}
"""What a document says of a node, which a new node beside it has not."""


@dataclass(frozen=True, slots=True)
class _Successor:
    """The value that replaces another one, except for some readers."""

    name: str
    but: frozenset[str]


@dataclass(slots=True)
class Rewriter:
    """Edits of a graph, which itself stays as it is.

    Example:
        >>> import netspec
        >>> from netspec.ops import OPS
        >>> graph = netspec.compile("lenet5_modern")
        >>> rewriter = Rewriter(graph)
        >>> for node in graph:
        ...     if node.op.name == "relu":
        ...         rewriter.replace(node, rewriter.derive(node, OPS["gelu"]()))
        >>> rewriter.apply()["relu1"]
        <Node relu1 = gelu(conv1) 6x28x28>
    """

    graph: Graph
    _rows: dict[str, list[Node]] = field(default_factory=dict)
    """The nodes in place of each node of the graph."""
    _successors: dict[str, _Successor] = field(default_factory=dict)
    _types: dict[str, TensorType] = field(default_factory=dict)
    """The types of new values."""

    def derive(self, node: Node, op: Op, *, path: str = "", inputs: tuple[str, ...] | None = None) -> Node:
        """Return a node with another op, derived from a node that it will replace or be inserted beside.

        Its results and cost are inferred from the op. Under a path of its own it is a module of its own, without the
        name and initializers of the other one.

        Raises: ShapeError when the op cannot take these operands.
        """
        inputs = node.inputs if inputs is None else inputs
        types = tuple(map(self.type_of, inputs))
        shapes = tuple(each.shape for each in types)
        own = (
            {"path": path, "module": path, "label": "", "init": (), "named": False, "ties": (), "frozen": False}
            if path
            else {}
        )
        fields = {"op": op, "inputs": inputs, "results": op.infer_results(*types), "symbolic": None, "size_inputs": ()}
        derived = replace(node, **fields, **own)  # type: ignore[arg-type]
        # Shared weights count once, at their owner.
        params = 0 if derived.shared else stated(op.count_parameters(*shapes))
        return replace(derived, params=params, macs=stated(op.count_macs(*shapes)) * node.scope.rounds)

    def type_of(self, value: str) -> TensorType:
        """Return the type of a value of the graph, or of a node that was inserted."""
        return self._types[value] if value in self._types else self.graph.type_of(value)

    def insert_before(self, node: Node, *new: Node) -> None:
        """Insert nodes before one of the graph, in its scope."""
        self._row(node)[:0] = self._known(new)

    def insert_after(self, node: Node, *new: Node) -> None:
        """Insert nodes after one of the graph, in its scope."""
        self._row(node).extend(self._known(new))

    def replace(self, node: Node, *new: Node) -> None:
        """Replace a node of the graph by others; all uses of its results become uses of those of the last one.

        Raises: ValueError when the last one has fewer results.
        """
        row = self._row(node)
        place = next((place for place, each in enumerate(row) if each is node), None)
        if place is None:
            raise ValueError(f"{node.path} has been replaced or erased before")
        row[place : place + 1] = self._known(new)
        if not new:
            return
        if len(new[-1].results) < len(node.results):
            raise ValueError(f"{new[-1].path} gives fewer values than {node.path}, which it replaces")
        # A node that keeps the path of the old one is read under the same name, and needs no replacement.
        if new[-1].path != node.path:
            for value, other in zip(node.values, new[-1].values, strict=False):
                self.replace_all_uses(value, other)

    def erase(self, node: Node) -> None:
        """Erase a node of the graph. When the edits are applied, nothing may use its results."""
        self.replace(node)

    def replace_all_uses(self, value: str, other: str, but: Collection[str] = ()) -> None:
        """Replace all uses of a value by uses of another one, except those by nodes at some paths."""
        self._successors[value] = _Successor(other, frozenset(but))

    def apply(self) -> Graph:
        """Return the graph with all edits, without scopes that have become empty.

        Raises: ValueError for a node that reads a value that does not exist, or not yet, and for a path that is used
        twice.
        """
        # Edits are applied together, in one traversal: each by itself would copy the graph, and make a pass quadratic.
        root = self.graph.root
        builder = GraphBuilder(self._copy(root, None))
        known = {each.name for each in self.graph.inputs}
        self._fill(root, builder.root, builder, known)
        outputs = [replace(each, node=self._current(each.node)) for each in self.graph.outputs]
        if lost := [each.node for each in outputs if each.node not in known]:
            raise ValueError(f"the network returns {lost[0]}, which is not there any more")
        return replace(self.graph, root=builder.root, outputs=tuple(outputs))

    def _row(self, node: Node) -> list[Node]:
        if self.graph.by_path.get(node.path) is not node:
            raise ValueError(f"{node.path} is not a node of the graph that is rewritten")
        return self._rows.setdefault(node.path, [node])

    def _known(self, new: Iterable[Node]) -> list[Node]:
        nodes = list(new)
        for node in nodes:
            self._types.update(zip(node.values, node.results, strict=True))
        return nodes

    def _fill(self, scope: Scope, copy: Scope, builder: GraphBuilder, known: set[str]) -> None:
        for item in scope.items:
            if isinstance(item, Scope):
                inner = self._copy(item, copy)
                builder.open(inner)
                self._fill(item, inner, builder, known)
                builder.close(inner, inner.inputs, inner.outputs)
                continue
            for node in self._rows.get(item.path, (item,)):
                inputs = tuple(self._current(name, node.path) for name in node.inputs)
                sizes = tuple(self._current(name, node.path) for name in node.size_inputs)
                if lost := [name for name in (*inputs, *sizes) if name not in known]:
                    raise ValueError(f"{node.path} reads {lost[0]}, which is not there, or not yet")
                builder.add(replace(node, scope=copy, inputs=inputs, size_inputs=sizes))
                known.update(node.values)

    def _copy(self, scope: Scope, parent: Scope | None) -> Scope:
        inputs = tuple(self._current(name) for name in scope.inputs)
        outputs = tuple(self._current(name) for name in scope.outputs)
        return replace(scope, parent=parent, items=[], inputs=inputs, outputs=outputs)

    def _current(self, name: str, reader: str = "") -> str:
        """Return the value that a reader uses in place of one of the graph."""
        # A replacement may have been replaced in turn.
        while (successor := self._successors.get(name)) is not None and reader not in successor.but:
            name = successor.name
        return name

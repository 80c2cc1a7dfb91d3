"""Declared tensors meet values of examples: where torch does not stretch one over the batch, it is expanded."""

from __future__ import annotations

from dataclasses import replace

from netspec.ir import Graph, Node, Rewriter, Scope
from netspec.ir.batchless import batchless
from netspec.ops import Op, Torch
from netspec.ops.traits import SAME, Windows
from netspec.passes import Pass
from netspec.sizes.shape import Shape


class ExpandBatch(Op):
    """Repeats a tensor for each example of another value, without a copy."""

    # Not registered: it is no word of a document.
    name = "expand_batch"
    family = "shape"
    operands = (2, 2)
    input_dtype = "any"
    may_alias = True
    keeps_input = False

    def infer_shape(self, *shapes: Shape) -> Shape:
        return shapes[0]

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_function(self, *shapes: Shape) -> Torch:
        kept = ", -1" * len(shapes[0])
        return Torch(f"{{0}}.expand({{1}}.shape[0]{kept})")

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return tuple((SAME,) * len(shape) for shape in shapes)


class ExpandStored(Pass, name="expand_stored"):
    """Inserts an expansion before each node that takes a declared tensor as the value of an example."""

    def run(self, graph: Graph) -> Graph:
        """Return the graph with these expansions."""
        return _Expansion(graph).run() if any(not node.op.has_batch for node in graph) else graph


class _Expansion:
    """The expansions of one graph: one of each tensor in each scope, before its first reader there."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._stored = batchless(graph)
        self._alone = self._stored.values
        self._rewriter = Rewriter(graph)
        self._known: dict[tuple[str, Scope], str] = {}
        self._outputs = sorted({each.node for each in graph.outputs} & self._alone)

    def run(self) -> Graph:
        adapted = [(node, self._stored.adapted(node)) for node in self._graph if not isinstance(node.op, ExpandBatch)]
        changed = [(node, op) for node, op in adapted if op is not node.op]
        if not changed and not self._outputs:
            return self._graph
        for value in self._outputs:
            self._insert(value, self._graph[value], self._graph.inputs[0].name)
        for node, op in changed:
            if op is not None:
                self._rewriter.replace(node, self._rewriter.derive(node, op))
                continue
            inputs = tuple(
                self._expanded(value, node) if value in self._alone and not node.op.stretches_operand(place) else value
                for place, value in enumerate(node.inputs)
            )
            self._rewriter.replace(node, replace(node, inputs=inputs))
        readers = [*self._graph.by_path, *self._known.values()]
        for value in self._outputs:
            self._rewriter.replace_all_uses(value, self._known[value, self._graph.root], but=readers)
        return self._rewriter.apply()

    def _expanded(self, value: str, reader: Node) -> str:
        if value in self._outputs:
            return self._known[value, self._graph.root]
        if (value, reader.scope) not in self._known:
            near = [*reader.inputs, *(value for scope in reader.scope.ascend() for value in scope.inputs)]
            self._insert(value, reader, next(each for each in near if each not in self._alone))
        return self._known[value, reader.scope]

    def _insert(self, value: str, place: Node, batched: str) -> None:
        """Insert the expansion of a value to the batch of another one: before a reader, or behind the value itself."""
        # Names in documents contain no `@`, so this path is free.
        path = f"{place.path}@{value.rpartition('.')[2]}"
        known = self._graph[value]
        node = self._rewriter.derive(place, ExpandBatch(), path=path, inputs=(value, batched))
        node = replace(node, label=known.label if known.scope is place.scope else "")
        if known is place:
            self._rewriter.insert_after(place, node)
            self._known[value, self._graph.root] = path
        else:
            self._rewriter.insert_before(place, node)
            self._known[value, place.scope] = path

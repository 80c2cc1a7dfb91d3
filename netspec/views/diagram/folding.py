"""From a graph to its view: folded blocks, runs of equal siblings and fusion groups become boxes.

expansion.py chooses the expanded blocks, fusion.py the ops that share a box, runs.py the siblings that do; describe.py
names them, wiring.py adds the edges, and model.py is the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from netspec.analysis import symbolic_types
from netspec.ir import Graph, Input, Node, Output, Scope
from netspec.ir.node import producer
from netspec.sizes.shape import Shape
from netspec.views.describe import block_word, describe, name_run, scope_name, show_change, shown_name
from netspec.views.diagram.expansion import Expansion, choose_expansion, innermost
from netspec.views.diagram.fusion import Fusion, FusionGroup
from netspec.views.diagram.model import Box, Line, OpenBlock, View
from netspec.views.diagram.options import DETAIL, DetailOptions
from netspec.views.diagram.runs import Item, Runs
from netspec.views.diagram.wiring import connect

MANY = 8
"""A run of this many equal fusion groups is one box; fewer are drawn separately, as in papers."""


def fold(graph: Graph, detail: DetailOptions = DETAIL) -> View:
    """Return the view of a graph.

    Raises: ValueError for a block that does not exist; LimitError for too many lines.
    """
    frame = _Folder(graph, choose_expansion(graph, detail), detail).network()
    return connect(graph, frame, detail)


class _Folder:
    """Builds boxes and frames from scopes and nodes."""

    def __init__(self, graph: Graph, expansion: Expansion, detail: DetailOptions) -> None:
        self._graph = graph
        self._expansion = expansion
        self._edges = detail.edges
        self._types = symbolic_types(graph) if detail.sizes == "open" else None
        self._training = graph.training_only
        self._fusion = Fusion(graph)
        self._runs = Runs(graph, self._is_open)
        self._owners: dict[str, Node] = {}
        for node in graph:
            self._owners.setdefault(node.module, node)

    def network(self) -> OpenBlock:
        """Return the whole network: inputs, contents, and outputs if there are several."""
        root = self._graph.root
        body = self._inside(root, 0) if self._is_open(root) or not root.items else (self._block([root]),)
        inputs = [self._input(each) for each in self._graph.inputs]
        outputs = self._graph.outputs if len(self._graph.outputs) > 1 else ()
        items = (*inputs, *body, *(self._output(output) for output in outputs))
        return self._framed(root, items, 0)

    def _is_open(self, scope: Scope) -> bool:
        return scope.path in self._expansion.expanded

    def _is_closed(self, scope: Scope) -> bool:
        return not self._is_open(scope) or self._fusion.alone(scope) is not None

    def _framed(self, scope: Scope, items: Sequence[Box | OpenBlock], level: int) -> OpenBlock:
        nodes = list(scope.traverse())
        return OpenBlock(
            id=f"block.{scope.path}" if scope.path else "network",
            name=scope_name(scope) or self._graph.name,
            word=block_word(scope),
            items=tuple(items),
            params=self._params(nodes),
            macs=self._macs(nodes),
            span=scope.span,
            level=level,
            training_only=self._are_training(nodes),
        )

    def _inside(self, scope: Scope, level: int) -> tuple[Box | OpenBlock, ...]:
        """Return the boxes and frames for the items of an open scope."""
        # A block that is expanded by name shows all of its steps, so nothing in it is folded.
        is_named = scope.path in self._expansion.named
        layers = [] if is_named or self._edges == "full" else self._runs.growth(scope)
        if layers:
            concats = [each.concat for each in layers]
            return self._block([each.layer for each in layers], concats[-1]), self._concats(concats)
        groups = self._fusion.cut(item for item in scope.items if isinstance(item, Node))
        runs = [[group] for group in groups] if is_named else self._repeated(groups)
        by_first = {run[0][0].path: run for run in runs}
        items: list[Box | OpenBlock] = []
        position = 0
        while position < len(scope.items):
            length = 1 if is_named else self._runs.length(scope.items, position)
            items.extend(self._drawn(scope.items[position : position + length], by_first, level))
            position += length
        return tuple(items)

    def _repeated(self, groups: Sequence[FusionGroup]) -> Iterable[Sequence[FusionGroup]]:
        """Yield fusion groups, and runs of many equal ones together."""
        position = 0
        while position < len(groups):
            length = self._runs.repeats(groups, position)
            length = length if length >= MANY else 1
            yield groups[position : position + length]
            position += length

    def _drawn(
        self, run: Sequence[Item], groups: Mapping[str, Sequence[FusionGroup]], level: int
    ) -> Iterable[Box | OpenBlock]:
        """Yield the box or frame of a run; nodes of a fusion group are drawn with its first node."""
        first = run[0]
        if isinstance(first, Node):
            if first.path in groups:
                yield self._fused(groups[first.path])
        elif self._is_closed(first):
            yield self._block([scope for scope in run if isinstance(scope, Scope)])
        else:
            # A group that is all of another group needs no second frame.
            inner = innermost(first)
            inside = first if self._is_closed(inner) else inner
            yield self._framed(first, self._inside(inside, level + 1), level + 1)

    # boxes

    def _fused(self, groups: Sequence[FusionGroup]) -> Box:
        """Return the box of a fusion group, or of equal ones in a row."""
        nodes = [node for group in groups for node in group]
        lines = [self._line(node, end) for node, end in zip(groups[0], groups[-1], strict=True)]
        return self._box(f"node.{nodes[0].path}", lines, nodes, times=len(groups))

    def _concats(self, nodes: Sequence[Node]) -> Box:
        """Return the box of the concatenations of a dense block."""
        line = replace(self._line(nodes[0]), name=name_run(nodes[0].name, nodes[-1].name))
        return self._box(f"node.{nodes[0].path}", [line], nodes, times=len(nodes))

    def _block(self, scopes: Sequence[Scope], concat: Node | None = None) -> Box:
        """Return the box of a folded block or run; dense layers end with their last concatenation."""
        first, last = scopes[0], scopes[-1]
        nodes = [node for scope in scopes for node in scope.traverse()]
        ending = [value for value in last.outputs if producer(value) in self._graph.by_path] or list(nodes[-1].values)
        box = self._box(f"block.{first.path}" if first.path else "block", self._block_lines(first, last), nodes)
        entering = tuple(map(self._graph.shape_of, first.inputs))
        leaving = tuple(map(self._graph.shape_of, [concat.path] if concat else ending))
        is_same = all(self._runs.same(first, scope) for scope in scopes)
        return replace(
            box,
            entering=self._shapes(first.inputs),
            shapes=self._shapes(ending),
            last=ending[-1],
            span=first.span,
            times=len(scopes),
            change="" if is_same else show_change(entering, leaving),
        )

    def _block_lines(self, first: Scope, last: Scope) -> list[Line]:
        """Return the lines of a run of blocks: those of the ops if it is one fusion group, else its description."""
        name = name_run(scope_name(first), scope_name(last)) or self._graph.name
        group = self._fusion.alone(first)
        if group is None:
            return [Line(name, *describe(first), "block")]
        return [replace(self._line(group[0]), name=name), *(self._line(node) for node in group[1:])]

    def _box(self, identity: str, lines: Sequence[Line], nodes: Sequence[Node], times: int = 1) -> Box:
        """Return the box of consecutive nodes, or of ``times`` equal ones."""
        return Box(
            id=identity,
            kind="block" if lines[0].family == "block" else "op",
            lines=tuple(lines),
            shapes=self._shapes(nodes[-1].values),
            entering=self._shapes(nodes[0].inputs),
            params=self._params(nodes),
            macs=self._macs(nodes),
            nodes=tuple(node.path for node in nodes),
            last=nodes[-1].path,
            span=nodes[0].span,
            times=times,
            training_only=self._are_training(nodes),
            shares=self._shares(nodes),
        )

    def _input(self, entering: Input) -> Box:
        line = Line(entering.name, "Input", "" if entering.dtype == "float" else entering.dtype, "terminal")
        return Box(f"input.{entering.name}", "input", (line,), self._shapes([entering.name]))

    def _output(self, output: Output) -> Box:
        word = "Output, training only" if output.train_only else "Output"
        return Box(
            id=f"output.{output.name}",
            kind="output",
            lines=(Line(output.name, word, "", "terminal"),),
            shapes=self._shapes([output.node]),
            training_only=output.train_only,
        )

    def _line(self, node: Node, end: Node | None = None) -> Line:
        """Return the line of a node, or of a run of equal ones up to another."""
        name = shown_name(node.name, node.scope)
        detail = node.op.abbreviate(self._graph.shape_of((node.inputs or node.values)[0]))
        if end is not None and end is not node:
            name = name_run(name, shown_name(end.name, end.scope))
        return Line(name, type(node.op).__name__, detail, node.op.family)

    # facts

    def _shapes(self, paths: Iterable[str]) -> tuple[Shape, ...]:
        """Return the shapes of values as the picture shows them."""
        if self._types is None:
            return tuple(map(self._graph.shape_of, paths))
        return tuple(self._types[path].shape for path in paths)

    def _are_training(self, nodes: Sequence[Node]) -> bool:
        return all(node.path in self._training for node in nodes)

    def _params(self, nodes: Sequence[Node]) -> int:
        """Return the parameters of evaluation; those of training for nodes that are computed in training only."""
        if self._are_training(nodes):
            return sum(node.params for node in nodes)
        return sum(node.params for node in nodes if node.module in self._graph.evaluated)

    def _macs(self, nodes: Sequence[Node]) -> int:
        """Return the MACs of evaluation; those of training for nodes that are computed in training only."""
        if self._are_training(nodes):
            return sum(node.macs for node in nodes)
        return sum(node.macs for node in nodes if node.path not in self._training)

    def _shares(self, nodes: Sequence[Node]) -> str:
        """Return the module whose weights are shared here; empty if all weights are new."""
        return next((node.module for node in nodes if node.shared and self._owners[node.module].params), "")

"""From a graph to the view of it: folded blocks, runs of equal siblings and stacks of ops become single boxes.

opening.py says which blocks are open, stacking.py which ops share a box, runs.py which siblings do, titles.py what is
written on them; wiring.py adds the edges, and view.py is the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from netspec.ir import Graph, Input, Node, Output, Scope
from netspec.sizes.shape import Shape
from netspec.views.diagram.expansion import DEEPEST, Opening, choose
from netspec.views.diagram.fusion import Stack, Stacker
from netspec.views.diagram.model import Box, Frame, Line, View
from netspec.views.diagram.runs import Item, Runs
from netspec.views.diagram.titles import describe, name_run, scope_name, show_change, shown_name
from netspec.views.diagram.wiring import Wiring, connect

MANY = 8
"""So many equal stacks of ops in a row are one box; fewer are shown each, as papers draw them."""


def fold(
    graph: Graph,
    depth: int = 1,
    open: Iterable[str] = (),
    expand_all: bool = False,
    edges: Wiring = "running",
    deepest: int = DEEPEST,
) -> View:
    """Return what a picture of the graph shows.

    ``depth`` counts the levels of blocks that are open, ``open`` names further ones by path, ``deepest`` closes all
    below. ``edges="full"`` draws every dense connection instead of the running concatenation.

    Raises: ValueError for a block that does not exist, or a negative depth.
    """
    if depth < 0:
        raise ValueError(f"the depth of a picture is 0 or more, not {depth}")
    opening = choose(graph, depth, open, expand_all, deepest)
    frame = _Folder(graph, opening, edges).network()
    return connect(graph, frame, edges)


class _Folder:
    """Makes boxes and frames of scopes and nodes."""

    def __init__(self, graph: Graph, opening: Opening, edges: Wiring) -> None:
        consumers = graph.consumers()
        self._graph = graph
        self._opening = opening
        self._edges = edges
        self._training = graph.training_only
        self._kept = frozenset(output.node for output in graph.outputs)
        self._stacker = Stacker(consumers, self._kept)
        self._runs = Runs(graph, self._is_open)
        self._owners: dict[str, Node] = {}
        for node in graph:
            self._owners.setdefault(node.module, node)

    def network(self) -> Frame:
        """Return the whole network: inputs, what is between, and outputs where there are several."""
        root = self._graph.root
        body = self._inside(root, 0) if self._is_open(root) or not root.items else (self._block([root]),)
        inputs = [_input(each) for each in self._graph.inputs]
        outputs = self._graph.outputs if len(self._graph.outputs) > 1 else ()
        items = (*inputs, *body, *(self._output(output) for output in outputs))
        return self._framed(root, items, 0)

    def _is_open(self, scope: Scope) -> bool:
        return scope.path in self._opening.opened

    def _is_closed(self, scope: Scope) -> bool:
        return not self._is_open(scope) or self._stacker.alone(scope) is not None

    def _framed(self, scope: Scope, items: Sequence[Box | Frame], level: int) -> Frame:
        nodes = list(scope.walk())
        return Frame(
            id=f"block.{scope.path}" if scope.path else "network",
            name=scope_name(scope) or self._graph.name,
            word=describe(scope)[0],
            items=tuple(items),
            params=sum(node.params for node in nodes),
            macs=self._macs(nodes),
            span=scope.span,
            level=level,
            training_only=self._are_training(nodes),
        )

    def _inside(self, scope: Scope, level: int) -> tuple[Box | Frame, ...]:
        is_named = scope.path in self._opening.named
        growth = None if is_named or self._edges == "full" else self._runs.growth(scope)
        if growth:
            layers, joints = growth
            return self._block(layers, joints[-1]), self._joints(joints)
        items: list[Box | Frame] = []
        cut = self._stacker.cut(_nodes(scope.items))
        runs = [[stack] for stack in cut] if is_named else self._repeated(cut)
        stacks = {run[0][0].path: run for run in runs}
        position = 0
        while position < len(scope.items):
            length = 1 if is_named else self._runs.length(scope.items, position)
            items.extend(self._drawn(scope.items[position : position + length], stacks, level))
            position += length
        return tuple(items)

    def _repeated(self, stacks: Sequence[Stack]) -> Iterable[Sequence[Stack]]:
        """Yield stacks by themselves, and many equal ones in a row together."""
        position = 0
        while position < len(stacks):
            length = self._runs.repeats(stacks, position)
            length = length if length >= MANY else 1
            yield stacks[position : position + length]
            position += length

    def _drawn(self, run: Sequence[Item], stacks: dict[str, Sequence[Stack]], level: int) -> Iterable[Box | Frame]:
        """Yield what a run is drawn as; a node inside a stack is drawn with the stack's first."""
        first = run[0]
        if isinstance(first, Node):
            if first.path in stacks:
                yield self._stack(stacks[first.path])
        elif self._is_closed(first):
            yield self._block([scope for scope in run if isinstance(scope, Scope)])
        else:
            yield self._framed(first, self._inside(first, level + 1), level + 1)

    # boxes

    def _stack(self, stacks: Sequence[Stack]) -> Box:
        """Return the box of ops that follow each other, or of equal ones in a row."""
        nodes = [node for stack in stacks for node in stack]
        ends = zip(stacks[0], stacks[-1], strict=True)
        lines = [replace(self._line(node), name=name_run(self._name(node), self._name(end))) for node, end in ends]
        return self._box(f"node.{nodes[0].path}", lines, nodes, nodes[-1:], self._shapes(nodes[0].inputs), len(stacks))

    def _joints(self, nodes: Sequence[Node]) -> Box:
        """Return the box of the concatenations of a dense block."""
        line = replace(self._line(nodes[0]), name=name_run(nodes[0].name, nodes[-1].name))
        entering = self._shapes(nodes[0].inputs)
        return self._box(f"node.{nodes[0].path}", [line], nodes, nodes[-1:], entering, times=len(nodes))

    def _block(self, scopes: Sequence[Scope], joint: Node | None = None) -> Box:
        """Return the box of a folded block, or of a run of them; dense layers grow to what their last joint gives."""
        first, last = scopes[0], scopes[-1]
        nodes = [node for scope in scopes for node in scope.walk()]
        name = name_run(scope_name(first), scope_name(last)) or self._graph.name
        ending = [self._graph[path] for path in last.outputs if path in self._graph.by_path] or nodes[-1:]
        entering = self._shapes(first.inputs)
        is_same = all(self._runs.same(first, scope) for scope in scopes)
        change = "" if is_same else show_change(entering, _of([joint] if joint else ending))
        stack = self._stacker.alone(first)
        word, detail = describe(first)
        lines = [Line(name, word, detail, "block")]
        if stack:
            head = self._line(stack[0])
            lines = [Line(name, head.word, head.detail, head.family), *(self._line(node) for node in stack[1:])]
        identity = f"block.{first.path}" if first.path else "block"
        return self._box(identity, lines, nodes, ending, entering, len(scopes), change, first)

    def _box(
        self,
        identity: str,
        lines: Sequence[Line],
        nodes: Sequence[Node],
        ending: Sequence[Node],
        entering: tuple[Shape, ...],
        times: int = 1,
        change: str = "",
        scope: Scope | None = None,
    ) -> Box:
        return Box(
            id=identity,
            kind="block" if lines[0].family == "block" else "op",
            lines=tuple(lines),
            shapes=_of(ending),
            entering=entering,
            params=sum(node.params for node in nodes),
            macs=self._macs(nodes),
            nodes=tuple(node.path for node in nodes),
            last=ending[-1].path,
            span=scope.span if scope else nodes[0].span,
            times=times,
            change=change,
            training_only=self._are_training(nodes),
            shares=self._shares(nodes),
        )

    def _output(self, output: Output) -> Box:
        word = "Output, training only" if output.train_only else "Output"
        return Box(
            id=f"output.{output.name}",
            kind="output",
            lines=(Line(output.name, word, "", "terminal"),),
            shapes=self._shapes([output.node]),
            training_only=output.train_only,
        )

    def _name(self, node: Node) -> str:
        return shown_name(node.name, node.scope)

    def _line(self, node: Node) -> Line:
        detail = node.op.draw(self._graph.shape_of(node.inputs[0]))
        return Line(self._name(node), type(node.op).__name__, detail, node.op.family)

    # facts

    def _shapes(self, paths: Iterable[str]) -> tuple[Shape, ...]:
        return tuple(self._graph.shape_of(path) for path in paths)

    def _are_training(self, nodes: Sequence[Node]) -> bool:
        return all(node.path in self._training for node in nodes)

    def _macs(self, nodes: Sequence[Node]) -> int:
        """Return the MACs of evaluation; those of training for nodes that are computed in training only."""
        if self._are_training(nodes):
            return sum(node.macs for node in nodes)
        return sum(node.macs for node in nodes if node.path not in self._training)

    def _shares(self, nodes: Sequence[Node]) -> str:
        """Return the module whose weights are used again here; empty when all weights are new."""
        return next((node.module for node in nodes if node.shared and self._owners[node.module].params), "")


def _nodes(items: Iterable[Item]) -> Iterable[Node]:
    return (item for item in items if isinstance(item, Node))


def _of(nodes: Iterable[Node]) -> tuple[Shape, ...]:
    return tuple(node.shape for node in nodes)


def _input(entering: Input) -> Box:
    line = Line(entering.name, "Input", "" if entering.dtype == "float" else entering.dtype, "terminal")
    return Box(f"input.{entering.name}", "input", (line,), (entering.shape,))

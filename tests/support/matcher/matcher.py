"""Find out whether two networks are the same graph, and which weight of one is which weight of the other."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.support.matcher.canonical import LEAVES, CanonicalGraph, Node, Operand, Value

SHOWN_PATH = 8
SHOWN_OPERANDS = 3
CHOICES = 20_000


class Mismatch(AssertionError):
    """Two networks differ; the message says where."""


@dataclass
class Correspondence:
    """Which node of the reference each of our nodes is, and names of the reference's tensors -> names of ours."""

    nodes: dict[int, int]
    parameters: dict[str, str] = field(default_factory=dict)
    statistics: dict[str, str] = field(default_factory=dict)


def match(ours: CanonicalGraph, reference: CanonicalGraph) -> Correspondence:
    """The isomorphism of two canonical graphs.

    Raises: Mismatch with the first difference on the way from the outputs.
    """
    if len(ours.outputs) != len(reference.outputs):
        raise Mismatch(f"the number of outputs: {len(ours.outputs)} (ours), {len(reference.outputs)} (reference)")
    pair = _Pair(ours, reference)
    pair.require_equal_structure()
    return pair.correspondence(_Pairing(pair).solve())


class _Pair:
    """Two graphs with comparable colours: equal subgraphs have equal `down`, equal surroundings equal `colour`."""

    def __init__(self, ours: CanonicalGraph, reference: CanonicalGraph) -> None:
        self.ours, self.reference = ours, reference
        self.down = _from_inputs(ours, [0] * len(ours.nodes)), _from_inputs(reference, [0] * len(reference.nodes))
        self.colours = tuple(
            _surroundings(graph, down) for graph, down in zip((ours, reference), self.down, strict=True)
        )

    def require_equal_structure(self) -> None:
        """Follow the first difference from the outputs down to the operation that is different itself."""
        for a, b in zip(self.ours.outputs, self.reference.outputs, strict=True):
            path: list[tuple[int, int]] = []
            below: tuple[Value, Value] | None = (a, b) if self._differ(a, b) else None
            while below is not None:
                path.append((below[0].node, below[1].node))
                below = self._cause(*below)
            if path:
                raise self.mismatch(path, self._difference(*path[-1]))

    def _differ(self, a: Value, b: Value) -> bool:
        return self.down[0][a.node] != self.down[1][b.node] or a.output != b.output

    def _cause(self, a: Value, b: Value) -> tuple[Value, Value] | None:
        """Operands to blame for a difference: a change of stride shows in the size of every later map."""
        first, second = self.ours.nodes[a.node], self.reference.nodes[b.node]
        if (first.op, len(first.operands)) != (second.op, len(second.operands)) or self._reordered(first, second):
            return None
        parts = zip(_by_label(first), _by_label(second), strict=False)
        pairs = [pair for left, right in parts for pair in self._unlike(left, right)]
        return next((pair for pair in pairs if not self._is_leaf(pair)), None)

    def _unlike(self, left: list[Value], right: list[Value]) -> list[tuple[Value, Value]]:
        """Operands of one label that have no equal on the other side, most similar ones first."""
        right = list(right)
        rest = []
        for value in left:
            twin = next((other for other in right if not self._differ(value, other)), None)
            if twin is None:
                rest.append(value)
            else:
                right.remove(twin)
        return sorted(((a, b) for a in rest for b in right), key=lambda pair: not self._similar(*pair))

    def _similar(self, a: Value, b: Value) -> bool:
        return self.ours.nodes[a.node].op == self.reference.nodes[b.node].op

    def _is_leaf(self, pair: tuple[Value, Value]) -> bool:
        ops = {self.ours.nodes[pair[0].node].op, self.reference.nodes[pair[1].node].op}
        return bool(LEAVES & ops) and ops != {"constant"}

    def _reordered(self, a: Node, b: Node) -> bool:
        first, second = (
            [hashes[o.value.node] for o in n.operands] for n, hashes in zip((a, b), self.down, strict=True)
        )
        return a.op == "concat" and first != second and sorted(first) == sorted(second)

    def _difference(self, ours: int, reference: int) -> str:
        a, b = self.ours.nodes[ours], self.reference.nodes[reference]
        if self._reordered(a, b):
            return "the same operands in another order"
        if a.op != b.op:
            return f"operation {a.op}, {b.op}"
        mine, theirs = dict(a.attributes), dict(b.attributes)
        names = [name for name in mine | theirs if mine.get(name) != theirs.get(name)]
        if names:
            return "; ".join(f"{name} {mine.get(name)}, {theirs.get(name)}" for name in names)
        return f"operands {self._unmatched(a, b, 0)}, {self._unmatched(b, a, 1)}"

    def _unmatched(self, node: Node, other: Node, side: int) -> str:
        """Operands of a node that the other node lacks."""
        graphs = self.ours, self.reference
        theirs = [(label, self.down[1 - side][value.node]) for label, value in other.operands]
        mine = [o for o in node.operands if (o.label, self.down[side][o.value.node]) not in theirs]
        shown = [f"{label}: {graphs[side].nodes[value.node]}" for label, value in mine[:SHOWN_OPERANDS]]
        return "[" + "; ".join(shown) + ("; …]" if len(mine) > SHOWN_OPERANDS else "]")

    def mismatch(self, path: list[tuple[int, int]], difference: str) -> Mismatch:
        a, b = path[-1]
        lines = [
            "the networks differ",
            f"  ours:      {self.ours.nodes[a]}",
            f"  reference: {self.reference.nodes[b]}",
            f"  difference (ours, reference): {difference}",
            "  path from the output: " + _shown_path([self.reference.nodes[node] for _, node in path]),
        ]
        return Mismatch("\n".join(lines))

    def correspondence(self, partners: dict[int, int]) -> Correspondence:
        result = Correspondence(partners)
        for ours, reference in partners.items():
            node = self.ours.nodes[ours]
            names = {"parameter": result.parameters, "statistic": result.statistics}.get(node.op)
            if names is not None:
                names[self.reference.nodes[reference].where] = node.where
        return result


class _Pairing:
    """Pair nodes from the outputs down; where operands are alike, try one order and come back if it was wrong."""

    def __init__(self, pair: _Pair) -> None:
        self.pair = pair
        self.partner: dict[int, int] = {}
        self.taken: dict[int, int] = {}
        self.trail: list[int] = []
        self.groups: list[tuple[list[Value], list[Value]]] = []
        self.conflict: Mismatch | None = None

    def solve(self) -> dict[int, int]:
        outputs = zip(self.pair.ours.outputs, self.pair.reference.outputs, strict=True)
        choices: list[tuple[int, int, Value, list[Value]]] = []
        agenda = deque((a.node, b.node) for a, b in outputs)
        for _ in range(CHOICES):
            if self._propagate(agenda):
                choice = self._open_choice()
                if choice is None:
                    return self.partner
                choices.append((len(self.trail), len(self.groups), *choice))
            while choices and not choices[-1][3]:
                choices.pop()
            if not choices:
                break
            trail, groups, value, alternatives = choices[-1]
            self._undo(trail, groups)
            agenda = deque([(value.node, alternatives.pop().node)])
        raise self.conflict or Mismatch("the networks are too symmetric to pair their weights")

    def _propagate(self, agenda: deque[tuple[int, int]]) -> bool:
        """Everything that follows from pairs of nodes; false if they contradict each other."""
        while agenda:
            a, b = agenda.popleft()
            if self.partner.get(a, b) != b or self.taken.get(b, a) != a or not self._alike(a, b):
                self.conflict = self.conflict or self._sharing_conflict(a, b)
                return False
            if a in self.partner:
                continue
            self.partner[a], self.taken[b] = b, a
            self.trail.append(a)
            for left, right in self._operand_groups(a, b):
                if len(left) != len(right):
                    self.conflict = self.conflict or self._sharing_conflict(a, b)
                    return False
                if len(left) == 1:
                    agenda.append((left[0].node, right[0].node))
                else:
                    self.groups.append((left, right))
        return True

    def _alike(self, a: int, b: int) -> bool:
        return self.pair.colours[0][a] == self.pair.colours[1][b]

    def _operand_groups(self, a: int, b: int) -> Iterable[tuple[list[Value], list[Value]]]:
        first = self._grouped(self.pair.ours.nodes[a].operands, 0)
        second = self._grouped(self.pair.reference.nodes[b].operands, 1)
        return [(first.get(key, []), second.get(key, [])) for key in first.keys() | second.keys()]

    def _grouped(self, operands: tuple[Operand, ...], side: int) -> dict[tuple[str, int, int, int], list[Value]]:
        groups: dict[tuple[str, int, int, int], list[Value]] = {}
        for (label, value), count in Counter(operands).items():
            key = label, self.pair.colours[side][value.node], value.output, count
            groups.setdefault(key, []).append(value)
        return groups

    def _open_choice(self) -> tuple[Value, list[Value]] | None:
        """The first of our operands that is not paired yet, and the operands that it may be.

        There are none if operands of the group are paired with nodes outside of it.
        """
        for left, right in self.groups:
            free = [value for value in left if value.node not in self.partner]
            partners = {self.partner[value.node] for value in left if value.node in self.partner}
            alternatives = [value for value in right if value.node not in self.taken]
            if len(free) != len(alternatives) or not partners <= {value.node for value in right}:
                return left[0], []
            if free:
                return free[0], alternatives[::-1]
        return None

    def _undo(self, trail: int, groups: int) -> None:
        for node in self.trail[trail:]:
            del self.taken[self.partner.pop(node)]
        del self.trail[trail:], self.groups[groups:]

    def _sharing_conflict(self, a: int, b: int) -> Mismatch:
        return self.pair.mismatch(
            [(a, b)], "its value or weights are shared with other operations in only one of the two"
        )


def _by_label(node: Node) -> list[list[Value]]:
    """Operands that may change places, together; in the order of what they are for."""
    labels = dict.fromkeys(operand.label for operand in node.operands)
    return [[operand.value for operand in node.operands if operand.label == label] for label in labels]


def _from_inputs(graph: CanonicalGraph, context: list[int]) -> list[int]:
    """A hash for each node of all that it is computed from."""
    hashes: list[int] = []
    for node, around in zip(graph.nodes, context, strict=True):
        operands = sorted((o.label, hashes[o.value.node], o.value.output) for o in node.operands)
        hashes.append(hash((node.op, node.attributes, tuple(operands), around)))
    return hashes


def _from_outputs(graph: CanonicalGraph, context: list[int]) -> list[int]:
    """A hash for each node of all that is computed from it."""
    uses: list[list[tuple[str, int, int]]] = [[] for _ in graph.nodes]
    for position, output in enumerate(graph.outputs):
        uses[output.node].append((f"output {position}", output.output, 0))
    hashes = [0] * len(graph.nodes)
    for index in range(len(graph.nodes) - 1, -1, -1):
        hashes[index] = hash((context[index], tuple(sorted(uses[index]))))
        for label, value in graph.nodes[index].operands:
            uses[value.node].append((label, value.output, hashes[index]))
    return hashes


def _surroundings(graph: CanonicalGraph, down: list[int]) -> list[int]:
    """Down, up, down and up again: nodes that differ in no way that matters here are alike in nearly every network."""
    return _from_outputs(graph, _from_inputs(graph, _from_outputs(graph, down)))


def _shown_path(nodes: list[Node]) -> str:
    steps = [f"{node.op} ({node.where})" if node.where else node.op for node in nodes]
    if len(steps) > SHOWN_PATH:
        steps = [*steps[: SHOWN_PATH // 2], "…", *steps[-SHOWN_PATH // 2 :]]
    return " < ".join(steps)

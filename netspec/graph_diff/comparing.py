"""Two graphs in, their differences out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from netspec.analysis import measure_scopes
from netspec.graph_diff.differences import Difference, Part, Sign, Where
from netspec.graph_diff.grouping import Amounts, ChangedOp, Changes, Folder, as_changes
from netspec.graph_diff.matching import Matcher, Pair, Place, Run
from netspec.ir import Graph, Node, Output


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two networks and what they differ in, the largest difference first.

    ``renamed`` are the paths of the ops that both networks have under different names; a name alone is no difference.
    """

    before: Graph
    after: Graph
    differences: tuple[Difference, ...]
    renamed: tuple[tuple[str, str], ...]

    @property
    def same(self) -> bool:
        """True when both compute the same from the same, names aside."""
        return not self.differences


def compare_graphs(before: Graph, after: Graph) -> Comparison:
    """Return what two graphs differ in.

    Blocks are compared with blocks of the same name or place, and ops with ops, in order. What differs in the same way
    at many places is one difference. The ``params`` and ``macs`` of all differences add up to those of the networks.

    Example:
        >>> import netspec
        >>> found = compare_graphs(netspec.compile("resnet50"), netspec.compile("se_resnet50")).differences[0]
        >>> found.sign, found.parts[0].what, found.where.label, len(found.where.paths), found.params
        ('+', ('se',), ('bottleneck', 'bottleneck'), 16, 2530992)
    """
    comparing = _Comparing(before, after)
    found = list(comparing.differences())
    found.sort(key=lambda each: (-abs(each.params), -abs(each.macs)))
    outer = [each for each in found if each.kind != "steps"]
    return Comparison(
        before, after, tuple([each for each in found if each.kind == "steps"] + outer), tuple(comparing.renamed())
    )


class _Comparing:
    """One comparison: the matched ops, and what follows from them."""

    def __init__(self, before: Graph, after: Graph) -> None:
        self._before, self._after = before, after
        found = list(Matcher(before, after).match())
        self._pairs = [each for each in found if isinstance(each, Pair)]
        self._runs = [each for each in found if isinstance(each, Run)]
        self._places = [each for each in found if isinstance(each, Place)]
        self._partner = {pair.before.path: pair.after.path for pair in self._pairs}
        self._partner.update((left.name, right.name) for left, right in zip(before.inputs, after.inputs, strict=False))
        self._origin = {right: left for left, right in self._partner.items()}
        self._totals = measure_scopes(before), measure_scopes(after)
        self._owners = _owners(before), _owners(after)

    def differences(self) -> Iterator[Difference]:
        yield from self._inputs()
        folder = Folder(self._places, self._gain)
        indirect: list[Pair] = []
        for run in self._runs:
            folder.add_run(run)
        for pair in self._pairs:
            changes = self._changes(pair)
            if changes:
                folder.add_change(ChangedOp(pair, changes))
            elif any(self._pair_gain(pair)):
                indirect.append(pair)
        yield from folder.differences(self._pair_gain)
        if indirect:
            yield self._shapes(indirect)
        yield from self._outputs()
        yield from self._initial_values()

    def renamed(self) -> Iterator[tuple[str, str]]:
        return ((pair.before.path, pair.after.path) for pair in self._pairs if pair.before.path != pair.after.path)

    # amounts

    def _gain(self, run: Run) -> Amounts:
        totals = self._totals[run.is_new]
        sign = 1 if run.is_new else -1
        return (
            sign * sum(totals[item].params for item in run.items),
            sign * sum(totals[item].macs for item in run.items),
        )

    def _pair_gain(self, pair: Pair) -> Amounts:
        old, new = self._totals[0][pair.before], self._totals[1][pair.after]
        return new.params - old.params, new.macs - old.macs

    # ops

    def _changes(self, pair: Pair) -> Changes:
        """Return what differs in an op itself, by argument, with both values."""
        before, after = pair.before, pair.after
        changes: Changes = {}
        if before.op.name != after.op.name:
            changes["op"] = before.op.name, after.op.name
        elif before.op is not after.op and before.op != after.op:
            for field in type(before.op).model_fields:
                values = getattr(before.op, field), getattr(after.op, field)
                if values[0] != values[1]:
                    changes[field] = values
        changes |= self._wires(pair)
        if before.device != after.device:
            changes["device"] = before.device, after.device
        return changes

    def _wires(self, pair: Pair) -> Changes:
        """Return the operands and weights that are other ones; new or missing steps between tell for themselves."""
        before, after = pair.before, pair.after
        wires: Changes = {}
        if len(before.inputs) != len(after.inputs) and self._all_matched(pair):
            wires["operands"] = len(before.inputs), len(after.inputs)
        for left, right in zip(before.inputs, after.inputs, strict=False):
            if left in self._partner and right in self._origin and self._partner[left] != right:
                wires["reads"] = _inside(left, pair.place.before.path), _inside(right, pair.place.after.path)
        owners = self._owners[0][before.module], self._owners[1][after.module]
        if before.shared != after.shared or (before.shared and self._partner.get(owners[0]) != owners[1]):
            wires["weights"] = _weights(before, owners[0]), _weights(after, owners[1])
        return wires

    def _all_matched(self, pair: Pair) -> bool:
        known = all(path in self._partner for path in pair.before.inputs)
        return known and all(path in self._origin for path in pair.after.inputs)

    def _shapes(self, pairs: list[Pair]) -> Difference:
        gains = [self._pair_gain(pair) for pair in pairs]
        return _in_all("shapes", pairs, sum(gain[0] for gain in gains), sum(gain[1] for gain in gains))

    # what is around the ops

    def _inputs(self) -> Iterator[Difference]:
        before, after = self._before.inputs, self._after.inputs
        for left, right in zip(before, after, strict=False):
            fields = ("shape", "dtype", "high")
            values = {field: (getattr(left, field), getattr(right, field)) for field in fields}
            changes = {field: pair for field, pair in values.items() if pair[0] != pair[1]}
            if changes:
                yield _around("input", "~", left.name, right.name, changes)
        yield from (_around("input", "-", each.name, "") for each in before[len(after) :])
        yield from (_around("input", "+", "", each.name) for each in after[len(before) :])

    def _outputs(self) -> Iterator[Difference]:
        before = {each.name: each for each in self._before.outputs}
        after = {each.name: each for each in self._after.outputs}
        for name in dict.fromkeys([*before, *after]):
            if name not in before or name not in after:
                yield from self._lone_output(before.get(name), after.get(name))
                continue
            changes = self._output_changes(before[name], after[name])
            if changes:
                yield _around("output", "~", name, name, changes)

    def _lone_output(self, left: Output | None, right: Output | None) -> Iterator[Difference]:
        """Yield an output that one network has, unless that has its steps alone, which tell for themselves."""
        if left and left.node in self._partner:
            yield _around("output", "-", left.name, "")
        if right and right.node in self._origin:
            yield _around("output", "+", "", right.name)

    def _output_changes(self, left: Output, right: Output) -> Changes:
        fields = ("train_only", "loss_weight")
        changes = {field: (getattr(left, field), getattr(right, field)) for field in fields}
        changes = {field: pair for field, pair in changes.items() if pair[0] != pair[1]}
        is_known = left.node in self._partner and right.node in self._origin
        if is_known and self._partner[left.node] != right.node:
            changes["reads"] = left.node, right.node
        return changes

    def _initial_values(self) -> Iterator[Difference]:
        rules = dict(self._before.init), dict(self._after.init)
        used = [pair for pair in self._pairs if pair.before.params and pair.before.op.name == pair.after.op.name]
        other = [
            pair
            for pair in used
            if (pair.before.init or rules[0].get(pair.before.op.name))
            != (pair.after.init or rules[1].get(pair.after.op.name))
        ]
        if other:
            yield _in_all("init", other)


def _around(
    kind: Literal["input", "output"], sign: Sign, left: str, right: str, changes: Changes | None = None
) -> Difference:
    part = Part(sign, (right or left,), changes=as_changes([changes or {}]))
    before, after = (left,) if left else (), (right,) if right else ()
    return Difference(kind, sign, (part,), Where(), before, after)


def _in_all(kind: Literal["shapes", "init"], pairs: list[Pair], params: int = 0, macs: int = 0) -> Difference:
    """Return what differs in the same way in pairs of ops."""
    names = tuple(dict.fromkeys(pair.after.op.name for pair in pairs))
    part = Part("~", names, times=len(pairs))
    before, after = tuple(pair.before.path for pair in pairs), tuple(pair.after.path for pair in pairs)
    return Difference(kind, "~", (part,), Where(), before, after, params, macs)


def _weights(node: Node, owner: str) -> str:
    return f"those of {owner}" if node.shared else "own"


def _inside(path: str, scope: str) -> str:
    return path.removeprefix(f"{scope}.") if scope else path


def _owners(graph: Graph) -> dict[str, str]:
    """Return for each module the path of the first node that has it."""
    owners: dict[str, str] = {}
    for node in graph:
        owners.setdefault(node.module, node.path)
    return owners

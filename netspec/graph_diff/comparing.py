"""Two graphs in, their differences out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from netspec.analysis import measure_scopes
from netspec.graph_diff.differences import Difference, Part, Sign, Where
from netspec.graph_diff.edits import ChangedOp, Changes, OpComparison, Partners, as_changes
from netspec.graph_diff.grouping import Amounts, Edit, group_edits
from netspec.graph_diff.matching import Matcher, Pair, Place, Run
from netspec.ir import Graph, Initializer, Initializers, Input, Output


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
    found = sorted(comparing.differences(), key=lambda each: (-abs(each.params), -abs(each.macs)))
    steps = [each for each in found if each.kind == "steps"]
    others = [each for each in found if each.kind != "steps"]
    return Comparison(before, after, (*steps, *others), tuple(comparing.renamed()))


_CONSTANTS = {
    Initializer("constant", (("val", 0),)): Initializer("zeros"),
    Initializer("constant", (("val", 1),)): Initializer("ones"),
}


class _Comparing:
    """One comparison: the matched ops, and what follows from them."""

    def __init__(self, before: Graph, after: Graph) -> None:
        self._before, self._after = before, after
        found = list(Matcher(before, after).match())
        self._pairs = [each for each in found if isinstance(each, Pair)]
        self._runs = [each for each in found if isinstance(each, Run)]
        self._places = [each for each in found if isinstance(each, Place)]
        self._inputs = _pair_inputs(before.inputs, after.inputs)
        self._partners = Partners.of(
            [
                *(pair for each in self._pairs for pair in zip(each.before.values, each.after.values, strict=False)),
                *((left.name, right.name) for left, right in self._inputs if left and right),
            ]
        )
        self._totals = measure_scopes(before), measure_scopes(after)

    def differences(self) -> Iterator[Difference]:
        yield from self._input_differences()
        ops = OpComparison(self._before, self._after, self._partners)
        changed = [ChangedOp(pair, changes) for pair in self._pairs if (changes := ops.changes(pair))]
        yield from group_edits([*self._runs, *changed], self._places, self._gain)
        touched = {each.pair for each in changed}
        yield from self._shape_differences(pair for pair in self._pairs if pair not in touched)
        yield from self._output_differences()
        yield from self._initial_values()

    def renamed(self) -> Iterator[tuple[str, str]]:
        return ((pair.before.path, pair.after.path) for pair in self._pairs if pair.before.path != pair.after.path)

    # amounts

    def _gain(self, edit: Edit) -> Amounts:
        """Return the parameters and MACs that an edit adds."""
        if isinstance(edit, ChangedOp):
            return self._pair_gain(edit.pair)
        totals, sign = self._totals[edit.is_new], 1 if edit.is_new else -1
        parts = [totals[item] for item in edit.items]
        return sign * sum(each.params for each in parts), sign * sum(each.macs for each in parts)

    def _pair_gain(self, pair: Pair) -> Amounts:
        old, new = self._totals[0][pair.before], self._totals[1][pair.after]
        return new.params - old.params, new.macs - old.macs

    # shapes, inputs, outputs and initial values

    def _shape_differences(self, unchanged: Iterable[Pair]) -> Iterator[Difference]:
        """Yield the ops that are unchanged but whose cost differs, since their operands have other shapes."""
        gains = {pair: gain for pair in unchanged if any(gain := self._pair_gain(pair))}
        if gains:
            yield _shared_difference("shapes", list(gains), *map(sum, zip(*gains.values(), strict=True)))

    def _input_differences(self) -> Iterator[Difference]:
        for left, right in self._inputs:
            if left and right:
                changes = _changed(left, right, ("shape", "dtype", "high"))
                if changes:
                    yield _input_or_output("input", "~", left.name, right.name, changes)
            else:
                yield _input_or_output(
                    "input", "-" if left else "+", left.name if left else "", right.name if right else ""
                )
        names = [left.name for left, right in self._inputs if left and right]
        after = {right.name: left.name for left, right in self._inputs if left and right}
        yield from _order("input", names, [after[each.name] for each in self._after.inputs if each.name in after])

    def _output_differences(self) -> Iterator[Difference]:
        before = {each.name: each for each in _in_order(self._before.outputs)}
        after = {each.name: each for each in _in_order(self._after.outputs)}
        for name in dict.fromkeys([*before, *after]):
            if name not in before or name not in after:
                yield from self._lone_output(before.get(name), after.get(name))
                continue
            changes = _changed(before[name], after[name], ("train_only", "loss_weight"))
            if self._partners.disagree(before[name].node, after[name].node):
                changes["reads"] = before[name].node, after[name].node
            if changes:
                yield _input_or_output("output", "~", name, name, changes)
        yield from _order(
            "output", [name for name in before if name in after], [name for name in after if name in before]
        )

    def _lone_output(self, left: Output | None, right: Output | None) -> Iterator[Difference]:
        """Yield an output that only one network has, unless its steps are reported already."""
        if left and left.node in self._partners.after:
            yield _input_or_output("output", "-", left.name, "")
        if right and right.node in self._partners.before:
            yield _input_or_output("output", "+", "", right.name)

    def _initial_values(self) -> Iterator[Difference]:
        rules = dict(self._before.init), dict(self._after.init)
        used = [pair for pair in self._pairs if pair.before.params and pair.before.op.name == pair.after.op.name]
        other = [
            pair
            for pair in used
            if _initial(rules[0].get(pair.before.op.name, ()), pair.before.init)
            != _initial(rules[1].get(pair.after.op.name, ()), pair.after.init)
        ]
        if other:
            yield _shared_difference("init", other)


def _initial(rules: Initializers, own: Initializers) -> dict[str, Initializer]:
    """Return how the parameters of an op start, with one spelling of each initializer."""
    return {name: _CONSTANTS.get(each, each) for name, each in (*rules, *own)}


def _pair_inputs(before: Sequence[Input], after: Sequence[Input]) -> list[tuple[Input | None, Input | None]]:
    """Return the matched inputs: those of the same name, then the rest in order."""
    named = {each.name: each for each in after}
    known = {each.name for each in before}
    others = iter([each for each in after if each.name not in known])
    pairs = [(left, named.get(left.name) or next(others, None)) for left in before]
    return [*pairs, *((None, right) for right in others)]


def _in_order(outputs: Iterable[Output]) -> list[Output]:
    """Return outputs in the order in which a network returns them: those of training only come last."""
    # That is the order of the named tuple that the generated module returns.
    return sorted(outputs, key=lambda each: each.train_only)


def _changed(left: object, right: object, fields: tuple[str, ...]) -> Changes:
    values = {field: (getattr(left, field), getattr(right, field)) for field in fields}
    return {field: pair for field, pair in values.items() if pair[0] != pair[1]}


def _order(kind: Literal["input", "output"], before: list[str], after: list[str]) -> Iterator[Difference]:
    """Yield the order of inputs or outputs where it differs: they are passed and returned by position."""
    if before != after:
        part = Part("~", ("order",), changes=as_changes([{"order": (tuple(before), tuple(after))}]))
        yield Difference(kind, "~", (part,), Where(), tuple(before), tuple(after))


def _input_or_output(
    kind: Literal["input", "output"], sign: Sign, left: str, right: str, changes: Changes | None = None
) -> Difference:
    """Return the difference of an input or output, by its names; one of them is empty if only one network has it."""
    part = Part(sign, (right or left,), changes=as_changes([changes or {}]))
    before, after = (left,) if left else (), (right,) if right else ()
    return Difference(kind, sign, (part,), Where(), before, after)


def _shared_difference(
    kind: Literal["shapes", "init"], pairs: list[Pair], params: int = 0, macs: int = 0
) -> Difference:
    """Return what differs in the same way in pairs of ops."""
    names = tuple(dict.fromkeys(pair.after.op.name for pair in pairs))
    part = Part("~", names, times=len(pairs))
    before, after = tuple(pair.before.path for pair in pairs), tuple(pair.after.path for pair in pairs)
    return Difference(kind, "~", (part,), Where(), before, after, params, macs)

"""What changed in an op that both networks have: its arguments, what it reads, its weights and its device."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from netspec.graph_diff.differences import Change, Value
from netspec.graph_diff.matching import Pair
from netspec.ir import Graph, Node
from netspec.ops import Op

Changes = dict[str, tuple[Value, Value]]
"""By argument, ``op``, ``operands``, ``reads``, ``weights``, ``device`` or ``train``: the old value and the new one."""


@dataclass(frozen=True, slots=True, eq=False)
class ChangedOp:
    """An op that both networks have, with what is different in it."""

    pair: Pair
    changes: Changes


@dataclass(frozen=True, slots=True)
class Partners:
    """The corresponding values of two networks, by path or by the name of an input."""

    after: Mapping[str, str]
    """For values of the network before, their partners after."""
    before: Mapping[str, str]
    """For values of the network after, their partners before."""

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Partners:
        """Return partners from pairs of paths."""
        pairs = list(pairs)
        return cls(dict(pairs), {right: left for left, right in pairs})

    def disagree(self, left: str, right: str) -> bool:
        """Return whether two values are known not to correspond.

        A value that only one network has is reported by itself, so its readers are not.
        """
        return left in self.after and right in self.before and self.after[left] != right


class OpComparison:
    """Compares the matched ops of two networks."""

    def __init__(self, before: Graph, after: Graph, partners: Partners) -> None:
        self._before, self._after = before, after
        self._partners = partners
        self._owners = _owners(before), _owners(after)

    def changes(self, pair: Pair) -> Changes:
        """Return what is different in an op, with both values."""
        changes = self._argument_changes(pair) | self._operand_changes(pair) | self._weight_changes(pair)
        if pair.before.device != pair.after.device:
            changes["device"] = pair.before.device, pair.after.device
        if pair.before.frozen != pair.after.frozen:
            changes["train"] = not pair.before.frozen, not pair.after.frozen
        return changes

    def _argument_changes(self, pair: Pair) -> Changes:
        before, after = pair.before.op, pair.after.op
        if before == after:
            return {}
        # A kernel of 3 equals one of [3, 3], so canonical spellings are compared.
        old = _canonical(pair.before, self._before)
        new = _canonical(pair.after, self._after)
        if old == new:
            return {}
        if before.name != after.name:
            return {"op": (before.name, after.name)}
        if old.name != new.name:
            old, new = before, after
        values = {field: (getattr(old, field), getattr(new, field)) for field in type(old).model_fields}
        return {field: pair for field, pair in values.items() if pair[0] != pair[1]}

    def _operand_changes(self, pair: Pair) -> Changes:
        before, after = pair.before.inputs, pair.after.inputs
        changes: Changes = {}
        if len(before) != len(after) and self._are_known(before, after):
            changes["operands"] = len(before), len(after)
        # Operands that only one of them has are counted above, and have no partner to be compared with.
        for left, right in zip(before, after, strict=False):
            if self._partners.disagree(left, right):
                changes["reads"] = _shortened(left, right, pair)
        return changes

    def _are_known(self, before: tuple[str, ...], after: tuple[str, ...]) -> bool:
        return all(path in self._partners.after for path in before) and all(
            path in self._partners.before for path in after
        )

    def _weight_changes(self, pair: Pair) -> Changes:
        old, new = self._owners[0][pair.before.module], self._owners[1][pair.after.module]
        if pair.before.shared == pair.after.shared and (not pair.before.shared or self._partners.after.get(old) == new):
            return {}
        return {"weights": (_weights(pair.before, old), _weights(pair.after, new))}


def as_changes(many: list[Changes]) -> tuple[Change, ...]:
    """Return for each argument the different pairs of values, in order."""
    return tuple(Change(field, tuple(dict.fromkeys(each[field] for each in many))) for field in many[0])


def _canonical(node: Node, graph: Graph) -> Op:
    return node.op.canonical(*(graph.shape_of(path) for path in node.inputs))


def _shortened(left: str, right: str, pair: Pair) -> tuple[str, str]:
    """Return two paths relative to the scopes of an op, if they then differ."""
    short = _inside(left, pair.place.before.path), _inside(right, pair.place.after.path)
    return short if short[0] != short[1] else (left, right)


def _inside(path: str, scope: str) -> str:
    return path.removeprefix(f"{scope}.") if scope else path


def _weights(node: Node, owner: str) -> str:
    return f"those of {owner}" if node.shared else "own"


def _owners(graph: Graph) -> dict[str, str]:
    """Return for each module the path of the first node that has it."""
    owners: dict[str, str] = {}
    for node in graph:
        owners.setdefault(node.module, node.path)
    return owners

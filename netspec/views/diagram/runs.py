"""Runs of equal siblings: which blocks, and which stacks of ops, in a row may be drawn as one box."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from netspec.ir import Node, Scope
from netspec.views.diagram.fusion import Stack

Item = Node | Scope
Signature = tuple[object, ...]

CHANNEL_FIELDS = frozenset({"out", "groups", "channels", "hidden", "dim", "shape", "sizes", "start", "stop"})
"""The arguments of ops in which blocks from one loop may differ."""


class Runs:
    """Finds runs of siblings, none of them open."""

    def __init__(
        self,
        consumers: Mapping[str, list[Node]],
        kept: Collection[str],
        training: Collection[str],
        is_open: Callable[[Scope], bool],
    ) -> None:
        self._consumers = consumers
        self._kept = kept
        self._training = training
        self._is_open = is_open
        self._signatures: dict[tuple[str, bool], Signature] = {}

    def length(self, items: Sequence[Item], start: int) -> int:
        """Return how many siblings from ``start`` on are equal and feed each other in a row."""
        first = items[start]
        end = start + 1
        while isinstance(first, Scope) and end < len(items):
            previous, following = items[end - 1], items[end]
            if not (isinstance(previous, Scope) and isinstance(following, Scope)):
                break
            if not (self._continues(previous, following) and self.alike(first, following)):
                break
            end += 1
        return end - start

    def repeats(self, stacks: Sequence[Stack], start: int) -> int:
        """Return how many stacks from ``start`` on are equal and feed each other in a row."""
        end = start + 1
        while end < len(stacks):
            previous, following = stacks[end - 1], stacks[end]
            last = previous[-1].path
            if following[0].inputs != (last,) or last in self._kept or len(self._consumers[last]) != 1:
                break
            if self._facts(previous) != self._facts(following):
                break
            end += 1
        return end - start

    def _facts(self, stack: Stack) -> Signature:
        return tuple(
            (node.op, node.shape, node.params, node.macs, node.shared, node.path in self._training) for node in stack
        )

    def alike(self, first: Scope, other: Scope) -> bool:
        """Return whether two blocks are equal, or equal but for channels and written as one step of a loop."""
        if self._is_open(first) or self._is_open(other):
            return False
        return self.same(first, other) or (
            first.span == other.span and self._signature(first, exact=False) == self._signature(other, exact=False)
        )

    def same(self, first: Scope, other: Scope) -> bool:
        """Return whether two blocks are equal, channels and sizes included."""
        return self._signature(first, exact=True) == self._signature(other, exact=True)

    def growth(self, scope: Scope) -> tuple[list[Scope], list[Node]] | None:
        """Return the layers and the concatenations of a dense block whose layers are alike; None for any other."""
        layers, joints = scope.items[::2], scope.items[1::2]
        if scope.kind != "dense" or len(layers) < 2 or len(layers) != len(joints):
            return None
        scopes = [item for item in layers if isinstance(item, Scope)]
        nodes = [item for item in joints if isinstance(item, Node)]
        if len(scopes) != len(layers) or len(nodes) != len(joints):
            return None
        is_growing = all(self.alike(scopes[0], other) for other in scopes[1:])
        return (scopes, nodes) if is_growing and self._are_inside(scope, nodes[:-1]) else None

    def _are_inside(self, scope: Scope, nodes: list[Node]) -> bool:
        """Return whether no value of these nodes is read outside the scope."""
        inside = {node.path for node in scope.walk()}
        readers = (reader.path for node in nodes for reader in self._consumers[node.path])
        return inside.issuperset(readers) and not any(node.path in self._kept for node in nodes)

    def _continues(self, previous: Scope, following: Scope) -> bool:
        """Return whether the second reads all that the first gives, and nobody else reads it."""
        if not previous.outputs or previous.outputs != following.inputs:
            return False
        if any(path in self._kept for path in previous.outputs):
            return False
        inside = {node.path for node in following.walk()}
        return all(reader.path in inside for path in previous.outputs for reader in self._consumers.get(path, ()))

    def _signature(self, scope: Scope, exact: bool) -> Signature:
        key = scope.path, exact
        if key not in self._signatures:
            self._signatures[key] = self._sign(scope, exact)
        return self._signatures[key]

    def _sign(self, scope: Scope, exact: bool) -> Signature:
        places = {path: -1 - number for number, path in enumerate(scope.inputs)}
        parts: list[object] = [scope.kind, scope.block]
        for number, node in enumerate(scope.walk()):
            operands = tuple(places.get(path, path) for path in node.inputs)
            facts = (node.op, node.shape, node.params, node.macs) if exact else _loose(node)
            parts.append((operands, node.shared, node.path in self._training, facts))
            places[node.path] = number
        return tuple(parts)


def _loose(node: Node) -> Signature:
    """Return what an op and its copy with other channels have in common."""
    fields = node.op.model_dump(exclude=set(CHANNEL_FIELDS))
    return (node.op.name, *((name, repr(value)) for name, value in fields.items()))

"""Ops that are drawn as one box: a convolution and what only it feeds, as in conv + bn + relu."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from netspec.ir import Node, Scope

Stack = list[Node]

HEADS = frozenset({"convolution", "linear", "normalization", "merge"})
FOLLOWERS = frozenset({"normalization", "activation", "regularization"})
TALLEST = 5


class Stacker:
    """Cuts steps into stacks. ``kept`` are the paths whose values leave the network, which end a stack."""

    def __init__(self, consumers: Mapping[str, Sequence[Node]], kept: Collection[str]) -> None:
        self._consumers = consumers
        self._kept = kept

    def cut(self, nodes: Iterable[Node]) -> list[Stack]:
        """Return the stacks of some nodes, in the order of their first ones."""
        stacks: list[Stack] = []
        growing: dict[str, Stack] = {}
        for node in nodes:
            stack = growing.pop(node.inputs[0], None) if len(node.inputs) == 1 else None
            if stack and self._follows(node, stack):
                stack.append(node)
            else:
                stack = [node]
                stacks.append(stack)
            growing[node.path] = stack
        return stacks

    def alone(self, scope: Scope) -> Stack | None:
        """Return the one stack that a scope consists of, or None."""
        nodes: list[Node] = []
        for node in scope.walk():
            nodes.append(node)
            if len(nodes) > TALLEST:
                return None
        stacks = self.cut(nodes)
        return stacks[0] if len(stacks) == 1 else None

    def _follows(self, node: Node, stack: Stack) -> bool:
        head, last = stack[0].op.family, stack[-1]
        return (
            len(stack) < TALLEST
            and head in HEADS
            and node.op.family in FOLLOWERS
            and last.path not in self._kept
            and len(self._consumers[last.path]) == 1
        )

"""A small algebra of network graphs in which equal networks become equal graphs.

A value is its elements in row-major order: a view, a flatten or a squeeze is the value itself, and every operation
that cares about axes carries the shape that it saw. What remains is brought to one normal form per meaning: sums and
products are flat and unordered, concatenations are flat, a permutation names only the axes that really move.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

FULL = ""
"""The pattern of an operand that is as large as the result: nothing is repeated."""

LEAVES = frozenset({"input", "parameter", "statistic", "constant", "fill"})


class Value(NamedTuple):
    """One output of one node."""

    node: int
    output: int = 0


class Operand(NamedTuple):
    """A value and the part that it plays; operands with equal labels may change places."""

    label: str
    value: Value


@dataclass(frozen=True, slots=True)
class Node:
    """One canonical operation; `where` is a module path, or the name of a parameter or buffer."""

    op: str
    attributes: tuple[tuple[str, Hashable], ...]
    operands: tuple[Operand, ...]
    where: str

    def attribute(self, name: str) -> Hashable:
        return dict(self.attributes)[name]

    def integers(self, *names: str) -> list[int]:
        """Attributes that are whole numbers."""
        return [value for value in map(self.attribute, names) if isinstance(value, int)]

    def __str__(self) -> str:
        attributes = ", ".join(f"{name}={value}" for name, value in self.attributes)
        return f"{self.op}({attributes}) at {self.where or 'the top module'}"


@dataclass(frozen=True)
class CanonicalGraph:
    """The nodes that the outputs depend on, in topological order, and the shapes of the parameters they use."""

    nodes: list[Node]
    outputs: list[Value]
    shapes: dict[str, tuple[int, ...]]


def number(value: float) -> str:
    """Six digits: enough to tell constants apart, too few to see float32 rounding."""
    return f"{value:.6g}"


def pattern(shape: Sequence[int], result: Sequence[int]) -> str:
    """Which runs of axes of `result` an operand of `shape` keeps and which ones repeat it."""
    padded = (1,) * (len(result) - len(shape)) + tuple(shape)
    runs: list[tuple[bool, int]] = []
    for own, whole in zip(padded, result, strict=True):
        if whole == 1:
            continue
        kept = own == whole
        if runs and runs[-1][0] == kept:
            runs[-1] = (kept, runs[-1][1] * whole)
        else:
            runs.append((kept, whole))
    if all(kept for kept, _ in runs):
        return FULL
    return ".".join(f"{size}" if kept else f"*{size}" for kept, size in runs)


@dataclass
class Emitter:
    """Makes nodes, each distinct one once."""

    nodes: list[Node] = field(default_factory=list)
    where: str = ""
    _known: dict[Hashable, int] = field(default_factory=dict)
    # All digits of what nodes are filled with, since a product of two would show what is cut off.
    _numbers: dict[int, float] = field(default_factory=dict)

    def emit(self, op: str, operands: Iterable[tuple[str, Value]], **attributes: Hashable) -> Value:
        """The node with these operands, which is an old one if it was made before."""
        parts = tuple(Operand(label, value) for label, value in operands)
        pairs = tuple(attributes.items())
        key = (op, pairs, parts)
        if key not in self._known:
            self._known[key] = len(self.nodes)
            self.nodes.append(Node(op, pairs, parts, self.where))
        return Value(self._known[key])

    def leaf(self, op: str, name: str, **attributes: Hashable) -> Value:
        """A node without operands that is itself and nobody else."""
        key = (op, name)
        if key not in self._known:
            self._known[key] = len(self.nodes)
            self.nodes.append(Node(op, tuple(attributes.items()), (), name))
        return Value(self._known[key])

    def node(self, value: Value) -> Node:
        return self.nodes[value.node]

    def fill(self, value: float, size: int) -> Value:
        result = self.emit("fill", (), value=number(value), size=size)
        self._numbers.setdefault(result.node, value)
        return result

    def filled_with(self, value: Value) -> float | None:
        """The number that every element of a value equals, if there is one."""
        return self._numbers.get(value.node)

    def broadcast(self, value: Value, runs: str, size: int) -> Value:
        constant = self.filled_with(value)
        if constant is not None:
            return self.fill(constant, size)
        return value if runs == FULL else self.emit("broadcast", [("input", value)], pattern=runs)

"""Concatenation, slices, padding, order and reduction in normal form.

One axis of a value is given as (outer, size, inner): its length and how many elements are outside and inside of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.support.matcher.arithmetic import Arithmetic, Term
from tests.support.matcher.canonical import Node, Value, number
from tests.support.matcher.orders import one_order
from tests.support.matcher.windows import without_results


class Piece(NamedTuple):
    """A value in a concatenation and its length along the axis."""

    value: Value
    length: int


class Cut(NamedTuple):
    """What a slice takes of an axis."""

    size: int
    start: int
    stop: int
    step: int


@dataclass
class Builder(Arithmetic):
    """Makes every kind of node; concatenations remember their pieces, permutations and reductions their axes."""

    _pieces: dict[int, list[Piece]] = field(default_factory=dict)
    _last_axes: dict[int, int] = field(default_factory=dict)
    _orders: dict[int, tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=dict)

    def concat(self, outer: int, inner: int, pieces: Iterable[Piece]) -> Value:
        """Pieces one after another; a constant at either end is padding."""
        flat = self._merged(self._flattened(outer, inner, pieces), outer, inner)
        before, middle, after, constant = self._margins(flat)
        if before or after:
            size = sum(piece.length for piece in middle)
            return self.pad(self.concat(outer, inner, middle), outer, size, inner, before, after, constant)
        if len(flat) == 1:
            return flat[0].value
        # Lengths are those in memory, so that a stack and the concatenation that is folded into one are the same.
        runs = [Piece(piece.value, piece.length * inner) for piece in flat]
        operands = [(f"operand {index}", piece.value) for index, piece in enumerate(flat)]
        result = self.emit("concat", operands, outer=outer, lengths=tuple(run.length for run in runs))
        self._pieces[result.node] = runs
        return result

    def _pieces_along(self, value: Value, outer: int, inner: int) -> list[Piece] | None:
        """The pieces of a concatenation along an axis; nothing where the value is none along it."""
        node = self.node(value)
        runs = self._pieces.get(value.node, [])
        if node.op != "concat" or node.attribute("outer") != outer or any(run.length % inner for run in runs):
            return None
        return [Piece(run.value, run.length // inner) for run in runs]

    def _flattened(self, outer: int, inner: int, pieces: Iterable[Piece]) -> list[Piece]:
        flat: list[Piece] = []
        for piece in pieces:
            nested = self._pieces_along(piece.value, outer, inner)
            flat += nested or ([piece] if piece.length else [])
        return flat

    def _merged(self, pieces: list[Piece], outer: int, inner: int) -> list[Piece]:
        """Neighbouring slices of one value are one slice of it."""
        merged: list[Piece] = []
        for piece in pieces:
            whole = self._joined(merged[-1], piece, outer, inner) if merged else None
            if whole is None:
                merged.append(piece)
            else:
                merged[-1] = whole
        return merged

    def _joined(self, left: Piece, right: Piece, outer: int, inner: int) -> Piece | None:
        first, second = self.node(left.value), self.node(right.value)
        a, b = _cut(first, outer, inner), _cut(second, outer, inner)
        if a is None or b is None or first.operands != second.operands:
            return None
        if a.step != 1 or b.step != 1 or a.stop != b.start:
            return None
        source = first.operands[0].value
        return Piece(self.slice(source, outer, a.size, inner, a.start, b.stop), left.length + right.length)

    def _margins(self, pieces: list[Piece]) -> tuple[int, list[Piece], int, float]:
        """Lengths of the constants at both ends, if they agree, and what is between them."""
        fills = [self.filled_with(piece.value) for piece in pieces]
        if all(fill is not None for fill in fills):
            return 0, pieces, 0, 0.0
        constant = fills[0] if fills[0] is not None else fills[-1]
        if constant is None:
            return 0, pieces, 0, 0.0
        first = next(index for index, fill in enumerate(fills) if fill != constant)
        last = len(fills) - next(index for index, fill in enumerate(reversed(fills)) if fill != constant)
        before, after = (sum(piece.length for piece in part) for part in (pieces[:first], pieces[last:]))
        return before, pieces[first:last], after, constant

    def slice(self, value: Value, outer: int, size: int, inner: int, start: int, stop: int, step: int = 1) -> Value:
        """Elements start, start + step, … below stop of an axis."""
        stop = start + (stop - start - 1) // step * step + 1
        if (start, stop, step) == (0, size, 1):
            return value
        node, pieces = self.node(value), self._pieces_along(value, outer, inner)
        if pieces and step == 1:
            return self.concat(outer, inner, self._overlap(pieces, outer, inner, start, stop))
        earlier = _cut(node, outer, inner)
        if earlier is not None:
            first, last = (edge * earlier.step + earlier.start for edge in (start, stop - 1))
            return self.slice(node.operands[0].value, outer, earlier.size, inner, first, last + 1, step * earlier.step)
        fewer = self._of_the_operand(node, (outer, size, inner), start, stop) if step == 1 else None
        if fewer is not None:
            return fewer
        cut = Cut(size, start, stop, step)
        below = self._before_permuting(value, outer, inner, cut) if node.op == "permute" else None
        if below is not None:
            return below
        # Whole groups of elements are cut as such, whoever calls the group an axis.
        group = math.gcd(size, start, stop) if step == 1 else 1
        attributes = {name: edge // group if name != "step" else edge for name, edge in cut._asdict().items()}
        return self.emit("slice", [("input", value)], outer=outer, inner=inner * group, **attributes)

    def _of_the_operand(self, node: Node, around: tuple[int, int, int], start: int, stop: int) -> Value | None:
        """A slice of what was padded or computed window by window, as a slice of what entered there."""
        if node.op != "pad":
            return without_results(self, node, around, start, stop)
        outer, size, inner, before, after = node.integers("outer", "size", "inner", "before", "after")
        if (outer, before + size + after, inner) != around or start > before + size or stop < before:
            return None
        source, constant = node.operands[0].value, float(str(node.attribute("value")))
        return self.pad(source, outer, size, inner, before - start, after - (around[1] - stop), constant)

    def _before_permuting(self, value: Value, outer: int, inner: int, cut: Cut) -> Value | None:
        """Return the slice of what a permutation puts into another order: it can be cut before as well."""
        sizes, order = self._orders[value.node]
        count = math.prod(sizes)
        before = 1
        for axis in order:
            around, past = divmod(outer, before), divmod(inner, count // before // sizes[axis])
            if around[1] == past[1] == 0 and around[0] * cut.size * past[0] == sizes[axis]:
                edges = math.prod(sizes[:axis]) * around[0], math.prod(sizes[axis + 1 :]) * past[0]
                source = self.node(value).operands[0].value
                kept = around[0] * len(range(cut.start, cut.stop, cut.step)) * past[0]
                smaller = [*sizes[:axis], kept, *sizes[axis + 1 :]]
                return self.permute(
                    self.slice(source, edges[0], cut.size, edges[1], cut.start, cut.stop, cut.step), smaller, order
                )
            before *= sizes[axis]
        return None

    def _overlap(self, pieces: list[Piece], outer: int, inner: int, start: int, stop: int) -> Iterator[Piece]:
        position = 0
        for piece in pieces:
            low, high = max(start - position, 0), min(stop - position, piece.length)
            if low < high:
                yield Piece(self.slice(piece.value, outer, piece.length, inner, low, high), high - low)
            position += piece.length

    def pad(
        self, value: Value, outer: int, size: int, inner: int, before: int, after: int, constant: float = 0.0
    ) -> Value:
        """Constants before and after an axis; a negative count cuts."""
        value = self.slice(value, outer, size, inner, max(0, -before), size - max(0, -after))
        size += min(before, 0) + min(after, 0)
        before, after = max(before, 0), max(after, 0)
        if before == after == 0:
            return value
        attributes = {"size": size, "inner": inner, "before": before, "after": after, "value": number(constant)}
        return self.emit("pad", [("input", value)], outer=outer, **attributes)

    def permute(self, value: Value, shape: Sequence[int], order: Sequence[int]) -> Value:
        """Axes in another order; axes of length one do not count and axes that stay neighbours are one axis."""
        sizes, moved = _essential_axes(shape, order)
        if moved == tuple(range(len(moved))):
            return value
        repeated = self._one_of_equals(value, sizes, moved)
        if repeated is not None:
            return repeated
        joined = one_order(self._orders.get(value.node, ((), ())), (sizes, moved))
        if joined is not None:
            return self.permute(self.node(value).operands[0].value, *joined)
        result = self.emit("permute", [("input", value)], sizes=sizes, order=moved)
        self._orders[result.node] = (sizes, moved)
        return result

    def _one_of_equals(self, value: Value, sizes: tuple[int, ...], moved: tuple[int, ...]) -> Value | None:
        """What repeats as a whole is put into another order once, and repeats then."""
        node = self.node(value)
        repeated = f"*{sizes[0]}.{math.prod(sizes[1:])}"
        if node.op != "broadcast" or moved[0] != 0 or node.attribute("pattern") != repeated:
            return None
        once = self.permute(node.operands[0].value, sizes[1:], [axis - 1 for axis in moved[1:]])
        return self.broadcast(once, repeated, math.prod(sizes))

    def reduce(self, kind: str, value: Value, shape: Sequence[int], axes: Sequence[int]) -> Value:
        """The mean, sum or maximum over axes; over the last axes one after another is over all of them at once."""
        runs = _runs(shape, axes)
        count = math.prod(size for part, size in runs if part == "reduced")
        if count == 1:
            return value
        if kind == "sum":
            return self.affine([Term(self.reduce("mean", value, shape, axes), count)], 0.0, math.prod(shape) // count)
        node = self.node(value)
        if kind == "mean" and node.op == "concat" and self._stacked(node, runs, count):
            terms = [Term(operand.value, 1 / count) for operand in node.operands]
            return self.affine(terms, 0.0, math.prod(shape) // count)
        if node.op == kind and _is_last(runs) and value.node in self._last_axes:
            return self.reduce(kind, node.operands[0].value, (runs[0][1], count * self._last_axes[value.node]), (1,))
        result = self.emit(kind, [("input", value)], runs=tuple(runs))
        if _is_last(runs):
            self._last_axes[result.node] = count
        return result

    @staticmethod
    def _stacked(node: Node, runs: list[tuple[str, int]], count: int) -> bool:
        """Whether a reduction runs exactly over the operands of a concatenation, one by one."""
        lengths = node.attribute("lengths")
        if not isinstance(lengths, tuple) or len(lengths) != count or len(set(lengths)) > 1:
            return False
        expected = [("kept", node.attribute("outer")), ("reduced", count), ("kept", lengths[0])]
        return runs == [run for run in expected if run[1] != 1]


def _cut(node: Node, outer: int, inner: int) -> Cut | None:
    """Return what a node takes of an axis, if it is a slice along this one."""
    if node.op != "slice" or node.attribute("outer") != outer:
        return None
    group, rest = divmod(*node.integers("inner"), inner)
    cut = Cut(*node.integers("size", "start", "stop", "step"))
    if rest or (group > 1 and cut.step > 1):
        return None
    return Cut(cut.size * group, cut.start * group, cut.stop * group, cut.step)


def _runs(shape: Sequence[int], axes: Sequence[int]) -> list[tuple[str, int]]:
    """A shape as runs of kept and reduced axes; axes of length one are neither."""
    runs: list[tuple[str, int]] = []
    for axis, size in enumerate(shape):
        part = "reduced" if axis in axes else "kept"
        if size == 1:
            continue
        if runs and runs[-1][0] == part:
            runs[-1] = (part, runs[-1][1] * size)
        else:
            runs.append((part, size))
    return runs


def _is_last(runs: list[tuple[str, int]]) -> bool:
    return [part for part, _ in runs] == ["kept", "reduced"]


def _essential_axes(shape: Sequence[int], order: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    groups: list[list[int]] = []
    last = None
    wide = [axis for axis in range(len(shape)) if shape[axis] != 1]
    rank = {axis: index for index, axis in enumerate(wide)}
    for axis in (axis for axis in order if axis in rank):
        if last is not None and rank[axis] == last + 1:
            groups[-1].append(axis)
        else:
            groups.append([axis])
        last = rank[axis]
    by_source = sorted(groups)
    sizes = tuple(math.prod(shape[axis] for axis in group) for group in by_source)
    return sizes, tuple(by_source.index(group) for group in groups)

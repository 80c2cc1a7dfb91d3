"""What the elements of a value depend on, and how an op passes that on to its result."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from netspec.analysis.spans import WHOLE, Parts, Place, Reach, Scattered, Span, Whole, hull, over_all, through
from netspec.ops import SAME, Op, Window, Windows
from netspec.ops.traits import Layout

Shape = tuple[int, ...]
"""A shape at its stated sizes: receptive fields are numbers."""
Source = tuple[str, int]
"""An axis of an input."""
KEPT = Window(0, 0, 0)
"""Reads the only element of an axis, at every position of the result."""


@dataclass(frozen=True, slots=True)
class Dependence:
    """What the elements of a value depend on, for each axis of the inputs that they depend on at all.

    ``axes`` are the sizes of the value's axes, each as the parts that it is made of: one, unless ops have flattened
    several axes into one.
    """

    axes: Parts
    reaches: dict[Source, Reach]


def simple(shape: Shape) -> Parts:
    """Return the parts of axes that consist of one each."""
    return tuple((size,) for size in shape)


def extent_of(reach: Span | Scattered, axes: Parts) -> int:
    """Return how many elements in a row an element of a value with these axes depends on."""
    if isinstance(reach, Scattered):
        return reach.extent
    return reach.extent(axes[reach.place[0]][reach.place[1]] if reach.place else 1)


def propagate(
    op: Op, shapes: tuple[Shape, ...], result: Shape, operands: Sequence[Dependence], limits: Mapping[Source, int]
) -> Dependence:
    """Return what the elements of an op's result depend on; ``limits`` are the sizes of the inputs' axes."""
    if not operands:
        return Dependence(simple(result), {})
    layout = op.layout(*shapes)
    if layout is not None:
        return _rearrange(operands[0], layout, result, limits)
    windows = op.receptive_windows(*shapes)
    # An op without windows is element-wise: it reads each operand at its own position, if the shapes allow that.
    if windows is None or not (windows or op.keeps_order or all(_broadcasts(shape, result) for shape in shapes)):
        return Dependence(simple(result), {source: WHOLE for each in operands for source in each.reaches})
    if not windows and all(shape == result for shape in shapes):
        return _combine(operands, result)
    if not windows and op.keeps_order:
        return _reshape(operands[0], result)
    readings = windows or tuple((SAME,) * len(shape) for shape in shapes)
    moved = [
        _move(operand, _broadcast(reading, shape, result), result, limits)
        for operand, reading, shape in zip(operands, readings, shapes, strict=True)
    ]
    return _concatenate(moved, readings[-1], result) if op.concatenates and len(moved) > 1 else _combine(moved, result)


def _broadcasts(shape: Shape, result: Shape) -> bool:
    """Return whether an operand broadcasts to the shape of the result; a scalar always does."""
    return not shape or (
        len(shape) == len(result) and all(size in (1, full) for size, full in zip(shape, result, strict=True))
    )


def _broadcast(windows: Windows, shape: Shape, result: Shape) -> Windows:
    """Return the windows, with a stride of 0 over each axis of size 1 that is broadcast."""
    return tuple(
        KEPT if window == SAME and size == 1 and result[axis] != 1 else window
        for axis, (window, size) in enumerate(zip(windows, shape, strict=True))
    )


def _move(operand: Dependence, windows: Windows, result: Shape, limits: Mapping[Source, int]) -> Dependence:
    """Return what elements depend on that read an operand through windows."""
    axes = list(simple(result))
    # A window that reads nothing makes a constant, whatever the input is.
    if any(window is not None and window.first > window.last for window in windows):
        return Dependence(tuple(axes), {})  # a constant depends on nothing
    for axis, window in enumerate(windows):
        if _keeps(window) and len(operand.axes[axis]) > 1:
            axes[_target(window, axis)] = operand.axes[axis]
    moved: dict[Source, Reach] = {}
    # Behind a merge of many inputs, what they contribute is often the same.
    known: dict[tuple[Reach, int], Reach] = {}
    for source, reach in operand.reaches.items():
        key = (reach, limits[source])
        if key not in known:
            known[key] = _moved(reach, operand.axes, windows, result, limits[source])
        moved[source] = known[key]
    return Dependence(tuple(axes), moved)


def _moved(reach: Reach, axes: Parts, windows: Windows, result: Shape, limit: int) -> Reach:
    if isinstance(reach, Scattered):
        read = {axis: windows[axis] for axis in reach.axes}
        if any(window is None or window.first != window.last for window in read.values()):
            return WHOLE
        return Scattered(reach.extent, tuple(_target(window, axis) for axis, window in read.items()))
    if isinstance(reach, Whole) or reach.place is None:
        return reach
    axis, part = reach.place
    window = windows[axis]
    if window is None:
        return over_all(reach, axes[axis][part], limit)
    target = _target(window, axis)
    if _keeps(window):
        return reach._replace(place=(target, part))
    if len(axes[axis]) == 1:
        return through(reach, window, (target, 0), result[target])
    return Scattered(extent_of(reach, axes), (target,)) if window.first == window.last else WHOLE


def _keeps(window: Window | None) -> bool:
    return window is not None and (window.first, window.last, window.stride) == (0, 0, 1)


def _target(window: Window | None, axis: int) -> int:
    """Return the axis of the result along which a window moves over an axis of the operand."""
    return axis if window is None or window.axis is None else window.axis


def _combine(operands: Sequence[Dependence], result: Shape) -> Dependence:
    """Return what elements depend on that read several operands, each at their own position."""
    if len(operands) == 1:
        return operands[0]
    axes = operands[0].axes
    if any(each.axes != axes for each in operands):
        axes = simple(result)
        operands = [_scatter(each, range(len(each.axes))) for each in operands]
    met: dict[Source, list[Reach]] = {}
    for each in operands:
        for source, reach in each.reaches.items():
            met.setdefault(source, []).append(reach)
    return Dependence(axes, {source: hull(reaches, axes) for source, reaches in met.items()})


def _concatenate(pieces: Sequence[Dependence], last: Windows, result: Shape) -> Dependence:
    """Return what the elements of a concatenation depend on, along the axis of concatenation."""
    axis = next(axis for axis, window in enumerate(last) if window != SAME)
    pieces = [Dependence(simple(result), _scatter(piece, [axis]).reaches) for piece in pieces]
    met = _combine(pieces, result)
    for source in met.reaches:
        reaches = [piece.reaches[source] for piece in pieces if source in piece.reaches]
        moves = any(isinstance(reach, Span) and reach.place == (axis, 0) for reach in reaches)
        if moves and WHOLE not in reaches and any(reach != reaches[0] for reach in reaches):
            # Positions along the axis count through several pieces, so that only the length of a field is known, not
            # its offset.
            most = max(extent_of(reach, met.axes) for reach in reaches if not isinstance(reach, Whole))
            met.reaches[source] = Scattered(most, (axis,))
    return met


def _scatter(operand: Dependence, axes: Collection[int]) -> Dependence:
    """Return a value with some axes as a whole, whose parts are no longer followed one by one."""
    torn = {axis for axis in axes if len(operand.axes[axis]) > 1}
    if not torn:
        return operand
    reaches = {
        source: Scattered(extent_of(reach, operand.axes), (reach.place[0],))
        if isinstance(reach, Span) and reach.place and reach.place[0] in torn
        else reach
        for source, reach in operand.reaches.items()
    }
    return Dependence(operand.axes, reaches)


def _rearrange(operand: Dependence, layout: Layout, result: Shape, limits: Mapping[Source, int]) -> Dependence:
    """Return what elements depend on after axes were taken apart, put into another order and joined."""
    names = [name for group in layout.made for name in group]
    moved = {
        source: _taken_apart(reach, operand.axes, layout, limits[source]) for source, reach in operand.reaches.items()
    }
    return _reshape(Dependence(simple(tuple(layout.sizes[name] for name in names)), moved), result)


def _taken_apart(reach: Reach, axes: Parts, layout: Layout, limit: int) -> Reach:
    """Return a reach over axes of one name each, in the order of the result."""
    places = {name: place for place, name in enumerate(name for group in layout.made for name in group)}
    if isinstance(reach, Whole) or (isinstance(reach, Span) and reach.place is None):
        return reach
    everywhere = tuple(range(len(places)))
    if isinstance(reach, Scattered):
        return Scattered(reach.extent, everywhere)
    assert reach.place is not None
    axis, part = reach.place
    if axes[axis][part] == 1:
        return Span(None, 0, (reach.first(0),), (reach.last(0),))
    names = [name for name in layout.taken[axis] if layout.sizes[name] > 1]
    if [size for size in axes[axis] if size > 1] == [layout.sizes[name] for name in names]:
        before = sum(size > 1 for size in axes[axis][:part])
        return reach._replace(place=(places[names[before]], 0))
    if len(axes[axis]) > 1:
        return Scattered(extent_of(reach, axes), everywhere)
    # Of positions in two axes only the first is followed: what the second runs over is read as a whole.
    within = prod(layout.sizes[name] for name in names[1:])
    first = names[0]
    return through(reach, Window(0, within - 1, within), (places[first], 0), layout.sizes[first])


def _reshape(operand: Dependence, shape: Shape) -> Dependence:
    """Return what elements depend on after a reshape, which keeps their order."""
    parts = [((axis, part), size) for axis, sizes in enumerate(operand.axes) for part, size in enumerate(sizes)]
    axes, places = _regroup(parts, shape)
    laid: dict[Source, Reach] = {}
    for source, reach in operand.reaches.items():
        laid[source] = reach
        if isinstance(reach, Span) and reach.place is not None:
            axis, part = reach.place
            if operand.axes[axis][part] == 1:
                laid[source] = Span(None, 0, (reach.first(0),), (reach.last(0),))
            elif reach.place in places:
                laid[source] = reach._replace(place=places[reach.place])
            else:
                laid[source] = Scattered(extent_of(reach, operand.axes), tuple(range(len(shape))))
        elif isinstance(reach, Scattered):
            laid[source] = Scattered(reach.extent, tuple(range(len(shape))))
    return Dependence(axes, laid)


def _regroup(parts: list[tuple[Place, int]], shape: Shape) -> tuple[Parts, dict[Place, Place]]:
    """Return the axes of a shape as parts of other axes, and for each part that is kept whole its new place."""
    left: list[tuple[Place | None, int]] = [(place, size) for place, size in parts if size > 1]
    axes: list[tuple[int, ...]] = []
    places: dict[Place, Place] = {}
    for axis, size in enumerate(shape):
        made: list[int] = []
        # Both lists run from the outermost axis to the innermost, as elements lie in memory, and multiply to the same
        # number.
        while size > 1:
            place, part = left.pop(0)
            if size % part == 0:
                if place is not None:
                    places[place] = (axis, len(made))
                made.append(part)
                size //= part
            elif part % size == 0:
                # The part is split over two axes: no position along it is followed any more.
                made.append(size)
                left.insert(0, (None, part // size))
                size = 1
            else:
                return simple(shape), {}
        axes.append(tuple(made) or (1,))
    return tuple(axes), places

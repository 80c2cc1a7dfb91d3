"""Rules for ops that only move elements: concatenation, slices, padding, shuffles and reshapes."""

from __future__ import annotations

from itertools import accumulate

from netspec.ops import OPS, Op
from netspec.ops.axes import axis_index, axis_indices
from netspec.ops.gathering import Gather
from netspec.ops.gradients import Detach
from netspec.ops.merge import Concat
from netspec.ops.patterned import Patterned
from netspec.ops.ranking import ArgMax, OneHot, TopK
from netspec.ops.rearrange import Rearrange
from netspec.ops.resampling import Pad, Upsample
from netspec.ops.reshaping import Permute, Slice
from netspec.ops.rolling import Flip, Roll
from netspec.ops.shuffling import ChannelShuffle, PixelShuffle, PixelUnshuffle
from netspec.ops.tile import Tile
from netspec.ops.unfolding import Unfold
from netspec.sizes.shape import Shape, per_axis
from netspec.targets.equations.model import EQUATIONS, Call, Equation, affine


@EQUATIONS.implements(Concat)
def concat(op: Concat, call: Call) -> Equation:
    axis = axis_index("concat", op.axis, call.shape)
    name = call.axes[axis]
    starts = [0, *accumulate(each.shape[axis] for each in call.operands)]
    formula = ""
    for operand, start, stop in zip(call.operands, starts, starts[1:], strict=False):
        at = [*call.axes]
        at[axis] = affine(name, 1, "", -start)
        formula += operand.at(*at) + (f" if {name} < {stop} else " if operand is not call.operands[-1] else "")
    return Equation(call.axes, formula)


@EQUATIONS.implements(Slice)
def slice_axis(op: Slice, call: Call) -> Equation:
    axis = axis_index("slice", op.axis, call.x.shape)
    start = op.start if op.start >= 0 else op.start + call.x.shape[axis]
    at = [*call.axes]
    at[axis] = affine(call.axes[axis], op.step, "", start)
    return Equation(call.axes, call.x.at(*at))


@EQUATIONS.implements(Permute)
def permute(op: Permute, call: Call) -> Equation:
    order = [axis_index("permute", axis, call.x.shape) for axis in op.axes]
    return Equation(call.axes, call.x.at(*(call.axes[order.index(axis)] for axis in range(len(order)))))


@EQUATIONS.implements(OPS["flatten"], OPS["reshape"])
def reshape(op: Op, call: Call) -> Equation:
    """The flat index of an element, split into indices of the operand's axes."""
    return Equation(call.axes, call.x.at(*_unflat(_flat(call.axes, call.shape), call.x.shape)))


@EQUATIONS.implements(Rearrange, Tile)
def lay_out(op: Patterned, call: Call) -> Equation:
    """Each name by its place in the axis of the result, and each axis of the operand by the places of its names."""
    sizes, (left, right) = op.fit(call.x.shape), op.sides(len(call.x.shape))
    places: dict[str, str] = {}
    for index, group in zip(call.axes, right, strict=True):
        if group:
            places.update(zip(group, _unflat(index, tuple(sizes[name] for name in group)), strict=True))
    whole = {group: index for index, group in zip(call.axes, right, strict=True)}
    at = [
        (whole.get(group) or _flat(tuple(places[name] for name in group), tuple(sizes[name] for name in group)))
        if group
        else "0"
        for group in left
    ]
    return Equation(call.axes, call.x.at(*at))


def _flat(names: tuple[str, ...], shape: Shape) -> str:
    text = names[0]
    for position, (name, size) in enumerate(zip(names[1:], shape[1:], strict=True)):
        text = f"{f'({text})' if position else text} * {size} + {name}"
    return text


def _unflat(text: str, shape: Shape) -> list[str]:
    whole = text if text.isidentifier() else f"({text})"
    found, behind = [], 1
    for size in reversed(shape):
        part = whole if behind == 1 else f"{whole} // {behind}"
        found.append(f"{part} % {size}")
        behind *= size
    found.reverse()
    found[0] = found[0].rpartition(" % ")[0]  # the first axis has the remaining quotient
    return found


@EQUATIONS.implements(ChannelShuffle)
def channel_shuffle(op: ChannelShuffle, call: Call) -> Equation:
    width = call.shape[0] // op.groups
    return Equation(call.axes, call.x.at(f"c % {op.groups} * {width} + c // {op.groups}", *call.axes[1:]))


@EQUATIONS.implements(Gather)
def gather(op: Gather, call: Call) -> Equation:
    axis = axis_index("gather", op.axis, call.x.shape)
    before = call.axes[:axis]
    if op.positions is None:
        index = call.operands[1]
        after = axis + len(index.shape)
        return Equation(call.axes, call.x.at(*before, index.at(*call.axes[axis:after]), *call.axes[after:]))
    size, behind = call.x.shape[axis], call.axes[axis + 1 :]
    *first, last = [call.x.at(*before, position % size, *behind) for position in op.positions]
    cases = [f"{value} if {call.axes[axis]} < {place} else " for place, value in enumerate(first, start=1)]
    return Equation(call.axes, "".join([*cases, last]))


@EQUATIONS.implements(Roll)
def roll(op: Roll, call: Call) -> Equation:
    at = [*call.axes]
    for axis, shift in op.shifts(call.shape).items():
        at[axis] = f"({at[axis]} + {-shift % call.shape[axis]}) % {call.shape[axis]}"
    return Equation(call.axes, call.x.at(*at))


@EQUATIONS.implements(Flip)
def flip(op: Flip, call: Call) -> Equation:
    turned = axis_indices("flip", op.along, call.shape)
    sizes = zip(call.axes, call.shape, strict=True)
    at = (f"{size - 1} - {name}" if axis in turned else name for axis, (name, size) in enumerate(sizes))
    return Equation(call.axes, call.x.at(*at))


@EQUATIONS.implements(Detach)
def detach(op: Detach, call: Call) -> Equation:
    return Equation(call.axes, call.x.at(*call.axes))


@EQUATIONS.implements(OneHot)
def one_hot(op: OneHot, call: Call) -> Equation:
    *before, last = call.axes
    return Equation(call.axes, f"1 if {call.x.at(*before)} == {last} else 0")


@EQUATIONS.implements(Unfold)
def unfold(op: Unfold, call: Call) -> Equation:
    """The window of a column, by its row and its place in it, and the element of the window."""
    (rows, columns), (_, across) = per_axis(op.kernel, 2), op.window.sizes("unfold", call.x.shape)
    places = zip(
        (f"i // {across}", f"i % {across}"),
        (f"c // {columns} % {rows}", f"c % {columns}"),
        *(per_axis(each, 2) for each in (op.stride, op.dilation, op.padding)),
        strict=True,
    )
    at = [
        affine(f"({window})" if stride != 1 else window, stride, f"{dilation} * ({part})", -padding)
        for window, part, stride, dilation, padding in places
    ]
    return Equation(call.axes, call.x.at(f"c // {rows * columns}", *at))


EQUATIONS.declines(ArgMax, TopK, reason="the place of an element is no sum, product or choice of elements")


@EQUATIONS.implements(PixelShuffle)
def pixel_shuffle(op: PixelShuffle, call: Call) -> Equation:
    factor = op.factor
    channel = f"(c * {factor} + i % {factor}) * {factor} + j % {factor}"
    return Equation(call.axes, call.x.at(channel, f"i // {factor}", f"j // {factor}"))


@EQUATIONS.implements(PixelUnshuffle)
def pixel_unshuffle(op: PixelUnshuffle, call: Call) -> Equation:
    factor = op.factor
    row, column = f"i * {factor} + c // {factor} % {factor}", f"j * {factor} + c % {factor}"
    return Equation(call.axes, call.x.at(f"c // {factor**2}", row, column))


@EQUATIONS.implements(Pad)
def pad(op: Pad, call: Call) -> Equation | None:
    if op.mode != "constant" or op.value:
        return None  # elements outside of a value are zero in these formulas
    places = zip(call.axes, op.pairs(call.x.shape), strict=True)
    return Equation(call.axes, call.x.at(*(affine(name, 1, "", -before) for name, (before, _) in places)))


@EQUATIONS.implements(Upsample)
def upsample(op: Upsample, call: Call) -> Equation | None:
    sizes = list(zip(call.x.shape[1:], call.shape[1:], strict=True))
    if op.mode != "nearest" or any(out % size for size, out in sizes):
        return None
    reads = [f"{name} // {out // size}" for name, (size, out) in zip(call.axes[1:], sizes, strict=True)]
    return Equation(call.axes, call.x.at("c", *reads))

"""Rules for convolutions and pools: a sliding window. Elements outside of a value are zero, or ignored by a maximum."""

from __future__ import annotations

import math

from netspec.ops.convolution import Conv
from netspec.ops.pooling import AveragePool, MaxPool, NormPool
from netspec.ops.transposed_convolution import ConvTranspose
from netspec.sizes import Size
from netspec.sizes.shape import per_axis
from netspec.targets.equations.model import EQUATIONS, Call, Equation, affine, over

TAPS = ("u", "v", "w")
"""The index names of a window's elements."""

Pool = MaxPool | AveragePool | NormPool


@EQUATIONS.implements(Conv)
def conv(op: Conv, call: Call) -> Equation | None:
    if op.padding_mode != "zeros" and _pads(op, call):
        return None  # the padding is then not zero, but a copy of elements inside
    out, groups = op.channels(call.x.shape)
    weight = op.weight_shapes(call.x.shape)["weight"]
    positions = call.axes[1:]
    taps = TAPS[: len(positions)]
    read = call.x.at(_grouped(out, groups, weight[1]), *_slid(op, call))
    filters = call.weight("weight", "c", "d", *taps)
    if op.binary:
        # Each filter is replaced by its signs times the mean of its absolute values.
        filters = f"sign({filters})"
    ranges = {"d": weight[1], **dict(zip(taps, weight[2:], strict=True))}
    formula = over("sum", f"{filters} * {read}", ranges)
    where: tuple[tuple[str, str], ...] = ()
    if op.binary:
        size = " * ".join(str(each) for each in weight[1:])
        total = over("sum", f"abs({call.weight('weight', 'c', 'd', *taps)})", ranges)
        formula, where = f"s * {formula}", (("s", f"{total} / ({size})"),)
    if op.bias:
        formula = f"{call.weight('bias', 'c')} + {formula}"
    return Equation(("c", *positions), formula, where)


def _grouped(out: Size, groups: Size, width: Size) -> str:
    """Return the channel that tap ``d`` of filter ``c`` reads."""
    if groups == 1:
        return "d"
    group = "c" if out == groups else f"c // {out // groups}"
    if width == 1:
        return group
    return f"{width} * ({group}) + d" if "/" in group else f"{width} * {group} + d"


def _slid(op: Conv | Pool, call: Call) -> list[str]:
    """Return the positions that the taps of the window at an output position read."""
    axes = op.window.along(len(call.shape) - 1)
    rows = zip(call.axes[1:], TAPS, axes, op.window.pairs(call.x.shape), strict=False)
    return [
        affine(index, axis.stride, tap if axis.dilation == 1 else f"{axis.dilation} * {tap}", -before)
        for index, tap, axis, (before, _) in rows
    ]


def _pads(op: Conv | Pool, call: Call) -> bool:
    return any(before or after for before, after in op.window.pairs(call.x.shape))


@EQUATIONS.implements(MaxPool)
def maxpool(op: MaxPool, call: Call) -> Equation:
    return Equation(call.axes, over("max", *_window(op, call)))


@EQUATIONS.implements(AveragePool)
def avgpool(op: AveragePool, call: Call) -> Equation | None:
    term, ranges = _window(op, call)
    padded = _pads(op, call)
    if not op.ceil and (op.count_include_pad or not padded):
        return Equation(call.axes, f"{over('sum', term, ranges)} / {math.prod(ranges.values())}")
    if op.count_include_pad and padded:
        return None  # torch counts the padding here, but not the elements that `ceil` adds
    return Equation(call.axes, over("mean", term, ranges))


@EQUATIONS.implements(NormPool)
def lp_pool(op: NormPool, call: Call) -> Equation | None:
    if op.ceil:
        return None
    term, ranges = _window(op, call)
    return Equation(call.axes, f"{over('sum', f'{term} ** {op.norm:g}', ranges)} ** (1 / {op.norm:g})")


def _window(op: Pool, call: Call) -> tuple[str, dict[str, Size]]:
    """Return the element that a tap reads, and the ranges of the taps."""
    kernel = per_axis(op.kernel, len(call.shape) - 1)
    return call.x.at("c", *_slid(op, call)), dict(zip(TAPS, kernel, strict=False))


@EQUATIONS.implements(ConvTranspose)
def conv_transpose(op: ConvTranspose, call: Call) -> Equation:
    rank = len(call.shape) - 1
    taps, positions = TAPS[:rank], call.axes[1:]
    steps, spread, before = per_axis(op.stride, rank), per_axis(op.dilation, rank), per_axis(op.padding, rank)
    # An output position reads the input positions whose windows cover it: those at a whole multiple of the stride.
    reads = [
        f"({affine(index, 1, '', pad)} - {tap if distance == 1 else f'{distance} * {tap}'}) / {step}"
        for index, tap, step, distance, pad in zip(positions, taps, steps, spread, before, strict=True)
    ]
    width, out = call.x.shape[0] // op.groups, call.shape[0] // op.groups
    source, target = ("d", "c") if op.groups == 1 else (f"{width} * (c // {out}) + d", f"c % {out}")
    weight = call.weight("weight", source, target, *taps)
    kernel = per_axis(op.kernel, rank)
    formula = over(
        "sum", f"{weight} * {call.x.at(source, *reads)}", {"d": width, **dict(zip(taps, kernel, strict=True))}
    )
    return Equation(("c", *positions), f"{call.weight('bias', 'c')} + {formula}" if op.bias else formula)

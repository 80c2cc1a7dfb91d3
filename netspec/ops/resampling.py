"""Ops that make axes longer: padding and interpolation."""

from fractions import Fraction
from math import lcm
from typing import Literal

from pydantic import Field

from netspec.diagnostics import Code
from netspec.ops.axes import check_axes, spatial_rank
from netspec.ops.base import Op, Sample
from netspec.ops.fields import Count, Flag, Number, OpenPerAxis, OpenSides, PerAxisFactor
from netspec.ops.shape_error import ShapeError
from netspec.ops.torch_code import Argument, Torch
from netspec.ops.traits import SAME, Window, Windows
from netspec.ops.windows import check_copies, shortest
from netspec.sizes import Size, scale_down, stated
from netspec.sizes.shape import Pairs, Shape, per_axis, show, stated_shape


class Pad(Op, name="pad"):
    """Adds elements around the axes, and channels before and after.

    Formula: ``y[before + i] = x[i]``, and elsewhere the value, or the element that the mode copies.

    Shape: each axis grows by what is added before and after it; ``channels`` likewise.

    Cost: no parameters, no MACs.

    Raises: ShapeError when the sides are not one per axis, when a mode other than constant pads channels or by more
    than there is to copy.

    Example: ``- pad: {sides: [[0, 1], [0, 1]]}``

    Source: torch.nn.functional.pad.
    """

    family = "shape"
    primary = "sides"
    checks_sizes = False
    open_arguments = frozenset({"sides"})
    channel_fields = frozenset({"channels"})
    samples = (
        Sample({"sides": 1}, ((4, 3, 3),)),
        Sample({"sides": [[0, 1], [2, 3]], "value": 0.5}, ((4, 3, 3),)),
        Sample({"sides": [[0, 1], [0, 1]], "value": "lowest"}, ((4, 3, 3),)),
        Sample({"sides": 0, "channels": [2, 2]}, ((4, 3, 3),)),
        Sample({"channels": [0, 3]}, ((4,),)),
        Sample({"sides": [1, 2], "mode": "reflect"}, ((4, 3, 3),)),
        Sample({"sides": 3, "mode": "circular"}, ((4, 3),)),
        Sample({"sides": [4, 0, 1], "mode": "replicate"}, ((4, 3, 3, 3),)),
    )
    invalid_samples = (
        Sample({"sides": [1, 1]}, ((4, 3),)),
        Sample({"sides": 1}, ((4,),)),
        Sample({"sides": 3, "mode": "reflect"}, ((4, 3, 3),)),
        Sample({"sides": 4, "mode": "circular"}, ((4, 3, 3),)),
        Sample({"sides": 1, "channels": [1, 1], "mode": "reflect"}, ((4, 3, 3),)),
        Sample({"sides": 1, "mode": "reflect", "value": 1}, ((4, 3, 3),)),
    )

    sides: OpenSides = Field(0, description="Elements added around each axis.")
    channels: tuple[Count, Count] = Field((0, 0), description="Channels added before and after.")
    value: Number | Literal["lowest"] = Field(
        0.0, description="Value of constant padding; `lowest` is minus infinity, which never wins a maximum."
    )
    mode: Literal["constant", "reflect", "replicate", "circular"] = Field(
        "constant", description="Padding mode: a constant, the mirrored input, its border, or its opposite end."
    )

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        pairs = self.pairs(shape)
        if any(side < 0 for pair in pairs for side in pair):
            raise ShapeError(
                "pad adds elements, and takes none away", help="`slice` does that", code=Code.CONFLICTING_ARGUMENTS
            )
        if self.mode != "constant":
            self._check_mode(shape, pairs)
        return tuple(size + before + after for size, (before, after) in zip(shape, pairs, strict=True))

    def pairs(self, shape: Shape) -> Pairs:
        """Return what is added before and after the channels and each axis."""
        rank = len(shape) - 1
        check_axes("pad", "side", self.sides, rank)
        if rank == 0 and self.sides != 0:
            raise ShapeError(
                f"pad has no axes to pad in {show(shape)}",
                help="`channels: [0, 1]` pads a vector",
                operand=0,
                code=Code.UNSUPPORTED_SHAPE,
            )
        sides = self.sides if isinstance(self.sides, tuple) else (self.sides,) * rank
        return (self.channels, *(side if isinstance(side, tuple) else (side, side) for side in sides))

    def _check_mode(self, shape: Shape, pairs: Pairs) -> None:
        if any(self.channels) or self.value != 0:
            raise ShapeError(
                f"pad with mode {self.mode} takes neither channels nor a value",
                help="use `mode: constant`",
                code=Code.CONFLICTING_ARGUMENTS,
            )
        spatial_rank("pad", shape)
        check_copies("pad", self.mode, pairs[1:], shape)

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def canonical(self, *shapes: Shape) -> Op:
        pairs = self.pairs(shapes[0])[1:]
        if any(before != after for before, after in pairs):
            return self.with_fields(sides=pairs)
        return self.with_fields(sides=shortest(tuple(before for before, _ in pairs)) if pairs else 0)

    def emit_module(self, *shapes: Shape) -> Torch | None:
        # torch's modules pad only spatial axes.
        if any(self.channels):
            return None
        kind = {"constant": "Constant", "reflect": "Reflection", "replicate": "Replication", "circular": "Circular"}
        padding = Argument("padding", self._flat(shapes[0]), positional=True)
        module = f"nn.{kind[self.mode]}Pad{len(shapes[0]) - 1}d"
        if self.value == "lowest":
            return Torch(f"{module}({{arguments}}, float('-inf'))", (padding,))
        value = (Argument("value", self.value, positional=True),) if self.mode == "constant" else ()
        return Torch(f"{module}({{arguments}})", (padding, *value))

    def emit_function(self, *shapes: Shape) -> Torch:
        arguments = (Argument("pad", self._flat(shapes[0]), positional=True), Argument("mode", self.mode, "constant"))
        if self.value == "lowest":
            return Torch("F.pad({0}, {arguments}, value=float('-inf'))", arguments)
        return Torch("F.pad({0}, {arguments})", (*arguments, Argument("value", self.value, 0.0)))

    def _flat(self, shape: Shape) -> tuple[Size, ...]:
        pairs = self.pairs(shape)
        # torch.nn.functional.pad begins with the last axis: left, right, top, bottom, front, back.
        padded = pairs if any(self.channels) else pairs[1:]
        return tuple(number for pair in reversed(padded) for number in pair)

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        # Added elements count as padding even if the mode copies them: receptive fields count elements of the operand.
        return (tuple(Window(-stated(before), -stated(before), 1) for before, _ in self.pairs(shapes[0])),)

    def abbreviate(self, shape: Shape) -> str:
        pairs = (stated_shape(pair) for pair in self.pairs(shape))
        return ", ".join(str(before) if before == after else f"{before}+{after}" for before, after in pairs)


class Upsample(Op, name="upsample"):
    """Resizes the axes by interpolation.

    Formula: ``y[i] = x[floor(i / scale)]`` for nearest; else a weighted mean of the elements around that position.

    Shape: each axis ``floor(size * scale)``, or the given size.

    Cost: no parameters, no MACs.

    Raises: ShapeError without exactly one of scale and size, for a mode that the number of axes does not have, or when
    nothing is left of an axis.

    Example: ``- upsample: {scale: 2, mode: linear, align_corners: true}``

    Source: torch.nn.Upsample.
    """

    family = "shape"
    primary = "scale"
    keeps_input = False
    open_arguments = frozenset({"size"})
    samples = (
        Sample({"scale": 2}, ((4, 3, 5),)),
        Sample({"size": [7, 9], "mode": "bilinear", "align_corners": True}, ((4, 3, 5),)),
        Sample({"scale": [1.5, 2.6], "mode": "bicubic"}, ((4, 5, 5),)),
        Sample({"scale": 3, "mode": "linear"}, ((4, 3),)),
        Sample({"scale": 0.5, "mode": "nearest-exact"}, ((4, 7),)),
        Sample({"size": 4, "mode": "linear"}, ((4, 2, 3, 3),)),
    )
    invalid_samples = (
        Sample({}, ((4, 3, 5),)),
        Sample({"scale": 2, "size": 6}, ((4, 3, 5),)),
        Sample({"scale": 2, "mode": "bicubic"}, ((4, 3),)),
        Sample({"scale": 2, "align_corners": True}, ((4, 3, 5),)),
        Sample({"scale": 0.1}, ((4, 3, 5),)),
        Sample({"scale": 2}, ((4,),)),
        Sample({"scale": [2, 2]}, ((4, 3),)),
    )

    scale: PerAxisFactor | None = Field(None, description="Scale factor of each axis.")
    size: OpenPerAxis | None = Field(None, description="Size of each axis of the result; replaces `scale`.")
    mode: Literal["nearest", "nearest-exact", "linear", "bilinear", "trilinear", "bicubic"] = Field(
        "nearest", description="Interpolation; `linear` is bilinear for images and trilinear for volumes."
    )
    align_corners: Flag = Field(False, description="Whether the corner elements of operand and result coincide.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        rank = spatial_rank("upsample", shape)
        self._check_mode(rank)
        check_axes("upsample", "scale", self.scale, rank)
        check_axes("upsample", "size", self.size, rank)
        if self.size is not None:
            sizes = per_axis(self.size, rank)
        else:
            factors = self.scale if isinstance(self.scale, tuple) else (self.scale or 1.0,) * rank
            # torch computes floor(size * scale) in floating point, so that 10 times 0.7 is 7 and 3 times 1.1 is 3.
            sizes = tuple(scale_down(size, factor) for size, factor in zip(shape[1:], factors, strict=True))
        if any(size < 1 for size in sizes):
            raise ShapeError(
                f"upsample leaves nothing of {show(shape)}: {show(sizes)}",
                help="use a larger scale, or `size`",
                operand=0,
                code=Code.INVALID_WINDOW,
            )
        return (shape[0], *sizes)

    def _check_mode(self, rank: int) -> None:
        if (self.scale is None) == (self.size is None):
            raise ShapeError(
                "upsample needs either `scale` or `size`", help="as in `upsample: 2`", code=Code.CONFLICTING_ARGUMENTS
            )
        only = {"bilinear": 2, "trilinear": 3, "bicubic": 2}.get(self.mode, rank)
        if rank != only:
            raise ShapeError(
                f"upsample with mode {self.mode} needs {only} spatial axes, got {rank}",
                help="`mode: linear` is for any number of axes",
                operand=0,
                code=Code.UNSUPPORTED_SHAPE,
            )
        # F.interpolate raises: "align_corners option can only be set with the interpolating modes".
        if self.align_corners and self.mode.startswith("nearest"):
            raise ShapeError(
                "upsample with mode nearest has no corners to align",
                help="use `mode: linear`",
                code=Code.CONFLICTING_ARGUMENTS,
            )

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def _arguments(self, shape: Shape) -> tuple[Argument, ...]:
        linear = ("linear", "bilinear", "trilinear")[len(shape) - 2]
        return (
            Argument("size", self.size, None),
            Argument("scale_factor", self.scale, None, field="scale"),
            Argument("mode", linear if self.mode == "linear" else self.mode, "nearest"),
            Argument("align_corners", self.align_corners or None, None),
        )

    def emit_module(self, *shapes: Shape) -> Torch:
        return Torch("nn.Upsample({arguments})", self._arguments(shapes[0]))

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch("F.interpolate({0}, {arguments})", self._arguments(shapes[0]))

    def canonical(self, *shapes: Shape) -> Op:
        is_linear = self.mode in ("linear", "bilinear", "trilinear")
        scale = None if self.scale is None else shortest(self.scale)
        size = None if self.size is None else shortest(self.size)
        return self.with_fields(scale=scale, size=size, mode="linear" if is_linear else self.mode)

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        (shape,) = shapes
        scales = self.scale if isinstance(self.scale, tuple) else (self.scale,) * (len(shape) - 1)
        sizes = zip(stated_shape(shape[1:]), stated_shape(self.infer_shape(shape)[1:]), scales, strict=True)
        return ((SAME, *(self._window(*each) for each in sizes)),)

    def _window(self, size: int, out: int, scale: float | None) -> Window:
        """Return the elements around the position ``stride * o + offset``, in the operand, of a result's element."""
        # torch interpolates by the given scale, and not by that of the sizes (recompute_scale_factor is off), so the
        # two differ if a size was rounded. The text of a float is the fraction that the author meant.
        stride, offset = Fraction(size, out) if scale is None else 1 / Fraction(str(scale)), Fraction(0)
        if self.align_corners:
            # The first elements coincide, and the last.
            stride = Fraction(size - 1, max(out - 1, 1))
        elif self.mode == "nearest-exact":
            offset = stride / 2
        elif self.mode != "nearest":
            # Elements are squares of side 1: the centre of the o-th is at (o + 0.5) * stride - 0.5 of the operand.
            offset = (stride - 1) / 2
        # Rounding a position down moves it by less than 1, in steps of the fraction.
        below = offset + Fraction(1, lcm(stride.denominator, offset.denominator)) - 1
        # Bicubic interpolation reads four elements, one more on each side.
        around = {"nearest": 0, "nearest-exact": 0, "bicubic": 1}.get(self.mode, 0)
        after = {"nearest": 0, "nearest-exact": 0, "bicubic": 2}.get(self.mode, 1)
        return Window(below - around, offset + after, stride)

    def abbreviate(self, shape: Shape) -> str:
        return f"to {show(self.infer_shape(shape)[1:])}"

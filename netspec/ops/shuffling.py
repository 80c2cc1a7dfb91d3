"""Ops that rearrange channels: permute them, or turn them into positions and back."""

from fractions import Fraction

from pydantic import Field

from netspec.diagnostics import Code
from netspec.ops.axes import check_image, spatial_rank
from netspec.ops.base import Op, Sample
from netspec.ops.fields import Positive
from netspec.ops.shape_error import ShapeError
from netspec.ops.torch_code import Argument, Torch
from netspec.ops.traits import Window, Windows
from netspec.ops.windows import all_of
from netspec.sizes.shape import Shape, show


class ChannelShuffle(Op, name="channel_shuffle"):
    """Interleaves groups of channels, so that each group of the next convolution reads channels of all groups.

    Formula: ``y[i * groups + g] = x[g * C / groups + i]``

    Shape: any shape with 1 to 3 spatial axes, unchanged.

    Cost: no parameters, no MACs.

    Raises: ShapeError when the groups do not divide the channels.

    Example: ``- channel_shuffle: 3``

    Source: torch.nn.ChannelShuffle; Zhang et al. 2017, arXiv:1707.01083.
    """

    family = "shape"
    primary = "groups"
    channel_fields = frozenset({"groups"})
    input_dtype = "any"
    moves_elements = True
    may_alias = True  # with a single group, on some devices
    keeps_input = False
    samples = (
        Sample({"groups": 2}, ((6, 3, 3),)),
        Sample({"groups": 1}, ((6, 3, 3),)),
        Sample({"groups": 6}, ((6, 5),)),
        Sample({"groups": 3}, ((6, 2, 2, 2),)),
    )
    invalid_samples = (Sample({"groups": 4}, ((6, 3, 3),)), Sample({"groups": 2}, ((6,),)))

    groups: Positive = Field(description="Number of groups of channels that are interleaved.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        spatial_rank("channel_shuffle", shape)
        if shape[0] % self.groups:
            raise ShapeError(
                f"channel_shuffle with {self.groups} groups needs channels that {self.groups} divides, "
                f"and has {shape[0]:d}",
                help=f"make the channels a multiple of {self.groups}",
                operand=0,
                code=Code.INDIVISIBLE_CHANNELS,
            )
        return shape

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_module(self, *shapes: Shape) -> Torch:
        return Torch(
            "nn.ChannelShuffle({arguments})", (Argument("groups", self.groups, positional=True, counts="channels"),)
        )

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch(
            "torch.channel_shuffle({0}, {arguments})",
            (Argument("groups", self.groups, positional=True, counts="channels"),),
        )

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        # Receptive fields distinguish positions, not channels.
        return (all_of(0, shapes[0]),)

    def abbreviate(self, shape: Shape) -> str:
        return f"g{self.groups}"


class PixelShuffle(Op, name="pixel_shuffle"):
    """Rearranges the channels of each position into a square of positions.

    Formula: ``y[c, h * factor + i, w * factor + j] = x[c * factor ** 2 + i * factor + j, h, w]``

    Shape: ``C * factor ** 2 x H x W`` to ``C x H * factor x W * factor``.

    Cost: no parameters, no MACs.

    Raises: ShapeError for anything but an image, or when the square of the factor does not divide the channels.

    Example: ``- pixel_shuffle: 2``

    Source: torch.nn.PixelShuffle; Shi et al. 2016, arXiv:1609.05158.
    """

    family = "shape"
    primary = "factor"
    input_dtype = "any"
    moves_elements = True
    keeps_input = False
    samples = (Sample({"factor": 2}, ((8, 3, 4),)), Sample({"factor": 1}, ((8, 3, 4),)))
    invalid_samples = (Sample({"factor": 2}, ((6, 3, 3),)), Sample({"factor": 2}, ((8, 3),)))

    factor: Positive = Field(description="Scale factor of height and width.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        square = self.factor**2
        check_image("pixel_shuffle", shape)
        if shape[0] % square:
            raise ShapeError(
                f"pixel_shuffle by {self.factor} needs channels that {square} divides, and has {shape[0]:d}",
                help=f"make the channels a multiple of {square}",
                operand=0,
                code=Code.INDIVISIBLE_CHANNELS,
            )
        return (shape[0] // square, shape[1] * self.factor, shape[2] * self.factor)

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_module(self, *shapes: Shape) -> Torch:
        return Torch(
            "nn.PixelShuffle({arguments})", (Argument("upscale_factor", self.factor, positional=True, field="factor"),)
        )

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch(
            "F.pixel_shuffle({0}, {arguments})",
            (Argument("upscale_factor", self.factor, positional=True, field="factor"),),
        )

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        # `factor` neighbours of the result read each position: o // factor, as a window with one whole number.
        repeated = Window(Fraction(1 - self.factor, self.factor), 0, Fraction(1, self.factor))
        return ((None, repeated, repeated),)

    def abbreviate(self, shape: Shape) -> str:
        return f"x{self.factor}"


class PixelUnshuffle(Op, name="pixel_unshuffle"):
    """Rearranges squares of positions into channels of one position, as `pixel_shuffle` does backwards.

    Formula: ``y[c * factor ** 2 + i * factor + j, h, w] = x[c, h * factor + i, w * factor + j]``

    Shape: ``C x H x W`` to ``C * factor ** 2 x H / factor x W / factor``.

    Cost: no parameters, no MACs.

    Raises: ShapeError for anything but an image, or when the factor does not divide height and width.

    Example: ``- pixel_unshuffle: 2``

    Source: torch.nn.PixelUnshuffle.
    """

    family = "shape"
    primary = "factor"
    input_dtype = "any"
    moves_elements = True
    keeps_input = False
    samples = (Sample({"factor": 2}, ((3, 4, 6),)), Sample({"factor": 1}, ((3, 4, 5),)))
    invalid_samples = (Sample({"factor": 2}, ((3, 4, 5),)), Sample({"factor": 2}, ((3, 4),)))

    factor: Positive = Field(description="Factor by which height and width shrink.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        check_image("pixel_unshuffle", shape)
        if any(size % self.factor for size in shape[1:]):
            raise ShapeError(
                f"pixel_unshuffle by {self.factor} needs height and width that {self.factor} divides, "
                f"and has {show(shape)}",
                help="`pad` or `slice` before it",
                operand=0,
                code=Code.INVALID_WINDOW,
            )
        return (shape[0] * self.factor**2, shape[1] // self.factor, shape[2] // self.factor)

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_module(self, *shapes: Shape) -> Torch:
        return Torch("nn.PixelUnshuffle({arguments})", self._arguments())

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch("F.pixel_unshuffle({0}, {arguments})", self._arguments())

    def _arguments(self) -> tuple[Argument, ...]:
        return (Argument("downscale_factor", self.factor, positional=True, field="factor"),)

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        square = Window(0, self.factor - 1, self.factor)
        return ((None, square, square),)

    def abbreviate(self, shape: Shape) -> str:
        return f"/{self.factor}"

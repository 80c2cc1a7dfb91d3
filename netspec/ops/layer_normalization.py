"""Normalization over the last axes of each example, or over its channels."""

from typing import ClassVar

from pydantic import Field

from netspec.diagnostics import Code
from netspec.ops.base import Op, Sample
from netspec.ops.fields import Flag, NormalizedAxes, PositiveNumber
from netspec.ops.shape_error import ShapeError
from netspec.ops.torch_code import Argument, Torch
from netspec.ops.traits import SAME, Windows
from netspec.sizes.shape import Shape, show


class FeatureNorm(Op):
    """What ops share that normalize the last axes of each example, or its channels."""

    family = "normalization"
    primary = "axes"
    torch_name: ClassVar[str]
    channel_layer: ClassVar[str]
    """The file of the class that normalizes channels which come first."""

    axes: NormalizedAxes = Field(
        1, description="Number of axes, from the last, that are normalized together; or `channels`, the first axis."
    )
    eps: PositiveNumber = Field(1e-5, description="Added to the variance before the square root.")
    affine: Flag = Field(True, description="Whether to scale and shift by trainable numbers.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        self.normalized(shapes[0])
        return shapes[0]

    def normalized(self, shape: Shape) -> Shape:
        """Return the sizes of the axes that are normalized together."""
        return tuple(shape[index] for index in self.indices(shape))

    def indices(self, shape: Shape) -> range:
        """Return the indices of the axes that are normalized together."""
        if self.axes == "channels":
            return range(1)
        if self.axes > len(shape):
            raise ShapeError(
                f"{self.name} over {self.axes} axes gets {show(shape)}, which has {len(shape)}",
                help=f"the features are inferred: write `- {self.name}`"
                if self.axes == shape[-1]
                else f"use `axes: {len(shape)}` for all of them",
                operand=0,
                code=Code.INVALID_AXIS,
            )
        return range(len(shape) - self.axes, len(shape))

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def canonical(self, *shapes: Shape) -> Op:
        # The channels of a vector are its last axis.
        return self.with_fields(axes=1) if self.axes == "channels" and len(shapes[0]) == 1 else self

    @property
    def trains_last_axis(self) -> bool:
        return self.axes == 1

    @property
    def strided(self) -> bool:
        return self.axes == "channels"

    def emit_module(self, *shapes: Shape) -> Torch:
        normalized = self.normalized(shapes[0])
        shape = Argument(
            "normalized_shape",
            normalized if len(normalized) > 1 else normalized[0],
            positional=True,
            counts="in_channels",
        )
        is_last = self.indices(shapes[0])[-1] == len(shapes[0]) - 1
        name, layer = (f"nn.{self.torch_name}", None) if is_last else (f"Channel{self.torch_name}", self.channel_layer)
        return Torch(f"{name}({{arguments}})", (shape, *self.norm_arguments()), layer=layer)

    def norm_arguments(self) -> tuple[Argument, ...]:
        """Return the arguments of torch's layer beside the shape."""
        raise NotImplementedError

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        indices = self.indices(shapes[0])
        return (tuple(None if index in indices else SAME for index in range(len(shapes[0]))),)


class LayerNorm(FeatureNorm, name="ln"):
    """Normalizes the last axis of each example, then scales and shifts every element.

    Formula: ``y = (x - mean) / sqrt(variance + eps) * weight + bias``, with the moments over the last ``axes`` axes, or
    over the channels of each position.

    Shape: any, unchanged. `axes: 3` is all of an image, `axes: channels` the channels of each of its positions.

    Cost: two parameters per element of the normalized axes; no MACs.

    Raises: ShapeError when there are not that many axes.

    Example: ``- ln: {axes: channels, eps: 1e-6}``

    Source: torch.nn.LayerNorm; Ba et al. 2016, arXiv:1607.06450.
    """

    torch_name = "LayerNorm"
    channel_layer = "channel_layer_norm"
    samples = (
        Sample({}, ((8,),)),
        Sample({"eps": 1e-6}, ((7, 8),)),
        Sample({}, ((2, 7, 8),)),
        Sample({"axes": 3, "bias": False}, ((4, 5, 6),)),
        Sample({"axes": 2, "affine": False}, ((4, 5),)),
        Sample({"axes": "channels", "eps": 1e-6}, ((4, 5, 6),)),
        Sample({"axes": "channels"}, ((4,),)),
        Sample({"axes": "channels", "bias": False}, ((4, 5),)),
    )
    invalid_samples = (Sample({"axes": 3}, ((4, 5),)),)

    bias: Flag = Field(True, description="Whether to shift; without it `affine` scales only.")

    def list_parameters(self, *shapes: Shape) -> dict[str, Shape]:
        names = ("weight", "bias")[: self.affine + (self.affine and self.bias)]
        return dict.fromkeys(names, self.normalized(shapes[0]))

    def canonical(self, *shapes: Shape) -> Op:
        plain = super().canonical(*shapes)
        return plain if self.affine else plain.with_fields(bias=True)

    def norm_arguments(self) -> tuple[Argument, ...]:
        return (
            Argument("eps", self.eps, 1e-5),
            Argument("elementwise_affine", self.affine, True),
            Argument("bias", self.bias, True),
        )


class RMSNorm(FeatureNorm, name="rms_norm"):
    """Divides the last axis of each example by its root mean square, then scales every element.

    Formula: ``y = x / sqrt(mean of x ** 2 + eps) * weight``, with the mean over the last ``axes`` axes, or over the
    channels of each position.

    Shape: any, unchanged.

    Cost: one parameter per element of the normalized axes; no MACs.

    Raises: ShapeError when there are not that many axes.

    Example: ``- rms_norm``

    Source: torch.nn.RMSNorm; Zhang and Sennrich 2019, arXiv:1910.07467.
    """

    torch_name = "RMSNorm"
    channel_layer = "channel_rms_norm"
    samples = (
        Sample({}, ((8,),)),
        Sample({"eps": 1e-5}, ((2, 7, 8),)),
        Sample({"axes": 2, "affine": False}, ((4, 5),)),
        Sample({"axes": "channels"}, ((4, 5, 6),)),
    )
    invalid_samples = (Sample({"axes": 3}, ((4, 5),)),)

    # torch's own default is the precision of the dtype, with which a network would differ from itself in bfloat16.
    eps: PositiveNumber = Field(1e-6, description="Added to the mean square before the square root.")
    affine: Flag = Field(True, description="Whether to scale by trainable numbers.")

    def list_parameters(self, *shapes: Shape) -> dict[str, Shape]:
        return {"weight": self.normalized(shapes[0])} if self.affine else {}

    def norm_arguments(self) -> tuple[Argument, ...]:
        return Argument("eps", self.eps), Argument("elementwise_affine", self.affine, True)

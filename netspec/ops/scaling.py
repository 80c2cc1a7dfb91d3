"""Multiplying by a constant, or by a trainable number per channel."""

from pydantic import Field

from netspec.ops.base import Op, Sample
from netspec.ops.fields import Flag, Number
from netspec.ops.torch_code import Argument, Torch
from netspec.sizes.shape import Shape


class Scale(Op, name="scale"):
    """Multiplies by a constant.

    Formula: ``y = by * x``

    Shape: any, unchanged.

    Cost: no parameters; no MACs, since nothing is accumulated.

    Example: ``- scale: 0.17``

    Source: torch.mul.
    """

    keeps_layout = True
    family = "activation"
    primary = "by"
    keeps_input = False
    samples = (Sample({"by": 0.5}, ((4, 3, 3),)), Sample({"by": 2}, ((5,),)))

    by: Number = Field(description="The factor.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        return shape

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch("{0} * {by}", (Argument("by", self.by),))

    def abbreviate(self, shape: Shape) -> str:
        return f"x{self.by:g}"


class ChannelAffine(Op, name="channel_affine"):
    """Multiplies each channel by a trainable number and adds another; LeNet's sub-sampling ends with it.

    Formula: ``y[c] = weight[c] * x[c] + bias[c]``

    Shape: any, unchanged.

    Cost: two parameters per channel, one without bias; no MACs, since nothing is accumulated.

    Example: ``- channel_affine``

    Source: LeCun et al. 1998, section II.B. The weights are initialized with one, the biases with zero.
    """

    keeps_layout = True
    family = "normalization"
    samples = (
        Sample({}, ((4, 3, 3),)),
        Sample({"bias": False}, ((4, 7),)),
        Sample({}, ((5,),)),
        Sample({}, ((2, 3, 4, 5),)),
    )

    # The paper's sub-sampling maps have "a trainable coefficient" and "a trainable bias".
    bias: Flag = Field(True, description="Whether to add a trainable constant to each channel.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        return shape

    def list_parameters(self, *shapes: Shape) -> dict[str, Shape]:
        channels = shapes[0][:1]
        return {"weight": channels, "bias": channels} if self.bias else {"weight": channels}

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_module(self, *shapes: Shape) -> Torch:
        (shape,) = shapes
        arguments = (
            Argument("channels", shape[0], positional=True, counts="in_channels"),
            Argument("axes", len(shape) - 1),
            Argument("bias", self.bias, True),
        )
        return Torch("ChannelAffine({arguments})", arguments, layer="channel_affine")

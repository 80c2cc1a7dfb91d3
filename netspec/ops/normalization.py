"""Normalization by mean and variance, with a scale and a shift per channel."""

from pydantic import Field

from netspec.diagnostics import Code
from netspec.ops.axes import spatial_rank
from netspec.ops.base import Op, Sample
from netspec.ops.fields import Flag, Positive, PositiveNumber, Probability
from netspec.ops.shape_error import ShapeError
from netspec.ops.torch_code import Argument, Torch
from netspec.ops.traits import SAME, Windows
from netspec.sizes.shape import Shape, elements, show


class BatchNorm(Op, name="bn"):
    """Normalizes each channel over the batch, then scales and shifts it.

    Formula: ``y = (x - mean) / sqrt(variance + eps) * weight + bias``, with the batch's moments in training and the
    running ones in evaluation.

    Shape: any shape of rank 0 to 3, unchanged.

    Cost: two parameters per channel (running statistics are not trainable and not counted); no MACs.

    Raises: ShapeError for more than three axes.

    Example: ``- bn: {eps: 1e-3}``

    Source: torch.nn.BatchNorm1d, BatchNorm2d, BatchNorm3d; Ioffe and Szegedy 2015, arXiv:1502.03167.
    """

    family = "normalization"
    depends_on_mode = True
    samples = (
        Sample({}, ((8, 5, 5),)),
        Sample({"eps": 1e-3, "momentum": 0.01}, ((8,),)),
        Sample({"affine": False}, ((8, 7),)),
        Sample({}, ((4, 3, 3, 3),)),
    )
    invalid_samples = (Sample({}, ((4, 3, 3, 3, 3),)),)

    eps: PositiveNumber = Field(1e-5, description="Added to the variance before the square root.")
    # torch's convention: the weight of the new batch. TensorFlow's momentum of 0.9 is 0.1 here.
    momentum: Probability = Field(0.1, description="Weight of the new batch in the running statistics.")
    affine: Flag = Field(True, description="Whether to scale and shift by trainable numbers.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        if len(shape) > 4:
            raise ShapeError(
                f"bn supports at most 3 spatial axes, got {show(shape)}",
                help="`reshape` makes fewer of them",
                operand=0,
                code=Code.UNSUPPORTED_SHAPE,
            )
        return shape

    def list_parameters(self, *shapes: Shape) -> dict[str, Shape]:
        return _weight_and_bias(shapes[0]) if self.affine else {}

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_module(self, *shapes: Shape) -> Torch:
        # torch.nn.BatchNorm1d is for vectors as well as signals.
        rank = max(len(shapes[0]) - 1, 1)
        return Torch(
            f"nn.BatchNorm{rank}d({{arguments}})",
            (
                Argument("num_features", shapes[0][0], positional=True, counts="in_channels"),
                Argument("eps", self.eps, 1e-5),
                Argument("momentum", self.momentum, 0.1),
                Argument("affine", self.affine, True),
            ),
        )


class GroupNorm(Op, name="gn"):
    """Normalizes groups of channels of each example, then scales and shifts each channel.

    Formula: ``y = (x - mean) / sqrt(variance + eps) * weight + bias``, with the moments of a group of channels.

    Shape: any, unchanged.

    Cost: two parameters per channel; no MACs.

    Raises: ShapeError when the groups do not divide the channels, or when a group is a single value: its variance
    would be zero.

    Example: ``- gn: {groups: 32}``

    Source: torch.nn.GroupNorm; Wu and He 2018, arXiv:1803.08494.
    """

    family = "normalization"
    primary = "groups"
    channel_fields = frozenset({"groups"})
    samples = (
        Sample({"groups": 2}, ((8, 5, 5),)),
        Sample({"groups": 8, "eps": 1e-3}, ((8, 7),)),
        Sample({"groups": 1, "affine": False}, ((4, 3, 3, 3),)),
        Sample({"groups": 2}, ((8,),)),
    )
    invalid_samples = (
        Sample({"groups": 3}, ((8, 5, 5),)),
        Sample({"groups": 8}, ((8,),)),
        Sample({"groups": 8}, ((8, 1, 1),)),
    )

    groups: Positive = Field(description="Number of groups of channels that are normalized together.")
    eps: PositiveNumber = Field(1e-5, description="Added to the variance before the square root.")
    affine: Flag = Field(True, description="Whether to scale and shift by trainable numbers.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        if shape[0] % self.groups:
            raise ShapeError(
                f"gn with {self.groups} groups needs channels that {self.groups} divides, and has {shape[0]:d}",
                help=f"make the channels a multiple of {self.groups}",
                operand=0,
                code=Code.INDIVISIBLE_CHANNELS,
            )
        # F.group_norm refuses this only for a batch of one. For any other the result is the bias, whatever the operand
        # is.
        if elements(shape) == self.groups:
            raise ShapeError(
                f"gn needs more than one value per group, and makes {self.groups} groups of {show(shape)}",
                help="use fewer groups, or put it before the pooling",
                operand=0,
                code=Code.UNSUPPORTED_SHAPE,
            )
        return shape

    def list_parameters(self, *shapes: Shape) -> dict[str, Shape]:
        return _weight_and_bias(shapes[0]) if self.affine else {}

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_module(self, *shapes: Shape) -> Torch:
        return Torch(
            "nn.GroupNorm({arguments})",
            (
                Argument("num_groups", self.groups, positional=True, field="groups", counts="channels"),
                Argument("num_channels", shapes[0][0], positional=True, counts="in_channels"),
                Argument("eps", self.eps, 1e-5),
                Argument("affine", self.affine, True),
            ),
        )

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return ((None,) * len(shapes[0]),)

    def abbreviate(self, shape: Shape) -> str:
        return f"g{self.groups}"


class InstanceNorm(Op, name="in"):
    """Normalizes each channel of each example.

    Formula: ``y = (x - mean) / sqrt(variance + eps)``, with the moments of one channel's map in both modes, and then
    ``y * weight + bias`` with ``affine``.

    Shape: any shape with 1 to 3 spatial axes and more than one position, unchanged.

    Cost: no parameters, as in torch; two per channel with ``affine: true``; no MACs.

    Raises: ShapeError for a value without axes, or with a single position: its variance would be zero.

    Example: ``- in: {affine: true}``

    Source: torch.nn.InstanceNorm1d, InstanceNorm2d, InstanceNorm3d; Ulyanov et al. 2016, arXiv:1607.08022.
    """

    family = "normalization"
    samples = (
        Sample({}, ((8, 5, 5),)),
        Sample({"affine": True, "eps": 1e-3}, ((8, 7),)),
        Sample({}, ((4, 3, 3, 3),)),
    )
    invalid_samples = (Sample({}, ((8,),)), Sample({}, ((8, 1, 1),)))

    eps: PositiveNumber = Field(1e-5, description="Added to the variance before the square root.")
    # torch.nn.InstanceNorm2d scales and shifts only if asked to, unlike torch.nn.BatchNorm2d.
    affine: Flag = Field(False, description="Whether to scale and shift by trainable numbers.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        spatial_rank("in", shape)
        # F.instance_norm: "Expected more than 1 spatial element when training".
        if elements(shape[1:]) == 1:
            raise ShapeError(
                f"in needs more than one position, got {show(shape)}",
                help="put it before the pooling",
                operand=0,
                code=Code.UNSUPPORTED_SHAPE,
            )
        return shape

    def list_parameters(self, *shapes: Shape) -> dict[str, Shape]:
        return _weight_and_bias(shapes[0]) if self.affine else {}

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_module(self, *shapes: Shape) -> Torch:
        return Torch(
            f"nn.InstanceNorm{len(shapes[0]) - 1}d({{arguments}})",
            (
                Argument("num_features", shapes[0][0], positional=True, counts="in_channels"),
                Argument("eps", self.eps, 1e-5),
                Argument("affine", self.affine, False),
            ),
        )

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return ((SAME, *(None,) * (len(shapes[0]) - 1)),)


def _weight_and_bias(shape: Shape) -> dict[str, Shape]:
    return {"weight": shape[:1], "bias": shape[:1]}

"""Normalization layers."""

from __future__ import annotations

from pydantic import Field

from netspec.ops.base import Argument, Op, Sample, ShapeError, Torch
from netspec.ops.fields import Flag, PositiveNumber, Probability
from netspec.shape import Shape, show


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
    faults = (Sample({}, ((4, 3, 3, 3, 3),)),)

    eps: PositiveNumber = Field(1e-5, description="Added to the variance before the square root.")
    momentum: Probability = Field(0.1, description="Weight of the new batch in the running statistics.")
    affine: Flag = Field(True, description="Whether to scale and shift by trainable numbers.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        if len(shape) > 4:
            raise ShapeError(f"bn takes at most 3 axes beside the channels, and gets {show(shape)}", operand=0)
        return shape

    def list_parameters(self, *shapes: Shape) -> dict[str, Shape]:
        channels = shapes[0][:1]
        return {"weight": channels, "bias": channels} if self.affine else {}

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_module(self, *shapes: Shape) -> Torch:
        rank = max(len(shapes[0]) - 1, 1)
        return Torch(
            f"nn.BatchNorm{rank}d({{arguments}})",
            (
                Argument("num_features", shapes[0][0], positional=True),
                Argument("eps", self.eps, 1e-5),
                Argument("momentum", self.momentum, 0.1),
                Argument("affine", self.affine, True),
            ),
        )

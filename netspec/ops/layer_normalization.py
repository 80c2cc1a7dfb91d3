"""Normalization over the last axes of each example."""

from pydantic import Field

from netspec.diagnostics import Code
from netspec.ops.base import Argument, Op, Sample, ShapeError, Torch
from netspec.ops.fields import Flag, Positive, PositiveNumber
from netspec.ops.traits import SAME, Windows
from netspec.sizes.shape import Shape, show, stated_shape


class LayerNorm(Op, name="ln"):
    """Normalizes the last axes of each example, then scales and shifts every element.

    Formula: ``y = (x - mean) / sqrt(variance + eps) * weight + bias``, with the moments over the last ``axes`` axes.

    Shape: any, unchanged. Vectors and sequences are normalized over their last axis; for more axes ``axes`` says how
    many, since there is no usual choice: 3 is all of an image.

    Cost: two parameters per element of the normalized axes; no MACs.

    Raises: ShapeError when there are not that many axes, or when an image does not say how many.

    Example: ``- ln: {axes: 1}``

    Source: torch.nn.LayerNorm; Ba et al. 2016, arXiv:1607.06450.
    """

    family = "normalization"
    primary = "axes"
    samples = (
        Sample({}, ((8,),)),
        Sample({"eps": 1e-6}, ((7, 8),)),
        Sample({"axes": 3, "bias": False}, ((4, 5, 6),)),
        Sample({"axes": 2, "affine": False}, ((4, 5),)),
    )
    invalid_samples = (Sample({"axes": 3}, ((4, 5),)), Sample({}, ((4, 5, 6),)))

    axes: Positive | None = Field(None, description="Number of axes, from the last, that are normalized together.")
    eps: PositiveNumber = Field(1e-5, description="Added to the variance before the square root.")
    affine: Flag = Field(True, description="Whether to scale and shift by trainable numbers.")
    bias: Flag = Field(True, description="Whether to shift; without it `affine` scales only.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        self.normalized(shapes[0])
        return shapes[0]

    def normalized(self, shape: Shape) -> Shape:
        """Return the sizes of the axes that are normalized together."""
        # ConvNeXt normalizes the channels of each position of an image, the example in torch.nn.LayerNorm all of it: a
        # default would be wrong for many networks, which no shape would reveal.
        if self.axes is None and len(shape) > 2:
            raise ShapeError(
                f"ln needs to know over how many axes of {show(shape)} it normalizes",
                help=f"`axes: {len(shape)}` is all of them, as in `nn.LayerNorm({list(stated_shape(shape))})`",
                operand=0,
                code=Code.CONFLICTING_ARGUMENTS,
            )
        count = self.axes or 1
        if count > len(shape):
            raise ShapeError(
                f"ln over {count} axes gets {show(shape)}, which has {len(shape)}",
                help=f"use `axes: {len(shape)}` for all of them",
                operand=0,
                code=Code.INVALID_AXIS,
            )
        return shape[-count:]

    def list_parameters(self, *shapes: Shape) -> dict[str, Shape]:
        normalized = self.normalized(shapes[0])
        names = ("weight", "bias")[: self.affine + (self.affine and self.bias)]
        return dict.fromkeys(names, normalized)

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def canonical(self, *shapes: Shape) -> Op:
        return self.with_fields(axes=self.axes or 1, bias=self.bias if self.affine else True)

    def emit_module(self, *shapes: Shape) -> Torch:
        normalized = self.normalized(shapes[0])
        return Torch(
            "nn.LayerNorm({arguments})",
            (
                Argument(
                    "normalized_shape",
                    normalized if len(normalized) > 1 else normalized[0],
                    positional=True,
                    counts="in_channels",
                ),
                Argument("eps", self.eps, 1e-5),
                Argument("elementwise_affine", self.affine, True),
                Argument("bias", self.bias, True),
            ),
        )

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        count = len(self.normalized(shapes[0]))
        return (((SAME,) * (len(shapes[0]) - count) + (None,) * count),)

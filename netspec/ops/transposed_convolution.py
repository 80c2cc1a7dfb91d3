"""Transposed convolutions of rank 1, 2 and 3."""

from fractions import Fraction
from typing import Any

from pydantic import Field

from netspec.diagnostics import Code
from netspec.ops.axes import check_axes, spatial_rank
from netspec.ops.base import Op, Sample
from netspec.ops.fields import PerAxis, PerAxisCount, Positive
from netspec.ops.shape_error import ShapeError
from netspec.ops.torch_code import Argument, Torch
from netspec.ops.traits import Window, Windows
from netspec.ops.weighted import (
    Bias,
    KernelParametrization,
    Weight,
    Weighted,
    parametrization_field,
    weight_field,
)
from netspec.ops.windows import SlidingWindow, shortest
from netspec.sizes import Size
from netspec.sizes.shape import Shape, elements, per_axis, show


class ConvTranspose(Weighted, name="conv_transpose"):
    """Adds a filter for every element, times that element: the gradient of `conv`, which makes axes longer.

    Formula: ``y[o, i * stride + j * dilation] += weight[c, o, j] * x[c, i]`` over all channels c of a group.

    Shape: ``C x ...`` to ``out x ...``, each axis ``(size - 1) * stride - 2 * padding + dilation * (kernel - 1) +
    output_padding + 1``.

    Cost: ``C * (out / groups) * kernel`` weights and ``out`` biases; one MAC per weight and input position.

    Raises: ShapeError when nothing is left after the padding, when the groups divide neither C nor out, or when
    output_padding is smaller than neither the stride nor the dilation.

    Example: ``- conv_transpose: {out: 64, kernel: 4, stride: 2, padding: 1}``

    Source: torch.nn.ConvTranspose1d, ConvTranspose2d, ConvTranspose3d; Zeiler et al. 2010.
    """

    family = "convolution"
    counts_as_layer = True
    said_by_weight = ("out", "kernel")
    channel_fields = frozenset({"out", "groups"})
    samples = (
        Sample({"out": 8, "kernel": 4, "stride": 2, "padding": 1}, ((4, 5, 5),)),
        Sample({"out": 6, "kernel": [3, 2], "stride": [2, 3], "output_padding": [1, 2]}, ((4, 5, 6),)),
        Sample({"out": 6, "kernel": 3, "groups": 2, "bias": False, "dilation": 2}, ((4, 7),)),
        Sample({"out": 3, "kernel": 2, "stride": 2}, ((4, 2, 3, 4),)),
        Sample({"out": 6, "kernel": 2, "groups": 2, "weight": "given", "bias": "given"}, ((4, 7), (4, 3, 2), (6,))),
        Sample({"out": 6, "kernel": 2, "stride": 2, "bias": "given"}, ((4, 3, 5), (6,))),
    )
    invalid_samples = (
        Sample({"out": 8, "kernel": 4}, ((4,),)),
        Sample({"out": 8, "kernel": 2, "padding": 3}, ((4, 3, 3),)),
        Sample({"out": 8, "kernel": 3, "groups": 3}, ((4, 7, 7),)),
        Sample({"out": 8, "kernel": 3, "stride": 2, "output_padding": 2}, ((4, 7, 7),)),
        Sample({"out": 8, "kernel": [3, 3, 3]}, ((4, 7, 7),)),
        Sample({"out": 6, "kernel": 2, "weight": "given", "bias": False}, ((4, 7), (6, 4, 2))),
    )

    out: Positive = Field(description="Number of output channels.")
    kernel: PerAxis = Field(description="Size of the filters, in elements.")
    stride: PerAxis = Field(1, description="Distance between the windows of two neighbouring elements.")
    padding: PerAxisCount = Field(0, description="Elements cropped from both ends of the result.")
    output_padding: PerAxisCount = Field(0, description="Elements added after the result; smaller than the stride.")
    groups: Positive = Field(1, description="Number of groups of channels that are convolved separately.")
    bias: Bias = Field(True, description="Whether each channel adds a trainable constant, or a tensor with them.")
    dilation: PerAxis = Field(1, description="Distance between two taps of a filter, in elements.")
    weight: Weight = weight_field()
    parametrize: KernelParametrization | None = parametrization_field(of_matrix=False)

    def infer_shape(self, *shapes: Shape) -> Shape:
        shape = shapes[0]
        rank = spatial_rank("conv_transpose", shape)
        for field in ("kernel", "stride", "padding", "output_padding", "dilation"):
            check_axes("conv_transpose", field, getattr(self, field), rank)
        self._check_groups(shape)
        self._check_output_padding(rank)
        sizes = tuple(
            (size - 1) * stride - 2 * padding + dilation * (kernel - 1) + extra + 1
            for size, kernel, stride, padding, dilation, extra in zip(shape[1:], *self._per_axis(rank), strict=True)
        )
        if any(size < 1 for size in sizes):
            raise ShapeError(
                f"conv_transpose leaves nothing of {show(shape)}: the result would be {show(sizes)}",
                help="use less padding or a larger kernel",
                operand=0,
                code=Code.INVALID_WINDOW,
            )
        self.check_weights(*shapes)
        return (self.out, *sizes)

    def _per_axis(self, rank: int) -> tuple[tuple[int, ...], ...]:
        values = (self.kernel, self.stride, self.padding, self.dilation, self.output_padding)
        return tuple(per_axis(value, rank) for value in values)

    def _check_groups(self, shape: Shape) -> None:
        if shape[0] % self.groups or self.out % self.groups:
            raise ShapeError(
                f"conv_transpose with {self.groups} groups needs channels that {self.groups} divides, "
                f"and has {shape[0]:d} in and {self.out} out",
                help=f"make both a multiple of {self.groups}",
                operand=0 if shape[0] % self.groups else None,
                code=Code.INDIVISIBLE_CHANNELS,
            )

    def _check_output_padding(self, rank: int) -> None:
        # torch: "output padding must be smaller than either stride or dilation". A convolution with a stride maps
        # several sizes to the same one; output_padding chooses among them, and there are no more than that.
        _, strides, _, dilations, extras = self._per_axis(rank)
        if any(
            extra >= max(stride, dilation) for extra, stride, dilation in zip(extras, strides, dilations, strict=True)
        ):
            raise ShapeError(
                f"conv_transpose needs output_padding smaller than its stride or dilation, and has {show(extras)}",
                help="it only chooses between the sizes that the stride makes equal",
                code=Code.INVALID_WINDOW,
            )

    def weight_shapes(self, *shapes: Shape) -> dict[str, Shape]:
        shape = shapes[0]
        # torch.nn.ConvTranspose2d.weight begins with the input channels, unlike that of torch.nn.Conv2d: it is the
        # weight of the convolution whose gradient this is.
        weight = (shape[0], self.out // self.groups, *per_axis(self.kernel, len(shape) - 1))
        return {"weight": weight, "bias": (self.out,)} if self.bias else {"weight": weight}

    @classmethod
    def sizes_of(cls, weight: Shape, values: dict[str, Any]) -> dict[str, Any]:
        groups = values.get("groups", 1)
        return {"out": weight[1] * groups, "kernel": shortest(tuple(map(int, weight[2:])))} if len(weight) > 2 else {}

    def count_macs(self, *shapes: Shape) -> Size:
        return elements(self.weight_shapes(*shapes)["weight"]) * elements(shapes[0][1:])

    def emit_function(self, *shapes: Shape) -> Torch | None:
        if not self.is_function:
            return None
        weights = ", ".join(f"{{{position}}}" for position in range(len(shapes)))
        arguments = (
            Argument("stride", shortest(self.stride), 1),
            Argument("padding", shortest(self.padding), 0),
            Argument("output_padding", shortest(self.output_padding), 0),
            Argument("groups", self.groups, 1, counts="channels"),
            Argument("dilation", shortest(self.dilation), 1),
        )
        name = f"F.conv_transpose{spatial_rank('conv_transpose', shapes[0])}d"
        return Torch(f"{name}({weights}, {{arguments}})", arguments)

    def emit_module(self, *shapes: Shape) -> Torch | None:
        if self.is_function:
            return None
        shape = shapes[0]
        arguments = (
            Argument("in_channels", shape[0], positional=True, counts="in_channels"),
            Argument("out_channels", self.out, positional=True, field="out", counts="channels"),
            Argument("kernel_size", shortest(self.kernel), positional=True, field="kernel"),
            Argument("stride", shortest(self.stride), 1),
            Argument("padding", shortest(self.padding), 0),
            Argument("output_padding", shortest(self.output_padding), 0),
            Argument("groups", self.groups, 1, counts="channels"),
            Argument("bias", bool(self.bias), True),
            Argument("dilation", shortest(self.dilation), 1),
        )
        return Torch(f"nn.ConvTranspose{spatial_rank('conv_transpose', shape)}d({{arguments}})", arguments)

    def canonical(self, *shapes: Shape) -> Op:
        per_axis_fields = ("kernel", "stride", "padding", "output_padding", "dilation")
        return self.with_fields(**{field: shortest(getattr(self, field)) for field in per_axis_fields})

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        kernels, strides, paddings, dilations, _ = self._per_axis(len(shapes[0]) - 1)
        # An element of the result reads the positions whose windows cover it, which are a fraction of the stride apart.
        spread = tuple(
            Window(Fraction(padding - dilation * (kernel - 1), stride), Fraction(padding, stride), Fraction(1, stride))
            for kernel, stride, padding, dilation in zip(kernels, strides, paddings, dilations, strict=True)
        )
        return self.with_weights((None, *spread), *shapes)

    def abbreviate(self, shape: Shape) -> str:
        return SlidingWindow(self.kernel, self.stride).abbreviate(len(shape) - 1)

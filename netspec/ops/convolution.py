"""Convolutions of rank 1, 2 and 3."""

from typing import Any, Literal, Self

from pydantic import Field

from netspec.diagnostics import Code
from netspec.ops.axes import spatial_rank
from netspec.ops.base import Op, Sample
from netspec.ops.fields import Bits, Flag, Padding, PerAxis, Positive
from netspec.ops.shape_error import ShapeError
from netspec.ops.torch_code import Argument, Torch
from netspec.ops.traits import Windows
from netspec.ops.weighted import (
    OWN,
    Bias,
    KernelParametrization,
    Weight,
    Weighted,
    parametrization_field,
    weight_field,
)
from netspec.ops.windows import SlidingWindow, check_copies, effective_dilation, shortest
from netspec.sizes import Size
from netspec.sizes.shape import AxisWindow, Pairs, Shape, elements, per_axis


class Conv(Weighted, name="conv"):
    """Slides filters over the axes of a signal, an image or a volume.

    Formula: ``y[o] = bias[o] + sum over i of weight[o, i] * x[i]``, ``*`` being cross-correlation within a group.

    Shape: ``C x L``, ``C x H x W`` or ``C x D x H x W`` to ``out x ...``, each axis
    ``floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1``.

    Cost: ``out * (C / groups) * kernel`` weights and ``out`` biases; one MAC per weight and output position.

    Raises: ShapeError when the kernel does not fit, when the groups divide neither C nor out, when padding copies more
    of the input than there is, or for padding ``auto`` of an even kernel, which is one element more on one side.

    Example: ``- conv: {out: 64, kernel: 7, stride: 2, padding: 3}``

    Source: torch.nn.Conv1d, Conv2d, Conv3d; binary filters: Li et al. 2017, arXiv:1706.03912.
    """

    family = "convolution"
    counts_as_layer = True
    said_by_weight = ("out", "kernel")
    channel_fields = frozenset({"out", "groups"})
    samples = (
        Sample({"out": 8, "kernel": 3, "padding": 1}, ((4, 9, 9),)),
        Sample({"out": 8, "kernel": [1, 7], "stride": 2, "groups": 2, "bias": False}, ((4, 12, 13),)),
        Sample({"out": 6, "kernel": 5, "padding": "same", "dilation": 2}, ((3, 20),)),
        Sample({"out": 4, "kernel": [3, 2], "padding": "auto", "dilation": 2, "stride": 2}, ((3, 8, 8),)),
        Sample({"out": 4, "kernel": 3, "padding": [[0, 1], [0, 1]], "stride": 2}, ((3, 8, 8),)),
        Sample({"depth_multiplier": 2, "kernel": 3, "padding": 1}, ((4, 5, 6, 7),)),
        Sample({"out": 4, "kernel": 3, "binary": True}, ((3, 8, 8),)),
        Sample({"out": 4, "kernel": 5, "padding": 2, "padding_mode": "reflect"}, ((3, 8, 3),)),
        Sample({"out": 4, "kernel": [1, 3], "padding": [[0, 0], [3, 0]], "padding_mode": "circular"}, ((3, 8, 3),)),
        Sample({"out": 4, "kernel": 3, "weight": "given", "bias": "given"}, ((3, 8, 8), (4, 3, 3, 3), (4,))),
        Sample({"depth_multiplier": 1, "kernel": 3, "weight": "given", "bias": False}, ((3, 8), (3, 1, 3))),
        Sample({"out": 4, "kernel": [1, 3], "padding": "same", "bias": "given"}, ((3, 8, 8), (4,))),
    )
    invalid_samples = (
        Sample({"out": 8, "kernel": 3}, ((4,),)),
        Sample({"out": 8, "kernel": 9}, ((4, 7, 7),)),
        Sample({"out": 8, "kernel": 3, "groups": 3}, ((4, 7, 7),)),
        Sample({"out": 8, "kernel": [3, 3, 3]}, ((4, 7, 7),)),
        Sample({"out": 8, "kernel": 3, "stride": 2, "padding": "same"}, ((4, 7, 7),)),
        Sample({"out": 8, "kernel": [3, 4], "padding": "auto"}, ((4, 7, 7),)),
        Sample({"kernel": 3}, ((4, 7, 7),)),
        Sample({"out": 8, "kernel": 5, "padding": 3, "padding_mode": "reflect"}, ((4, 3, 7),)),
        Sample({"out": 8, "kernel": 3, "weight": "given", "bias": False}, ((4, 7, 7), (8, 4, 3, 5))),
        Sample({"out": 8, "kernel": 3, "weight": "given", "bias": False, "binary": True}, ((4, 7), (8, 4, 3))),
    )

    out: Positive | None = Field(None, description="Number of filters, which is the number of output channels.")
    kernel: PerAxis = Field(description="Size of the filters, in elements.")
    stride: PerAxis = Field(1, description="Distance between two windows, in elements.")
    padding: Padding = Field(0, description="Elements added around the input before the window slides.")
    dilation: PerAxis = Field(1, description="Distance between two taps of a filter, in elements.")
    groups: Positive = Field(1, description="Number of groups of channels that are convolved separately.")
    bias: Bias = Field(True, description="Whether each filter adds a trainable constant, or a tensor with them.")
    padding_mode: Literal["zeros", "reflect", "replicate", "circular"] = Field(
        "zeros", description="The values of the padding."
    )
    depth_multiplier: Positive | None = Field(
        None, description="Filters per input channel of a depthwise convolution; replaces `out` and `groups`."
    )
    binary: Flag = Field(
        False, description="Use the sign of each weight times one scale per filter (the mean of its absolute weights)."
    )
    stored_bits: Bits | None = Field(
        None, description="Bits of each weight in a file, for the model's size only; a binary weight always has one."
    )
    weight: Weight = weight_field()
    parametrize: KernelParametrization | None = parametrization_field(of_matrix=False)

    @property
    def window(self) -> SlidingWindow:
        """The filters' window."""
        return SlidingWindow(self.kernel, self.stride, self.padding, self.dilation)

    def infer_shape(self, *shapes: Shape) -> Shape:
        shape = shapes[0]
        sizes = self.window.sizes("conv", shape)
        if self.padding_mode != "zeros":
            check_copies("conv", self.padding_mode, self.padding_around(shape), shape)
        out, groups = self.channels(shape)
        # torch.nn.Conv2d: "in_channels and out_channels must both be divisible by groups".
        if shape[0] % groups or out % groups:
            raise ShapeError(
                f"conv with {groups:d} groups needs channels that {groups:d} divides, "
                f"and has {shape[0]:d} in and {out:d} out",
                help=f"make both a multiple of {groups:d}",
                operand=0 if shape[0] % groups else None,
                code=Code.INDIVISIBLE_CHANNELS,
            )
        if self.binary and self.weight != OWN:
            raise ShapeError(
                "conv with `binary` has a weight of its own",
                help="leave out `binary`, or `weight`",
                code=Code.CONFLICTING_ARGUMENTS,
            )
        self.check_weights(*shapes)
        return (out, *sizes)

    def channels(self, shape: Shape) -> tuple[Size, Size]:
        """Return the number of filters and of groups for an input of that shape."""
        if self.depth_multiplier is None and self.out is not None:
            return self.out, self.groups
        if self.depth_multiplier is not None and self.out is None and self.groups == 1:
            # As in Keras' DepthwiseConv2D: torch has no such argument, only the numbers of groups and filters.
            return shape[0] * self.depth_multiplier, shape[0]
        raise ShapeError(
            "conv needs either `out` or `depth_multiplier`",
            help="`depth_multiplier: 1` is one filter per channel, without `out` and `groups`",
            code=Code.CONFLICTING_ARGUMENTS,
        )

    def weight_shapes(self, *shapes: Shape) -> dict[str, Shape]:
        shape = shapes[0]
        out, groups = self.channels(shape)
        # torch.nn.Conv2d.weight: each filter has the channels of its own group alone.
        weight = (out, shape[0] // groups, *per_axis(self.kernel, len(shape) - 1))
        return {"weight": weight, "bias": (out,)} if self.bias else {"weight": weight}

    @classmethod
    def sizes_of(cls, weight: Shape, values: dict[str, Any]) -> dict[str, Any]:
        if len(weight) < 3:
            return {}
        sizes: dict[str, Any] = {"kernel": shortest(tuple(map(int, weight[2:])))}
        return sizes if "depth_multiplier" in values else sizes | {"out": weight[0]}

    def count_stored_bits(self, number: int, *shapes: Shape) -> Size:
        filters = self.channels(shapes[0])[0]
        own = {name: elements(shape) for name, shape in self.list_parameters(*shapes).items()}
        weights, biases = own.get("weight", 0), own.get("bias", 0)
        # A binary filter is a sign for each weight, and one scale.
        taken = weights + filters * number if self.binary else weights * (self.stored_bits or number)
        return taken + (biases + self.count_lengths(*shapes)) * number

    def count_macs(self, *shapes: Shape) -> Size:
        positions = self.window.sizes("conv", shapes[0])
        return elements(self.weight_shapes(*shapes)["weight"]) * elements(positions)

    def _sliding(self, shape: Shape) -> tuple[Argument, ...]:
        """Return the arguments that torch's layer and its function have in common."""
        return (
            Argument("stride", shortest(self.stride), 1),
            Argument("padding", "same" if self.padding == "same" else self.window.torch_padding(shape), 0),
            Argument("dilation", shortest(self.dilation), 1),
            Argument("groups", self.channels(shape)[1], 1, counts="channels"),
        )

    def emit_function(self, *shapes: Shape) -> Torch | None:
        if not self.is_function:
            return None
        weights = ", ".join(f"{{{position}}}" for position in range(len(shapes)))
        name = f"F.conv{spatial_rank('conv', shapes[0])}d"
        return Torch(f"{name}({weights}, {{arguments}})", self._sliding(shapes[0]))

    def emit_module(self, *shapes: Shape) -> Torch | None:
        if self.is_function:
            return None
        shape = shapes[0]
        name = f"Conv{spatial_rank('conv', shape)}d"
        arguments = (
            Argument("in_channels", shape[0], positional=True, counts="in_channels"),
            Argument("out_channels", self.channels(shape)[0], positional=True, field="out", counts="channels"),
            Argument("kernel_size", shortest(self.kernel), positional=True, field="kernel"),
            *self._sliding(shape),
            Argument("bias", bool(self.bias), True),
            Argument("padding_mode", self.padding_mode, "zeros"),
        )
        if self.binary:
            return Torch(f"Binary{name}({{arguments}})", arguments, layer="binary_convolution")
        return Torch(f"nn.{name}({{arguments}})", arguments)

    def padding_around(self, shape: Shape) -> Pairs:
        return self.window.pairs(shape)

    def pads_by_size(self, shape: Shape) -> tuple[AxisWindow, ...]:
        return self.window.pads_by_size(shape)

    def explicit_padding(self, shape: Shape) -> Pairs | None:
        if self.is_function and self.padding_mode != "zeros":
            return self.padding_around(shape) or None  # torch's function pads with zeros alone
        # The only uneven padding that torch's convolutions support is this one, by its name.
        return None if self.padding == "same" else super().explicit_padding(shape)

    def canonical(self, *shapes: Shape) -> Op:
        out, groups = self.channels(shapes[0])
        # The padding mode has no effect without padding.
        padding = self.window.torch_padding(shapes[0])
        return self.with_fields(
            out=out,
            groups=groups,
            depth_multiplier=None,
            kernel=shortest(self.kernel),
            stride=shortest(self.stride),
            padding=padding,
            dilation=effective_dilation(self.dilation, self.kernel),
            padding_mode=self.padding_mode if padding else "zeros",
        )

    def without_padding(self) -> Self:
        return self.model_copy(update={"padding": 0, "padding_mode": "zeros"})

    def pad_arguments(self) -> dict[str, object]:
        return {} if self.padding_mode == "zeros" else {"mode": self.padding_mode}

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return self.with_weights((None, *self.window.reads(shapes[0])), *shapes)

    def abbreviate(self, shape: Shape) -> str:
        groups = self.channels(shape)[1]
        window = self.window.abbreviate(len(shape) - 1)
        bits = "binary" if self.binary else f"{self.stored_bits} bits" if self.stored_bits else ""
        return ", ".join(filter(None, (window, f"g{groups}" if groups != 1 else "", bits)))

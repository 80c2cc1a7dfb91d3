"""Pooling over windows, or over the channels of each position: the largest, the mean or the norm."""

from pydantic import Field

from netspec.diagnostics import Code
from netspec.ops.base import Argument, Op, Sample, ShapeError, Torch, spatial_rank
from netspec.ops.fields import Flag, OpenPerAxis, Padding, PerAxis, PositiveNumber, SizePerAxis
from netspec.ops.traits import SAME, Windows
from netspec.ops.windows import (
    all_of,
    beyond_torch,
    draw_window,
    padding_pairs,
    shortest,
    slide,
    torch_padding,
    windows,
)
from netspec.sizes.shape import Pairs, Shape, per_axis, show


class WindowPool(Op):
    """What pools over a sliding window share. A subclass adds padding and dilation where torch has them."""

    family = "pooling"
    open_arguments = frozenset({"kernel", "stride"})

    kernel: OpenPerAxis = Field(description="Size of the window, in elements.")
    stride: OpenPerAxis | None = Field(
        None, description="Distance between two windows; the kernel's size if not given."
    )
    ceil: Flag = Field(False, description="Round the number of windows up instead of down.")

    @property
    def step(self) -> SizePerAxis:
        """The distance between two windows: the stride, or else the kernel's size."""
        return self.kernel if self.stride is None else self.stride

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def canonical(self, *shapes: Shape) -> Op:
        return self.respelled(kernel=shortest(self.kernel), stride=shortest(self.step))

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return ((SAME, *windows(0, shapes[0], self.kernel, self.step)),)

    def draw(self, shape: Shape) -> str:
        return draw_window(len(shape) - 1, self.kernel, self.step)


def check_padding(op: str, padding: object, kernel: SizePerAxis, rank: int) -> None:
    """Raise ShapeError when a number asks for more padding than half a window: some windows would see nothing."""
    if not isinstance(padding, (int, tuple)) or any(isinstance(side, tuple) for side in per_axis(padding, rank)):
        return
    kernels = per_axis(kernel, rank)
    if any(2 * side > extent for side, extent in zip(per_axis(padding, rank), kernels, strict=True)):
        raise ShapeError(
            f"{op} takes padding of at most half its kernel {show(kernels)}, and has {show(per_axis(padding, rank))}",
            help="use a `pad` before it for more",
            code=Code.INVALID_WINDOW,
        )


def check_ceil(op: str, padding: Pairs | None) -> None:
    """Raise ShapeError when a pool rounds up behind padding that is an op of its own: a window could see only that."""
    if padding:
        raise ShapeError(
            f"{op} cannot round up with padding of "
            + ", ".join(f"{before:d} before and {after:d} after" for before, after in padding),
            help="leave out `ceil` and pad one more element after, or give both sides the same",
            code=Code.INVALID_WINDOW,
        )


def check_volume(op: str, shape: Shape, kernel: SizePerAxis) -> None:
    """Raise ShapeError for a volume that is smaller than the window, which torch's means refuse even when padded."""
    kernels = per_axis(kernel, len(shape) - 1)
    if len(shape) == 4 and any(size < extent for size, extent in zip(shape[1:], kernels, strict=True)):
        raise ShapeError(
            f"{op} with kernel {show(kernels)} does not fit into {show(shape)}, even with padding",
            help="use a `pad` before it",
            operand=0,
            code=Code.INVALID_WINDOW,
        )


class MaxPool(WindowPool, name="maxpool"):
    """Takes the largest element of each window.

    Formula: ``y = max of x over the window``; padding never wins.

    Shape: ``C x ...`` to ``C x ...``, each axis as for `conv`, rounded up with ``ceil`` as torch does.

    Cost: no parameters, no MACs.

    Raises: ShapeError when the window does not fit, when the padding is more than half of it, or when ``ceil`` meets
    padding that differs between the two sides of an axis.

    Example: ``- maxpool: {kernel: 3, stride: 2, padding: 1}``

    Source: torch.nn.MaxPool1d, MaxPool2d, MaxPool3d.
    """

    padding_identity = "lowest"
    samples = (
        Sample({"kernel": 3, "stride": 2, "padding": 1}, ((4, 9, 9),)),
        Sample({"kernel": 3, "stride": 2, "ceil": True}, ((4, 12, 12),)),
        Sample({"kernel": [3, 2], "stride": [1, 2], "padding": [1, 0], "dilation": [2, 1]}, ((4, 9, 8),)),
        Sample({"kernel": 3, "stride": 2, "padding": "same_tf"}, ((4, 8, 8),)),
        Sample({"kernel": 3, "stride": 1, "padding": "same"}, ((4, 8, 8),)),
        Sample({"kernel": 2}, ((4, 9),)),
        Sample({"kernel": 2}, ((4, 5, 6, 7),)),
    )
    faults = (
        Sample({"kernel": 9}, ((4, 7, 7),)),
        Sample({"kernel": 3}, ((4,),)),
        Sample({"kernel": 3, "padding": 2}, ((4, 7, 7),)),
        Sample({"kernel": [2, 2, 2]}, ((4, 7, 7),)),
        Sample({"kernel": 3, "stride": 2, "padding": [[0, 1], [0, 1]], "ceil": True}, ((4, 8, 8),)),
    )

    padding: Padding = Field(0, description="Elements added around the input; they are never the largest.")
    dilation: PerAxis = Field(1, description="Distance between two elements of a window.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        sizes = slide("maxpool", shape, self.kernel, self.step, self.padding, self.dilation, self.ceil)
        check_padding("maxpool", self.padding, self.kernel, len(shape) - 1)
        if self.ceil:
            check_ceil("maxpool", self.explicit_padding(shape))
        return (shape[0], *sizes)

    def padding_around(self, shape: Shape) -> Pairs:
        window = (per_axis(each, len(shape) - 1) for each in (self.kernel, self.step, self.dilation))
        return padding_pairs(self.padding, shape, *window)

    def explicit_padding(self, shape: Shape) -> Pairs | None:
        most = tuple(extent // 2 for extent in per_axis(self.kernel, len(shape) - 1))
        pairs = self.padding_around(shape)
        return pairs if beyond_torch(pairs, most) else None

    def canonical(self, *shapes: Shape) -> Op:
        padding = torch_padding(self.padding, shapes[0], self.kernel, self.step, self.dilation)
        return super().canonical(*shapes).respelled(padding=padding, dilation=shortest(self.dilation))

    def _arguments(self, shape: Shape) -> tuple[Argument, ...]:
        return (
            Argument("kernel_size", shortest(self.kernel), positional=True, field="kernel"),
            Argument("stride", shortest(self.step), shortest(self.kernel)),
            Argument("padding", torch_padding(self.padding, shape, self.kernel, self.step, self.dilation), 0),
            Argument("dilation", shortest(self.dilation), 1),
            Argument("ceil_mode", self.ceil, False, field="ceil"),
        )

    def emit_module(self, *shapes: Shape) -> Torch:
        rank = spatial_rank("maxpool", shapes[0])
        return Torch(f"nn.MaxPool{rank}d({{arguments}})", self._arguments(shapes[0]))

    def emit_function(self, *shapes: Shape) -> Torch:
        rank = spatial_rank("maxpool", shapes[0])
        return Torch(f"F.max_pool{rank}d({{0}}, {{arguments}})", self._arguments(shapes[0]))

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return ((SAME, *windows(self.padding, shapes[0], self.kernel, self.step, self.dilation)),)


class AveragePool(WindowPool, name="avgpool"):
    """Takes the mean of each window.

    Formula: ``y = sum of x over the window / number of elements``; padding counts as zeros, unless
    ``count_include_pad`` is false: then only elements of the input are counted. What ``ceil`` adds is never counted.

    Shape: ``C x ...`` to ``C x ...``, each axis as for `conv` without dilation, rounded up with ``ceil``.

    Cost: no parameters, no MACs.

    Raises: ShapeError when the window does not fit, when the padding is more than half of it, or when padding that
    differs between the two sides of an axis meets ``ceil`` or is not to be counted.

    Example: ``- avgpool: {kernel: 3, stride: 1, padding: 1, count_include_pad: false}``

    Source: torch.nn.AvgPool1d, AvgPool2d, AvgPool3d.
    """

    keeps_input = True
    samples = (
        Sample({"kernel": 2}, ((4, 8, 8),)),
        Sample({"kernel": 3, "stride": 2, "padding": 1, "ceil": True}, ((4, 8, 8),)),
        Sample({"kernel": 3, "stride": 1, "padding": 1, "count_include_pad": False}, ((4, 8, 8),)),
        Sample({"kernel": [1, 3], "stride": [1, 2], "padding": [0, 1]}, ((4, 8, 9),)),
        Sample({"kernel": 3, "stride": 2, "padding": "same_tf"}, ((4, 8, 8),)),
        Sample({"kernel": 3, "stride": 1, "padding": "same_tf", "count_include_pad": False}, ((4, 8, 8),)),
        Sample({"kernel": 5, "stride": 3}, ((4, 17),)),
        Sample({"kernel": 2, "ceil": True, "count_include_pad": False}, ((4, 5, 6, 7),)),
    )
    faults = (
        Sample({"kernel": 9}, ((4, 7, 7),)),
        Sample({"kernel": 3}, ((4,),)),
        Sample({"kernel": 3, "padding": 2}, ((4, 7, 7),)),
        Sample({"kernel": 3, "stride": 2, "padding": "same_tf", "count_include_pad": False}, ((4, 8, 8),)),
        Sample({"kernel": 3, "padding": 1}, ((4, 2, 3, 3),)),
    )

    padding: Padding = Field(0, description="Zeros added around the input.")
    count_include_pad: Flag = Field(True, description="Whether padding counts as elements of the mean.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        sizes = slide("avgpool", shape, self.kernel, self.step, self.padding, 1, self.ceil)
        rank = len(shape) - 1
        check_padding("avgpool", self.padding, self.kernel, rank)
        if self.ceil:
            check_ceil("avgpool", self.explicit_padding(shape))
        if rank == 3 and not self.explicit_padding(shape):
            check_volume("avgpool", shape, self.kernel)
        if not self.count_include_pad:
            self._check_count(shape)
        return (shape[0], *sizes)

    def _check_count(self, shape: Shape) -> None:
        """Raise ShapeError when padding that becomes an op of its own, and so is counted, is not to be counted."""
        pairs = self.padding_around(shape)
        if any(before != after for before, after in pairs):
            raise ShapeError(
                "avgpool cannot leave padding out of the mean when it differs between the sides of an axis: "
                + ", ".join(f"{before:d} and {after:d}" for before, after in pairs),
                help="count it with `count_include_pad: true`, or give both sides the same",
                code=Code.INVALID_WINDOW,
            )

    def padding_around(self, shape: Shape) -> Pairs:
        rank = len(shape) - 1
        return padding_pairs(self.padding, shape, *(per_axis(each, rank) for each in (self.kernel, self.step, 1)))

    def explicit_padding(self, shape: Shape) -> Pairs | None:
        most = tuple(extent // 2 for extent in per_axis(self.kernel, len(shape) - 1))
        pairs = self.padding_around(shape)
        return pairs if beyond_torch(pairs, most) else None

    @property
    def padding_counts(self) -> bool:
        return self.count_include_pad

    def canonical(self, *shapes: Shape) -> Op:
        padding = torch_padding(self.padding, shapes[0], self.kernel, self.step, 1)
        counts_padding = self.count_include_pad if padding else True
        return super().canonical(*shapes).respelled(padding=padding, count_include_pad=counts_padding)

    def _arguments(self, shape: Shape) -> tuple[Argument, ...]:
        return (
            Argument("kernel_size", shortest(self.kernel), positional=True, field="kernel"),
            Argument("stride", shortest(self.step), shortest(self.kernel)),
            Argument("padding", torch_padding(self.padding, shape, self.kernel, self.step, 1), 0),
            Argument("ceil_mode", self.ceil, False, field="ceil"),
            Argument("count_include_pad", self.count_include_pad, True),
        )

    def emit_module(self, *shapes: Shape) -> Torch:
        rank = spatial_rank("avgpool", shapes[0])
        return Torch(f"nn.AvgPool{rank}d({{arguments}})", self._arguments(shapes[0]))

    def emit_function(self, *shapes: Shape) -> Torch:
        rank = spatial_rank("avgpool", shapes[0])
        return Torch(f"F.avg_pool{rank}d({{0}}, {{arguments}})", self._arguments(shapes[0]))

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return ((SAME, *windows(self.padding, shapes[0], self.kernel, self.step)),)


class NormPool(WindowPool, name="lp_pool"):
    """Takes the p-norm of each window.

    Formula: ``y = (sum of x ** norm over the window) ** (1 / norm)``; an odd norm is for what is not negative.

    Shape: ``C x ...`` to ``C x ...``, each axis as for `conv` without padding, rounded up with ``ceil``.

    Cost: no parameters, no MACs.

    Raises: ShapeError when the window does not fit.

    Example: ``- lp_pool: {norm: 2, kernel: 3, stride: 2}``

    Source: torch.nn.LPPool1d, LPPool2d, LPPool3d.
    """

    samples = (
        Sample({"norm": 2, "kernel": 3, "stride": 2}, ((4, 9, 9),)),
        Sample({"norm": 1, "kernel": [2, 3], "ceil": True}, ((4, 9, 9),)),
        Sample({"norm": 2, "kernel": 2}, ((4, 9),)),
        Sample({"norm": 4.0, "kernel": 2}, ((4, 4, 5, 6),)),
    )
    faults = (Sample({"norm": 2, "kernel": 9}, ((4, 7, 7),)), Sample({"norm": 2, "kernel": 3}, ((4,),)))

    norm: PositiveNumber = Field(description="The exponent: 1 is the sum, 2 the Euclidean norm.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        sizes = slide("lp_pool", shape, self.kernel, self.step, 0, 1, self.ceil)
        check_volume("lp_pool", shape, self.kernel)
        return (shape[0], *sizes)

    def _arguments(self) -> tuple[Argument, ...]:
        return (
            Argument("norm_type", self.norm, positional=True, field="norm"),
            Argument("kernel_size", shortest(self.kernel), positional=True, field="kernel"),
            Argument("stride", shortest(self.step), shortest(self.kernel)),
            Argument("ceil_mode", self.ceil, False, field="ceil"),
        )

    def emit_module(self, *shapes: Shape) -> Torch:
        return Torch(f"nn.LPPool{spatial_rank('lp_pool', shapes[0])}d({{arguments}})", self._arguments())

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch(f"F.lp_pool{spatial_rank('lp_pool', shapes[0])}d({{0}}, {{arguments}})", self._arguments())


class ChannelPool(Op):
    """What pools over the channels share."""

    family = "pooling"
    samples = (Sample({}, ((4, 7, 7),)), Sample({}, ((4, 7),)), Sample({}, ((1, 2, 3, 4),)))
    faults = (Sample({}, ((4,),)),)

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        spatial_rank(self.name, shape)
        return (1, *shape[1:])

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return (all_of(0, shapes[0]),)


class ChannelAveragePool(ChannelPool, name="channel_avgpool"):
    """Takes the mean of the channels at each position.

    Formula: ``y[0] = mean over c of x[c]``

    Shape: ``C x H x W`` to ``1 x H x W``, and likewise for 1 and 3 axes.

    Cost: no parameters, no MACs.

    Raises: ShapeError for a value without axes.

    Example: ``- channel_avgpool``

    Source: torch.mean; Woo et al. 2018, arXiv:1807.06521.
    """

    keeps_input = False

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch("torch.mean({0}, 1, keepdim=True)")


class ChannelMaxPool(ChannelPool, name="channel_maxpool"):
    """Takes the largest of the channels at each position.

    Formula: ``y[0] = max over c of x[c]``

    Shape: ``C x H x W`` to ``1 x H x W``, and likewise for 1 and 3 axes.

    Cost: no parameters, no MACs.

    Raises: ShapeError for a value without axes.

    Example: ``- channel_maxpool``

    Source: torch.amax; Woo et al. 2018, arXiv:1807.06521.
    """

    keeps_output = True

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch("torch.amax({0}, 1, keepdim=True)")

"""Pooling over windows: the largest, the mean or the norm."""

from typing import Any, ClassVar

from pydantic import Field

from netspec.diagnostics import Code
from netspec.ops.base import Argument, Op, Sample, ShapeError, Torch, spatial_rank
from netspec.ops.fields import Flag, OpenPerAxis, Padding, PerAxis, PositiveNumber, SizePerAxis
from netspec.ops.traits import SAME, Windows
from netspec.ops.windows import SlidingWindow, shortest
from netspec.sizes.shape import AxisWindow, Pairs, Shape, per_axis, show


class WindowPool(Op):
    """What pools over a sliding window share. A subclass adds padding and dilation where torch has them."""

    family = "pooling"
    open_arguments = frozenset({"kernel", "stride"})
    torch_name: ClassVar[tuple[str, str]]
    """The first part of torch's module and function, up to the rank."""

    kernel: OpenPerAxis = Field(description="Size of the window, in elements.")
    stride: OpenPerAxis | None = Field(
        None, description="Distance between two windows; the kernel's size if not given."
    )
    ceil: Flag = Field(False, description="Round the number of windows up instead of down.")

    @property
    def step(self) -> SizePerAxis:
        """The distance between two windows: the stride, or else the kernel's size."""
        return self.kernel if self.stride is None else self.stride

    @property
    def window(self) -> SlidingWindow:
        """What is pooled together."""
        return SlidingWindow(self.kernel, self.step, ceil=self.ceil)

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        return (shape[0], *self.window.sizes(self.name, shape))

    def check_volume(self, shape: Shape) -> None:
        """Raise ShapeError for a volume that is smaller than the window."""
        # torch pads a volume for avg_pool3d and lp_pool3d only after it has compared the two.
        kernels = per_axis(self.kernel, len(shape) - 1)
        if len(shape) == 4 and any(size < extent for size, extent in zip(shape[1:], kernels, strict=True)):
            raise ShapeError(
                f"{self.name} with kernel {show(kernels)} does not fit into {show(shape)}, even with padding",
                help="use a `pad` before it",
                operand=0,
                code=Code.INVALID_WINDOW,
            )

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def canonical(self, *shapes: Shape) -> Op:
        return self.with_fields(kernel=shortest(self.kernel), stride=shortest(self.step))

    def torch_arguments(self, shape: Shape) -> tuple[Argument, ...]:
        """Return the arguments of torch's module and function, which are the same."""
        return (
            Argument("kernel_size", shortest(self.kernel), positional=True, field="kernel"),
            # torch's default for the stride is the kernel's size too.
            Argument("stride", shortest(self.step), shortest(self.kernel)),
            Argument("ceil_mode", self.ceil, False, field="ceil"),
        )

    def emit_module(self, *shapes: Shape) -> Torch:
        rank = spatial_rank(self.name, shapes[0])
        return Torch(f"nn.{self.torch_name[0]}{rank}d({{arguments}})", self.torch_arguments(shapes[0]))

    def emit_function(self, *shapes: Shape) -> Torch:
        rank = spatial_rank(self.name, shapes[0])
        return Torch(f"F.{self.torch_name[1]}{rank}d({{0}}, {{arguments}})", self.torch_arguments(shapes[0]))

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return ((SAME, *self.window.reads(shapes[0])),)

    def abbreviate(self, shape: Shape) -> str:
        return self.window.abbreviate(len(shape) - 1)


class PaddedPool(WindowPool):
    """What pools with padding share: torch pads both sides of an axis alike, by at most half the window."""

    padding: Padding = Field(0, description="Elements added around the input.")

    @property
    def window(self) -> SlidingWindow:
        """What is pooled together."""
        return super().window._replace(padding=self.padding)

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        result = super().infer_shape(shape)
        self._check_half(len(shape) - 1)
        if self.ceil:
            self._check_ceil(shape)
        return result

    def _check_half(self, rank: int) -> None:
        """Raise ShapeError when a number asks for more padding than half a window."""
        # torch.nn.MaxPool2d: "pad should be at most half of effective kernel size". With more of it, a window could
        # read nothing but padding, and a maximum would be minus infinity.
        padding: Any = self.padding
        if not isinstance(padding, (int, tuple)) or any(isinstance(side, tuple) for side in per_axis(padding, rank)):
            return
        kernels, sides = per_axis(self.kernel, rank), per_axis(padding, rank)
        if any(2 * side > extent for side, extent in zip(sides, kernels, strict=True)):
            raise ShapeError(
                f"{self.name} takes padding of at most half its kernel {show(kernels)}, and has {show(sides)}",
                help="use a `pad` before it for more",
                code=Code.INVALID_WINDOW,
            )

    def _check_ceil(self, shape: Shape) -> None:
        """Raise ShapeError when the pool rounds up behind padding that becomes an op of its own."""
        # A `pad` before it is part of the input for torch, so that a last window may start in it, and read it alone.
        if padding := self.explicit_padding(shape):
            raise ShapeError(
                f"{self.name} cannot round up with padding of "
                + ", ".join(f"{before:d} before and {after:d} after" for before, after in padding),
                help="leave out `ceil` and pad one more element after, or give both sides the same",
                code=Code.INVALID_WINDOW,
            )

    def padding_around(self, shape: Shape) -> Pairs:
        return self.window.pairs(shape)

    def pads_by_size(self, shape: Shape) -> tuple[AxisWindow, ...]:
        return self.window.pads_by_size(shape)

    def explicit_padding(self, shape: Shape) -> Pairs | None:
        pairs = self.padding_around(shape)
        most = (extent // 2 for extent in per_axis(self.kernel, len(shape) - 1))
        beyond = (before != after or before > limit for (before, after), limit in zip(pairs, most, strict=True))
        return pairs if any(beyond) else None

    def canonical(self, *shapes: Shape) -> Op:
        return super().canonical(*shapes).with_fields(padding=self.window.torch_padding(shapes[0]))

    def torch_arguments(self, shape: Shape) -> tuple[Argument, ...]:
        kernel, stride, ceil = super().torch_arguments(shape)
        return kernel, stride, Argument("padding", self.window.torch_padding(shape), 0), ceil


class MaxPool(PaddedPool, name="maxpool"):
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
    torch_name = ("MaxPool", "max_pool")
    samples = (
        Sample({"kernel": 3, "stride": 2, "padding": 1}, ((4, 9, 9),)),
        Sample({"kernel": 3, "stride": 2, "ceil": True}, ((4, 12, 12),)),
        Sample({"kernel": [3, 2], "stride": [1, 2], "padding": [1, 0], "dilation": [2, 1]}, ((4, 9, 8),)),
        Sample({"kernel": 3, "stride": 2, "padding": "same_tf"}, ((4, 8, 8),)),
        Sample({"kernel": 3, "stride": 1, "padding": "same"}, ((4, 8, 8),)),
        Sample({"kernel": 2}, ((4, 9),)),
        Sample({"kernel": 2}, ((4, 5, 6, 7),)),
    )
    invalid_samples = (
        Sample({"kernel": 9}, ((4, 7, 7),)),
        Sample({"kernel": 3}, ((4,),)),
        Sample({"kernel": 3, "padding": 2}, ((4, 7, 7),)),
        Sample({"kernel": [2, 2, 2]}, ((4, 7, 7),)),
        Sample({"kernel": 3, "stride": 2, "padding": [[0, 1], [0, 1]], "ceil": True}, ((4, 8, 8),)),
    )

    padding: Padding = Field(0, description="Elements added around the input; they are never the largest.")
    dilation: PerAxis = Field(1, description="Distance between two elements of a window.")

    @property
    def window(self) -> SlidingWindow:
        """What is pooled together."""
        return super().window._replace(dilation=self.dilation)

    def canonical(self, *shapes: Shape) -> Op:
        return super().canonical(*shapes).with_fields(dilation=shortest(self.dilation))

    def torch_arguments(self, shape: Shape) -> tuple[Argument, ...]:
        *others, ceil = super().torch_arguments(shape)
        return *others, Argument("dilation", shortest(self.dilation), 1), ceil


class AveragePool(PaddedPool, name="avgpool"):
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

    torch_name = ("AvgPool", "avg_pool")
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
    invalid_samples = (
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
        result = super().infer_shape(shape)
        if len(shape) == 4 and not self.explicit_padding(shape):
            self.check_volume(shape)
        if not self.count_include_pad:
            self._check_count(shape)
        return result

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
        # Only torch's own padding is left out of the mean, and that is a number.
        for before, _ in pairs:
            int(before)

    @property
    def padding_counts(self) -> bool:
        return self.count_include_pad

    def canonical(self, *shapes: Shape) -> Op:
        # Without padding there is nothing to count.
        padded = self.window.torch_padding(shapes[0])
        return super().canonical(*shapes).with_fields(count_include_pad=self.count_include_pad if padded else True)

    def torch_arguments(self, shape: Shape) -> tuple[Argument, ...]:
        counted = Argument("count_include_pad", self.count_include_pad, True)
        return *super().torch_arguments(shape), counted


class NormPool(WindowPool, name="lp_pool"):
    """Takes the p-norm of each window.

    Formula: ``y = (sum of x ** norm over the window) ** (1 / norm)``; an odd norm is for what is not negative.

    Shape: ``C x ...`` to ``C x ...``, each axis as for `conv` without padding, rounded up with ``ceil``.

    Cost: no parameters, no MACs.

    Raises: ShapeError when the window does not fit.

    Example: ``- lp_pool: {norm: 2, kernel: 3, stride: 2}``

    Source: torch.nn.LPPool1d, LPPool2d, LPPool3d.
    """

    torch_name = ("LPPool", "lp_pool")
    samples = (
        Sample({"norm": 2, "kernel": 3, "stride": 2}, ((4, 9, 9),)),
        Sample({"norm": 1, "kernel": [2, 3], "ceil": True}, ((4, 9, 9),)),
        Sample({"norm": 2, "kernel": 2}, ((4, 9),)),
        Sample({"norm": 4.0, "kernel": 2}, ((4, 4, 5, 6),)),
    )
    invalid_samples = (Sample({"norm": 2, "kernel": 9}, ((4, 7, 7),)), Sample({"norm": 2, "kernel": 3}, ((4,),)))

    norm: PositiveNumber = Field(description="The exponent: 1 is the sum, 2 the Euclidean norm.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        result = super().infer_shape(*shapes)
        self.check_volume(shapes[0])
        return result

    def torch_arguments(self, shape: Shape) -> tuple[Argument, ...]:
        return Argument("norm_type", self.norm, positional=True, field="norm"), *super().torch_arguments(shape)

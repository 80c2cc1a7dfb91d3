"""The base classes of pools over a sliding window."""

from typing import Any, ClassVar

from pydantic import Field

from netspec.diagnostics import Code
from netspec.ops.axes import spatial_rank
from netspec.ops.base import Op
from netspec.ops.fields import Flag, OpenPerAxis, Padding, SizePerAxis
from netspec.ops.shape_error import ShapeError
from netspec.ops.torch_code import Argument, Torch
from netspec.ops.traits import SAME, Windows
from netspec.ops.windows import SlidingWindow, shortest
from netspec.sizes.shape import AxisWindow, Pairs, Shape, per_axis, show


class WindowPool(Op):
    """A pool over a sliding window. A subclass adds padding and dilation where torch has them."""

    family = "pooling"
    open_arguments = frozenset({"kernel", "stride"})
    torch_name: ClassVar[tuple[str, str]]
    """The first part of torch's module and function, up to the rank."""

    kernel: OpenPerAxis = Field(description="Size of the window, in elements.")
    stride: OpenPerAxis | None = Field(None, description="Distance between two windows; by default the kernel's size.")
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
        # For avg_pool3d and lp_pool3d torch compares the two before it pads.
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
    """A pool with padding: torch pads both sides of an axis alike, by at most half the window."""

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
        """Raise ShapeError for padding of more than half a window."""
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
        """Raise ShapeError when the pool rounds up after padding that becomes an op of its own."""
        # For torch a `pad` before it is part of the input, so that the last window may start in it and read nothing
        # else.
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

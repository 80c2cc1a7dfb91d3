"""Sliding windows, for convolutions and pools."""

from collections.abc import Container
from functools import lru_cache
from typing import NamedTuple, TypeVar

from netspec.diagnostics import Code
from netspec.ops.axes import check_axes, spatial_rank
from netspec.ops.base import open_sizes_in
from netspec.ops.fields import OpenPaddingValue, SizePerAxis
from netspec.ops.shape_error import ShapeError
from netspec.ops.traits import SAME, Window, Windows
from netspec.sizes import Size, stated
from netspec.sizes.shape import (
    AxisWindow,
    Pairs,
    Shape,
    count_windows,
    per_axis,
    same_padding,
    show,
    stated_shape,
)

T = TypeVar("T")
Dilation = int | tuple[int, ...]


class SlidingWindow(NamedTuple):
    """A window that slides over all spatial axes, as the arguments of an op say it.

    Example:
        >>> SlidingWindow(kernel=3, stride=2, padding=1).sizes("conv", (64, 112, 112))
        (56, 56)
    """

    kernel: SizePerAxis
    stride: SizePerAxis = 1
    padding: OpenPaddingValue | str = 0
    dilation: Dilation = 1
    ceil: bool = False

    def sizes(self, op: str, shape: Shape) -> Shape:
        """Return the size of each axis after the window has slid over it.

        Raises: ShapeError when the window does not fit, or an argument has another number of entries than axes.
        """
        rank = spatial_rank(op, shape)
        is_plain = _is_plain(self)
        sizes = (_count_windows if is_plain else SlidingWindow._count)(self, op, shape[1:])
        # A kernel or stride may be an open size too, as in a pool over the whole map, and be 0 if the map is small.
        lengths = sizes if is_plain else (*sizes, *(size for axis in self.along(rank) for size in axis[:2]))
        if any(size < 1 for size in lengths):
            kernels = tuple(axis.kernel for axis in self.along(rank))
            raise ShapeError(
                f"{op} with kernel {show(kernels)} does not fit into {show(shape)}",
                help="use a smaller kernel, more padding or a larger input",
                operand=0,
                code=Code.INVALID_WINDOW,
            )
        return sizes

    def along(self, rank: int) -> tuple[AxisWindow, ...]:
        """Return the window along each axis."""
        return _along(self.kernel, self.stride, self.dilation, rank)

    def _check_same(self, op: str, axes: tuple[AxisWindow, ...]) -> None:
        # torch.nn.Conv2d on padding="same": "this mode doesn't support any stride values other than 1".
        if self.padding == "same" and any(axis.stride > 1 for axis in axes):
            raise ShapeError(
                f"{op} with padding 'same' needs stride 1, and has stride {show(tuple(axis.stride for axis in axes))}",
                help="use `padding: same_tf` for TensorFlow's rule, or a number",
                code=Code.INVALID_WINDOW,
            )

    def _check_auto(self, op: str, axes: tuple[AxisWindow, ...]) -> None:
        if self.padding == "auto" and any((axis.extent - 1) % 2 for axis in axes):
            raise ShapeError(
                f"{op} with padding 'auto' pads both sides alike, which kernel {show(tuple(a.kernel for a in axes))} "
                "does not allow",
                help="use an odd kernel, or say the padding as a number or as [before, after] per axis",
                code=Code.INVALID_WINDOW,
            )

    def _count(self, op: str, sizes: Shape) -> Shape:
        """Return how many windows fit along each axis of these sizes."""
        rank = len(sizes)
        for field in ("kernel", "stride", "padding", "dilation"):
            check_axes(op, field, getattr(self, field), rank)
        axes = self.along(rank)
        self._check_same(op, axes)
        self._check_auto(op, axes)
        if self.padding == "same_tf":
            # TensorFlow's rule fixes the number of windows, and pads as needed. So that number is a plain division. The
            # padding is computed from a window that is known when the module is constructed.
            known = [(int(axis.kernel), int(axis.stride)) for axis in axes]
            return tuple(-(-size // stride) for size, (_, stride) in zip(sizes, known, strict=True))
        return tuple(map(count_windows, sizes, axes, self.pairs((1, *sizes)), (self.ceil,) * rank))

    def pairs(self, shape: Shape) -> Pairs:
        """Return the padding before and after each axis.

        Example:
            >>> SlidingWindow(3, 2, "same_tf").pairs((3, 224, 224))
            ((0, 1), (0, 1))
        """
        rank = len(shape) - 1
        if self.padding == "valid":
            return ((0, 0),) * rank
        if self.padding == "same_tf":
            return tuple(map(same_padding, shape[1:], self.along(rank)))
        if self.padding in ("same", "auto"):
            # torch puts the odd element after the input, as its F.conv2d does for padding="same" and an even kernel.
            totals = (axis.extent - 1 for axis in self.along(rank))
            return tuple((total // 2, total - total // 2) for total in totals)
        sides = self.padding if isinstance(self.padding, tuple) else (self.padding,) * rank
        return tuple(side if isinstance(side, tuple) else (side, side) for side in sides)  # type: ignore[misc]

    def pads_by_size(self, shape: Shape) -> tuple[AxisWindow, ...]:
        """Return the window along each axis if its padding depends on the input size; else an empty tuple.

        Example:
            >>> SlidingWindow(3, 2, "same_tf").pads_by_size((3, 9)), SlidingWindow(3, 1, "same_tf").pads_by_size((3, 9))
            ((AxisWindow(kernel=3, stride=2, dilation=1),), ())
        """
        axes = self.along(len(shape) - 1)
        # With a stride of 1 there is no remainder.
        return axes if self.padding == "same_tf" and any(axis.stride != 1 for axis in axes) else ()

    def torch_padding(self, shape: Shape) -> OpenPaddingValue | str:
        """Return the padding as the argument of torch's modules, which is the same on both sides of an axis.

        Padding that differs is returned as pairs, and has to become a ``pad`` of its own (see ``Op.explicit_padding``).

        Example:
            >>> SlidingWindow(3, 1, "same_tf").torch_padding((3, 28, 28))
            1
            >>> SlidingWindow(3, 2, "same_tf").torch_padding((3, 28, 28))
            ((0, 1), (0, 1))
        """
        if isinstance(self.padding, int):
            return self.padding
        pairs = self.pairs(shape)
        if any(before != after for before, after in pairs):
            return pairs
        sides: SizePerAxis = shortest(tuple(before for before, _ in pairs))
        return sides

    def reads(self, shape: Shape) -> Windows:
        """Return the window of one element of the result on each spatial axis.

        Example:
            >>> SlidingWindow(kernel=3, stride=2, padding=1).reads((8, 9))
            (Window(first=-1, last=1, stride=2, axis=None),)
        """
        padded = zip(self.along(len(shape) - 1), self.pairs(shape), strict=True)
        return tuple(
            Window(-stated(before), stated(axis.extent) - 1 - stated(before), stated(axis.stride))
            for axis, (before, _) in padded
        )

    def abbreviate(self, rank: int) -> str:
        """Return the window as diagrams show it.

        Example:
            >>> SlidingWindow(3, 2).abbreviate(2)
            '3x3, s2'
        """
        strides = stated_shape(per_axis(self.stride, rank))
        step = str(strides[0]) if len(set(strides)) == 1 else show(strides)
        kernels = show(per_axis(self.kernel, rank))
        return kernels if step == "1" else f"{kernels}, s{step}"


def check_copies(op: str, mode: str, pairs: Pairs, shape: Shape) -> None:
    """Raise ShapeError when padding that copies the input needs more elements than there are."""
    # torch.nn.ReflectionPad2d mirrors around the border without repeating it, so it has one element less to copy than
    # the axis has; torch.nn.CircularPad2d goes round once at most; a border can be repeated without end.
    spare = {"reflect": 1, "circular": 0}.get(mode)
    if spare is None:
        return
    most = tuple(size - spare for size in shape[1:])
    if any(max(pair) > limit for pair, limit in zip(pairs, most, strict=True)):
        raise ShapeError(
            f"{op} with {mode} padding can add at most {show(most)} to {show(shape)}",
            help="replicate can add any number",
            operand=0,
            code=Code.INVALID_WINDOW,
        )


def all_of(axis: int, shape: Shape) -> Windows:
    """Return the windows of an op that reads all of one axis, and of the others the element at the same position.

    Example:
        >>> all_of(0, (8, 5)) == (None, SAME)
        True
    """
    return tuple(None if index == axis else SAME for index in range(len(shape)))


def reduced(axes: Container[int], rank: int, keep: bool) -> Windows:
    """Return the windows of an op that reads all of some axes, and drops them or keeps them with size 1.

    Example:
        >>> reduced([0], 2, keep=False), reduced([0], 2, keep=True) == (None, SAME._replace(axis=1))
        ((None, Window(first=0, last=0, stride=1, axis=0)), True)
    """
    windows: list[Window | None] = []
    place = 0
    for index in range(rank):
        windows.append(None if index in axes else SAME._replace(axis=place))
        place += keep or index not in axes
    return tuple(windows)


def shortest(value: T | tuple[T, ...]) -> T | tuple[T, ...]:
    """Return one number if all axes have the same.

    Example:
        >>> shortest((3, 3)), shortest((1, 7))
        (3, (1, 7))
    """
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value


def effective_dilation(dilation: int | tuple[int, ...], kernel: Size | tuple[Size, ...]) -> int | tuple[int, ...]:
    """Return a dilation with 1 along axes on which the window has a single element, and so no gaps.

    Example:
        >>> effective_dilation(2, 1), effective_dilation(2, (3, 1))
        (1, (2, 1))
    """
    rank = max(len(each) if isinstance(each, tuple) else 1 for each in (dilation, kernel))
    pairs = zip(per_axis(dilation, rank), per_axis(kernel, rank), strict=True)
    # A plain 1 alone: comparing an open size with 1 would exclude that size.
    return shortest(tuple(1 if isinstance(extent, int) and extent == 1 else gap for gap, extent in pairs))


# Cached, since a network has few different windows in hundreds of layers.
@lru_cache(maxsize=1024)
def _is_plain(window: SlidingWindow) -> bool:
    """Return whether a window has no open size itself."""
    return next(open_sizes_in(window), None) is None


# Counting plain windows is arithmetic alone. Where the window has open sizes, comparisons are recorded on the way for
# the graph that is built, so that it has to be done anew for each.
_count_windows = lru_cache(maxsize=4096)(SlidingWindow._count)


@lru_cache(maxsize=1024)
def _along(
    kernel: SizePerAxis, stride: SizePerAxis, dilation: int | tuple[int, ...], rank: int
) -> tuple[AxisWindow, ...]:
    return tuple(map(AxisWindow, per_axis(kernel, rank), per_axis(stride, rank), per_axis(dilation, rank)))

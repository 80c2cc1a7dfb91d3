"""Shapes and the arithmetic of sliding windows, in exact integers and in formulas of open sizes.

A shape is channels first and without the batch axis: ``(64, 56, 56)``. Its rank is the number of axes after the
channels, so a feature vector has rank 0, a signal 1, an image 2 and a volume 3.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple, overload

from netspec.sizes.dim import Size
from netspec.sizes.questions import stated

Shape = tuple[Size, ...]
Pairs = tuple[tuple[Size, Size], ...]
"""The padding before and after each axis."""

AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
"""The names of the axes after the channels, by rank; open sizes go by their first letters."""
AXIS_NAMES = ("channels", "length", "depth", "height", "width", "features")
"""The names that an axis can have, in one shape or another."""
MOST_AXES = 63
"""The most axes of one example: with the batch, those of torch's tensors."""


def show(shape: Shape) -> str:
    """Return the shape as text, at its stated sizes.

    Example:
        >>> show((256, 28, 28))
        '256x28x28'
    """
    return "x".join(str(stated(size)) for size in shape) if shape else "scalar"


def axis_named(name: str, shape: Shape) -> int | None:
    """Return the index of the axis of that name, or None where a shape has none.

    Of two axes the length is the second, as in a signal ``C x L``. In a sequence ``L x C`` it is the first, whose size
    is then the open one: channels and features are numbers.

    Example:
        >>> axis_named("width", (64, 7, 7)), axis_named("features", (196, 768)), axis_named("length", (64, 7, 7))
        (2, 1, None)
    """
    if not shape or name in ("channels", "features"):
        return (0 if name == "channels" else len(shape) - 1) if shape else None
    open_axes = [type(size) is not int for size in shape]
    if name == "length" and (open_axes == [True] or open_axes == [True, False]):
        return 0
    axes = AXES.get(len(shape) - 1, ())
    return 1 + axes.index(name) if name in axes else None


def stated_shape(shape: Shape) -> tuple[int, ...]:
    """Return the shape at its stated sizes."""
    # Inlined: this is asked for every value of a graph.
    return tuple([size if type(size) is int else stated(size) for size in shape])


def elements(shape: Shape) -> Size:
    """Return the number of elements of one example of that shape."""
    return prod(shape)


@overload
def per_axis(value: int | tuple[int, ...], rank: int) -> tuple[int, ...]: ...
@overload
def per_axis(value: Size | tuple[Size, ...], rank: int) -> tuple[Size, ...]: ...
def per_axis(value: Size | tuple[Size, ...], rank: int) -> tuple[Size, ...]:
    """Repeat one number for all axes; return a tuple unchanged."""
    return value if isinstance(value, tuple) else (value,) * rank


class AxisWindow(NamedTuple):
    """A window that slides along one axis: its kernel size, dilation and stride."""

    kernel: Size
    stride: Size = 1
    dilation: int = 1

    @property
    def extent(self) -> Size:
        """The number of elements from the first to the last that the window reads."""
        return self.dilation * (self.kernel - 1) + 1


def count_windows(size: Size, window: AxisWindow, padding: tuple[Size, Size], ceil: bool = False) -> Size:
    """Return how many windows fit into size elements, as torch counts them; less than one if none does.

    Formula: floor((size + before + after - extent) / stride) + 1, as in torch.nn.Conv2d; with ``ceil`` the division
    rounds up, but a last window that would start in the padding after the input is dropped.

    Example:
        >>> count_windows(112, AxisWindow(kernel=3, stride=2), padding=(0, 0), ceil=True)
        56
    """
    before, after = padding
    room = before + after - window.extent
    if ceil:
        # torch.nn.MaxPool2d: "sliding windows that would start in the right padded region are ignored". The last one
        # starts at size + before - 1 at most. One division does both without comparing the size, so that an open one
        # stays open.
        room = min(room + window.stride - 1, before - 1)
    return (size + room) // window.stride + 1


def same_padding(size: Size, window: AxisWindow) -> tuple[Size, Size]:
    """Return TensorFlow's SAME padding: ceil(size / stride) windows, the odd element after the input.

    Example:
        >>> same_padding(224, AxisWindow(kernel=3, stride=2))
        (0, 1)
    """
    # A layer's window is part of its weights or of its text, so that it is a number even where the size stays open.
    extent, stride = int(window.extent), int(window.stride)
    left_over = -size % stride
    if extent >= stride:
        total = extent - stride + left_over
    else:
        # A stride larger than the window skips elements, and pads only if less than a window is left: this is max(0,
        # extent - stride + left_over), as a sum of steps, so that an open size is not compared.
        total = sum((left_over + stride - least) // stride for least in range(stride - extent + 1, stride))
    return total // 2, total - total // 2

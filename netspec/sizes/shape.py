"""Shapes and the arithmetic of sliding windows, in exact integers and in formulas of open sizes.

A shape is channels first and without the batch axis: ``(64, 56, 56)``. Its rank is the number of axes after the
channels, so a feature vector has rank 0, a signal 1, an image 2 and a volume 3.
"""

from __future__ import annotations

from math import prod
from typing import overload

from netspec.sizes.dim import Size
from netspec.sizes.questions import stated

Shape = tuple[Size, ...]
Pairs = tuple[tuple[Size, Size], ...]
"""What is added before and after each axis."""

MOST_AXES = 63
"""How many axes one example may have: with the batch, those of torch's tensors."""


def show(shape: Shape) -> str:
    """Return the shape as people write it, at its stated sizes.

    Example:
        >>> show((256, 28, 28))
        '256x28x28'
    """
    return "x".join(str(stated(size)) for size in shape) if shape else "scalar"


def stated_shape(shape: Shape) -> tuple[int, ...]:
    """Return the shape at its stated sizes."""
    return tuple(map(stated, shape))


def elements(shape: Shape) -> Size:
    """Return the number of elements of one example of that shape."""
    return prod(shape)


@overload
def per_axis(value: int | tuple[int, ...], rank: int) -> tuple[int, ...]: ...
@overload
def per_axis(value: Size | tuple[Size, ...], rank: int) -> tuple[Size, ...]: ...
def per_axis(value: Size | tuple[Size, ...], rank: int) -> tuple[Size, ...]:
    """Spread one number over all axes; leave a tuple as it is."""
    return value if isinstance(value, tuple) else (value,) * rank


def window_output(
    size: Size, kernel: Size, stride: Size, dilation: Size, padding: tuple[Size, Size], ceil: bool
) -> Size:
    """Return how many windows fit into size elements, as torch counts them; less than one where none does.

    Formula: floor((size + before + after - dilation * (kernel - 1) - 1) / stride) + 1; with ``ceil`` the division
    rounds up, but a last window that would start in the padding after the input is dropped.

    Example:
        >>> window_output(112, kernel=3, stride=2, dilation=1, padding=(0, 0), ceil=True)
        56
    """
    before, after = padding
    room = before + after - dilation * (kernel - 1) - 1
    if ceil:
        # the last window starts at most at size + before - 1: one division does both, and asks nothing of the size
        room = min(room + stride - 1, before - 1)
    return (size + room) // stride + 1


def same_padding(size: Size, kernel: Size, stride: Size, dilation: Size) -> tuple[Size, Size]:
    """Return TensorFlow's SAME padding: ceil(size / stride) windows, the odd element after the input.

    Example:
        >>> same_padding(224, kernel=3, stride=2, dilation=1)
        (0, 1)
    """
    count = -(-size // stride)
    total = max(0, (count - 1) * stride + dilation * (kernel - 1) + 1 - size)
    return total // 2, total - total // 2

"""Shapes and the arithmetic of sliding windows, in exact integers.

A shape is channels first and without the batch axis: ``(64, 56, 56)``. Its rank is the number of axes after the
channels, so a feature vector has rank 0, a signal 1, an image 2 and a volume 3.
"""

from __future__ import annotations

from math import prod

Shape = tuple[int, ...]
Pairs = tuple[tuple[int, int], ...]
"""What is added before and after each axis."""


def show(shape: Shape) -> str:
    """Return the shape as people write it.

    Example:
        >>> show((256, 28, 28))
        '256x28x28'
    """
    return "x".join(map(str, shape)) if shape else "scalar"


def elements(shape: Shape) -> int:
    """Return the number of elements of one example of that shape."""
    return prod(shape)


def per_axis(value: int | tuple[int, ...], rank: int) -> tuple[int, ...]:
    """Spread one number over all axes; leave a tuple as it is."""
    return value if isinstance(value, tuple) else (value,) * rank


def window_output(size: int, kernel: int, stride: int, dilation: int, padding: tuple[int, int], ceil: bool) -> int:
    """Return how many windows fit into size elements, as torch counts them.

    Formula: floor((size + before + after - dilation * (kernel - 1) - 1) / stride) + 1; with ``ceil`` the division
    rounds up, but a last window that would start in the padding after the input is dropped.

    Example:
        >>> window_output(112, kernel=3, stride=2, dilation=1, padding=(0, 0), ceil=True)
        56
    """
    before, after = padding
    room = size + before + after - dilation * (kernel - 1) - 1 + (stride - 1 if ceil else 0)
    count = room // stride + 1
    if ceil and (count - 1) * stride >= size + before:
        count -= 1
    return max(count, 0)


def same_padding(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Return TensorFlow's SAME padding: ceil(size / stride) windows, the odd element after the input.

    Example:
        >>> same_padding(224, kernel=3, stride=2, dilation=1)
        (0, 1)
    """
    count = -(-size // stride)
    total = max(0, (count - 1) * stride + dilation * (kernel - 1) + 1 - size)
    return total // 2, total - total // 2

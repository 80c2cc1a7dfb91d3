"""What convolutions and pools share: a window that slides over the axes."""

from typing import TypeVar

from netspec.diagnostics import Code
from netspec.ops.base import ShapeError, check_axes, spatial_rank
from netspec.ops.fields import OpenPaddingValue, SizePerAxis
from netspec.ops.traits import SAME, Window, Windows
from netspec.sizes import stated
from netspec.sizes.shape import Pairs, Shape, per_axis, same_padding, show, stated_shape, window_output

T = TypeVar("T")


def padding_pairs(
    padding: OpenPaddingValue | str,
    shape: Shape,
    kernel: Shape,
    stride: Shape,
    dilation: Shape,
) -> Pairs:
    """Return the padding before and after each axis.

    Example:
        >>> padding_pairs("same_tf", (3, 224, 224), (3, 3), (2, 2), (1, 1))
        ((0, 1), (0, 1))
    """
    rank = len(kernel)
    if padding == "valid":
        return ((0, 0),) * rank
    if padding == "same_tf":
        return tuple(same_padding(*each) for each in zip(shape[1:], kernel, stride, dilation, strict=True))
    if padding == "same":
        totals = [step * (extent - 1) for step, extent in zip(dilation, kernel, strict=True)]
        return tuple((total // 2, total - total // 2) for total in totals)
    sides = padding if isinstance(padding, tuple) else (padding,) * rank
    return tuple(side if isinstance(side, tuple) else (side, side) for side in sides)  # type: ignore[misc]


def slide(
    op: str,
    shape: Shape,
    kernel: SizePerAxis,
    stride: SizePerAxis,
    padding: OpenPaddingValue | str,
    dilation: int | tuple[int, ...] = 1,
    ceil: bool = False,
) -> Shape:
    """Return the size of each axis after the window has slid over it; raise ShapeError when it does not fit."""
    rank = spatial_rank(op, shape)
    for field, value in (("kernel", kernel), ("stride", stride), ("padding", padding), ("dilation", dilation)):
        check_axes(op, field, value, rank)
    kernels, strides, dilations = per_axis(kernel, rank), per_axis(stride, rank), per_axis(dilation, rank)
    if padding == "same" and any(step > 1 for step in strides):
        raise ShapeError(
            f"{op} with padding 'same' needs stride 1, and has stride {show(strides)}",
            help="use `padding: same_tf` for TensorFlow's rule, or a number",
            code=Code.INVALID_WINDOW,
        )
    if padding == "same_tf":
        # what is padded depends on the size, but not how many windows there are
        sizes = tuple(-(-size // step) for size, step in zip(shape[1:], strides, strict=True))
    else:
        pairs = padding_pairs(padding, shape, kernels, strides, dilations)
        sizes = tuple(
            window_output(*each, ceil) for each in zip(shape[1:], kernels, strides, dilations, pairs, strict=True)
        )
    # a window that stays open is empty where the map it depends on is small
    if any(size < 1 for size in (*kernels, *strides, *sizes)):
        raise ShapeError(
            f"{op} with kernel {show(kernels)} does not fit into {show(shape)}",
            help="use a smaller kernel, more padding or a larger input",
            operand=0,
            code=Code.INVALID_WINDOW,
        )
    return sizes


def check_copies(op: str, mode: str, pairs: Pairs, shape: Shape) -> None:
    """Raise ShapeError when padding that copies the input needs more of it than there is."""
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


def windows(
    padding: OpenPaddingValue | str,
    shape: Shape,
    kernel: SizePerAxis,
    stride: SizePerAxis,
    dilation: int | tuple[int, ...] = 1,
) -> Windows:
    """Return what a kernel reads of each axis beside the channels.

    Example:
        >>> windows(1, (8, 9), kernel=3, stride=2)
        (Window(first=-1, last=1, stride=2, axis=None),)
    """
    rank = len(shape) - 1
    kernels, strides, dilations = per_axis(kernel, rank), per_axis(stride, rank), per_axis(dilation, rank)
    pairs = padding_pairs(padding, shape, kernels, strides, dilations)
    return tuple(
        Window(-stated(before), dilation * (stated(extent) - 1) - stated(before), stated(step))
        for (before, _), extent, step, dilation in zip(pairs, kernels, strides, dilations, strict=True)
    )


def all_of(axis: int, shape: Shape) -> Windows:
    """Return the windows of an op that reads all of one axis, and of the others the element at the same position.

    Example:
        >>> all_of(0, (8, 5)) == (None, SAME)
        True
    """
    return tuple(None if index == axis else SAME for index in range(len(shape)))


def shortest(value: T | tuple[T, ...]) -> T | tuple[T, ...]:
    """Return one number where all axes have the same.

    Example:
        >>> shortest((3, 3)), shortest((1, 7))
        (3, (1, 7))
    """
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value


def torch_padding(padding: OpenPaddingValue | str, shape: Shape, *window: SizePerAxis) -> OpenPaddingValue | str:
    """Return padding as torch's modules take it; ``window`` is kernel, stride and dilation.

    Both sides of an axis are the same there. Padding that differs is returned as pairs: it has to become a ``pad`` op
    before emission (see ``Op.explicit_padding``).

    Example:
        >>> torch_padding("same_tf", (3, 28, 28), 3, 1, 1), torch_padding("same_tf", (3, 28, 28), 3, 2, 1)
        (1, ((0, 1), (0, 1)))
    """
    if isinstance(padding, int):
        return padding
    rank = len(shape) - 1
    pairs = padding_pairs(padding, shape, *(per_axis(each, rank) for each in window))
    if any(before != after for before, after in pairs):
        return pairs
    sides: SizePerAxis = shortest(tuple(before for before, _ in pairs))
    return sides


def beyond_torch(pairs: Pairs, most: Shape) -> bool:
    """Return whether torch cannot pad a pool so: differently on two sides of an axis, or by more than ``most``."""
    return any(before != after or before > limit for (before, after), limit in zip(pairs, most, strict=True))


def draw_window(rank: int, kernel: SizePerAxis, stride: SizePerAxis) -> str:
    """Return a window as diagrams show it.

    Example:
        >>> draw_window(2, 3, 2)
        '3x3, s2'
    """
    strides = stated_shape(per_axis(stride, rank))
    step = str(strides[0]) if len(set(strides)) == 1 else show(strides)
    kernels = show(per_axis(kernel, rank))
    return kernels if step == "1" else f"{kernels}, s{step}"

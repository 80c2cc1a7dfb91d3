"""The axes of operands: by name or number, and how many there are."""

from collections.abc import Iterable
from itertools import pairwise

from netspec.diagnostics import Code
from netspec.ops.shape_error import ShapeError
from netspec.sizes.shape import AXIS_NAMES, Shape, axis_named, show


def spatial_rank(op: str, shape: Shape) -> int:
    """Return the rank of the operand of a 1d, 2d or 3d op; raise ShapeError for any other rank."""
    # torch's layers accept values without a batch too. So torch.nn.Conv1d would treat a batch of vectors as a single
    # signal whose channels are the examples, and fail only if their number is wrong.
    rank = len(shape) - 1
    if not 1 <= rank <= 3:
        raise ShapeError(
            f"{op} needs channels and 1 to 3 axes, got {show(shape)}",
            help="a vector goes into `linear`; `reshape` gives it axes" if rank < 1 else "`reshape` takes axes away",
            operand=0,
            code=Code.UNSUPPORTED_SHAPE,
        )
    return rank


def axis_index(op: str, axis: int | str, shape: Shape) -> int:
    """Return the index into shape of an axis by name or by torch's number; raise ShapeError when there is none."""
    if isinstance(axis, str):
        named = axis_named(axis, shape)
        if named is not None:
            return named
        known = ", ".join(name for name in AXIS_NAMES if axis_named(name, shape) is not None)
        help_text = f"it has {known}; this value has axes 1 to {len(shape)}"
    else:
        # Axes are numbered as in torch, where the batch is axis 0 and -1 the last; shapes here have no batch.
        index = axis - 1 if axis > 0 else axis + len(shape)
        if axis != 0 and 0 <= index < len(shape):
            return index
        help_text = f"the batch is axis 0; this value has axes 1 to {len(shape)}"
    raise ShapeError(f"{op} has no axis {axis} in {show(shape)}", help=help_text, operand=0, code=Code.INVALID_AXIS)


def axis_indices(op: str, axes: Iterable[int | str], shape: Shape) -> tuple[int, ...]:
    """Return the indices of several axes, in order; raise ShapeError where one is given twice."""
    found = sorted(axis_index(op, axis, shape) for axis in axes)
    twice = next((first for first, second in pairwise(found) if first == second), None)
    if twice is not None:
        raise ShapeError(
            f"{op} has axis {twice + 1} of {show(shape)} twice",
            help="`features` and -1 are the last axis",
            operand=0,
            code=Code.INVALID_AXIS,
        )
    return tuple(found)


def check_axes(op: str, field: str, value: object, rank: int) -> None:
    """Raise ShapeError when a per-axis argument has another number of entries than there are axes."""
    if isinstance(value, tuple) and len(value) != rank:
        raise ShapeError(
            f"{op} needs one {field} per axis: {rank}, got {len(value)}",
            help=f"give one number for all axes, or a list of {rank}",
            operand=0,
            code=Code.INVALID_AXIS,
        )


def check_sequence(op: str, shape: Shape) -> None:
    """Raise ShapeError unless the value is a sequence of vectors."""
    help_text = "its axes are the steps and the features; `permute: [2, 1]` turns channels first into that"
    _check_rank(2, shape, f"{op} takes a sequence of vectors", help_text)


def check_image(op: str, shape: Shape) -> None:
    """Raise ShapeError unless a value has channels, height and width."""
    _check_rank(3, shape, f"{op} needs an image", "`reshape` gives a value two spatial axes")


def _check_rank(rank: int, shape: Shape, message: str, help_text: str) -> None:
    if len(shape) != rank:
        error = f"{message}, got {show(shape)}"
        raise ShapeError(error, help=help_text, operand=0, code=Code.UNSUPPORTED_SHAPE)

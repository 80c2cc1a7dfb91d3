"""Shapes of ops with several operands: equal, or broadcast. torch broadcasts whatever it can.

An unintended broadcast runs and computes something else, so that most merges require equal shapes. Operands with fewer
axes are refused even where axes broadcast: torch would align them at the last axis, and not at the channels.
"""

from netspec.ops.shape_error import ShapeError
from netspec.sizes import Dim, Size
from netspec.sizes.shape import Shape, show


def equal(op: str, *shapes: Shape, otherwise: str = "") -> Shape:
    """Return the one shape that all operands have; raise ShapeError when they differ."""
    for position, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise ShapeError(
                f"{op} needs equal shapes: {show(shapes[0])} and {show(shape)}",
                help="give both operands the same stride and channels" + (otherwise if 1 in shape + shapes[0] else ""),
                operand=position,
            )
    return shapes[0]


def broadcast(op: str, *shapes: Shape) -> Shape:
    """Return the broadcast shape of all operands; raise ShapeError if there is none."""
    common = shapes[0]
    for position, shape in enumerate(shapes):
        # torch aligns shapes at the last axis: `C` beside `C x H x W` would be the width.
        if len(shape) != len(common):
            raise ShapeError(
                f"{op} needs operands with the same number of axes: {show(common)} and {show(shape)}",
                help="`reshape` gives a vector the axes it lacks",
                operand=position,
            )
        sizes = list(map(_common_size, common, shape))
        if None in sizes:
            raise ShapeError(
                f"{op} needs equal shapes, or axes of size 1: {show(common)} and {show(shape)}",
                help="give both operands the same channels and stride",
                operand=position,
            )
        common = tuple(size for size in sizes if size is not None)
    return common


def _common_size(size: Size, other: Size) -> Size | None:
    """Return the broadcast size of two axes, or None if they do not fit."""
    if broadcasts_to(size, other):
        return other
    return size if broadcasts_to(other, size) else None


def broadcasts_to(size: Size, full: Size) -> bool:
    """Return whether an axis has the full size, or broadcasts to it.

    A plain 1 is tested first: comparing the open size with 1 would exclude that size.
    """
    if not isinstance(size, Dim) and size == 1:
        return True
    if not isinstance(full, Dim) and full == 1:
        return False
    return size == full or (isinstance(size, Dim) and size == 1)

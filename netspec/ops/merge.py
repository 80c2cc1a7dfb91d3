"""Ops that take several operands: where branches, shortcuts and gates come together."""

from __future__ import annotations

from pydantic import Field

from netspec.ops.base import Argument, Op, Sample, ShapeError, Torch, axis_index
from netspec.ops.fields import Flag, Integer
from netspec.shape import Shape, show


class Concat(Op, name="concat"):
    """Joins its operands along an axis, the channels by default.

    Shape: operands that agree in every other axis; the axis adds up.

    Cost: no parameters, no MACs.

    Raises: ShapeError when another axis differs.

    Example: ``- concat: {left: [{conv: {out: 8, kernel: 1}}], right: [{conv: {out: 8, kernel: 1}}]}``

    Source: torch.cat.
    """

    family = "merge"
    operands = (1, None)
    input_dtype = "any"
    samples = (
        Sample({}, ((4, 3, 3), (2, 3, 3), (1, 3, 3))),
        Sample({"axis": 2}, ((4, 3, 3), (4, 2, 3))),
    )
    faults = (Sample({}, ((4, 3, 3), (4, 2, 3))), Sample({"axis": 4}, ((4, 3, 3), (4, 3, 3))))

    axis: Integer = Field(1, description="The axis to join along; the batch is axis 0, the channels are axis 1.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        first = shapes[0]
        index = axis_index("concat", self.axis, first)
        for position, shape in enumerate(shapes):
            if len(shape) != len(first) or any(
                size != shape[axis] for axis, size in enumerate(first) if axis != index
            ):
                raise ShapeError(
                    f"concat along axis {self.axis} needs operands that agree in every other axis: "
                    f"{show(first)} and {show(shape)}",
                    help="check the stride and padding of the branches",
                    operand=position,
                )
        return (*first[:index], sum(shape[index] for shape in shapes), *first[index + 1 :])

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch("torch.cat([{operands}], {axis})", (Argument("axis", self.axis),))


class ElementWise(Op):
    """What merges of equal shapes share."""

    family = "merge"
    operands = (2, None)
    samples = (
        Sample({}, ((4, 3, 3), (4, 3, 3))),
        Sample({}, ((4,), (4,), (4,))),
    )
    faults = (Sample({}, ((4, 3, 3), (4, 2, 3))), Sample({}, ((4, 3, 3), (4,))))

    def infer_shape(self, *shapes: Shape) -> Shape:
        first = shapes[0]
        for position, shape in enumerate(shapes):
            if shape != first:
                raise ShapeError(
                    f"{self.name} needs equal shapes: {show(first)} and {show(shape)}",
                    help="give both operands the same stride and channels",
                    operand=position,
                )
        return first

    def count_macs(self, *shapes: Shape) -> int:
        return 0


class Add(ElementWise, name="add"):
    """Adds its operands.

    Formula: ``y = a + b + ...``

    Shape: equal shapes; with ``broadcast`` an axis of size 1 stretches.

    Cost: no parameters, no MACs.

    Raises: ShapeError when the shapes differ.

    Example: ``- add: [x, skip]``

    Source: torch.add; He et al. 2015, arXiv:1512.03385.
    """

    keeps_input = False

    broadcast: Flag = Field(False, description="Let an axis of size 1 stretch to the size of the other operands.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        return broadcast(self.name, *shapes) if self.broadcast else super().infer_shape(*shapes)

    def emit_function(self, *shapes: Shape) -> Torch:
        return operator("+", len(shapes))


def operator(symbol: str, operands: int) -> Torch:
    """Return the text of an infix operator over that many operands."""
    text = f" {symbol} ".join(f"{{{index}}}" for index in range(operands))
    return Torch(text, calls=operands - 1)


def broadcast(op: str, *shapes: Shape) -> Shape:
    """Return the common shape when axes of size 1 stretch; raise ShapeError when there is none."""
    if len({len(shape) for shape in shapes}) > 1:
        raise ShapeError(
            f"{op} needs operands with the same number of axes: {' and '.join(map(show, shapes))}",
            help="`reshape` gives a vector the axes it lacks",
        )
    common = tuple(max(sizes) for sizes in zip(*shapes, strict=True))
    for position, shape in enumerate(shapes):
        if any(size not in (1, full) for size, full in zip(shape, common, strict=True)):
            raise ShapeError(
                f"{op} needs equal shapes, or axes of size 1: {' and '.join(map(show, shapes))}",
                help="give both operands the same channels and stride",
                operand=position,
            )
    return common

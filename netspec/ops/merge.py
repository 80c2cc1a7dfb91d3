"""Ops with several operands, which join branches, shortcuts and gates."""

from typing import ClassVar

from pydantic import Field

from netspec.ops.axes import axis_index
from netspec.ops.base import Op, Sample
from netspec.ops.broadcasting import broadcast, broadcasts_to, equal
from netspec.ops.fields import AxisNumber, Flag
from netspec.ops.shape_error import ShapeError
from netspec.ops.torch_code import Argument, Torch
from netspec.ops.traits import SAME, Window, Windows
from netspec.sizes.shape import Shape, show

# Each operator of a row is a level of Python's syntax tree, of which Python reads less than a thousand.
LONGEST_ROW = 100


class Concat(Op, name="concat"):
    """Concatenates its operands along an axis, the channels by default.

    Formula: ``y[i] = a[i]`` for the first operand, ``y[len(a) + i] = b[i]`` for the second, and so on, along the axis.

    Shape: operands that agree in every other axis; the axis adds up.

    Cost: no parameters, no MACs.

    Raises: ShapeError when another axis differs.

    Example: ``- concat: {left: [{conv: {out: 8, kernel: 1}}], right: [{conv: {out: 8, kernel: 1}}]}``

    Source: torch.cat.
    """

    family = "merge"
    operands = (1, None)
    input_dtype = "any"
    axis_fields = frozenset({"axis"})
    concatenates = True
    moves_elements = True
    keeps_input = False
    samples = (
        Sample({}, ((4, 3, 3), (2, 3, 3), (1, 3, 3))),
        Sample({"axis": 2}, ((4, 3, 3), (4, 2, 3))),
    )
    invalid_samples = (Sample({}, ((4, 3, 3), (4, 2, 3))), Sample({"axis": 4}, ((4, 3, 3), (4, 3, 3))))

    axis: AxisNumber = Field(1, description="The axis to join along; the batch is axis 0, the channels are axis 1.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        first = shapes[0]
        index = axis_index("concat", self.axis, first)
        for position, shape in enumerate(shapes):
            if len(shape) != len(first) or any(size != shape[axis] for axis, size in enumerate(first) if axis != index):
                raise ShapeError(
                    f"concat along axis {self.axis} needs operands that agree in every other axis: "
                    f"{show(first)} and {show(shape)}",
                    help="check the stride and padding of the branches",
                    operand=position,
                )
        return (*first[:index], sum(shape[index] for shape in shapes), *first[index + 1 :])

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def canonical(self, *shapes: Shape) -> Op:
        # `-1` becomes the number of the last axis, so that equal networks have equal ops.
        return self.with_fields(axis=axis_index("concat", self.axis, shapes[0]) + 1)

    def without_batch(self, alone: tuple[bool, ...], *shapes: Shape) -> Op | None:
        return BatchlessConcat(axis=self.axis) if all(alone) else None

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch("torch.cat([{operands}], {axis})", (Argument("axis", self.axis),))

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        # Each operand is read at its own offset along the axis.
        index, start, operands = axis_index("concat", self.axis, shapes[0]), 0, []
        for shape in shapes:
            same = (SAME,) * len(shape)
            operands.append((*same[:index], Window(-start, -start, 1), *same[index + 1 :]))
            start += shape[index]
        return tuple(operands)


class BatchlessConcat(Concat):
    """A concatenation of tensors that are the same for all examples and have no batch axis."""

    # Not registered: it is no word of a document.
    name = "batchless_concat"

    def stretches_operand(self, position: int) -> bool:
        return True

    def emit_function(self, *shapes: Shape) -> Torch:
        axis = axis_index("concat", self.axis, shapes[0])
        return Torch("torch.cat([{operands}], {axis})", (Argument("axis", axis),))


class ElementWise(Op):
    """The base class of element-wise merges."""

    keeps_layout = True
    checks_sizes = False
    stretches = True
    family = "merge"
    operands: ClassVar[tuple[int, int | None]] = (2, None)
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({}, ((4, 3, 3), (4, 3, 3))),
        Sample({}, ((4,), (4,), (4,))),
        Sample({"broadcast": True}, ((4, 3, 3), (4, 1, 1))),
    )
    invalid_samples: ClassVar[tuple[Sample, ...]] = (
        Sample({}, ((4, 3, 3), (4, 2, 3))),
        Sample({}, ((4, 3, 3), (4,))),
        Sample({"broadcast": True}, ((4, 3, 3), (2, 1, 1))),
        Sample({"broadcast": False}, ((4, 3, 3), (4, 1, 1))),
    )

    broadcast: Flag = Field(False, description="Let an axis of size 1 stretch to the size of the other operands.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        if self.broadcast:
            return broadcast(self.name, *shapes)
        return equal(self.name, *shapes, otherwise="; `broadcast: true` stretches axes of size 1")

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def canonical(self, *shapes: Shape) -> Op:
        return self.with_fields(broadcast=True)  # it affects only which shapes are valid


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

    def emit_function(self, *shapes: Shape) -> Torch:
        return operator("+", len(shapes))


class Subtract(ElementWise, name="sub"):
    """Subtracts the second operand from the first.

    Formula: ``y = a - b``

    Shape: equal shapes; with ``broadcast`` an axis of size 1 stretches.

    Cost: no parameters, no MACs.

    Raises: ShapeError when the shapes differ.

    Example: ``- sub: [x, blurred]``

    Source: torch.sub.
    """

    operands = (2, 2)
    keeps_input = False
    samples = (Sample({}, ((4, 3, 3), (4, 3, 3))), Sample({"broadcast": True}, ((4, 3, 3), (4, 1, 1))))

    def emit_function(self, *shapes: Shape) -> Torch:
        return operator("-", len(shapes))


class Multiply(ElementWise, name="mul"):
    """Multiplies its operands element by element, as gates do.

    Formula: ``y = a * b * ...``

    Shape: equal shapes, or axes of size 1, which stretch: a gate of ``C x 1 x 1`` acts on all of ``C x H x W``.

    Cost: no parameters; no MACs, since nothing is accumulated.

    Raises: ShapeError when the shapes differ in an axis that is not 1.

    Example: ``- mul: {x: x, gate: [global_avgpool, {conv: {out: x.channels, kernel: 1}}, sigmoid]}``

    Source: torch.mul; Hu et al. 2017, arXiv:1709.01507.
    """

    samples = (*ElementWise.samples, Sample({}, ((4, 1, 1), (4, 3, 3), (1, 3, 3))))

    # A gate is nearly always smaller than its other operand, so the default is the opposite of the other merges'.
    broadcast: Flag = Field(True, description="Let an axis of size 1 stretch to the size of the other operands.")

    def emit_function(self, *shapes: Shape) -> Torch:
        return operator("*", len(shapes))


class Mean(ElementWise, name="mean"):
    """Averages its operands, element by element.

    Formula: ``y = (a + b + ...) / n``

    Shape: equal shapes; with ``broadcast`` an axis of size 1 stretches.

    Cost: no parameters, no MACs.

    Raises: ShapeError when the shapes differ.

    Example: ``- mean: [left, right]``

    Source: torch.add and torch.div.
    """

    keeps_input = False

    def emit_function(self, *shapes: Shape) -> Torch:
        total = operator("+", len(shapes))
        return Torch(f"({total.template}) / {len(shapes)}", calls=len(shapes))


class Maximum(ElementWise, name="max"):
    """Computes the maximum of its operands, element by element.

    Formula: ``y = max(a, b, ...)``

    Shape: equal shapes; with ``broadcast`` an axis of size 1 stretches.

    Cost: no parameters, no MACs.

    Raises: ShapeError when the shapes differ.

    Example: ``- max: [left, right]``

    Source: torch.maximum; Goodfellow et al. 2013, arXiv:1302.4389.
    """

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch(_largest(range(len(shapes))), calls=len(shapes) - 1)


class Lerp(Op, name="lerp"):
    """Interpolates linearly between two operands by a third, as the gates of highway networks do.

    Formula: ``y = start + weight * (end - start)``

    Shape: three equal shapes; in ``weight`` an axis of size 1 stretches.

    Cost: no parameters, no MACs.

    Raises: ShapeError when the shapes differ.

    Example: ``- lerp: {start: x, end: [{linear: 50}, relu], weight: [{linear: 50}, sigmoid]}``

    Source: torch.lerp; Srivastava et al. 2015, arXiv:1505.00387.
    """

    keeps_layout = True
    checks_sizes = False
    family = "merge"
    operands = (3, 3)
    operand_names = ("start", "end", "weight")
    samples = (
        Sample({}, ((4, 3, 3), (4, 3, 3), (4, 3, 3))),
        Sample({}, ((4, 3, 3), (4, 3, 3), (1, 3, 3))),
        Sample({}, ((5,), (5,), (5,))),
    )
    invalid_samples = (
        Sample({}, ((4, 3, 3), (4, 1, 1), (4, 3, 3))),
        Sample({}, ((4, 3, 3), (4, 3, 3), (2, 3, 3))),
        Sample({}, ((4, 1, 1), (4, 1, 1), (4, 3, 3))),
    )

    def infer_shape(self, *shapes: Shape) -> Shape:
        start, end, weight = shapes
        equal("lerp", start, end)
        # torch.lerp would broadcast all three; a network in which start and end differ has an error elsewhere.
        if len(weight) != len(start) or not all(map(broadcasts_to, weight, start)):
            raise ShapeError(
                f"lerp needs a weight that fits {show(start)}, got {show(weight)}",
                help="give the gate the channels and stride of what it acts on",
                operand=2,
            )
        return start

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch("torch.lerp({0}, {1}, {2})")


def _largest(operands: range) -> str:
    """Return the text of the maximum of some operands as a balanced tree: Python parses at most 200 nested brackets."""
    if len(operands) == 1:
        return f"{{{operands[0]}}}"
    half = (len(operands) + 1) // 2
    return f"torch.maximum({_largest(operands[:half])}, {_largest(operands[half:])})"


def operator(symbol: str, operands: int) -> Torch:
    """Return the text of an infix operator over that many operands, in brackets where they are many."""
    between = f" {symbol} "
    parts = [f"{{{index}}}" for index in range(operands)]
    while len(parts) > LONGEST_ROW:
        starts = range(0, len(parts), LONGEST_ROW)
        parts = [f"({between.join(parts[start : start + LONGEST_ROW])})" for start in starts]
    return Torch(between.join(parts), calls=operands - 1)

"""Positions of elements: of the largest ones, and as vectors with a single one."""

from pydantic import Field

from netspec.diagnostics import Code
from netspec.ops.axes import axis_index
from netspec.ops.base import Op, Sample
from netspec.ops.fields import AxisNumber, Flag, Positive
from netspec.ops.shape_error import ShapeError
from netspec.ops.tensor_type import TensorType
from netspec.ops.torch_code import Argument, Torch
from netspec.ops.traits import SAME, Windows
from netspec.ops.windows import all_of, reduced
from netspec.sizes import Size, stated
from netspec.sizes.shape import Shape, show


class Ranking(Op):
    """The base class of ops that compare the elements along an axis."""

    family = "shape"
    axis_fields = frozenset({"axis"})

    axis: AxisNumber = Field(1, description="The axis to compare along; the batch is axis 0, the channels are axis 1.")

    def index(self, shape: Shape) -> int:
        """Return the index of the axis in a shape; raise ShapeError when there is none."""
        return axis_index(self.name, self.axis, shape)

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def canonical(self, *shapes: Shape) -> Op:
        return self.with_fields(axis=self.index(shapes[0]) + 1)

    def bound_results(self, bounds: tuple[int | None, ...], *operands: TensorType) -> tuple[int | None, ...]:
        shape = operands[0].shape
        size = stated(shape[self.index(shape)])
        return tuple(size if each.dtype == "int64" else None for each in self.infer_results(*operands))


class ArgMax(Ranking, name="argmax"):
    """Gives the position of the largest element along an axis, as an integer.

    Formula: ``y = the i for which x[i] is largest``

    Shape: the axis is dropped, or with `keep` it has size 1.

    Cost: no parameters, no MACs.

    Raises: ShapeError when there is no such axis.

    Example: ``- argmax: channels``

    Source: torch.argmax.
    """

    primary = "axis"
    samples = (
        Sample({"axis": "channels"}, ((4, 3, 5),)),
        Sample({"axis": -1, "keep": True}, ((4, 6),)),
        Sample({}, ((5,),)),
    )
    invalid_samples = (Sample({"axis": "height"}, ((4, 5),)), Sample({"axis": 0}, ((4, 5),)))

    keep: Flag = Field(False, description="Whether the axis stays, with size 1.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        index = self.index(shape)
        return (*shape[:index], *((1,) if self.keep else ()), *shape[index + 1 :])

    def infer_results(self, *operands: TensorType) -> tuple[TensorType, ...]:
        return (TensorType(self.infer_shape(*(each.shape for each in operands)), "int64"),)

    def emit_function(self, *shapes: Shape) -> Torch:
        dim = Argument("dim", self.index(shapes[0]) + 1, positional=True, field="axis")
        return Torch("torch.argmax({0}, {arguments})", (dim, Argument("keepdim", self.keep, False, field="keep")))

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return (reduced((self.index(shapes[0]),), len(shapes[0]), self.keep),)


class TopK(Ranking, name="topk"):
    """Gives the largest elements along an axis, from the largest on, and their positions: two values.

    Formula: ``y[i] = x[p[i]]``, where ``p[0]`` is the position of the largest element, and so on.

    Shape: in both values the axis has ``count`` elements; the second holds integers.

    Cost: no parameters, no MACs.

    Raises: ShapeError when there is no such axis, or when it has fewer elements.

    Example: ``- topk: {count: 5, axis: features}``

    Source: torch.topk.
    """

    primary = "count"
    result_names = ("values", "positions")
    samples = (
        Sample({"count": 2}, ((4, 3, 5),)),
        Sample({"count": 3, "axis": "features"}, ((4, 6),)),
        Sample({"count": 5, "largest": False}, ((5,),)),
    )
    invalid_samples = (Sample({"count": 5}, ((4, 6),)), Sample({"count": 1, "axis": 3}, ((4, 5),)))

    count: Positive = Field(description="Number of elements.")
    largest: Flag = Field(True, description="Whether to give the largest elements, or else the smallest ones.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        index = self.index(shape)
        if shape[index] < self.count:
            raise ShapeError(
                f"topk takes {self.count} elements along axis {index + 1}, and {show(shape)} has {shape[index]:d}",
                help=f"use `count: {shape[index]:d}` at most",
                operand=0,
                code=Code.INVALID_AXIS,
            )
        return (*shape[:index], self.count, *shape[index + 1 :])

    def infer_results(self, *operands: TensorType) -> tuple[TensorType, ...]:
        shape = self.infer_shape(*(each.shape for each in operands))
        return TensorType(shape), TensorType(shape, "int64")

    def emit_function(self, *shapes: Shape) -> Torch:
        arguments = (
            Argument("k", self.count, positional=True, field="count"),
            Argument("dim", self.index(shapes[0]) + 1, positional=True, field="axis"),
            Argument("largest", self.largest, True),
        )
        return Torch("torch.topk({0}, {arguments})", arguments)

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return (all_of(self.index(shapes[0]), shapes[0]),)

    def abbreviate(self, shape: Shape) -> str:
        return str(self.count)


class OneHot(Op, name="one_hot"):
    """Turns each integer into a vector that is 1 at its position, and 0 elsewhere.

    Formula: ``y[i, c] = 1 if x[i] == c else 0``

    Shape: ``...`` integers to ``... x classes``, as floats.

    Cost: no parameters, no MACs.

    Example: ``- one_hot: 10``

    Source: torch.nn.functional.one_hot.
    """

    family = "shape"
    primary = "classes"
    input_dtype = "int64"
    limit_field = "classes"
    samples = (Sample({"classes": 7}, ((4,),)), Sample({"classes": 5}, ((3, 2),)))

    classes: Positive = Field(description="Number of positions, for the integers from 0 to classes - 1.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        return (*shapes[0], self.classes)

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def integers_below(self, position: int, *shapes: Shape) -> Size:
        return self.classes

    def emit_module(self, *shapes: Shape) -> Torch:
        return Torch("OneHot({arguments})", (Argument("classes", self.classes, positional=True),), layer="one_hot")

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return ((SAME,) * len(shapes[0]),)

    def abbreviate(self, shape: Shape) -> str:
        return str(self.classes)

"""Selecting elements by their positions along an axis."""

from typing import Annotated

from pydantic import Field

from netspec.diagnostics import Code
from netspec.dtypes import Dtype
from netspec.ops.axes import axis_index
from netspec.ops.base import Op, Sample
from netspec.ops.fields import AxisNumber, Flag, Integer
from netspec.ops.shape_error import ShapeError
from netspec.ops.tensor_type import TensorType
from netspec.ops.torch_code import Argument, Torch
from netspec.ops.traits import SAME, Window, Windows
from netspec.sizes import Size, stated
from netspec.sizes.shape import Shape, show


class Gather(Op, name="gather"):
    """Selects elements along an axis by their positions: by a list of them, or by the integers of a second value.

    Formula: ``y[i] = x[positions[i]]`` along the axis, or ``y[i, j] = x[index[i, j]]`` for an index of two axes.

    Shape: the axis has as many elements as there are positions, or is replaced by the axes of the index.

    Cost: no parameters, no MACs.

    Raises: ShapeError for a position that is not there, and unless there are either positions or an index; positions
    count from 0, negative ones from the end.

    Example: ``- gather: [0, 1, 2]``, or ``- gather: {of: [table, index], axis: length}``

    Source: torch.Tensor indexing and torch.take_along_dim; LeCun et al. 1998, table 1.
    """

    family = "shape"
    primary = "positions"
    operands = (1, 2)
    input_dtype = "any"
    moves_elements = True
    axis_fields = frozenset({"axis"})
    samples = (
        Sample({"positions": [0, 2]}, ((4, 3, 3),)),
        Sample({"positions": [-1, 0, 0]}, ((4, 5),)),
        Sample({"positions": [2]}, ((6,),)),
        Sample({"positions": [4, 1, -2], "axis": "width"}, ((4, 3, 5),)),
        Sample({}, ((6, 3), (7,))),
        Sample({"axis": 2}, ((3, 5, 4), (2,))),
        Sample({"axis": "features"}, ((3, 5), (2, 4))),
    )
    invalid_samples = (
        Sample({"positions": [0, 4]}, ((4, 3, 3),)),
        Sample({"positions": [-5]}, ((4,),)),
        Sample({"positions": [0], "axis": "height"}, ((4, 5),)),
        Sample({}, ((4, 5),)),
        Sample({"positions": [0]}, ((4, 5), (3,))),
    )

    positions: Annotated[tuple[Integer, ...], Field(min_length=1)] | None = Field(
        None, description="The positions, counted from 0, where no second value holds them."
    )
    axis: AxisNumber = Field(1, description="The axis to select along; the batch is axis 0, the channels are axis 1.")

    def operand_dtypes(self, position: int) -> tuple[Dtype, ...]:
        return ("int64",) if position else ()

    def infer_shape(self, *shapes: Shape) -> Shape:
        shape, *indices = shapes
        if (self.positions is None) != bool(indices):
            raise ShapeError(
                f"gather takes either positions or an index, and has {'both' if indices else 'neither'}",
                help="as in `gather: [0, 2]` or `gather: {of: [table, index]}`",
                code=Code.CONFLICTING_ARGUMENTS,
            )
        index = axis_index("gather", self.axis, shape)
        if self.positions is None:
            return (*shape[:index], *indices[0], *shape[index + 1 :])
        # The ends of the range decide for all, since an open size is compared once for each.
        for position in (min(self.positions), max(self.positions)):
            if not -shape[index] <= position < shape[index]:
                raise ShapeError(
                    f"gather takes position {position} of axis {index + 1}, and {show(shape)} has {shape[index]:d}",
                    help=f"positions go from 0 to {shape[index] - 1:d}",
                    operand=0,
                    code=Code.INVALID_AXIS,
                )
        return (*shape[:index], len(self.positions), *shape[index + 1 :])

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def integers_below(self, position: int, *shapes: Shape) -> Size | None:
        return shapes[0][axis_index("gather", self.axis, shapes[0])] if position else None

    def bound_results(self, bounds: tuple[int | None, ...], *operands: TensorType) -> tuple[int | None, ...]:
        return bounds[:1]

    def without_batch(self, alone: tuple[bool, ...], *shapes: Shape) -> Op | None:
        # Behind other axes, an index with a batch would put the batch there.
        if self.positions is not None or (alone[0] and not alone[1] and axis_index("gather", self.axis, shapes[0])):
            return None
        return Indexing(axis=self.axis, is_shared=alone[0])

    def canonical(self, *shapes: Shape) -> Op:
        index = axis_index("gather", self.axis, shapes[0])
        if self.positions is None:
            return self.with_fields(axis=index + 1)
        size = stated(shapes[0][index])
        return self.with_fields(axis=index + 1, positions=tuple(position % size for position in self.positions))

    def emit_function(self, *shapes: Shape) -> Torch:
        index = axis_index("gather", self.axis, shapes[0])
        if self.positions is not None:
            ahead = ":, " * (index + 1)
            return Torch(f"{{0}}[{ahead}{{positions}}]", (Argument("positions", self.positions),))
        axes, rank = len(shapes[1]), len(shapes[0])
        # torch.take_along_dim stretches axes of size 1, and the index gets one for each of the others.
        flat = "{1}.flatten(1)" if axes > 1 else "{1}"
        spread = [":", *["None"] * index, ":" if axes else "None", *["None"] * (rank - index - 1)]
        at = flat if "None" not in spread else f"{flat}[{', '.join(spread)}]"
        taken = f"torch.take_along_dim({{0}}, {at}, {{dim}})"
        ending = "" if axes == 1 else ".unflatten({dim}, {1}.shape[1:])" if axes else ".squeeze({dim})"
        calls = 1 + (axes > 1) + ("None" in spread) + (axes != 1)
        return Torch(taken + ending, (Argument("dim", index + 1, field="axis"),), calls=calls)

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        index, rank = axis_index("gather", self.axis, shapes[0]), len(shapes[0])
        new = 1 if self.positions is not None else len(shapes[1])
        behind = tuple(Window(0, 0, 1, place + new - 1) for place in range(index + 1, rank))
        entering: Windows = (*(SAME,) * index, None, *behind)
        return (entering, *(tuple(Window(0, 0, 1, index + place) for place in range(new)) for _ in shapes[1:]))

    def abbreviate(self, shape: Shape) -> str:
        listed = ",".join(map(str, self.positions or ()))
        return listed if len(listed) < 30 else f"{len(self.positions or ())} positions"


class Indexing(Gather):
    """A gather from a value, or by an index, that is the same for all examples and has no batch axis."""

    # Not registered: it is no word of a document.
    name = "indexing"

    is_shared: Flag = Field(description="Whether the first operand has no batch axis.")

    def without_batch(self, alone: tuple[bool, ...], *shapes: Shape) -> Op:
        return self

    def emit_function(self, *shapes: Shape) -> Torch:
        ahead = ":, " * (axis_index("gather", self.axis, shapes[0]) + (not self.is_shared))
        return Torch(f"{{0}}[{ahead}{{1}}]")

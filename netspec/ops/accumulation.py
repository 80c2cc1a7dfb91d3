"""Sums of all elements up to each one."""

from pydantic import Field

from netspec.ops.axes import axis_index
from netspec.ops.base import Op, Sample
from netspec.ops.fields import AxisNumber
from netspec.ops.tensor_type import TensorType
from netspec.ops.torch_code import Argument, Torch
from netspec.ops.traits import Windows
from netspec.ops.windows import all_of
from netspec.sizes.shape import Shape


class CumSum(Op, name="cumsum"):
    """Sums the elements along an axis up to each one. Of booleans it counts those that are true.

    Formula: ``y[i] = sum of x[j] for j up to i`` along the axis

    Shape: any, unchanged.

    Cost: no parameters, no MACs.

    Raises: ShapeError when there is no such axis.

    Example: ``- cumsum: length``

    Source: torch.cumsum.
    """

    family = "shape"
    primary = "axis"
    input_dtype = "any"
    keeps_input = False
    axis_fields = frozenset({"axis"})
    samples = (
        Sample({"axis": "length"}, ((4, 6),)),
        Sample({"axis": -1}, ((2, 3, 5),)),
        Sample({}, ((5,),)),
    )
    invalid_samples = (Sample({"axis": "height"}, ((4, 5),)), Sample({"axis": 0}, ((4, 5),)))

    axis: AxisNumber = Field(1, description="The axis to sum along; the batch is axis 0, the channels are axis 1.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        axis_index("cumsum", self.axis, shapes[0])
        return shapes[0]

    def infer_results(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (operand,) = operands
        return (TensorType(self.infer_shape(operand.shape), "int64" if operand.dtype == "bool" else operand.dtype),)

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def canonical(self, *shapes: Shape) -> Op:
        return self.with_fields(axis=axis_index("cumsum", self.axis, shapes[0]) + 1)

    def emit_function(self, *shapes: Shape) -> Torch:
        axis = axis_index("cumsum", self.axis, shapes[0]) + 1
        return Torch("torch.cumsum({0}, {arguments})", (Argument("dim", axis, positional=True, field="axis"),))

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return (all_of(axis_index("cumsum", self.axis, shapes[0]), shapes[0]),)

"""The op that computes an expression of a document for each element of its operands."""

from pydantic import Field

from netspec.dtypes import Dtype
from netspec.ops.base import Op, Sample
from netspec.ops.broadcasting import broadcast
from netspec.ops.formula_ops import op_of
from netspec.ops.formula_text import FormulaText, canonical_text, dtypes_of, is_condition, numbers_of, torch_text
from netspec.ops.shape_error import ShapeError
from netspec.ops.tensor_type import TensorType
from netspec.ops.torch_code import Argument, Torch
from netspec.sizes.shape import Shape


class Formula(Op, name="formula"):
    """Computes each element by an expression over `x`, labels and arguments.

    Formula: the one that is written, with `+ - * / // % **`, comparisons, `and or not`, `a if condition else b` and the
    functions `exp log sqrt rsqrt sin cos tanh sigmoid softplus relu silu gelu abs min max clamp where`. Arguments and
    sizes are numbers; `inf` is infinity.

    Shape: values with the same number of axes; an axis of size 1 stretches. A comparison gives booleans.

    Cost: no parameters; no MACs, since nothing is accumulated.

    Raises: ShapeError when the values do not fit.

    Example: ``- formula: x * sigmoid(1.702 * x)``

    Source: torch's element-wise functions.
    """

    keeps_layout = True
    family = "merge"
    primary = "expression"
    operands = (1, None)
    operands_from = "expression"
    stretches = True
    # The gradient of some functions reads their result.
    keeps_output = True
    samples = (
        Sample({"expression": "a * (1 + b) + 0.5"}, ((4, 3, 3), (4, 1, 1))),
        Sample({"expression": "exp(-a ** 2 / 2)"}, ((5,),)),
        Sample({"expression": "where(a > 0 and a < 1, a, sqrt(abs(a) + 1) - 1)"}, ((4, 3),)),
        Sample({"expression": "(a * b + c) / (abs(b) + 1e-4)"}, ((4, 3, 3), (1, 3, 3), (4, 1, 1))),
        Sample({"expression": "silu(a) + gelu(a) + softplus(a) + relu(a) + tanh(a) * sigmoid(a)"}, ((2, 3),)),
        Sample({"expression": "sin(a) * cos(b) + log(abs(a) + 1) + rsqrt(b * b + 1)"}, ((2, 3), (2, 3))),
        Sample({"expression": "max(min(a, b), 0.1) + clamp(a, -1, 1)"}, ((2, 3), (2, 3))),
        Sample({"expression": "where(a and not b or c < 0.5, c, 0)"}, ((2, 1), (2, 3), (2, 3))),
    )
    invalid_samples = (
        Sample({"expression": "a + b"}, ((4, 3, 3), (4,))),
        Sample({"expression": "a + b"}, ((4, 3, 3), (2, 1, 1))),
    )

    expression: FormulaText = Field(description="The formula, over `x`, labels and arguments.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        # A tensor without axes stretches to all others. One of examples has an axis in torch, and is refused before.
        ranked = [position for position, shape in enumerate(shapes) if shape]
        try:
            return broadcast("formula", *(shapes[position] for position in ranked or range(len(shapes))))
        except ShapeError as error:
            error.operand = None if error.operand is None else ranked[error.operand]
            raise

    def infer_results(self, *operands: TensorType) -> tuple[TensorType, ...]:
        shape = self.infer_shape(*(each.shape for each in operands))
        return (TensorType(shape, "bool" if is_condition(self.expression) else "float"),)

    def operand_dtypes(self, position: int) -> tuple[Dtype, ...]:
        return dtypes_of(self.expression)[position]

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def canonical(self, *shapes: Shape) -> Op:
        text = canonical_text(self.expression)
        # Of the other ops, none takes a number beside values with axes.
        op = op_of(text) if len({len(shape) for shape in shapes}) == 1 else None
        return op.canonical(*shapes) if op else self.with_fields(expression=text)

    def emit_function(self, *shapes: Shape) -> Torch:
        arguments = (Argument(name, value) for name, value in numbers_of(self.expression).items())
        return torch_text(self.expression)._replace(arguments=tuple(arguments))

    def abbreviate(self, shape: Shape) -> str:
        return self.expression if len(self.expression) < 30 else f"{self.expression[:28]}…"

"""Layers that multiply by a matrix, or select its rows."""

from typing import Any, ClassVar

from pydantic import Field

from netspec.diagnostics import Code
from netspec.ops.base import Op, Sample
from netspec.ops.broadcasting import broadcast
from netspec.ops.fields import Bits, Count, Flag, Positive
from netspec.ops.shape_error import ShapeError
from netspec.ops.torch_code import Argument, Torch
from netspec.ops.traits import SAME, Window, Windows
from netspec.ops.weighted import (
    OWN,
    Bias,
    MatrixParametrization,
    Weight,
    Weighted,
    parametrization_field,
    weight_field,
)
from netspec.ops.windows import all_of
from netspec.sizes import Size
from netspec.sizes.shape import Shape, elements, show


class Linear(Weighted, name="linear"):
    """Multiplies the last axis by a matrix and adds a bias.

    Formula: ``y = x @ weight.T + bias``

    Shape: ``... x C`` to ``... x out``; a feature vector is ``C``.

    Cost: ``out * C`` weights and ``out`` biases; one MAC per weight and position.

    Raises: ShapeError for a value without axes.

    Example: ``- linear: 1000``

    Source: torch.nn.Linear.
    """

    family = "linear"
    primary = "out"
    counts_as_layer = True
    said_by_weight = ("out",)
    channel_fields = frozenset({"out"})
    samples = (
        Sample({"out": 10}, ((16,),)),
        Sample({"out": 10, "bias": False}, ((5, 16),)),
        Sample({"out": 3}, ((2, 4, 16),)),
        Sample({"out": 3, "weight": "given", "bias": "given"}, ((4, 16), (3, 16), (3,))),
        Sample({"out": 3, "bias": "given"}, ((4, 16), (3,))),
    )
    invalid_samples = (
        Sample({"out": 3}, ((),)),
        Sample({"out": 3, "weight": "given", "bias": False}, ((16,), (16, 3))),
        Sample({"out": 3, "weight": "given"}, ((16,), (3, 16))),
    )

    out: Positive = Field(description="Number of output features.")
    bias: Bias = Field(True, description="Whether to add a trainable constant to each feature, or a tensor with them.")
    weight: Weight = weight_field()
    parametrize: MatrixParametrization | None = parametrization_field(of_matrix=True)
    stored_bits: Bits | None = Field(None, description="Bits of each weight in a file, for the model's size only.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        if not shapes[0]:
            raise ShapeError(
                f"{self.name} needs an axis of features, and this value has none",
                help="`reshape: [1]` gives it one",
                operand=0,
                code=Code.UNSUPPORTED_SHAPE,
            )
        self.check_weights(*shapes)
        return (*shapes[0][:-1], self.out)

    def weight_shapes(self, *shapes: Shape) -> dict[str, Shape]:
        weight = (self.out, shapes[0][-1])
        return {"weight": weight, "bias": (self.out,)} if self.bias else {"weight": weight}

    @classmethod
    def sizes_of(cls, weight: Shape, values: dict[str, Any]) -> dict[str, Any]:
        return {"out": weight[0]} if weight else {}

    @property
    def trains_last_axis(self) -> bool:
        return True

    def count_stored_bits(self, number: int, *shapes: Shape) -> Size:
        own = {name: elements(shape) for name, shape in self.list_parameters(*shapes).items()}
        others = own.get("bias", 0) + self.count_lengths(*shapes)
        return own.get("weight", 0) * (self.stored_bits or number) + others * number

    def count_macs(self, *shapes: Shape) -> Size:
        # Each input element is multiplied once for each output feature.
        return elements(shapes[0]) * self.out

    def emit_module(self, *shapes: Shape) -> Torch | None:
        if self.is_function:
            return None
        return Torch(
            "nn.Linear({arguments})",
            (
                Argument("in_features", shapes[0][-1], positional=True, counts="in_channels"),
                Argument("out_features", self.out, positional=True, field="out", counts="channels"),
                Argument("bias", bool(self.bias), True),
            ),
        )

    def emit_function(self, *shapes: Shape) -> Torch | None:
        return Torch("F.linear({operands})") if self.is_function else None

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return self.with_weights(all_of(len(shapes[0]) - 1, shapes[0]), *shapes)

    def abbreviate(self, shape: Shape) -> str:
        return f"{self.stored_bits} bits" if self.stored_bits else ""


class Embedding(Weighted, name="embedding"):
    """Looks up a trainable vector for each whole number.

    Formula: ``y[i] = weight[x[i]]``

    Shape: ``L`` whole numbers to ``L x dim``.

    Cost: ``num * dim`` weights; no MACs.

    Raises: ShapeError when padding_idx is not one of the numbers.

    Example: ``- embedding: {num: 30000, dim: 128}``

    Source: torch.nn.Embedding.
    """

    family = "linear"
    input_dtype = "int64"
    limit_field = "num"
    said_by_weight = ("num", "dim")
    channel_fields = frozenset({"dim"})
    samples = (
        Sample({"num": 10, "dim": 4}, ((7,),)),
        Sample({"num": 10, "dim": 4, "padding_idx": 0}, ((2, 7),)),
        Sample({"num": 10, "dim": 4, "weight": "given"}, ((2, 7), (10, 4))),
    )
    invalid_samples = (
        Sample({"num": 10, "dim": 4, "padding_idx": 10}, ((7,),)),
        Sample({"num": 10, "dim": 4, "weight": "given"}, ((7,), (4, 10))),
    )
    weight_names: ClassVar[tuple[str, ...]] = ("weight",)

    num: Positive = Field(description="Number of vectors, for the numbers from 0 to num - 1.")
    dim: Positive = Field(description="Number of features of each vector.")
    padding_idx: Count | None = Field(None, description="A number whose vector is zero and is not trained.")
    weight: Weight = weight_field()
    parametrize: MatrixParametrization | None = parametrization_field(of_matrix=True)

    def infer_shape(self, *shapes: Shape) -> Shape:
        if self.padding_idx is not None and self.padding_idx >= self.num:
            raise ShapeError(
                f"embedding has no number {self.padding_idx}: they go from 0 to {self.num - 1}",
                help=f"use `num: {self.padding_idx + 1}`",
                code=Code.CONFLICTING_ARGUMENTS,
            )
        self.check_weights(*shapes)
        return (*shapes[0], self.dim)

    def weight_shapes(self, *shapes: Shape) -> dict[str, Shape]:
        return {"weight": (self.num, self.dim)}

    @classmethod
    def sizes_of(cls, weight: Shape, values: dict[str, Any]) -> dict[str, Any]:
        return {"num": weight[0], "dim": weight[1]} if len(weight) == 2 else {}

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_module(self, *shapes: Shape) -> Torch | None:
        if self.is_function:
            return None
        return Torch(
            "nn.Embedding({arguments})",
            (
                Argument("num_embeddings", self.num, positional=True, field="num"),
                Argument("embedding_dim", self.dim, positional=True, field="dim"),
                Argument("padding_idx", self.padding_idx, None),
            ),
        )

    def emit_function(self, *shapes: Shape) -> Torch | None:
        arguments = (Argument("padding_idx", self.padding_idx, None),)
        return Torch("F.embedding({0}, {1}, {arguments})", arguments) if self.is_function else None

    def integers_below(self, position: int, *shapes: Shape) -> int | None:
        return None if position else self.num

    def zero_rows(self) -> dict[str, str]:
        return {} if self.padding_idx is None or self.weight != OWN else {"weight": "padding_idx"}

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return self.with_weights((SAME,) * len(shapes[0]), *shapes)

    def abbreviate(self, shape: Shape) -> str:
        return f"{self.num} x {self.dim}"


class MatMul(Op, name="matmul"):
    """Multiplies two matrices of each example.

    Formula: ``y[i, j] = sum over k of a[i, k] * b[k, j]``

    Shape: ``... x I x K`` and ``... x K x J`` to ``... x I x J``; in the leading axes a size of 1 stretches.

    Cost: no parameters; one MAC per output element and summand.

    Raises: ShapeError for vectors, or when the inner sizes or the leading axes do not fit.

    Example: ``- matmul: {of: [query, key], transpose_b: true}``

    Source: torch.matmul.
    """

    family = "merge"
    operands = (2, 2)
    stretches = True
    samples = (
        Sample({}, ((3, 4), (4, 5))),
        Sample({"transpose_b": True}, ((2, 3, 4), (2, 5, 4))),
        Sample({"transpose_a": True, "transpose_b": True}, ((4, 3), (5, 4))),
    )
    invalid_samples = (
        Sample({}, ((3, 4), (5, 4))),
        Sample({}, ((4,), (4,))),
        Sample({}, ((2, 3, 4), (3, 4, 5))),
        Sample({}, ((2, 3, 4), (4, 5))),
    )

    transpose_a: Flag = Field(False, description="Swap the last two axes of the first operand.")
    transpose_b: Flag = Field(False, description="Swap the last two axes of the second operand.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        # torch.matmul treats a batch of vectors as one matrix, and would multiply examples with each other.
        for position, shape in enumerate(shapes):
            if len(shape) < 2:
                raise ShapeError(
                    f"matmul takes matrices, got {show(shape)}",
                    help="`reshape` gives a vector a second axis",
                    operand=position,
                    code=Code.UNSUPPORTED_SHAPE,
                )
        left, right = self._matrices(shapes)
        if len(left) != len(right):
            raise ShapeError(
                f"matmul needs operands with the same number of axes: {show(shapes[0])} and {show(shapes[1])}",
                help="`reshape` gives an operand the axes it lacks",
                operand=1,
            )
        if left[-1] != right[-2]:
            raise ShapeError(
                f"matmul needs inner sizes that agree: {show(left[-2:])} times {show(right[-2:])}",
                help="`transpose_a: true` or `transpose_b: true` swaps the last two axes of an operand",
                operand=1,
            )
        return (*broadcast("matmul", left[:-2], right[:-2]), left[-2], right[-1])

    def _matrices(self, shapes: tuple[Shape, ...]) -> tuple[Shape, Shape]:
        left, right = shapes
        if self.transpose_a:
            left = (*left[:-2], left[-1], left[-2])
        if self.transpose_b:
            right = (*right[:-2], right[-1], right[-2])
        return left, right

    def count_macs(self, *shapes: Shape) -> Size:
        return elements(self.infer_shape(*shapes)) * self._matrices(shapes)[0][-1]

    def emit_function(self, *shapes: Shape) -> Torch:
        left = "torch.transpose({0}, -1, -2)" if self.transpose_a else "{0}"
        right = "torch.transpose({1}, -1, -2)" if self.transpose_b else "{1}"
        return Torch(f"torch.matmul({left}, {right})", calls=1 + self.transpose_a + self.transpose_b)

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        rank = len(shapes[0])
        row, column = Window(0, 0, 1, axis=rank - 2), Window(0, 0, 1, axis=rank - 1)
        leading = (SAME,) * (rank - 2)
        left = (None, row) if self.transpose_a else (row, None)
        right = (column, None) if self.transpose_b else (None, column)
        return (*leading, *left), (*leading, *right)

"""Layers that multiply by a matrix."""

from __future__ import annotations

from pydantic import Field

from netspec.ops.base import Argument, Op, Sample, ShapeError, Torch
from netspec.ops.fields import Flag, Positive
from netspec.shape import Shape, elements


class Linear(Op, name="linear"):
    """Multiplies the last axis by a matrix and adds a bias.

    Formula: ``y = x @ weight.T + bias``

    Shape: ``... x C`` to ``... x out``; a feature vector is ``C``.

    Cost: ``out * C`` weights and ``out`` biases; one MAC per weight and position.

    Raises: ShapeError for an image that has not been flattened (more than two axes).

    Example: ``- linear: 1000``

    Source: torch.nn.Linear.
    """

    family = "linear"
    primary = "out"
    samples = (
        Sample({"out": 10}, ((16,),)),
        Sample({"out": 10, "bias": False}, ((5, 16),)),
    )
    faults = (Sample({"out": 10}, ((16, 4, 4),)),)

    out: Positive = Field(description="Number of features that leave.")
    bias: Flag = Field(True, description="Whether to add a trainable constant to each feature.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        if len(shape) > 2:
            raise ShapeError(
                f"linear takes a vector or a sequence of vectors, and gets {'x'.join(map(str, shape))}",
                help="put `flatten` before it",
                operand=0,
            )
        return (*shape[:-1], self.out)

    def list_parameters(self, *shapes: Shape) -> dict[str, Shape]:
        weight = (self.out, shapes[0][-1])
        return {"weight": weight, "bias": (self.out,)} if self.bias else {"weight": weight}

    def count_macs(self, *shapes: Shape) -> int:
        return elements(shapes[0]) * self.out

    def emit_module(self, *shapes: Shape) -> Torch:
        return Torch(
            "nn.Linear({arguments})",
            (
                Argument("in_features", shapes[0][-1], positional=True),
                Argument("out_features", self.out, positional=True),
                Argument("bias", self.bias, True),
            ),
        )

    def receptive_window(self, shape: Shape) -> None:
        return None

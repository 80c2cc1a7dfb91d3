"""Activation functions: element-wise, shape unchanged, no MACs."""

from __future__ import annotations

from netspec.ops.base import Argument, Op, Sample, Torch
from netspec.shape import Shape


class Activation(Op):
    """What activation functions share: the shape stays, nothing is multiplied."""

    family = "activation"
    samples = (Sample({}, ((4, 3, 3),)), Sample({}, ((5,),)))

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        return shape

    def count_macs(self, *shapes: Shape) -> int:
        return 0


IN_PLACE = Argument("inplace", False, False)
"""Set by the emitter where nobody else reads the operand."""


class ReLU(Activation, name="relu"):
    """Cuts off what is negative.

    Formula: ``y = max(0, x)``

    Shape: any, unchanged.

    Cost: no parameters, no MACs.

    Example: ``- relu``

    Source: torch.nn.ReLU; Nair and Hinton 2010.
    """

    in_place = True
    keeps_output = True
    keeps_input = False

    def emit_module(self, *shapes: Shape) -> Torch:
        return Torch("nn.ReLU({arguments})", (IN_PLACE,))

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch("F.relu({0}, {arguments})", (IN_PLACE,))

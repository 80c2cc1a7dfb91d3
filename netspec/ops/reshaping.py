"""Ops that move elements without computing anything."""

from __future__ import annotations

from netspec.ops.base import Op, Sample, Torch
from netspec.shape import Shape, elements


class Flatten(Op, name="flatten"):
    """Lays all elements of an example in one vector.

    Shape: any to the product of its sizes.

    Cost: no parameters, no MACs.

    Example: ``- flatten``

    Source: torch.nn.Flatten.
    """

    family = "shape"
    input_dtype = "any"
    is_view = True
    samples = (Sample({}, ((4, 3, 3),)), Sample({}, ((4,),)))

    def infer_shape(self, *shapes: Shape) -> Shape:
        return (elements(shapes[0]),)

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_module(self, *shapes: Shape) -> Torch:
        return Torch("nn.Flatten()")

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch("torch.flatten({0}, 1)")

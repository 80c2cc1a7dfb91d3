"""An op of one's own that only moves elements: torch can mirror a value, netspec's ops cannot."""

from __future__ import annotations

from pydantic import Field

from netspec.ops import Argument, Op, Sample, Torch

Shape = tuple[int, ...]


class Flip(Op, name="flip"):
    """Mirrors along an axis, the last by default.

    Formula: ``y[i] = x[size - 1 - i]`` along the axis

    Shape: any, unchanged.

    Cost: no parameters; no MACs.

    Example: ``- flip``

    Source: torch.flip.
    """

    family = "shape"
    input_dtype = "any"
    moves_elements = True
    keeps_input = False
    primary = "axis"
    samples = (Sample({}, ((4, 3, 3),)), Sample({"axis": 1}, ((5,),)))

    axis: int = Field(-1, description="The axis to mirror along; the batch is axis 0, the channels are axis 1.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        return shapes[0]

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def receptive_windows(self, *shapes: Shape) -> tuple[None, ...]:
        # An element reads one on the other side, which is no window that moves along; None stands for the whole axis.
        return ((None,) * len(shapes[0]),)

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch("torch.flip({0}, {axes})", (Argument("axes", (self.axis,)),))

"""Ops that change only what training computes."""

from netspec.ops.base import Sample
from netspec.ops.reshaping import Reshaping
from netspec.ops.torch_code import Torch
from netspec.ops.traits import Windows
from netspec.sizes.shape import Shape


class Detach(Reshaping, name="detach"):
    """Hands a value on whose gradient is zero: nothing before it is trained by what follows.

    Formula: ``y = x``

    Shape: any, unchanged.

    Cost: no parameters, no MACs.

    Example: ``- detach``

    Source: torch.Tensor.detach.
    """

    keeps_order = True
    keeps_layout = True
    samples = (Sample({}, ((4, 3, 3),)), Sample({}, ((5,),)))

    def infer_shape(self, *shapes: Shape) -> Shape:
        return shapes[0]

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch("{0}.detach()")

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return ()

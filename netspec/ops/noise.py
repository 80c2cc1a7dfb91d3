"""Random values that are drawn anew in each call."""

from netspec.ops.base import Op, Sample
from netspec.ops.torch_code import Torch
from netspec.ops.traits import NOTHING, Windows
from netspec.sizes.shape import Shape


class Noise(Op, name="noise"):
    """Draws a number from the standard normal distribution for each element of a value, in training and evaluation.

    Formula: ``y[i]`` is drawn anew for each example and call, and does not depend on ``x[i]``.

    Shape: any, unchanged.

    Cost: no parameters, no MACs.

    Example: ``- noise``

    Source: torch.randn_like; Kingma and Welling 2013, arXiv:1312.6114, section 2.4.
    """

    family = "regularization"
    keeps_layout = True
    keeps_input = False
    samples = (Sample({}, ((4, 3, 3),)), Sample({}, ((5,),)))

    def infer_shape(self, *shapes: Shape) -> Shape:
        return shapes[0]

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch("torch.randn_like({0})")

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return ((NOTHING,) * len(shapes[0]),)

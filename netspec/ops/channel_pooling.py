"""Pooling over the channels of each position."""

from netspec.ops.axes import spatial_rank
from netspec.ops.base import Op, Sample
from netspec.ops.torch_code import Torch
from netspec.ops.traits import Windows
from netspec.ops.windows import all_of
from netspec.sizes.shape import Shape


class ChannelPool(Op):
    """The base class of pools over the channels."""

    family = "pooling"
    samples = (Sample({}, ((4, 7, 7),)), Sample({}, ((4, 7),)), Sample({}, ((1, 2, 3, 4),)))
    invalid_samples = (Sample({}, ((4,),)),)

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        spatial_rank(self.name, shape)
        return (1, *shape[1:])

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return (all_of(0, shapes[0]),)


class ChannelAveragePool(ChannelPool, name="channel_avgpool"):
    """Averages the channels at each position.

    Formula: ``y[0] = mean over c of x[c]``

    Shape: ``C x H x W`` to ``1 x H x W``, and likewise for 1 and 3 axes.

    Cost: no parameters, no MACs.

    Raises: ShapeError for a value without axes.

    Example: ``- channel_avgpool``

    Source: torch.mean; Woo et al. 2018, arXiv:1807.06521.
    """

    keeps_input = False

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch("torch.mean({0}, 1, keepdim=True)")


class ChannelMaxPool(ChannelPool, name="channel_maxpool"):
    """Computes the maximum of the channels at each position.

    Formula: ``y[0] = max over c of x[c]``

    Shape: ``C x H x W`` to ``1 x H x W``, and likewise for 1 and 3 axes.

    Cost: no parameters, no MACs.

    Raises: ShapeError for a value without axes.

    Example: ``- channel_maxpool``

    Source: torch.amax; Woo et al. 2018, arXiv:1807.06521.
    """

    keeps_output = True

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch("torch.amax({0}, 1, keepdim=True)")

"""Pooling: the largest or the mean element of each window, or of the whole map."""

from __future__ import annotations

from pydantic import Field

from netspec.ops.base import Argument, Op, Sample, Torch, Window, spatial_rank
from netspec.ops.fields import Flag, Padding, PerAxis
from netspec.ops.windows import draw_window, slide, torch_padding, windows
from netspec.shape import Shape


class MaxPool(Op, name="maxpool"):
    """Takes the largest element of each window.

    Formula: ``y = max of x over the window``; padding never wins.

    Shape: ``C x ...`` to ``C x ...``, each axis as for `conv`, rounded up with ``ceil`` as torch does.

    Cost: no parameters, no MACs.

    Raises: ShapeError when the window does not fit or the padding is more than half of it.

    Example: ``- maxpool: {kernel: 3, stride: 2, padding: 1}``

    Source: torch.nn.MaxPool1d, MaxPool2d, MaxPool3d.
    """

    family = "pooling"
    samples = (
        Sample({"kernel": 3, "stride": 2, "padding": 1}, ((4, 9, 9),)),
        Sample({"kernel": 3, "stride": 2, "ceil": True}, ((4, 12, 12),)),
        Sample({"kernel": 2}, ((4, 9),)),
    )
    faults = (Sample({"kernel": 9}, ((4, 7, 7),)), Sample({"kernel": 3}, ((4,),)))

    kernel: PerAxis = Field(description="Size of the window, in elements.")
    stride: PerAxis | None = Field(None, description="Distance between two windows; the kernel's size if not given.")
    padding: Padding = Field(0, description="Elements added around the input; they are never the largest.")
    dilation: PerAxis = Field(1, description="Distance between two elements of a window.")
    ceil: Flag = Field(False, description="Round the number of windows up instead of down.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        stride = self.stride or self.kernel
        return (shape[0], *slide("maxpool", shape, self.kernel, stride, self.padding, self.dilation, self.ceil))

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def _arguments(self) -> tuple[Argument, ...]:
        return (
            Argument("kernel_size", self.kernel, positional=True),
            Argument("stride", self.stride or self.kernel, self.kernel),
            Argument("padding", torch_padding(self.padding), 0),
            Argument("dilation", self.dilation, 1),
            Argument("ceil_mode", self.ceil, False),
        )

    def emit_module(self, *shapes: Shape) -> Torch:
        return Torch(f"nn.MaxPool{spatial_rank('maxpool', shapes[0])}d({{arguments}})", self._arguments())

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch(f"F.max_pool{spatial_rank('maxpool', shapes[0])}d({{0}}, {{arguments}})", self._arguments())

    def receptive_window(self, shape: Shape) -> tuple[Window, ...]:
        return windows(len(shape) - 1, self.kernel, self.stride or self.kernel, self.dilation)

    def draw(self, shape: Shape) -> str:
        return draw_window(len(shape) - 1, self.kernel, self.stride or self.kernel)


class GlobalAveragePool(Op, name="global_avgpool"):
    """Takes the mean of each channel's map.

    Formula: ``y[c] = mean of x[c] over all positions``

    Shape: ``C x H x W`` to ``C x 1 x 1``, and likewise for 1 and 3 axes.

    Cost: no parameters, no MACs.

    Raises: ShapeError for a value without axes.

    Example: ``- global_avgpool``

    Source: torch.nn.AdaptiveAvgPool2d(1); Lin et al. 2013, arXiv:1312.4400.
    """

    family = "pooling"
    samples = (Sample({}, ((4, 7, 7),)), Sample({}, ((4, 7),)), Sample({}, ((4, 2, 3, 4),)))
    faults = (Sample({}, ((4,),)),)

    def infer_shape(self, *shapes: Shape) -> Shape:
        return (shapes[0][0],) + (1,) * spatial_rank("global_avgpool", shapes[0])

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_module(self, *shapes: Shape) -> Torch:
        return Torch(f"nn.AdaptiveAvgPool{len(shapes[0]) - 1}d(1)")

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch(f"F.adaptive_avg_pool{len(shapes[0]) - 1}d({{0}}, 1)")

    def receptive_window(self, shape: Shape) -> None:
        return None

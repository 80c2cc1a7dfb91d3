"""The windows of an image as columns."""

from pydantic import Field

from netspec.ops.axes import check_image
from netspec.ops.base import Op, Sample
from netspec.ops.fields import PerAxis, PerAxisCount
from netspec.ops.torch_code import Argument, Torch
from netspec.ops.windows import SlidingWindow, shortest
from netspec.sizes.shape import Shape, elements, per_axis


class Unfold(Op, name="unfold"):
    """Gives each window of an image as a column, of all its channels: what a convolution multiplies with its filters.

    Formula: ``y[(c * K + u) * K + v, l] = x[c, i * stride + u, j * stride + v]``, of the window ``l`` in row ``i`` and
    column ``j``

    Shape: ``C x H x W`` to ``C * kernel * kernel x L``, with one column for each window.

    Cost: no parameters, no MACs.

    Raises: ShapeError for anything but an image, or when the kernel does not fit.

    Example: ``- unfold: {kernel: 3, padding: 1}``

    Source: torch.nn.Unfold.
    """

    family = "shape"
    primary = "kernel"
    keeps_input = False
    samples = (
        Sample({"kernel": 2}, ((3, 4, 5),)),
        Sample({"kernel": [3, 1], "stride": 2, "padding": [1, 0]}, ((2, 6, 4),)),
        Sample({"kernel": 2, "dilation": 2, "padding": 1}, ((1, 4, 4),)),
    )
    invalid_samples = (
        Sample({"kernel": 5}, ((3, 4, 6),)),
        Sample({"kernel": 2}, ((3, 4),)),
        Sample({"kernel": [2, 2, 2]}, ((3, 4, 4),)),
    )

    kernel: PerAxis = Field(description="Size of the window, in elements.")
    stride: PerAxis = Field(1, description="Distance between two windows.")
    padding: PerAxisCount = Field(0, description="Zeros added around the input.")
    dilation: PerAxis = Field(1, description="Distance between two elements that a window reads.")

    @property
    def window(self) -> SlidingWindow:
        """What becomes a column."""
        return SlidingWindow(self.kernel, self.stride, self.padding, self.dilation)

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        check_image("unfold", shape)
        windows = self.window.sizes("unfold", shape)
        return (shape[0] * elements(per_axis(self.kernel, 2)), elements(windows))

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def canonical(self, *shapes: Shape) -> Op:
        return self.with_fields(**{name: shortest(getattr(self, name)) for name in type(self).model_fields})

    def _arguments(self) -> tuple[Argument, ...]:
        return (
            Argument("kernel_size", shortest(self.kernel), positional=True, field="kernel"),
            Argument("dilation", shortest(self.dilation), 1),
            Argument("padding", shortest(self.padding), 0),
            Argument("stride", shortest(self.stride), 1),
        )

    def emit_module(self, *shapes: Shape) -> Torch:
        return Torch("nn.Unfold({arguments})", self._arguments())

    def emit_function(self, *shapes: Shape) -> Torch:
        return Torch("F.unfold({0}, {arguments})", self._arguments())

    def receptive_windows(self, *shapes: Shape) -> None:
        return None  # a column is a row and a column of windows, which no window along one axis says

    def abbreviate(self, shape: Shape) -> str:
        return self.window.abbreviate(2)

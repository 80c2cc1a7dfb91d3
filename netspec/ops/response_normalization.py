"""Local response normalization, which preceded batch normalization."""

from pydantic import Field

from netspec.ops.axes import spatial_rank
from netspec.ops.base import Op, Sample
from netspec.ops.fields import Number, Positive
from netspec.ops.torch_code import Argument, Torch
from netspec.ops.traits import SAME, Window, Windows
from netspec.sizes.shape import Shape


class LocalResponseNorm(Op, name="lrn"):
    """Divides each element by the energy of its neighbours in the channels around it.

    Formula: ``y[c] = x[c] / (k + alpha / size * sum of x[c'] ** 2 over the size channels around c) ** beta``

    Shape: any shape with 1 to 3 spatial axes, unchanged.

    Cost: no parameters, no MACs.

    Raises: ShapeError for a value without axes.

    Example: ``- lrn: {size: 5, alpha: 1e-4, beta: 0.75, k: 2}``

    Source: torch.nn.LocalResponseNorm; Krizhevsky et al. 2012.
    """

    keeps_layout = True
    family = "normalization"
    primary = "size"
    samples = (
        Sample({"size": 5}, ((8, 5, 5),)),
        Sample({"size": 4, "alpha": 1e-3, "beta": 0.5, "k": 2}, ((8, 7),)),
        Sample({"size": 3}, ((4, 3, 3, 3),)),
    )
    invalid_samples = (Sample({"size": 5}, ((8,),)),)

    size: Positive = Field(description="Number of neighbouring channels that are summed.")
    # The paper does not divide the sum (section 3.3), so its alpha of 1e-4 over 5 channels is 5e-4 here.
    alpha: Number = Field(1e-4, description="Weight of the sum, which is divided by the size as in torch and Caffe.")
    beta: Number = Field(0.75, description="The exponent.")
    k: Number = Field(1.0, description="Added to the weighted sum.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        spatial_rank("lrn", shapes[0])
        return shapes[0]

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def _arguments(self) -> tuple[Argument, ...]:
        return (
            Argument("size", self.size, positional=True),
            Argument("alpha", self.alpha, 1e-4),
            Argument("beta", self.beta, 0.75),
            Argument("k", self.k, 1.0),
        )

    def emit_module(self, *shapes: Shape) -> Torch | None:
        return Torch("nn.LocalResponseNorm({arguments})", self._arguments()) if len(shapes[0]) < 4 else None

    def emit_function(self, *shapes: Shape) -> Torch:
        # Of volumes torch takes a view that fails where the axes lie in another order, as behind `permute`.
        operand, calls = ("{0}", 1) if len(shapes[0]) < 4 else ("{0}.contiguous()", 2)
        return Torch(f"F.local_response_norm({operand}, {{arguments}})", self._arguments(), calls=calls)

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        # F.local_response_norm pads size // 2 before and (size - 1) // 2 after: an even window starts one channel
        # earlier.
        around = Window(-(self.size // 2), (self.size - 1) // 2, 1)
        return ((around, *(SAME,) * (len(shapes[0]) - 1)),)

    def abbreviate(self, shape: Shape) -> str:
        return str(self.size)

"""Regularization: noise in training that evaluation lacks. These are always modules, which know the mode."""

from typing import ClassVar

from pydantic import Field

from netspec.ops.axes import spatial_rank
from netspec.ops.base import Op, Sample
from netspec.ops.fields import Probability
from netspec.ops.torch_code import IN_PLACE, Argument, Torch
from netspec.sizes.shape import Shape


class Regularization(Op):
    """The base class of dropouts: the shape is unchanged, and evaluation returns the operand itself."""

    keeps_layout = True
    family = "regularization"
    primary = "p"
    depends_on_mode = True
    may_alias = True
    in_place = True
    keeps_input = False
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({}, ((4, 3, 3),)),
        Sample({"p": 0.2}, ((4, 9),)),
        Sample({"p": 0.0}, ((4, 2, 3, 4),)),
    )

    p: Probability = Field(0.5, description="Probability that an element is dropped.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        return shape

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def allocates(self, training: bool) -> bool:
        # torch returns the operand itself in evaluation, and where nothing can be dropped.
        return training and self.p > 0

    def abbreviate(self, shape: Shape) -> str:
        return f"p={self.p:g}"

    def _arguments(self) -> tuple[Argument, ...]:
        return (Argument("p", self.p, 0.5, positional=True), IN_PLACE)


class Dropout(Regularization, name="dropout"):
    """Sets elements to zero at random in training, and scales up what is left.

    Formula: ``y = x * mask / (1 - p)``, each element of the mask being 0 with probability p; evaluation: ``y = x``.

    Shape: any, unchanged.

    Cost: no parameters, no MACs.

    Example: ``- dropout: 0.4``

    Source: torch.nn.Dropout; Srivastava et al. 2014.
    """

    samples = (*Regularization.samples, Sample({"p": 1.0}, ((7,),)))

    def emit_module(self, *shapes: Shape) -> Torch:
        return Torch("nn.Dropout({arguments})", self._arguments())


class ChannelDropout(Regularization, name="dropout2d"):
    """Sets whole channels to zero at random in training, and scales up what is left.

    Formula: ``y[c] = x[c] * mask[c] / (1 - p)``, each mask being 0 with probability p; evaluation: ``y = x``.

    Shape: any shape with 1 to 3 spatial axes, unchanged; the name is torch's for images.

    Cost: no parameters, no MACs.

    Raises: ShapeError for a value without axes.

    Example: ``- dropout2d: 0.2``

    Source: torch.nn.Dropout1d, Dropout2d, Dropout3d; Tompson et al. 2014, arXiv:1411.4280.
    """

    invalid_samples = (Sample({}, ((4,),)),)

    p: Probability = Field(0.5, description="Probability that a channel is dropped.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        spatial_rank("dropout2d", shapes[0])
        return shapes[0]

    def emit_module(self, *shapes: Shape) -> Torch:
        return Torch(f"nn.Dropout{len(shapes[0]) - 1}d({{arguments}})", self._arguments())


class AlphaDropout(Regularization, name="alpha_dropout"):
    """Sets random elements to the negative limit of `selu`, and keeps mean and variance.

    Formula: ``y = a * (x * mask - 1.7581 * (1 - mask)) + b`` with a and b such that mean 0 and variance 1 stay;
    evaluation: ``y = x``.

    Shape: any, unchanged.

    Cost: no parameters, no MACs.

    Example: ``- alpha_dropout: 0.1``

    Source: torch.nn.AlphaDropout; Klambauer et al. 2017, arXiv:1706.02515.
    """

    in_place = False

    def emit_module(self, *shapes: Shape) -> Torch:
        return Torch("nn.AlphaDropout({arguments})", (Argument("p", self.p, 0.5, positional=True),))

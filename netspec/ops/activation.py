"""Activation functions: rectifiers, and self-gated ones.

All are element-wise: the shape is unchanged, and there are no MACs.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, Strict

from netspec.ops.base import Op, Sample
from netspec.ops.fields import Flag, Number, PositiveNumber
from netspec.ops.torch_code import IN_PLACE, Argument, Torch
from netspec.sizes.shape import Shape


class Activation(Op):
    """The base class of element-wise activation functions: the shape is unchanged, and there are no MACs."""

    keeps_layout = True
    family = "activation"
    torch_name: ClassVar[tuple[str, str]]
    """Torch's module and function."""
    samples: ClassVar[tuple[Sample, ...]] = (Sample({}, ((4, 3, 3),)), Sample({}, ((5,),)))

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        return shape

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_module(self, *shapes: Shape) -> Torch | None:
        return Torch(f"nn.{self.torch_name[0]}({{arguments}})", self._arguments())

    def emit_function(self, *shapes: Shape) -> Torch | None:
        arguments = self._arguments()
        rest = ", {arguments}" if arguments else ""
        return Torch(f"{self.torch_name[1]}({{0}}{rest})", arguments)

    def _arguments(self) -> tuple[Argument, ...]:
        return (IN_PLACE,) if self.in_place else ()


class ReLU(Activation, name="relu"):
    """Sets negative elements to zero.

    Formula: ``y = max(0, x)``

    Shape: any, unchanged.

    Cost: no parameters, no MACs.

    Example: ``- relu``

    Source: torch.nn.ReLU; Nair and Hinton 2010.
    """

    # torch computes the gradient of relu from its result, so that the operand may be overwritten.
    torch_name = ("ReLU", "F.relu")
    in_place = True
    keeps_output = True
    keeps_input = False


class ReLU6(Activation, name="relu6"):
    """Clamps each element to the range from 0 to 6.

    Formula: ``y = min(max(0, x), 6)``

    Shape: any, unchanged.

    Cost: no parameters, no MACs.

    Example: ``- relu6``

    Source: torch.nn.ReLU6; Krizhevsky 2010.
    """

    torch_name = ("ReLU6", "F.relu6")
    in_place = True
    keeps_output = True


class LeakyReLU(Activation, name="leaky_relu"):
    """Multiplies negative elements by a small slope.

    Formula: ``y = x if x > 0 else slope * x``

    Shape: any, unchanged.

    Cost: no parameters, no MACs.

    Example: ``- leaky_relu: 0.2``

    Source: torch.nn.LeakyReLU; Maas et al. 2013.
    """

    torch_name = ("LeakyReLU", "F.leaky_relu")
    primary = "slope"
    in_place = True
    keeps_output = True
    samples = (*Activation.samples, Sample({"slope": 0.2}, ((4, 3),)))

    # torch refuses the gradient of an in-place leaky_relu with a negative slope: its result no longer shows on which
    # side of zero the operand was.
    slope: Annotated[float, Strict(), Field(ge=0, allow_inf_nan=False)] = Field(
        0.01, description="Factor of negative elements; at least zero."
    )

    def _arguments(self) -> tuple[Argument, ...]:
        return (Argument("negative_slope", self.slope, 0.01, positional=True, field="slope"), IN_PLACE)


class PReLU(Activation, name="prelu"):
    """Multiplies negative elements by a trainable slope.

    Formula: ``y = x if x > 0 else weight * x``

    Shape: any, unchanged.

    Cost: one parameter, or one per channel with ``channels: true``; no MACs.

    Example: ``- prelu: {channels: true}``

    Source: torch.nn.PReLU; He et al. 2015, arXiv:1502.01852.
    """

    samples = (*Activation.samples, Sample({"channels": True, "init": 0.1}, ((4, 3, 3),)))

    channels: Flag = Field(False, description="One slope per channel, instead of one for all.")
    # The paper initializes all slopes with 0.25, too.
    init: Number = Field(0.25, description="The initial slope.")

    def list_parameters(self, *shapes: Shape) -> dict[str, Shape]:
        return {"weight": shapes[0][:1] if self.channels else (1,)}

    def emit_module(self, *shapes: Shape) -> Torch:
        # torch.nn.PReLU: num_parameters is 1 or the number of channels; no other number is legitimate.
        count = shapes[0][0] if self.channels else 1
        arguments = (Argument("num_parameters", count, 1, positional=True), Argument("init", self.init, 0.25))
        return Torch("nn.PReLU({arguments})", arguments)

    # F.prelu takes the slopes as an operand, so that a module must hold them.
    def emit_function(self, *shapes: Shape) -> None:
        return None


class ELU(Activation, name="elu"):
    """Lets negative elements approach a limit exponentially.

    Formula: ``y = x if x > 0 else alpha * (exp(x) - 1)``

    Shape: any, unchanged.

    Cost: no parameters, no MACs.

    Example: ``- elu``

    Source: torch.nn.ELU; Clevert et al. 2015, arXiv:1511.07289.
    """

    torch_name = ("ELU", "F.elu")
    primary = "alpha"
    in_place = True
    keeps_output = True
    samples = (*Activation.samples, Sample({"alpha": 0.5}, ((4, 3),)))

    alpha: PositiveNumber = Field(1.0, description="The limit for large negative elements is -alpha.")

    def _arguments(self) -> tuple[Argument, ...]:
        return (Argument("alpha", self.alpha, 1.0, positional=True), IN_PLACE)


class SELU(Activation, name="selu"):
    """Is a scaled `elu`, whose constants keep mean 0 and variance 1 from layer to layer.

    Formula: ``y = 1.0507 * (x if x > 0 else 1.6733 * (exp(x) - 1))``

    Shape: any, unchanged.

    Cost: no parameters, no MACs.

    Example: ``- selu``

    Source: torch.nn.SELU; Klambauer et al. 2017, arXiv:1706.02515.
    """

    torch_name = ("SELU", "F.selu")
    in_place = True
    keeps_output = True


class GELU(Activation, name="gelu"):
    """Multiplies each element by the normal distribution function of it.

    Formula: ``y = x * Phi(x)``, or with tanh: ``y = x / 2 * (1 + tanh(0.79788 * (x + 0.044715 * x ** 3)))``

    Shape: any, unchanged.

    Cost: no parameters, no MACs.

    Example: ``- gelu``

    Source: torch.nn.GELU; Hendrycks and Gimpel 2016, arXiv:1606.08415.
    """

    torch_name = ("GELU", "F.gelu")
    samples = (*Activation.samples, Sample({"approximate": "tanh"}, ((4, 3),)))

    approximate: Literal["none", "tanh"] = Field("none", description="The exact function, or the one with tanh.")

    def _arguments(self) -> tuple[Argument, ...]:
        return (Argument("approximate", self.approximate, "none"),)


class SiLU(Activation, name="silu"):
    """Multiplies each element by its sigmoid; also called swish.

    Formula: ``y = x / (1 + exp(-x))``

    Shape: any, unchanged.

    Cost: no parameters, no MACs.

    Example: ``- silu``

    Source: torch.nn.SiLU; Elfwing et al. 2017, arXiv:1702.03118.
    """

    torch_name = ("SiLU", "F.silu")
    in_place = True


class HardSwish(Activation, name="hardswish"):
    """Is `silu` with a piecewise linear sigmoid.

    Formula: ``y = x * min(max(0, x + 3), 6) / 6``

    Shape: any, unchanged.

    Cost: no parameters, no MACs.

    Example: ``- hardswish``

    Source: torch.nn.Hardswish; Howard et al. 2019, arXiv:1905.02244.
    """

    torch_name = ("Hardswish", "F.hardswish")
    in_place = True


class Mish(Activation, name="mish"):
    """Multiplies each element by the tanh of its softplus.

    Formula: ``y = x * tanh(log(1 + exp(x)))``

    Shape: any, unchanged.

    Cost: no parameters, no MACs.

    Example: ``- mish``

    Source: torch.nn.Mish; Misra 2019, arXiv:1908.08681.
    """

    torch_name = ("Mish", "F.mish")
    in_place = True

"""Smooth activation functions: each element is multiplied by a gate that it opens itself."""

from typing import Literal

from pydantic import Field

from netspec.ops.activation import Activation
from netspec.ops.base import Argument, Sample


class GELU(Activation, name="gelu"):
    """Multiplies each element by the probability that a normal variable is smaller.

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
    """Is `silu` with straight lines for the sigmoid.

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

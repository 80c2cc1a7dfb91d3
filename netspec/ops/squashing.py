"""Activation functions with a bounded range, and those that return probabilities."""

from pydantic import Field

from netspec.ops.activation import Activation
from netspec.ops.axes import axis_index
from netspec.ops.base import Op, Sample
from netspec.ops.fields import AxisNumber, PositiveNumber
from netspec.ops.torch_code import Argument
from netspec.ops.traits import Windows
from netspec.ops.windows import all_of
from netspec.sizes.shape import Shape


class Sigmoid(Activation, name="sigmoid"):
    """Squashes each element into the range from 0 to 1.

    Formula: ``y = 1 / (1 + exp(-x))``

    Shape: any, unchanged.

    Cost: no parameters, no MACs.

    Example: ``- sigmoid``

    Source: torch.nn.Sigmoid.
    """

    torch_name = ("Sigmoid", "torch.sigmoid")
    keeps_output = True
    keeps_input = False


class Tanh(Activation, name="tanh"):
    """Squashes each element into the range from -1 to 1.

    Formula: ``y = (exp(x) - exp(-x)) / (exp(x) + exp(-x))``

    Shape: any, unchanged.

    Cost: no parameters, no MACs.

    Example: ``- tanh``

    Source: torch.nn.Tanh.
    """

    torch_name = ("Tanh", "torch.tanh")
    keeps_output = True
    keeps_input = False


class HardSigmoid(Activation, name="hardsigmoid"):
    """Squashes each element into the range from 0 to 1 by a piecewise linear function.

    Formula: ``y = min(max(0, x + 3), 6) / 6``

    Shape: any, unchanged.

    Cost: no parameters, no MACs.

    Example: ``- hardsigmoid``

    Source: torch.nn.Hardsigmoid; Courbariaux et al. 2015, arXiv:1511.00363.
    """

    torch_name = ("Hardsigmoid", "F.hardsigmoid")
    in_place = True


class Softplus(Activation, name="softplus"):
    """Is a smooth `relu`, and always positive.

    Formula: ``y = log(1 + exp(beta * x)) / beta``; ``y = x`` where ``beta * x`` is above the threshold.

    Shape: any, unchanged.

    Cost: no parameters, no MACs.

    Example: ``- softplus``

    Source: torch.nn.Softplus; Dugas et al. 2001.
    """

    torch_name = ("Softplus", "F.softplus")
    samples = (*Activation.samples, Sample({"beta": 2.0, "threshold": 10.0}, ((4, 3),)))

    beta: PositiveNumber = Field(1.0, description="Sharpness of the transition.")
    # exp would overflow there, and the result differs from its argument by less than the precision of a float.
    threshold: PositiveNumber = Field(20.0, description="Value above which the function is linear.")

    def _arguments(self) -> tuple[Argument, ...]:
        return (Argument("beta", self.beta, 1.0), Argument("threshold", self.threshold, 20.0))


class AxisActivation(Activation):
    """The base class of activation functions along an axis."""

    keeps_layout = False
    primary = "axis"
    axis_fields = frozenset({"axis"})
    keeps_output = True
    keeps_input = False
    samples = (Sample({}, ((4, 3, 3),)), Sample({}, ((5,),)), Sample({"axis": -1}, ((4, 3),)))
    invalid_samples = (Sample({"axis": 2}, ((5,),)), Sample({"axis": 0}, ((5,),)))

    axis: AxisNumber = Field(1, description="The axis that sums to one; the batch is axis 0, the channels are axis 1.")

    def infer_shape(self, *shapes: Shape) -> Shape:
        axis_index(self.name, self.axis, shapes[0])
        return shapes[0]

    def canonical(self, *shapes: Shape) -> Op:
        return self.with_fields(axis=axis_index(self.name, self.axis, shapes[0]) + 1)

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return (all_of(axis_index(self.name, self.axis, shapes[0]), shapes[0]),)

    def _arguments(self) -> tuple[Argument, ...]:
        return (Argument("dim", self.axis),)


class Softmax(AxisActivation, name="softmax"):
    """Makes the elements along an axis positive, with a sum of one.

    Formula: ``y[i] = exp(x[i]) / sum over j of exp(x[j])``

    Shape: any, unchanged.

    Cost: no parameters, no MACs.

    Raises: ShapeError when there is no such axis.

    Example: ``- softmax``

    Source: torch.nn.Softmax.
    """

    torch_name = ("Softmax", "F.softmax")


class LogSoftmax(AxisActivation, name="log_softmax"):
    """Is the logarithm of `softmax`, computed so that nothing overflows.

    Formula: ``y[i] = x[i] - log(sum over j of exp(x[j]))``

    Shape: any, unchanged.

    Cost: no parameters, no MACs.

    Raises: ShapeError when there is no such axis.

    Example: ``- log_softmax``

    Source: torch.nn.LogSoftmax.
    """

    torch_name = ("LogSoftmax", "F.log_softmax")

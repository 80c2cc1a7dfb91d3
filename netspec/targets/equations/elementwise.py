"""Rules for element-wise ops, in evaluation."""

from __future__ import annotations

from netspec.ops import OPS, Op
from netspec.ops.activation import GELU
from netspec.ops.merge import Add, Lerp, Maximum, Mean, Multiply, Subtract
from netspec.ops.noise import Noise
from netspec.ops.regularization import AlphaDropout, ChannelDropout, Dropout
from netspec.ops.scaling import ChannelAffine, Scale
from netspec.ops.stochastic import DrawColumn, Join, StochasticDepth, Swapout
from netspec.sizes.shape import elements
from netspec.targets.equations.model import EQUATIONS, Call, Equation, Operand

FORMULAS = {
    "relu": "max(0, {x})",
    "relu6": "min(max(0, {x}), 6)",
    "leaky_relu": "{x} if {x} > 0 else {slope} * {x}",
    "elu": "{x} if {x} > 0 else {alpha} * (exp({x}) - 1)",
    "selu": "1.0507009873554805 * ({x} if {x} > 0 else 1.6732632423543772 * (exp({x}) - 1))",
    "silu": "{x} / (1 + exp(-{x}))",
    "hardswish": "{x} * min(max(0, {x} + 3), 6) / 6",
    "mish": "{x} * tanh(log(1 + exp({x})))",
    "sigmoid": "1 / (1 + exp(-{x}))",
    "tanh": "tanh({x})",
    "hardsigmoid": "min(max(0, {x} + 3), 6) / 6",
    "softplus": "{x} if {beta} * {x} > {threshold} else log(1 + exp({beta} * {x})) / {beta}",
}
"""The activations that are a single formula of an element and their arguments."""


def activation(op: Op, call: Call) -> Equation:
    """Return the equation of an activation from its formula."""
    element = call.x.at(*call.axes)
    return Equation(call.axes, FORMULAS[op.name].format(x=element, **op.model_dump()))


for _name in FORMULAS:
    EQUATIONS.implements(OPS[_name])(activation)


@EQUATIONS.implements(OPS["prelu"])
def prelu(op: Op, call: Call) -> Equation:
    element = call.x.at(*call.axes)
    slope = call.weight("weight", "c" if elements(op.list_parameters(call.x.shape)["weight"]) > 1 else 0)
    return Equation(call.axes, f"{element} if {element} > 0 else {slope} * {element}")


@EQUATIONS.implements(GELU)
def gelu(op: GELU, call: Call) -> Equation:
    element = call.x.at(*call.axes)
    if op.approximate == "tanh":
        inner = f"0.7978845608028654 * ({element} + 0.044715 * {element} ** 3)"
        return Equation(call.axes, f"{element} / 2 * (1 + tanh({inner}))")
    return Equation(call.axes, f"{element} / 2 * (1 + erf({element} / 1.4142135623730951))")


@EQUATIONS.implements(Scale)
def scale(op: Scale, call: Call) -> Equation:
    return Equation(call.axes, f"{op.by} * {call.x.at(*call.axes)}")


@EQUATIONS.implements(ChannelAffine)
def channel_affine(op: ChannelAffine, call: Call) -> Equation:
    formula = f"{call.weight('weight', 'c')} * {call.x.at(*call.axes)}"
    return Equation(call.axes, f"{formula} + {call.weight('bias', 'c')}" if op.bias else formula)


# evaluation has no randomness


@EQUATIONS.implements(Dropout, ChannelDropout, AlphaDropout)
def dropout(op: Op, call: Call) -> Equation:
    return Equation(call.axes, call.x.at(*call.axes))


@EQUATIONS.implements(StochasticDepth)
def stochastic_depth(op: StochasticDepth, call: Call) -> Equation:
    element = call.x.at(*call.axes)
    return Equation(call.axes, element if op.rescale else f"{op.survival} * {element}")


@EQUATIONS.implements(Swapout)
def swapout(op: Swapout, call: Call) -> Equation:
    skip, branch = (operand.at(*call.axes) for operand in call.operands)
    return Equation(call.axes, f"{op.keep_skip} * {skip} + {op.keep_branch} * {branch}")


@EQUATIONS.implements(Join)
def join(op: Join, call: Call) -> Equation:
    joined = call.operands[:-1] if op.column else call.operands
    return Equation(call.axes, _mean([each.at(*call.axes) for each in joined]))


# merges


@EQUATIONS.implements(Add, Multiply)
def fold(op: Op, call: Call) -> Equation:
    symbol = " + " if isinstance(op, Add) else " * "
    return Equation(call.axes, symbol.join(stretched(each, call) for each in call.operands))


@EQUATIONS.implements(Subtract)
def subtract(op: Subtract, call: Call) -> Equation:
    return Equation(call.axes, " - ".join(stretched(each, call) for each in call.operands))


@EQUATIONS.implements(Mean)
def mean(op: Mean, call: Call) -> Equation:
    return Equation(call.axes, _mean([stretched(each, call) for each in call.operands]))


@EQUATIONS.implements(Maximum)
def maximum(op: Maximum, call: Call) -> Equation:
    return Equation(call.axes, f"max({', '.join(stretched(each, call) for each in call.operands)})")


@EQUATIONS.implements(Lerp)
def lerp(op: Lerp, call: Call) -> Equation:
    start, end, weight = (stretched(each, call) for each in call.operands)
    return Equation(call.axes, f"{start} + {weight} * ({end} - {start})")


def _mean(terms: list[str]) -> str:
    return f"({' + '.join(terms)}) / {len(terms)}"


def stretched(operand: Operand, call: Call) -> str:
    """Return an operand's element at the result's indices, the first one along a broadcast axis."""
    if not operand.shape:
        return operand.at()  # one number for all elements
    at = zip(call.axes, operand.shape, call.shape, strict=True)
    return operand.at(*(0 if size == 1 and whole > 1 else index for index, size, whole in at))


EQUATIONS.declines(Noise, reason="it is drawn anew in each call")
EQUATIONS.declines(DrawColumn, reason="it only draws a number in training, and evaluation does not read it")

"""What elementwise aten operations mean: arithmetic and activations."""

from __future__ import annotations

import math
from typing import Any

import torch

from tests.support.matcher.arithmetic import Term
from tests.support.matcher.axes import Builder
from tests.support.matcher.calls import Call, anything, around, plain, rule
from tests.support.matcher.canonical import Value, number


@rule("add", "sub", "rsub")
def add(call: Call) -> Value:
    alpha = 1.0 if call["alpha"] is None else float(call["alpha"])
    first, second = {"add": (1.0, alpha), "sub": (1.0, -alpha), "rsub": (-alpha, 1.0)}[call.name]
    return call.builder.affine([call.term(call["self"], first), call.term(call["other"], second)], 0.0, call.size)


@rule("neg")
def negate(call: Call) -> Value:
    return call.builder.affine([Term(call.value, -1.0)], 0.0, call.size)


@rule("mul", "div")
def multiply(call: Call) -> Value:
    if call["rounding_mode"] is not None:
        return anything(call)
    power = 1.0 if call.name == "mul" else -1.0
    return call.builder.product([call.term(call["self"]), call.term(call["other"], power)], 1.0, call.size)


@rule("maximum", "minimum")
def extremum(call: Call) -> Value:
    terms = sorted((call.term(call[name]) for name in ("self", "other")), key=lambda term: (term.pattern, term.value))
    return call.builder.emit(call.name, [(f"operand {term.pattern}".rstrip(), term.value) for term in terms])


@rule("reciprocal")
def reciprocal(call: Call) -> Value:
    return call.builder.product([Term(call.value, -1.0)], 1.0, call.size)


@rule("square", "pow")
def power(call: Call) -> Value:
    if call.name == "pow" and (isinstance(call["exponent"], torch.Tensor) or call["exponent"] != 2):
        return anything(call)
    return call.builder.product([Term(call.value)] * 2, 1.0, call.size)


@rule("lerp")
def interpolate(call: Call) -> Value:
    """start + weight * (end - start)"""
    start, end = call.term(call["self"]), call.term(call["end"])
    step = call.builder.affine([end, start._replace(weight=-1.0)], 0.0, call.size)
    moved = call.builder.product([call.term(call["weight"]), Term(step)], 1.0, call.size)
    return call.builder.affine([start, Term(moved)], 0.0, call.size)


@rule("zeros", "zeros_like", "new_zeros", "zero")
def zeros(call: Call) -> Value:
    return call.builder.fill(0.0, call.size)


@rule("ones", "ones_like", "new_ones")
def ones(call: Call) -> Value:
    return call.builder.fill(1.0, call.size)


@rule("full", "full_like", "new_full", "fill", "scalar_tensor")
def full(call: Call) -> Value:
    filled: Any = next((call[name] for name in ("fill_value", "value", "s") if name in call.arguments), None)
    return anything(call) if isinstance(filled, torch.Tensor) else call.builder.fill(float(filled), call.size)


def bounded(builder: Builder, value: Value, low: float | None, high: float | None) -> Value:
    """max(low, min(high, x)); a clamp of a clamp is one clamp where the bounds leave something."""
    node = builder.node(value)
    if node.op == "clamp":
        inner = (float(str(node.attribute("low"))), float(str(node.attribute("high"))))
        merged = max(inner[0], -math.inf if low is None else low), min(inner[1], math.inf if high is None else high)
        if merged[0] <= merged[1]:
            return bounded(builder, node.operands[0].value, *merged)
    bounds = -math.inf if low is None else low, math.inf if high is None else high
    return builder.emit("clamp", [("input", value)], low=number(bounds[0]), high=number(bounds[1]))


@rule("relu", "relu6", "hardtanh", "clamp", "clamp_min", "clamp_max")
def clamp(call: Call) -> Value:
    fixed: dict[str, tuple[Any, Any]] = {"relu": (0.0, None), "relu6": (0.0, 6.0)}
    free = (call["min"], call["max"]) if call.name != "hardtanh" else (call["min_val"], call["max_val"])
    low, high = fixed.get(call.name, free)
    if isinstance(low, torch.Tensor) or isinstance(high, torch.Tensor):
        return anything(call)
    return bounded(call.builder, call.value, low, high)


@rule("threshold")
def threshold(call: Call) -> Value:
    if call["threshold"] != 0 or call["value"] != 0:
        return anything(call)
    return bounded(call.builder, call.value, 0.0, None)


@rule("hardsigmoid", "hardswish")
def hard_gate(call: Call) -> Value:
    """clamp(x + 3, 0, 6) / 6, and x times that"""
    shifted = call.builder.affine([Term(call.value)], 3.0, call.size)
    gate = call.builder.affine([Term(bounded(call.builder, shifted, 0.0, 6.0), 1 / 6)], 0.0, call.size)
    factors = [Term(gate)] if call.name == "hardsigmoid" else [Term(call.value), Term(gate)]
    return call.builder.product(factors, 1.0, call.size)


@rule("silu")
def silu(call: Call) -> Value:
    gate = call.builder.emit("sigmoid", [("input", call.value)])
    return call.builder.product([Term(call.value), Term(gate)], 1.0, call.size)


@rule(
    "sigmoid", "tanh", "exp", "log", "sqrt", "rsqrt", "abs", "sign", "erf", "mish", "log_sigmoid_forward", "sin", "cos"
)
def elementwise(call: Call) -> Value:
    return call.builder.emit(call.name, [("input", call.value)])


@rule("gelu", "elu", "leaky_relu", "softplus", "hardshrink", "softshrink")
def elementwise_with_numbers(call: Call) -> Value:
    numbers = {name: plain(value) for name, value in call.arguments.items() if not isinstance(value, torch.Tensor)}
    return call.builder.emit(call.name, [("input", call.value)], **numbers)


@rule("_softmax", "_log_softmax", "softmax", "log_softmax", "_safe_softmax")
def softmax(call: Call) -> Value:
    """The safe one differs only where all is -inf, of which the other makes no numbers: outputs would show it."""
    outer, size, inner = around(call.shape, call.axis())
    name = call.name.lstrip("_").removeprefix("safe_")
    return call.builder.emit(name, [("input", call.value)], outer=outer, size=size, inner=inner)

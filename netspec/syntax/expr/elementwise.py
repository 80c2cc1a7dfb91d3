"""The functions of formulas: what they give for plain numbers, each with a line that explains it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from netspec.syntax.expr.error import MAX_CHARACTERS, ExpressionError
from netspec.syntax.expr.function import CALLS, Function
from netspec.syntax.expr.operation import Operation, truth
from netspec.syntax.expr.value import bounded, need_numbers


def _number(name: str, compute: Callable[..., float]) -> Operation:
    """Return a function of elements as one of numbers."""

    def numeric(*numbers: Any) -> Any:
        need_numbers(f"{name}()", numbers)
        try:
            return bounded(compute(*map(float, numbers)))
        except ValueError:
            raise ExpressionError(f"{name}() has no value for {numbers[0]:g}") from None

    return numeric


def _sigmoid(number: float) -> float:
    return 1 / (1 + math.exp(-number)) if number >= 0 else math.exp(number) / (1 + math.exp(number))


def _where(condition: Any, then: Any, other: Any) -> Any:
    return then if truth(condition) else other


_SMOOTH: dict[str, tuple[Callable[..., float], str]] = {
    "exp": (math.exp, "exp(v): e to the power of v"),
    "log": (math.log, "log(v): the natural logarithm"),
    "sqrt": (math.sqrt, "sqrt(v): the square root"),
    "rsqrt": (lambda v: v**-0.5, "rsqrt(v): one over the square root"),
    "sin": (math.sin, "sin(v): the sine of an angle in radians"),
    "cos": (math.cos, "cos(v): the cosine of an angle in radians"),
    "tanh": (math.tanh, "tanh(v): the hyperbolic tangent"),
    "sigmoid": (_sigmoid, "sigmoid(v): 1 / (1 + exp(-v))"),
    "softplus": (lambda v: max(v, 0.0) + math.log1p(math.exp(-abs(v))), "softplus(v): log(1 + exp(v))"),
    "relu": (lambda v: max(v, 0.0), "relu(v): v where it is positive, else 0"),
    "silu": (lambda v: v * _sigmoid(v), "silu(v): v * sigmoid(v)"),
    "gelu": (lambda v: v * (1 + math.erf(v / math.sqrt(2))) / 2, "gelu(v): v times the probability of less than v"),
}

ELEMENTWISE: dict[str, Function] = {
    **{name: Function(_number(name, compute), 1, 1, doc) for name, (compute, doc) in _SMOOTH.items()},
    "abs": Function(CALLS["abs"].call, 1, 1, CALLS["abs"].doc),
    "min": Function(CALLS["min"].call, 1, MAX_CHARACTERS, "min(a, b, ...): the smallest, element by element"),
    "max": Function(CALLS["max"].call, 1, MAX_CHARACTERS, "max(a, b, ...): the largest, element by element"),
    "clamp": Function(
        _number("clamp", lambda v, low, high: min(max(v, low), high)), 3, 3, "clamp(v, low, high): v within two numbers"
    ),
    "where": Function(_where, 3, 3, "where(condition, a, b): a where the condition holds, else b"),
}
"""What a formula computes of each element, beside the operators; of plain numbers it gives a plain number."""

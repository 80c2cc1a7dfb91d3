"""The functions that an expression can call, each with the number of its arguments and a line that explains it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from netspec.limits import spend
from netspec.syntax.expr.error import MAX_CHARACTERS, MAX_DIGITS, MAX_ITEMS, ExpressionError, beyond
from netspec.syntax.expr.value import OPEN, bounded, mismatch, need_integers, need_numbers


class Function(NamedTuple):
    """A function, its minimum and maximum number of arguments, and its line of documentation."""

    call: Callable[..., Any]
    least: int
    most: int
    doc: str


def _numeric(name: str, operate: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function for arguments that are all numbers."""

    def numeric(*values: Any) -> Any:
        need_numbers(f"{name}()", values)
        return bounded(operate(*values))

    return numeric


def _extreme(name: str, choose: Callable[[list[Any]], Any]) -> Callable[..., Any]:
    """Return ``min`` or ``max`` of one list of numbers, or of several numbers."""

    def extreme(*values: Any) -> Any:
        items = _list(name, values[0]) if len(values) == 1 else list(values)
        need_numbers(f"{name}()", items)
        if not items:
            raise ExpressionError(f"{name}() of an empty list")
        return choose(items)

    return extreme


def _list(name: str, value: object) -> list[Any]:
    if type(value) is not list:
        raise mismatch(f"{name}() needs a list", value)
    return value


def _sum(items: Any) -> Any:
    need_numbers("sum()", _list("sum", items))
    return bounded(sum(items))


def _len(items: Any) -> int:
    return len(_list("len", items))


def _range(*bounds: Any) -> list[int]:
    need_integers("range()", bounds)
    if len(bounds) == 3 and not bounds[2]:
        raise ExpressionError("the step of range() is zero")
    # A number of repetitions is part of the network's structure, so an open size is fixed.
    steps = range(*map(int, bounds))
    if len(steps) > MAX_ITEMS:
        raise beyond(f"range() of more than the {MAX_ITEMS:,} items allowed")
    spend(len(steps))
    return list(steps)


def _int(value: Any) -> Any:
    return value.__trunc__() if type(value) in OPEN else int(value)


def _plain(value: Any) -> Any:
    """Return a number without open sizes, which are fixed."""
    return float(value) if type(value) in OPEN else value


def _round(value: Any, *digits: Any) -> Any:
    need_integers("the second argument of round()", digits)
    digits = tuple(map(int, digits))
    if digits and abs(digits[0]) > MAX_DIGITS:
        raise beyond(f"round() to more than the {MAX_DIGITS} digits allowed")
    return round(value, *digits)


def _log2(value: Any) -> float:
    if value <= 0:
        raise ExpressionError(f"log2() needs a positive number, not {value}")
    return math.log2(float(value))


def round_to(value: float, multiple: int) -> int:
    """Round a number of channels v to a multiple of k as MobileNet does: half up, but losing at most a tenth.

        r = max(k, k * floor((v + k / 2) / k)), and r + k instead where r < 0.9 v

    Raises:
        ExpressionError: k is no integer above zero.

    Example:
        >>> [round_to(v, 8) for v in (3, 11, 12, 18, 24.0, 32 * 0.35)]
        [8, 16, 16, 24, 24, 16]

    Source: Sandler et al. 2018, arXiv:1801.04381, the authors' ``make_divisible``.
    """
    need_integers("the second argument of round_to()", [multiple])
    value, multiple = _plain(value), int(multiple)  # the number of channels is that of weights, which is fixed
    if multiple < 1:
        raise ExpressionError(f"round_to() needs a multiple of at least 1, not {multiple}")
    rounded = max(multiple, int(value + multiple / 2) // multiple * multiple)
    return rounded + multiple if rounded < 0.9 * value else rounded


def linspace(first: float, last: float, count: int) -> list[float]:
    """Return ``count`` evenly spaced floats, both ends included; a single one is the first.

    Raises:
        ExpressionError: the ends are no numbers, or the count is negative, too large or no integer.

    Example:
        >>> linspace(0, 0.5, 3), linspace(1, 2, 1)
        ([0.0, 0.25, 0.5], [1.0])
    """
    need_numbers("linspace()", (first, last))
    need_integers("the third argument of linspace()", [count])
    count = int(count)
    if count < 0:
        raise ExpressionError(f"linspace() cannot give {count} items")
    if count > MAX_ITEMS:
        raise beyond(f"linspace() of more than the {MAX_ITEMS:,} items allowed")
    spend(count)
    if count < 2:
        return [float(first)] * count
    step = bounded((float(last) - first) / (count - 1))
    # Products and not sums of steps, since rounding errors would accumulate; the last is exact, as in numpy.
    return [first + step * index for index in range(count - 1)] + [float(last)]


CALLS: dict[str, Function] = {
    "min": Function(_extreme("min", min), 1, MAX_CHARACTERS, "min(a, b, ...) or min(list): the smallest number"),
    "max": Function(_extreme("max", max), 1, MAX_CHARACTERS, "max(a, b, ...) or max(list): the largest number"),
    "sum": Function(_sum, 1, 1, "sum(list): the sum of the numbers"),
    "len": Function(_len, 1, 1, "len(list): how many items the list has"),
    "range": Function(
        _range, 1, 3, "range(stop), range(start, stop) or range(start, stop, step): the list of integers before stop"
    ),
    "abs": Function(_numeric("abs", abs), 1, 1, "abs(v): v without its sign"),
    "int": Function(_numeric("int", _int), 1, 1, "int(v): v without its fraction"),
    "float": Function(_numeric("float", float), 1, 1, "float(v): v as a float"),
    "round": Function(
        _numeric("round", _round), 1, 2, "round(v) or round(v, digits): the nearest number, halves to even as in Python"
    ),
    "floor": Function(_numeric("floor", math.floor), 1, 1, "floor(v): the largest integer not above v"),
    "ceil": Function(_numeric("ceil", math.ceil), 1, 1, "ceil(v): the smallest integer not below v"),
    "log2": Function(_numeric("log2", _log2), 1, 1, "log2(v): the logarithm to base 2"),
    "round_to": Function(
        _numeric("round_to", round_to), 2, 2, "round_to(v, k): the multiple of k nearest to v, at least k and 0.9 v"
    ),
    "linspace": Function(linspace, 3, 3, "linspace(a, b, n): n evenly spaced floats from a to b, both included"),
}

FUNCTIONS: dict[str, str] = {name: function.doc for name, function in CALLS.items()}

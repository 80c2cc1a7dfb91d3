"""The operators: each checks the kinds of its operands and the size of its result."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from netspec.limits import spend
from netspec.sizes import Dim
from netspec.syntax.expr.error import MAX_EXPONENT, MAX_ITEMS, ExpressionError, beyond
from netspec.syntax.expr.value import NUMBERS, PLAIN, Value, bounded, kind_of, limited, mismatch, need_numbers, weigh

Operation = Callable[..., Any]


def truth(value: object) -> bool:
    """Return the truth value as Python defines it; opaque objects have none."""
    if type(value) not in PLAIN:
        raise mismatch("a condition needs a boolean", value)
    return bool(value)


def display(*items: Any) -> list[Any]:
    """Return the list of the items."""
    for item in items:
        if type(item) not in PLAIN and not isinstance(item, Value):
            raise mismatch("a list holds numbers, strings, lists and null", item)
    return limited(list(items))


def item_of(items: Any, index: Any) -> Any:
    """Return the item at an integer index, or the list at a slice."""
    if type(items) is not list:
        help = "it is used without [ ]"
        if isinstance(items, Value):
            help = "index its shape, as in x.shape[0]; the step `slice` takes a part of it"
        raise ExpressionError(f"only a list has items, not {kind_of(items)}", help=help)
    if isinstance(index, slice):
        return _slice(items, index)
    if not isinstance(index, (int, Dim)):
        raise mismatch("an index is an integer", index)
    index = int(index)
    if not -len(items) <= index < len(items):
        message = f"index {index} is outside a list of {len(items)} item{'s' * (len(items) != 1)}"
        raise ExpressionError(message, help="the first item has index 0")
    return items[index]


def _slice(items: list[Any], part: slice) -> list[Any]:
    for bound in (part.start, part.stop, part.step):
        if bound is not None and not isinstance(bound, (int, Dim)):
            raise mismatch("a slice is from integers", bound)
    if part.step == 0:
        raise ExpressionError("the step of the slice is zero", help="leave it out, or use 1 or -1")
    taken = items[part]
    spend(len(taken))
    return taken


def attribute_of(name: str, value: Any) -> Any:
    """Return one of the ATTRIBUTES of a Value."""
    if not isinstance(value, Value):
        counted = name == "length" and type(value) is list
        help = "use len(...)" if counted else "values with a shape are `x`, `input` and labels"
        raise ExpressionError(f"only a value with a shape has .{name}, not {kind_of(value)}", help=help)
    return list(value.shape) if name == "shape" else getattr(value, name)


def _arithmetic(symbol: str, operate: Operation) -> Operation:
    def arithmetic(left: Any, right: Any) -> Any:
        if type(left) not in NUMBERS or type(right) not in NUMBERS:  # fast path without need_numbers
            need_numbers(f"'{symbol}'", (left, right))
        return bounded(operate(left, right))

    return arithmetic


def _signed(symbol: str, operate: Operation) -> Operation:
    def signed(value: Any) -> Any:
        need_numbers(f"'{symbol}'", (value,))
        return bounded(operate(value))

    return signed


def _power(base: Any, exponent: Any) -> Any:
    # Before the power is computed: a limit on its result would come too late for 9 ** 9 ** 9.
    if abs(exponent) > MAX_EXPONENT:
        raise beyond(f"the exponent is beyond {MAX_EXPONENT}")
    return base**exponent


def _joining(add: Operation) -> Operation:
    def join(left: Any, right: Any) -> Any:
        if type(left) is list and type(right) is list:
            return limited(left + right)
        return add(left, right)

    return join


def _repeating(multiply: Operation) -> Operation:
    def repeat(left: Any, right: Any) -> Any:
        if type(right) is list:
            left, right = right, left
        if type(left) is not list:
            return multiply(left, right)
        if not isinstance(right, (int, Dim)):
            raise mismatch("a list is repeated by an integer", right)
        right = int(right)
        # Nested lists count too: they are not copied, but a traversal of the list visits each of them again.
        if weigh(left) * right > MAX_ITEMS:
            raise beyond(f"the list would have more than the {MAX_ITEMS:,} items allowed")
        spend(len(left) * right)
        return left * right

    return repeat


def _ordered(symbol: str, compare: Operation) -> Operation:
    def ordered(left: Any, right: Any) -> bool:
        need_numbers(f"'{symbol}'", (left, right))
        return bool(compare(left, right))

    return ordered


def _equal(left: Any, right: Any) -> bool:
    # An opaque object can only be compared with a word or null; any other comparison is an error.
    for value, other in ((left, right), (right, left)):
        if type(value) not in PLAIN and type(other) is not str and other is not None:
            raise mismatch("numbers, strings, lists and null can be compared", value)
    return bool(left == right)


def _within(item: Any, items: Any) -> bool:
    if type(items) is not list:
        raise mismatch("'in' needs a list", items)
    if type(item) not in PLAIN:
        raise mismatch("a list holds numbers, strings, lists and null", item)
    return item in items


def _not(relation: Operation) -> Operation:
    return lambda left, right: not relation(left, right)


BINARY: dict[str, Operation] = {
    "+": _joining(_arithmetic("+", operator.add)),
    "-": _arithmetic("-", operator.sub),
    "*": _repeating(_arithmetic("*", operator.mul)),
    "/": _arithmetic("/", operator.truediv),
    "//": _arithmetic("//", operator.floordiv),
    "%": _arithmetic("%", operator.mod),
    "**": _arithmetic("**", _power),
}

UNARY: dict[str, Operation] = {
    "-": _signed("-", operator.neg),
    "+": _signed("+", operator.pos),
    "not": lambda value: not truth(value),
}

RELATIONS: dict[str, Operation] = {
    "==": _equal,
    "!=": _not(_equal),
    "<": _ordered("<", operator.lt),
    "<=": _ordered("<=", operator.le),
    ">": _ordered(">", operator.gt),
    ">=": _ordered(">=", operator.ge),
    "in": _within,
    "not in": _not(_within),
    "is": _equal,
    "is not": _not(_equal),
}

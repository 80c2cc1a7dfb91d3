"""The base class of open sizes and their fractions: a form over a whole number, compared exactly."""

from __future__ import annotations

from typing import Any

from netspec.sizes.algebra import add, constant, exact_fraction, factor, multiply, scale
from netspec.sizes.context import decide, in_scope, known
from netspec.sizes.form import Form


class Exact:
    """A form over a whole number greater than zero, compared exactly: the base class of sizes and fractions."""

    __slots__ = ("__weakref__", "divisor", "form")

    def __init__(self, form: Form, divisor: int = 1) -> None:
        self.form, self.divisor = form, divisor

    def __hash__(self) -> int:
        return hash((self.form, self.divisor))

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        parts = as_fraction(other)
        if parts is None:
            return NotImplemented
        # Outside of a graph `==` is structural, for keys, sets and tests: it is cheap and decides nothing.
        if not in_scope():
            return (self.form, self.divisor) == parts
        # `==` must not raise, since Python calls it unasked (in `in`, in tuples): what is not known is not equal.
        return known(_difference((self.form, self.divisor), parts), "==") is True

    def __ge__(self, other: Any) -> Any:
        return _at_least(self, other)

    def __lt__(self, other: Any) -> Any:
        answer = _at_least(self, other)
        return answer if answer is NotImplemented else not answer

    def __le__(self, other: Any) -> Any:
        return _at_least(other, self)

    def __gt__(self, other: Any) -> Any:
        answer = _at_least(other, self)
        return answer if answer is NotImplemented else not answer

    def __bool__(self) -> bool:
        return not decide(self.form, "==")

    def __neg__(self) -> Any:
        raise NotImplementedError

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self if self >= 0 else -self

    def __radd__(self, other: Any) -> Any:
        return self + other

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __rmul__(self, other: Any) -> Any:
        return self * other

    def __mod__(self, other: Any) -> Any:
        return self - other * (self // other)

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: object) -> Any:
        return self


def as_fraction(value: object, short: bool = False) -> tuple[Form, int] | None:
    """Return a number as a form and a divisor: None if it is not finite, or, with ``short``, not a short fraction."""
    if isinstance(value, Exact):
        return value.form, value.divisor
    if isinstance(value, int):
        return constant(value), 1
    # Neither infinity minus itself nor NaN minus itself is zero.
    if not isinstance(value, float) or value - value != 0:
        return None
    exact = exact_fraction(value) if short else value.as_integer_ratio()
    return None if exact is None else (constant(exact[0]), exact[1])


def _at_least(left: object, right: object) -> Any:
    one, two = as_fraction(left), as_fraction(right)
    if one is None or two is None:
        return NotImplemented
    return decide(_difference(one, two), ">=")


def _difference(left: tuple[Form, int], right: tuple[Form, int]) -> Form:
    """Return a form with the sign of ``left - right``."""
    if left[1] == right[1]:
        return add(left[0], right[0], -1)
    return add(scale(left[0], right[1]), scale(right[0], left[1]), -1)


def cancel(left: Form, right: Form) -> tuple[Form, int] | None:
    """Return a form and a number whose quotient is left / right, where every open factor of right is one of left."""
    if not left.terms:
        return None
    times, factors = factor(left)
    divisor, others = factor(right)
    rest = list(factors)
    for each in others:
        if each not in rest:
            return None
        rest.remove(each)
    product = constant(times)
    for each in rest:
        product = multiply(product, each)
    return product, divisor

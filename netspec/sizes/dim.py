"""Open sizes as Python values: ``Dim``, and ``Ratio`` for their exact fractions.

A ``Dim`` is not an ``int``. Constant results are plain ``int``s, so that networks of fixed sizes have none, and code
that reads the C value of an ``int`` (``range``, JSON, slices) cannot silently drop a formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import gcd
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

from netspec.sizes.algebra import add, constant, factor, floor_divide, multiply, round_half_even, scale, substitute
from netspec.sizes.context import decide, pin
from netspec.sizes.exact import Exact, as_fraction, cancel
from netspec.sizes.form import Form, Symbol, atom, form
from netspec.sizes.printing import formula

MOST_WEIGHT, MOST_DEPTH = 1024, 64
"""A formula with more atoms, or nested more deeply, is fixed to its value."""


class Dim(Exact):
    """A size that depends on the open sizes of the inputs, exactly.

    ``+ - * // % divmod`` with ints and other sizes give sizes; ``-(-a // b)`` rounds up; ``/`` gives a ``Ratio``, which
    ``math.floor``, ``math.ceil`` and ``round`` turn back. Uses as a plain number (``range``, an index, ``int()``,
    ``float()``, a power) fix the size to its stated value, and that is recorded.

    Comparisons are questions about sizes within ``with context.deciding(reason)``: answered exactly where the answer is
    the same at all sizes, else at the stated size and recorded as a guard. ``with context.active()`` answers only from
    what is known. Elsewhere ``==`` is structural, true for the same formula alone, and ``<`` raises OpenSizeError
    unless all sizes give the same answer. Equal formulas are the same object, hashed by identity: different keys of a
    dictionary do not have the same hash, so that a lookup decides nothing.

    Example:
        >>> height = symbol("H", 224)
        >>> half = -(-height // 2)
        >>> half, -(-half // 2), half * 2 - half - half
        ((H + 1) // 2, (H + 3) // 4, 0)
        >>> f"{half:,}", half == height // 2 + height % 2, half > 0
        ('112', False, True)
    """

    __slots__ = ()

    @property
    def stated(self) -> int:
        """The size at the stated sizes of the inputs."""
        return self.form.stated

    @property
    def symbols(self) -> frozenset[str]:
        """The names of the open sizes that it depends on."""
        return frozenset(each.name for each in self.form.symbols)

    def at(self, sizes: Mapping[str, Size]) -> Size:
        """Return the size with some open sizes replaced, by numbers or by other sizes.

        Example:
            >>> (symbol("H", 224) // 2).at({"H": 9}), (symbol("H", 224) // 2).at({"H": 4 * symbol("W", 7)})
            (4, 2 * W)
        """
        if all(type(sizes.get(each.name)) is int for each in self.form.symbols):
            return self.form.value(sizes)  # type: ignore[arg-type]
        return keep_open(substitute(self.form, {name: form_of(size) for name, size in sizes.items()}))

    # Hashing by value would make a dictionary compare keys of equal hash, and a comparison inside a graph is recorded.
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other or Exact.__eq__(self, other)

    def __repr__(self) -> str:
        return formula(self.form)

    def __format__(self, spec: str) -> str:
        """Return the formula; with a format, such as ``,`` or ``d``, the stated size."""
        return format(self.form.stated, spec) if spec else formula(self.form)

    def __reduce__(self) -> tuple[Any, ...]:
        return (size_of, (self.form,))

    def __add__(self, other: Any) -> Any:
        if isinstance(other, (int, Dim)):
            return keep_open(add(self.form, form_of(other)))
        return _sum(self, other)

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, (int, Dim)):
            return keep_open(add(self.form, form_of(other), -1))
        return _sum(self, -other)

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, (int, Dim)):
            return keep_open(multiply(self.form, form_of(other)))
        return _product(self, other)

    def __neg__(self) -> Any:
        return keep_open(scale(self.form, -1))

    def __floordiv__(self, other: Any) -> Any:
        if isinstance(other, int):
            return keep_open(floor_divide(self.form, other))
        return quotient(self, other) if isinstance(other, Dim) else _whole(self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return quotient(other, self) if isinstance(other, int) else other // int(self)

    def __rmod__(self, other: Any) -> Any:
        return other - self * (other // self)

    def __truediv__(self, other: Any) -> Any:
        return _fraction(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return other / int(self)

    def __pow__(self, other: Any) -> Any:
        # Larger powers are no sizes of networks, and their text would grow with the exponent.
        if isinstance(other, int) and 0 < other <= 4:
            return self if other == 1 else self * self ** (other - 1)
        return int(self) ** other

    def __rpow__(self, other: Any) -> Any:
        return other ** int(self)

    def __index__(self) -> int:
        return pin(self.form)

    def __int__(self) -> int:
        return pin(self.form)

    def __float__(self) -> float:
        return float(pin(self.form))

    # A size is a whole number: rounding it changes nothing, in whichever direction.
    def __floor__(self) -> Dim:
        return self

    __ceil__ = __trunc__ = __floor__

    def __round__(self, digits: int | None = None) -> Dim:
        return self


Size = int | Dim
"""A size: a plain number, or an open one."""


class Ratio(Exact):
    """A size divided by a number, exactly: what ``/`` gives, as a float would be for plain numbers.

    ``math.floor``, ``math.ceil``, ``math.trunc`` and ``round`` give sizes again, rounded as a float would be. With a
    float that is no short fraction (0.7, say) it becomes a float, which fixes the size.

    Example:
        >>> from math import ceil, floor
        >>> width = symbol("W", 7)
        >>> ceil(width * 0.75), floor(width / 2 + 1), round(width / 3)
        ((3 * W + 3) // 4, W // 2 + 1, (W + 1) // 3)
    """

    __slots__ = ()

    @property
    def stated(self) -> float:
        """The value at the stated sizes of the inputs."""
        return self.form.stated / self.divisor

    def __repr__(self) -> str:
        return f"({formula(self.form)}) / {self.divisor}"

    def __format__(self, spec: str) -> str:
        """Return the formula; with a format, the stated value."""
        return format(self.stated, spec) if spec else repr(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Ratio, (self.form, self.divisor))

    def __add__(self, other: Any) -> Any:
        return _sum(self, other)

    def __mul__(self, other: Any) -> Any:
        return _product(self, other)

    def __neg__(self) -> Any:
        return _ratio(scale(self.form, -1), self.divisor)

    def __truediv__(self, other: Any) -> Any:
        return _fraction(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return other / float(self)

    def __floordiv__(self, other: Any) -> Any:
        return _whole(self, other)

    def __pow__(self, other: Any) -> Any:
        return float(self) ** other

    def __rpow__(self, other: Any) -> Any:
        return other ** float(self)

    def __float__(self) -> float:
        return pin(self.form) / self.divisor

    def __int__(self) -> int:
        return int(float(self))

    def __floor__(self) -> Size:
        return keep_open(floor_divide(self.form, self.divisor))

    def __ceil__(self) -> Size:
        return keep_open(scale(floor_divide(scale(self.form, -1), self.divisor), -1))

    def __trunc__(self) -> Size:
        return self.__floor__() if self >= 0 else self.__ceil__()

    def __round__(self, digits: int | None = None) -> Any:
        return keep_open(round_half_even(self.form, self.divisor)) if digits is None else round(float(self), digits)


_ALIVE: WeakValueDictionary[Form, Dim] = WeakValueDictionary()
_MAKING = Lock()


@lru_cache(maxsize=1 << 15)
def size_of(form: Form) -> Size:
    """Return the size of that form: a plain int where it is constant."""
    # A constant is a plain int, so that a network without open sizes never pays for them.
    if not form.terms:
        return form.constant
    with _MAKING:
        found = _ALIVE.get(form)
        if found is None:
            found = _ALIVE[form] = Dim(form)
    return found


def keep_open(form: Form) -> Size:
    """Return the size of that form, which is fixed if the form has become too long to be kept open."""
    # A document can double a formula with each line. Fixing a size is sound, since it is recorded, and bounds the cost.
    if form.weight > MOST_WEIGHT or form.depth > MOST_DEPTH:
        return pin(form)
    return size_of(form)


def symbol(name: str, stated: int) -> Dim:
    """Return the open size of that name; shapes and totals are stated at the given size."""
    size = size_of(form(0, ((atom(Symbol, name, stated), 1),)))
    assert isinstance(size, Dim)
    return size


def form_of(size: Size) -> Form:
    """Return the form of a size."""
    return size.form if isinstance(size, Dim) else constant(size)


def _ratio(form: Form, divisor: int) -> Ratio | float:
    if divisor < 0:
        form, divisor = scale(form, -1), -divisor
    if not form.terms:
        return form.constant / divisor
    # Reduced, so that equal fractions are equal structurally.
    common = gcd(abs(factor(form)[0]), divisor)
    return Ratio(floor_divide(form, common), divisor // common)


def _sum(left: Exact, right: Any) -> Any:
    parts = as_fraction(right, short=True)
    if parts is None:
        return float(left) + right if isinstance(right, float) else NotImplemented  # type: ignore[arg-type]
    return _ratio(add(scale(left.form, parts[1]), scale(parts[0], left.divisor)), left.divisor * parts[1])


def _product(left: Exact, right: Any) -> Any:
    parts = as_fraction(right, short=True)
    if parts is None:
        return float(left) * right if isinstance(right, float) else NotImplemented  # type: ignore[arg-type]
    return _ratio(multiply(left.form, parts[0]), left.divisor * parts[1])


def _fraction(left: Exact, right: Any) -> Any:
    """Return ``left / right``, exactly where the open sizes of right cancel."""
    parts = as_fraction(right, short=True)
    if parts is None:
        return float(left) / right if isinstance(right, float) else NotImplemented  # type: ignore[arg-type]
    below, divisor = parts
    if not below.terms:
        if not below.constant:
            raise ZeroDivisionError("division by zero")
        return _ratio(scale(left.form, divisor), left.divisor * below.constant)
    cancelled = cancel(left.form, below)
    if cancelled is None:
        return float(left) / float(right)  # type: ignore[arg-type]
    return _ratio(scale(cancelled[0], divisor), left.divisor * cancelled[1])


def _whole(left: Exact, right: Any) -> Any:
    """Return ``left // right``, or NotImplemented."""
    result = _fraction(left, right)
    return result if result is NotImplemented else result.__floor__()


def quotient(left: Size, right: Size) -> Size:
    """Return ``left // right`` of two sizes.

    Where right is open and does not cancel, the quotient is decided at the stated sizes: it is recorded that left is
    at least that many times right, and less than once more.

    Example:
        >>> height, width = symbol("H", 8), symbol("W", 8)
        >>> quotient(6 * height * width, 4 * width)
        H + H // 2
    """
    above, below = form_of(left), form_of(right)
    if not below.terms:
        return keep_open(floor_divide(above, below.constant))
    cancelled = cancel(above, below)
    if cancelled is not None:
        return keep_open(floor_divide(*cancelled))
    # Both sides change their sign, so that the inequalities below have one direction.
    if below.stated < 0:
        above, below = scale(above, -1), scale(below, -1)
    number = above.stated // below.stated
    # number * below <= above < (number + 1) * below is what floor division means for a positive divisor.
    decide(add(below, constant(1), -1), ">=")
    decide(add(above, below, -number), ">=")
    decide(add(above, below, -number - 1), ">=")
    return number

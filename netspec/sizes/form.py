"""The formula of a size: an integer linear combination of open sizes, floors, and products.

A ``Form`` is ``constant + sum of coefficient * atom``. An atom is a ``Symbol`` (an open size such as ``H``), a
``Floor`` (a form divided by a number and rounded down), a ``Product`` of forms, which stays factored, or a ``Scaled``
form (multiplied by a float and rounded down, as torch does it). Strides, poolings and paddings are closed over this
set, so every size of a network is exact.

Equal forms are the same object, so that they are compared by identity and memo tables cost little; copies and pickles
keep that. ``netspec.sizes.algebra`` builds forms in their normal form; build none by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import floor, gcd, lcm, prod
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

Range = tuple[int | None, int | None]
"""The least and the greatest value of something; None where there is no limit."""
Line = tuple[int, int]
"""A period and the increase over one period, of a form of one symbol that is linear within each residue class."""
SIZE: Range = (1, None)
"""The range of a size about which nothing is known."""

# Weak, so that a long-running process does not keep every size of every document.
_ALIVE: WeakValueDictionary[Any, Any] = WeakValueDictionary()
"""Every atom and form that is still referenced, by its parts."""
_MAKING = Lock()
"""Held while one is made: if two threads made the same one, the two would compare unequal."""


class Atom:
    """An atom of a form. Atoms are ordered by their key, so that equal forms have their terms in the same order."""

    __slots__ = ("__weakref__", "depth", "key", "stated", "symbols", "weight")

    weight: int
    """The length of its text in atoms, including itself; ``depth`` is how deeply they are nested."""
    depth: int
    key: tuple[Any, ...]
    symbols: frozenset[Symbol]
    stated: int
    """The value at the stated sizes."""

    def value(self, sizes: Mapping[str, int]) -> int:
        """Return the value at the given sizes of all symbols."""
        raise NotImplementedError

    def line(self) -> Line | None:
        """Return the period and the increase over it, or None if the atom is not linear within a residue class."""
        return None

    def range(self, box: Mapping[str, Range]) -> Range:
        """Return bounds of the value while each symbol is in its range (1 and more by default)."""
        raise NotImplementedError

    @property
    def monotone(self) -> bool:
        """True when the value never decreases while a symbol increases."""
        return False


class Symbol(Atom):
    """An open size: its name, and the size at which the document states its shapes and totals."""

    __slots__ = ("name",)

    def __init__(self, name: str, stated: int) -> None:
        self.name, self.stated = name, stated
        # The kind comes first, so that keys of different atoms are compared by it and never by parts of different
        # types.
        self.key = (0, name, stated)
        self.symbols, self.weight, self.depth = frozenset((self,)), 1, 1

    def value(self, sizes: Mapping[str, int]) -> int:
        return sizes[self.name]

    def line(self) -> Line:
        return (1, 1)

    def range(self, box: Mapping[str, Range]) -> Range:
        return box.get(self.name, SIZE)

    @property
    def monotone(self) -> bool:
        return True

    def __reduce__(self) -> tuple[Any, ...]:
        return (atom, (Symbol, self.name, self.stated))


class Floor(Atom):
    """A form divided by a whole number and rounded down."""

    __slots__ = ("divisor", "inner")

    def __init__(self, inner: Form, divisor: int) -> None:
        self.inner, self.divisor = inner, divisor
        self.key = (1, divisor, inner.key)
        self.symbols, self.stated = inner.symbols, inner.stated // divisor
        # The strides of a long chain are one divisor, which may have thousands of digits.
        self.weight, self.depth = inner.weight + 1 + divisor.bit_length() // 8, inner.depth + 1

    def value(self, sizes: Mapping[str, int]) -> int:
        return self.inner.value(sizes) // self.divisor

    def line(self) -> Line | None:
        inner = self.inner.line()
        if inner is None:
            return None
        period, rise = inner
        # floor(f / d) is periodic once f has increased by a multiple of d: after so many periods of f.
        times = self.divisor // gcd(self.divisor, rise)
        return period * times, rise * times // self.divisor

    def range(self, box: Mapping[str, Range]) -> Range:
        low, high = self.inner.range(box)
        return None if low is None else low // self.divisor, None if high is None else high // self.divisor

    @property
    def monotone(self) -> bool:
        return self.inner.monotone

    def __reduce__(self) -> tuple[Any, ...]:
        return (atom, (Floor, self.inner, self.divisor))


class Product(Atom):
    """A product of forms, kept factored: fixing a flattened map to a number fixes each of its axes."""

    __slots__ = ("factors",)

    def __init__(self, *factors: Form) -> None:
        self.factors = factors
        self.key = (2, tuple(each.key for each in factors))
        self.symbols = frozenset().union(*(each.symbols for each in factors))
        self.stated = prod(each.stated for each in factors)
        self.weight = 1 + sum(each.weight for each in factors)
        self.depth = 1 + max(each.depth for each in factors)

    def value(self, sizes: Mapping[str, int]) -> int:
        return prod(each.value(sizes) for each in self.factors)

    def range(self, box: Mapping[str, Range]) -> Range:
        low = 1
        high: int | None = 1
        for below, above in (each.range(box) for each in self.factors):
            # If a factor may be negative, the least product need not be that of the least factors.
            if below is None or below < 0:
                return (None, None)
            low *= below
            high = None if high is None or above is None else high * above
        return low, high

    @property
    def monotone(self) -> bool:
        # A product of increasing factors increases only if none is negative.
        return self.range({})[0] is not None and all(each.monotone for each in self.factors)

    def __reduce__(self) -> tuple[Any, ...]:
        return (atom, (Product, *self.factors))


class Scaled(Atom):
    """A form times a float, rounded down, as torch scales a size.

    It is evaluated in floating point as torch does, because ``floor(size * 0.7)`` differs from ``7 * size // 10`` at
    some sizes. Factors that a float holds exactly (0.5, 1.5, 2) never come here.
    """

    __slots__ = ("factor", "inner")

    def __init__(self, inner: Form, factor: float) -> None:
        self.inner, self.factor = inner, factor
        self.key = (3, factor, inner.key)
        self.symbols, self.stated = inner.symbols, floor(inner.stated * factor)
        self.weight, self.depth = inner.weight + 1, inner.depth + 1

    def value(self, sizes: Mapping[str, int]) -> int:
        return floor(self.inner.value(sizes) * self.factor)

    def range(self, box: Mapping[str, Range]) -> Range:
        low, high = self.inner.range(box)
        return None if low is None else floor(low * self.factor), None if high is None else floor(high * self.factor)

    @property
    def monotone(self) -> bool:
        return self.inner.monotone

    def __reduce__(self) -> tuple[Any, ...]:
        return (atom, (Scaled, self.inner, self.factor))


Terms = tuple[tuple[Atom, int], ...]


class Form:
    """A constant and a sum of atoms, each with a coefficient that is not zero, in the order of their keys."""

    __slots__ = ("__weakref__", "_line", "constant", "depth", "key", "stated", "symbols", "terms", "weight")

    def __init__(self, constant: int, terms: Terms) -> None:
        self.constant, self.terms = constant, terms
        self.key = (tuple((each.key, times) for each, times in terms), constant)
        sets = [each.symbols for each, _ in terms]
        # Nearly every form has one term, and shares the set of it.
        self.symbols: frozenset[Symbol] = sets[0] if len(sets) == 1 else frozenset().union(*sets)
        self.stated = constant + sum(times * each.stated for each, times in terms)
        self.weight = sum(each.weight for each, _ in terms)
        self.depth = max((each.depth for each, _ in terms), default=0)
        # In a tuple, since None is a possible result.
        self._line: tuple[Line | None, ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return (ordered, (self.constant, self.terms))

    def __repr__(self) -> str:
        return f"Form({self.constant}, {len(self.terms)} terms, stated {self.stated})"

    def value(self, sizes: Mapping[str, int]) -> int:
        """Return the value at the given sizes of all symbols."""
        total = self.constant
        for each, times in self.terms:
            total += times * each.value(sizes)
        return total

    def line(self) -> Line | None:
        """Return the period and the increase over it for a form of one symbol, or None."""
        if not self._line:
            self._line = (_add_lines(self) if len(self.symbols) == 1 else None,)
        return self._line[0]

    def range(self, box: Mapping[str, Range]) -> Range:
        """Return bounds of the value while each symbol is in its range; they need not be attained."""
        low: int | None = self.constant
        high: int | None = self.constant
        for each, times in self.terms:
            below, above = each.range(box) if times > 0 else reversed(each.range(box))
            low = None if low is None or below is None else low + times * below
            high = None if high is None or above is None else high + times * above
        return low, high

    @property
    def monotone(self) -> bool:
        """True when the value never decreases while a symbol increases."""
        return all(times > 0 and each.monotone for each, times in self.terms)


def _add_lines(total: Form) -> Line | None:
    lines = [(each.line(), times) for each, times in total.terms]
    # A sum of periodic forms has the least common multiple of their periods.
    period = lcm(*(line[0] for line, _ in lines if line is not None))
    rise = 0
    for line, times in lines:
        if line is None:
            return None
        rise += times * line[1] * (period // line[0])
    return period, rise


def atom(kind: type[Atom], *parts: Any) -> Atom:
    """Return the atom of that kind and parts: the same object while one is referenced."""
    key = (kind, *parts)
    with _MAKING:
        found: Atom | None = _ALIVE.get(key)
        if found is None:
            found = _ALIVE[key] = kind(*parts)
    return found


def form(constant: int, terms: Iterable[tuple[Atom, int]] = ()) -> Form:
    """Return the form of that constant and those terms, which need not be in order nor differ from zero."""
    return ordered(constant, tuple(sorted((term for term in terms if term[1]), key=_order)))


def ordered(constant: int, terms: Terms) -> Form:
    """Return the form of that constant and of terms that are in order and not zero."""
    key = (constant, terms)
    with _MAKING:
        found: Form | None = _ALIVE.get(key)
        if found is None:
            found = _ALIVE[key] = Form(constant, terms)
    return found


def _order(term: tuple[Atom, int]) -> tuple[Any, ...]:
    return term[0].key

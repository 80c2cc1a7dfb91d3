"""The legal sizes of one symbol: an eventually periodic set of positive integers.

Every condition of strides and poolings on a size is such a set: from some point on it depends only on the remainder of
the size. It is kept as intervals per residue class, which makes intersection and complement exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd, lcm

Interval = tuple[int, int | None]
"""The first and the last member, both in the residue class; None is no end."""
Row = tuple[Interval, ...]
"""The intervals of one residue class, in order, with a gap between any two."""

_MOST = 1024
"""A finite set of at most that many sizes is stored as runs, without a period."""


class Domain:
    """A set of sizes: the residues modulo ``period``, each with its intervals. A residue without any is not in rows.

    Two domains are equal when they have the same members.

    Example:
        >>> even = Domain(2, {0: ((2, None),)})
        >>> 4 in even, 5 in even, 5 in ~even, (even & Domain.between(5, 9)).members(10)
        (True, False, True, [6, 8])
    """

    __slots__ = ("period", "rows")

    def __init__(self, period: int, rows: dict[int, Row]) -> None:
        self.period, self.rows = period, rows

    @staticmethod
    def between(low: int, high: int | None = None) -> Domain:
        """Return all sizes from low to high, or without end."""
        low = max(low, 1)
        return Domain(1, {} if high is not None and high < low else {0: ((low, high),)})

    def __contains__(self, size: int) -> bool:
        row = self.rows.get(size % self.period, ())
        return any(low <= size and (high is None or size <= high) for low, high in row)

    def __and__(self, other: Domain) -> Domain:
        period = lcm(self.period, other.period)
        left, right = self._widened(period), other._widened(period)
        rows = {each: _common(left[each], right[each]) for each in left.keys() & right.keys()}
        return Domain(period, {each: row for each, row in rows.items() if row})._reduced()

    def __invert__(self) -> Domain:
        rows = {each: _gaps(self.rows.get(each, ()), each or self.period, self.period) for each in range(self.period)}
        return Domain(self.period, {each: row for each, row in rows.items() if row})

    def __le__(self, other: Domain) -> bool:
        return not (self & ~other).rows

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Domain) and self <= other <= self

    def __hash__(self) -> int:
        # Equal sets may have different periods and rows, but the same minimum and maximum.
        return hash((self.minimum, self.maximum))

    def __bool__(self) -> bool:
        return bool(self.rows)

    def __repr__(self) -> str:
        return f"Domain({self.period}, {self.rows})"

    @property
    def minimum(self) -> int | None:
        """The smallest member; None when there is none."""
        return min((row[0][0] for row in self.rows.values()), default=None)

    @property
    def maximum(self) -> int | None:
        """The largest member; None when there is none or no end."""
        ends = [row[-1][1] for row in self.rows.values()]
        return None if not ends or None in ends else max(end for end in ends if end is not None)

    @property
    def endless(self) -> frozenset[int]:
        """The residues whose sizes are all members from some size on."""
        return frozenset(each for each, row in self.rows.items() if row[-1][1] is None)

    def members(self, most: int) -> list[int]:
        """Return the smallest members, at most that many."""
        found: list[int] = []
        for row in self.rows.values():
            found += _first(row, self.period, most)
        return sorted(found)[:most]

    def _widened(self, period: int) -> dict[int, Row]:
        """Return the same set as rows of a multiple of the period."""
        if period == self.period:
            return self.rows
        rows: dict[int, Row] = {}
        for each in range(period):
            row = tuple(_narrowed(self.rows.get(each % self.period, ()), each, period))
            if row:
                rows[each] = row
        return rows

    def _reduced(self) -> Domain:
        """Return the same set with a shorter period, where it is finite or its residue classes are aligned."""
        # A finite set needs no residues, and several hundred rows of one size each would be slow to intersect.
        if self.period > 1 and self.maximum is not None and len(found := self.members(_MOST + 1)) <= _MOST:
            return Domain(1, {0: runs(found)} if found else {})
        # By one prime at a time: a period that can be shortened can be shortened by one of its primes.
        for step in _prime_factors(self.period):
            period = self.period // step
            rows = {
                each: _merged([self.rows.get(r, ()) for r in range(each, self.period, period)], each, period)
                for each in range(period)
            }
            shorter = Domain(period, {each: row for each, row in rows.items() if row})
            if shorter._widened(self.period) == self.rows:
                return shorter._reduced()
        return self


def runs(numbers: list[int]) -> Row:
    """Return numbers in order as intervals of neighbours.

    Example:
        >>> runs([9, 10, 17, 18, 19])
        ((9, 10), (17, 19))
    """
    starts = [each for place, each in enumerate(numbers) if not place or numbers[place - 1] != each - 1]
    ends = [each for place, each in enumerate(numbers) if place + 1 == len(numbers) or numbers[place + 1] != each + 1]
    return tuple(zip(starts, ends, strict=True))


def _narrowed(row: Row, residue: int, period: int) -> Iterator[Interval]:
    """Yield the part of each interval that is in a residue class of a longer period."""
    for low, high in row:
        first = low + (residue - low) % period
        last = None if high is None else high - (high - residue) % period
        if last is None or first <= last:
            yield first, last


def _common(left: Row, right: Row) -> Row:
    found: list[Interval] = []
    for low, high in left:
        for other, end in right:
            first = max(low, other)
            last = end if high is None else high if end is None else min(high, end)
            if last is None or first <= last:
                found.append((first, last))
    return tuple(sorted(found, key=lambda each: each[0]))


def _gaps(row: Row, first: int, period: int) -> Row:
    """Return the intervals between those of a row, from the first size of its residue class on."""
    found: list[Interval] = []
    for low, high in row:
        if first < low:
            found.append((first, low - period))
        # Behind an interval without end there is no gap.
        if high is None:
            return tuple(found)
        first = high + period
    return (*found, (first, None))


def _merged(rows: list[Row], residue: int, period: int) -> Row:
    """Return the row of a shorter period that covers several, each interval from their first to their last."""
    if len({len(row) for row in rows}) != 1:
        return ()
    found = []
    for each in zip(*rows, strict=True):
        ends = [high for _, high in each]
        finite = [high for high in ends if high is not None]
        # An interval without end and one with an end cannot be those of one class.
        if finite and len(finite) < len(ends):
            return ()
        found.append((min(low for low, _ in each), max(finite) if finite else None))
    return tuple(found)


def _first(row: Row, period: int, most: int) -> list[int]:
    found: list[int] = []
    for low, high in row:
        end = low + most * period if high is None else min(high, low + most * period)
        found += range(low, end + 1, period)
        if len(found) >= most:
            break
    return found[:most]


def _prime_factors(number: int) -> Iterator[int]:
    """Yield the primes that divide a number, each once."""
    step = 2
    while number > 1:
        if number % step == 0:
            yield step
            number //= gcd(number, step ** number.bit_length())
        step = number if step * step > number else step + 1

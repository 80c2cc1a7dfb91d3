"""The axes of a chart: from amounts to coordinates, with round numbers as ticks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

WIDE_RANGE = 10
"""Amounts that differ by a larger factor are shown on a logarithmic axis."""
MOST_TICKS = 8


@dataclass(frozen=True, slots=True)
class Axis:
    """A line from ``start`` to ``end``; amounts between ``low`` and ``high`` are at least ``inset`` from both.

    On a logarithmic axis ``low`` and ``high`` are logarithms.
    """

    start: float
    end: float
    low: float
    high: float
    inset: float
    is_logarithmic: bool

    def place(self, amount: float) -> float:
        """Return the coordinate of an amount."""
        value = log10(amount) if self.is_logarithmic else amount
        return self._begin + (value - self.low) / (self.high - self.low) * (self._finish - self._begin)

    @property
    def _begin(self) -> float:
        return self.start + (self.inset if self.end > self.start else -self.inset)

    @property
    def _finish(self) -> float:
        return self.end - (self.inset if self.end > self.start else -self.inset)

    @property
    def bounds(self) -> tuple[float, float]:
        """The values at both ends of the line: logarithms on a logarithmic axis."""
        margin = self.inset / abs(self._finish - self._begin) * (self.high - self.low)
        return self.low - margin, self.high + margin

    def ticks(self) -> list[float]:
        """Return the round amounts on the line that get a label."""
        low, high = self.bounds
        if not self.is_logarithmic:
            return [tick for tick in _linear_ticks(low, high) if tick >= 0]
        # The finest ticks that leave room for their labels; over many decades not even every power of ten.
        for digits in ((1, 2, 5), (1, 3), (1,)):
            ticks = list(_logarithmic_ticks(low, high, digits))
            if len(ticks) <= MOST_TICKS:
                return ticks
        return ticks[:: ceil(len(ticks) / MOST_TICKS)]


def make_axis(amounts: Sequence[float], start: float, end: float, inset: float, may_stretch: bool = True) -> Axis:
    """Return an axis for amounts: logarithmic where they are positive and far apart, and it may be."""
    smallest, largest = min(amounts), max(amounts)
    is_logarithmic = may_stretch and smallest > 0 and largest > WIDE_RANGE * smallest
    low, high = (log10(smallest), log10(largest)) if is_logarithmic else (float(smallest), float(largest))
    # An empty range could not be scaled to the line.
    if low == high:
        low, high = low * 0.5, high * 1.5 or 1.0
    return Axis(start, end, low, high, inset, is_logarithmic)


def _linear_ticks(low: float, high: float) -> Iterator[float]:
    # Steps of 1, 2 or 5 times a power of ten are read most easily (Heckbert 1990, Nice numbers for graph labels).
    rough = (high - low) / MOST_TICKS
    unit = 10.0 ** floor(log10(rough))
    step = next(unit * digit for digit in (1, 2, 5, 10) if unit * digit >= rough)
    for count in range(ceil(low / step), floor(high / step) + 1):
        yield count * step


def _logarithmic_ticks(low: float, high: float, digits: tuple[int, ...]) -> Iterator[float]:
    for decade in range(floor(low), ceil(high) + 1):
        for digit in digits:
            if low <= log10(digit) + decade <= high:
                yield digit * 10.0**decade

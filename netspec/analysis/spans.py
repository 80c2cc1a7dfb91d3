"""Exact arithmetic of receptive fields along one axis of the input.

A span says which elements of an input's axis the elements along an axis of a value depend on. Through convolutions and
poolings it moves by the same step everywhere; after an upsampling, neighbours move by steps that repeat with a period,
which is why a span has phases.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor, gcd, lcm
from typing import NamedTuple

from netspec.ops import Window

MOST_PHASES = 256
"""Beyond this number of phases a span is a line with fractions, which may cover a few elements too many."""
FARTHEST = 2**62
"""Inputs are far smaller than this: a larger span is all of its axis."""

Place = tuple[int, int]
"""An axis of a value, and a part of it: an axis that ``flatten`` made consists of several."""
Parts = tuple[tuple[int, ...], ...]
"""The sizes of a value's axes, each as the parts that it is made of."""


class Span(NamedTuple):
    """The elements of an input's axis that the elements along one axis of a value depend on.

    With ``n`` phases, element ``o`` depends on those from ``low[o % n] + shift * (o // n)`` to
    ``high[o % n] + shift * (o // n)``. ``place`` is the axis along which ``o`` counts; None when all elements depend on
    the same ones.
    """

    place: Place | None
    shift: int | Fraction
    low: tuple[int | Fraction, ...]
    high: tuple[int | Fraction, ...]

    def extent(self, size: int) -> int:
        """Return the most elements, from first to last, that one of the first ``size`` elements depends on."""
        pairs = zip(self.low[:size], self.high[:size], strict=True)
        return floor(max(high - low for low, high in pairs)) + 1

    @property
    def slope(self) -> Fraction:
        """How far apart the spans of two neighbours are, on average."""
        return Fraction(self.shift) / len(self.low)

    def first(self, position: int) -> int:
        """Return the first element that the one at a position depends on."""
        turn, phase = divmod(position, len(self.low))
        return ceil(self.low[phase] + self.shift * turn)

    def last(self, position: int) -> int:
        """Return the last element that the one at a position depends on."""
        turn, phase = divmod(position, len(self.high))
        return floor(self.high[phase] + self.shift * turn)


class Scattered(NamedTuple):
    """Each element depends on that many neighbours, but on which is unknown: axes were split, or joined out of order.

    ``axes`` are those of the value along which this differs.
    """

    extent: int
    axes: tuple[int, ...]


class Whole(NamedTuple):
    """All elements depend on all of the axis."""


WHOLE = Whole()
Reach = Span | Scattered | Whole


def through(span: Span, window: Window, place: Place, size: int) -> Reach:
    """Return the span of ``size`` elements along a new axis that read elements of a given span through a window."""
    target = place if window.stride else None
    # The plain case, a hundred times as frequent as the others, and without fractions.
    if len(span.low) == 1 and type(window.stride) is int and type(window.first) is int and type(window.last) is int:
        low, high = span.low[0] + span.shift * window.first, span.high[0] + span.shift * window.last
        return _bounded(Span(target, span.shift * window.stride, (low,), (high,)))
    slope, stride = span.slope * window.stride, Fraction(window.stride)
    # The pattern repeats once the window has advanced by whole periods of the span, if there are that many elements.
    turns = len(span.low) // gcd(len(span.low), stride.numerator)
    count = max(1, min(turns * stride.denominator, size))
    if isinstance(span.shift, Fraction) or count > MOST_PHASES:
        line = as_line(span, span.slope, len(span.low))
        low, high = line.low[0] + span.slope * window.first, line.high[0] + span.slope * window.last
        return _bounded(Span(target, slope, (low,), (high,)))
    lows = tuple(span.first(ceil(window.first + stride * each)) for each in range(count))
    highs = tuple(span.last(floor(window.last + stride * each)) for each in range(count))
    return _bounded(_shortest(Span(target, ceil(slope * count), lows, highs)))


def _bounded(span: Span) -> Reach:
    # A chain of hundreds of strided convolutions has fields of thousands of digits, which would be exact but ever
    # slower.
    return WHOLE if span.high[0] - span.low[0] > FARTHEST or span.shift > FARTHEST else span


def as_line(span: Span, slope: Fraction, size: int) -> Span:
    """Return a span of one phase and a given slope that covers another at its first ``size`` positions."""
    count = len(span.low)
    ends = {*range(min(count, size)), *range(max(0, size - count), size)}  # in between, each phase is straight
    low = min(span.low[each % count] + span.shift * (each // count) - slope * each for each in ends)
    high = max(span.high[each % count] + span.shift * (each // count) - slope * each for each in ends)
    return Span(span.place, slope, (low,), (high,))


def over_all(span: Span, size: int, limit: int) -> Reach:
    """Return what an element depends on that reads a span at all its positions; ``limit`` is the input's size."""
    count = min(size, len(span.low))
    low = min(map(span.first, range(count)))
    high = max(map(span.last, range(size - count, size)))
    # With padding a span goes beyond the input on both sides; what it covers then is all of it.
    if low <= 0 and high >= limit - 1:
        return WHOLE
    return Span(None, 0, (max(low, 0),), (min(high, limit - 1),))


def hull(reaches: Sequence[Reach], axes: Parts) -> Reach:
    """Return what elements depend on that read several values at the same position: the smallest span around all."""
    if all(each == reaches[0] for each in reaches):
        return reaches[0]
    spans = [each for each in reaches if isinstance(each, Span)]
    places = {span.place for span in spans if span.place is not None}
    if len(spans) < len(reaches) or len(places) > 1:
        return WHOLE
    place = next(iter(places), None)
    size = axes[place[0]][place[1]] if place else 1
    slopes = sorted({span.slope for span in spans})
    # Where the spans move by different steps, no pattern repeats, and each position is a phase of its own.
    count = lcm(*(len(span.low) for span in spans)) if len(slopes) == 1 else size
    if count > MOST_PHASES or any(isinstance(span.shift, Fraction) for span in spans):
        return min((_straight(spans, slope, size, place) for slope in slopes), key=lambda span: span.extent(1))
    low = tuple(min(span.first(each) for span in spans) for each in range(count))
    high = tuple(max(span.last(each) for span in spans) for each in range(count))
    return Span(place, ceil(slopes[-1] * count), low, high)


def _straight(spans: Sequence[Span], slope: Fraction, size: int, place: Place | None) -> Span:
    lines = [as_line(span, slope, size) for span in spans]
    return Span(place, slope, (min(line.low[0] for line in lines),), (max(line.high[0] for line in lines),))


def _shortest(span: Span) -> Span:
    """Return the same span with as few phases as it needs."""
    count = len(span.low)
    # Phases multiply from layer to layer, and are nearly always fewer than they seem.
    for fewer in range(1, count):
        if count % fewer or span.shift * fewer % count:
            continue
        shift = span.shift * fewer // count
        if all(
            values[position] == values[position % fewer] + shift * (position // fewer)
            for values in (span.low, span.high)
            for position in range(fewer, count)
        ):
            return Span(span.place, shift, span.low[:fewer], span.high[:fewer])
    return span

"""Placing labels beside bubbles, so that no two overlap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, hypot, pi, sin

from netspec.views.geometry import Rectangle

GAP = 4.0
STEP = 9.0
RINGS = 16
DIRECTIONS = (0, 8, 12, 4, 14, 2, 10, 6, 15, 1, 9, 7, 13, 11, 3, 5)
"""Sixteenths of a turn, clockwise from the right, the best first."""
COVERED, CROSSED, MISLEADING = 60.0, 25.0, 12.0
"""The costs of covering another bubble, of crossing a line, and of being nearer to another bubble; a pixel costs 1."""


@dataclass(frozen=True, slots=True)
class Bubble:
    """A circle, and the width and the height of its label."""

    x: float
    y: float
    radius: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Label:
    """The place of a label, and the line to its bubble if that is far."""

    area: Rectangle
    line: tuple[float, float, float, float] | None


def place_labels(bubbles: Sequence[Bubble], page: Rectangle, lines: Sequence[Rectangle] = ()) -> list[Label | None]:
    """Return a place for each label; None if every place would cover another label.

    Labels of bubbles in a crowd choose first, and take what is nearest and covers least of bubbles and of ``lines``,
    which are upright or level: rectangles without a width or a height.
    """
    placement = _Placement(bubbles, page, lines)
    for index in sorted(range(len(bubbles)), key=lambda index: (-_crowd(bubbles[index], bubbles), index)):
        placement.place(index)
    return [placement.labels.get(index) for index in range(len(bubbles))]


class _Placement:
    """The labels placed so far, each in turn by a greedy search.

    Placing as many labels as possible without overlap is NP-hard (Marks and Shieber 1991), so no label is moved again.
    """

    def __init__(self, bubbles: Sequence[Bubble], page: Rectangle, lines: Sequence[Rectangle]) -> None:
        self.labels: dict[int, Label] = {}
        self._bubbles = bubbles
        self._page = page
        self._lines = lines

    def place(self, index: int) -> None:
        """Place the label of a bubble where it costs least, if there is room for it."""
        best, least = None, float("inf")
        for distance, label in _candidates(self._bubbles[index]):
            # Candidates are ordered by distance, so no later one can cost less.
            if distance >= least:
                break
            cost = distance + self._cost(label, index, least - distance)
            if cost < least:
                best, least = label, cost
        if best is not None:
            self.labels[index] = _clear(best, self._bubbles, index)

    def _cost(self, label: Label, index: int, limit: float) -> float:
        """Return the cost of a label besides its distance; infinity once that exceeds a limit."""
        others = self.labels.values()
        if not _contains(self._page, label.area) or any(_overlap(label.area, each.area) for each in others):
            return float("inf")
        cost = sum(CROSSED for other in others if _cross(label, other))
        cost += sum(CROSSED for line in self._lines if _overlap(label.area, line))
        own = _distance(label.area, self._bubbles[index])
        for number, bubble in enumerate(self._bubbles):
            if cost >= limit:
                return float("inf")
            if number != index:
                cost += _cover_cost(bubble, _distance(label.area, bubble), own)
        return cost


def _cover_cost(bubble: Bubble, away: float, own: float) -> float:
    """Return the cost of a distance to another bubble, given the distance to the label's own."""
    if away < 0:
        # Text is legible inside a large bubble, but hides a small one.
        return COVERED / max(bubble.radius / 10, 1)
    return MISLEADING if away < own else 0.0


def _crowd(bubble: Bubble, bubbles: Sequence[Bubble]) -> int:
    return sum(abs(bubble.x - other.x) < bubble.width and abs(bubble.y - other.y) < 40 for other in bubbles)


def _candidates(bubble: Bubble) -> Iterator[tuple[float, Label]]:
    for ring in range(RINGS):
        for rank, direction in enumerate(DIRECTIONS):
            angle = direction * pi / 8
            away = bubble.radius + GAP + ring * STEP
            x = bubble.x + cos(angle) * (away + bubble.width / 2)
            y = bubble.y + sin(angle) * (away + bubble.height / 2)
            area = Rectangle(x - bubble.width / 2, y - bubble.height / 2, x + bubble.width / 2, y + bubble.height / 2)
            yield ring * STEP + rank / 4, Label(area, _line(bubble, area) if ring > 1 else None)


def _clear(label: Label, bubbles: Sequence[Bubble], index: int) -> Label:
    """Return a label, with a line to its bubble if it is ambiguous."""
    distances = [_distance(label.area, bubble) for bubble in bubbles]
    if label.line or all(each >= distances[index] for each in distances):
        return label
    return Label(label.area, _line(bubbles[index], label.area))


def _line(bubble: Bubble, area: Rectangle) -> tuple[float, float, float, float]:
    """Return the line from a bubble's centre to the nearest point of an area."""
    x = min(max(bubble.x, area.left), area.right)
    y = min(max(bubble.y, area.top), area.bottom)
    return bubble.x, bubble.y, x, y


def _contains(page: Rectangle, area: Rectangle) -> bool:
    across = page.left <= area.left and area.right <= page.right
    return across and page.top <= area.top and area.bottom <= page.bottom


def _cross(label: Label, other: Label) -> bool:
    """Return whether the line of one label crosses the other."""
    through_own = other.line is not None and _meets(other.line, label.area)
    return through_own or (label.line is not None and _meets(label.line, other.area))


def _overlap(first: Rectangle, second: Rectangle) -> bool:
    across = first.left < second.right and second.left < first.right
    return across and first.top < second.bottom and second.top < first.bottom


def _distance(area: Rectangle, bubble: Bubble) -> float:
    """Return the distance of an area from a bubble's edge; negative if it covers a part of the bubble."""
    x = min(max(bubble.x, area.left), area.right)
    y = min(max(bubble.y, area.top), area.bottom)
    return hypot(bubble.x - x, bubble.y - y) - bubble.radius


def _meets(line: tuple[float, float, float, float], area: Rectangle) -> bool:
    """Return whether a line crosses an area, from sample points along it."""
    x, y, to_x, to_y = line
    for step in range(1, 12):
        part = step / 12
        across, down = x + (to_x - x) * part, y + (to_y - y) * part
        if area.left <= across <= area.right and area.top <= down <= area.bottom:
            return True
    return False

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
"""What it costs to cover another bubble, to cross a label's line, to be nearer to another bubble; a pixel costs one."""


@dataclass(frozen=True, slots=True)
class Bubble:
    """A circle that wants a label of a width and a height."""

    x: float
    y: float
    radius: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Label:
    """Where a label is, and the line to its bubble where it is far from it."""

    area: Rectangle
    line: tuple[float, float, float, float] | None


def place_labels(bubbles: Sequence[Bubble], page: Rectangle) -> list[Label | None]:
    """Return a place for each label; None where there is none without covering another label.

    Labels of bubbles in a crowd choose first, and take what is nearest and covers least.
    """
    placed: dict[int, Label] = {}
    for index in sorted(range(len(bubbles)), key=lambda index: (-_crowd(bubbles[index], bubbles), index)):
        best, least = None, float("inf")
        for distance, label in _candidates(bubbles[index]):
            if distance >= least:
                break
            cost = distance + _cost(label, bubbles, index, placed, page, least - distance)
            if cost < least:
                best, least = label, cost
        if best is not None:
            placed[index] = _clear(best, bubbles, index)
    return [placed.get(index) for index in range(len(bubbles))]


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
    """Return a label with a line to its bubble where it could be taken for the label of another."""
    distances = [_distance(label.area, bubble) for bubble in bubbles]
    if label.line or all(each >= distances[index] for each in distances):
        return label
    return Label(label.area, _line(bubbles[index], label.area))


def _line(bubble: Bubble, area: Rectangle) -> tuple[float, float, float, float]:
    """Return the line from a bubble's centre to the nearest point of an area."""
    x = min(max(bubble.x, area.left), area.right)
    y = min(max(bubble.y, area.top), area.bottom)
    return bubble.x, bubble.y, x, y


def _cost(
    label: Label, bubbles: Sequence[Bubble], index: int, placed: dict[int, Label], page: Rectangle, limit: float
) -> float:
    """Return what a label costs besides its distance; infinity as soon as that is above a limit."""
    area = label.area
    if area.left < page.left or area.right > page.right or area.top < page.top or area.bottom > page.bottom:
        return float("inf")
    cost = 0.0
    for other in placed.values():
        if _overlap(area, other.area):
            return float("inf")
        if (other.line and _meets(other.line, area)) or (label.line and _meets(label.line, other.area)):
            cost += CROSSED
    own = _distance(area, bubbles[index])
    for number, bubble in enumerate(bubbles):
        if cost >= limit:
            return float("inf")
        away = _distance(area, bubble)
        if number != index and away < 0:
            # Inside a large bubble text can be read; a small one would vanish.
            cost += COVERED / max(bubble.radius / 10, 1)
        elif number != index and away < own:
            cost += MISLEADING
    return cost


def _overlap(first: Rectangle, second: Rectangle) -> bool:
    across = first.left < second.right and second.left < first.right
    return across and first.top < second.bottom and second.top < first.bottom


def _distance(area: Rectangle, bubble: Bubble) -> float:
    """Return how far an area is from a bubble's edge; negative where it covers a part of the bubble."""
    x = min(max(bubble.x, area.left), area.right)
    y = min(max(bubble.y, area.top), area.bottom)
    return hypot(bubble.x - x, bubble.y - y) - bubble.radius


def _meets(line: tuple[float, float, float, float], area: Rectangle) -> bool:
    """Return whether a line comes through an area: whether one of some points along it lies there."""
    x, y, to_x, to_y = line
    for step in range(1, 12):
        part = step / 12
        across, down = x + (to_x - x) * part, y + (to_y - y) * part
        if area.left <= across <= area.right and area.top <= down <= area.bottom:
            return True
    return False

"""What stands beside and below a chart: what an area means, what the line is, and who measured the accuracies."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor, log, sqrt

from netspec.diagnostics.render import printable
from netspec.views.chart.quantities import Chart
from netspec.views.chart.style import SMALL, svg_text
from netspec.views.geometry import Rectangle, number
from netspec.views.summary.overview import Figures, sources

SMALL_CHARACTER = 6.1
"""Pixels of a character of the small text, so that lines of sources end on the page."""


@dataclass(frozen=True, slots=True)
class Page:
    """The sizes of a chart."""

    width: float
    height: float
    plot: Rectangle
    labels: Rectangle
    largest: float
    """Radius of the largest bubble."""


def source_lines(found: Sequence[Figures], width: float) -> list[str]:
    """Return who measured the accuracies of which networks, in lines of a width in pixels."""
    named = sources(sorted(found, key=lambda each: each.name))
    texts = [f"{printable(source)}: {', '.join(map(printable, names))}" for (_, source), names in named.items()]
    wide = int(width / SMALL_CHARACTER)
    return [line for text in texts for line in textwrap.wrap(text, wide, subsequent_indent="    ")]


def draw_sources(lines: Sequence[str], page: Page) -> Iterator[str]:
    """Yield the lines of sources at the foot of the page."""
    top = page.height - 15 * len(lines)
    for row, line in enumerate(lines):
        indent = 12 if line.startswith(" ") else 0
        yield svg_text("tick", number(page.plot.left + indent), number(top + 15 * row), line.strip(), "start")


def draw_legend(page: Page, chart: Chart, most: float) -> Iterator[str]:
    """Yield three circles, one in the other, that show what an area means, and below them what the line is."""
    largest, plot, rows = page.largest, page.plot, len(chart.area_title)
    left, bottom = plot.right + 22, plot.top + 2 * largest + 19 + 15 * rows
    for row, text in enumerate(chart.area_title):
        yield svg_text("tick", number(left), number(plot.top + 12 + 15 * row), text, "start")
    x, right, down = left + largest, left + 2 * largest, 0.0
    for amount in round_amounts(int(most), chart.area.base):
        radius = largest * sqrt(amount / most)
        top = bottom - 2 * radius
        down = max(top, down + SMALL + 2)
        yield f'<circle class="measure" cx="{number(x)}" cy="{number(bottom - radius)}" r="{number(radius)}"/>'
        bend = f"H{number(right)}L{number(right + 7)} {number(down)}"
        yield f'<path class="leader" d="M{number(x)} {number(top)}{bend}"/>'
        yield svg_text("tick", number(right + 9), number(down + 4), chart.area.tick(amount), "start")
    if chart.has_front:
        yield f'<path class="front" d="M{number(left)} {number(bottom + 32)}h{number(2 * largest)}"/>'
        for row, text in enumerate(("none is better", "for as few MACs")):
            yield svg_text("tick", number(left), number(bottom + 50 + 15 * row), text, "start")


def round_amounts(most: int, base: int) -> list[int]:
    """Return up to three round numbers in units of a base, the largest not above the largest bubble.

    Example:
        >>> from netspec.analysis.memory import show_bytes
        >>> [show_bytes(amount) for amount in round_amounts(30 * 2**20, 1024)]
        ['20 MiB', '5 MiB', '1 MiB']
        >>> round_amounts(138_357_544, 1000)
        [100000000, 20000000, 5000000]
    """
    found: list[int] = []
    # The small addend keeps whole powers whole: log(1000, 10) is 2.9999999999999996.
    unit = base ** floor(log(max(most, 1), base) + 1e-9)
    steps = [unit * digit for digit in (500, 200, 100, 50, 20, 10, 5, 2, 1)]
    steps += [unit * digit // base for digit in (500, 200, 100, 50, 20, 10)]
    for step in steps:
        # The circles are easy to distinguish when each has at most half the radius of the one around it.
        if step and step <= most and (not found or 3.9 * step <= found[-1]):
            found.append(step)
    return found[:3]

"""Charts by which papers compare networks: bubbles over MACs, with parameters or accuracy upwards."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import sqrt

from netspec.diagnostics.render import printable
from netspec.views.chart.axes import Axis, make_axis
from netspec.views.chart.label_placement import Bubble, Label, place_labels
from netspec.views.chart.legend import Page, draw_legend, draw_sources, source_lines
from netspec.views.chart.quantities import Chart, Kind, Quantity, front, make_chart
from netspec.views.chart.style import LIGHT, TEXT, style_sheet, svg_text
from netspec.views.geometry import Rectangle, number
from netspec.views.summary.overview import Figures
from netspec.views.svg_page import Header, named, opening, safe

WIDTH, HEIGHT = 860, 560
LARGEST = 34.0
"""Radius of the largest bubble."""
ROOMY = 24
"""With more networks than this the page grows and the bubbles shrink."""
SMALLEST = 1.5
CHARACTER = 6.6


def draw_chart(found: Sequence[Figures], kind: Kind = "memory") -> str:
    """Return a bubble chart of networks as one self-contained SVG.

    ``memory`` has parameters upwards and peak memory as area; ``top1`` and ``top5`` have the published accuracy upwards
    and parameters as area, with a line along the networks that are best for as few MACs, and name each source once.
    An axis is logarithmic where its amounts differ by more than ten times, but that of accuracy. Networks whose names
    begin with the same letters, such as ``resnet18`` and ``resnet50``, have one colour.

    Raises: ValueError without networks, for one without the accuracy, or for accuracies on several data sets.
    """
    chart = make_chart(found, kind)
    ranked = sorted(found, key=lambda each: (-chart.area.amount(each), each.name))
    return named("\n".join(_document(ranked, chart)) + "\n")


def _page(found: Sequence[Figures], footer: int) -> Page:
    crowd = min(sqrt(max(1.0, len(found) / ROOMY)), 2.0)
    width, height = round(WIDTH * crowd), round(HEIGHT * crowd)
    plot = Rectangle(74, 20, width - 144, height - 64)
    labels = Rectangle(plot.left + 2, 2, plot.right + 12, plot.bottom - 2)
    return Page(width, height + footer, plot, labels, LARGEST / sqrt(crowd))


def _document(found: Sequence[Figures], chart: Chart) -> Iterator[str]:
    lines = source_lines(found, _page(found, 0).width - 100) if chart.has_front else []
    page = _page(found, 15 * len(lines) + 12 if lines else 0)
    plot, inset = page.plot, page.largest + 14
    across = _axis(found, chart.across, plot.left, plot.right, inset)
    up = _axis(found, chart.up, plot.bottom, plot.top, inset)
    most = max(map(chart.area.amount, found)) or 1
    yield from _opening(found, chart, page)
    yield from _grid(plot, across, up, chart)
    yield from _axis_titles(plot, across, up, chart)
    bubbles = [_bubble(each, across, up, chart, page.largest / sqrt(most)) for each in found]
    best = [bubbles[found.index(each)] for each in front(found, chart)] if chart.has_front else []
    steps = list(_steps(best))
    labels = place_labels(bubbles, page.labels, steps)
    colours = _colours(found)
    yield from (_line(step) for step in steps)
    for each, bubble in zip(found, bubbles, strict=True):
        yield _circle(chart.sentence(each), bubble, colours[each.name])
    for each, bubble, label in zip(found, bubbles, labels, strict=True):
        yield from _label(each, bubble, label, colours[each.name])
    yield from draw_legend(page, chart, most)
    yield from draw_sources(lines, page)
    yield "</svg>"


def _opening(found: Sequence[Figures], chart: Chart, page: Page) -> Iterator[str]:
    # The chart in words, for those who do not see it.
    described = "; ".join(map(chart.sentence, sorted(found, key=lambda each: each.name)))
    return opening(Header(_headline(found, chart), described, style_sheet()), page.width, page.height)


def _headline(found: Sequence[Figures], chart: Chart) -> str:
    what = found[0].name if len(found) == 1 else f"{len(found)} networks"
    return f"{what}: MACs, {chart.up.title} and {chart.area.title}"


# axes


def _axis(found: Sequence[Figures], quantity: Quantity, start: float, end: float, inset: float) -> Axis:
    return make_axis([quantity.amount(each) for each in found], start, end, inset, may_stretch=quantity.is_count)


def _grid(plot: Rectangle, across: Axis, up: Axis, chart: Chart) -> Iterator[str]:
    for tick in across.ticks():
        x = number(across.place(tick))
        yield f'<path class="grid" d="M{x} {number(plot.top)}V{number(plot.bottom)}"/>'
        yield svg_text("tick", x, number(plot.bottom + 18), chart.across.tick(tick), "middle")
    for tick in up.ticks():
        y = up.place(tick)
        yield f'<path class="grid" d="M{number(plot.left)} {number(y)}H{number(plot.right)}"/>'
        yield svg_text("tick", number(plot.left - 8), number(y + 4), chart.up.tick(tick), "end")
    yield f'<path class="axis" d="M{number(plot.left)} {number(plot.top)}V{number(plot.bottom)}H{number(plot.right)}"/>'


def _axis_titles(plot: Rectangle, across: Axis, up: Axis, chart: Chart) -> Iterator[str]:
    middle = number((plot.left + plot.right) / 2)
    yield svg_text("heading", middle, number(plot.bottom + 44), _axis_title(chart.across.title, across), "middle")
    x, y = 18, number((plot.top + plot.bottom) / 2)
    title = safe(_axis_title(chart.up_title, up))
    yield f'<text class="heading" transform="translate({x} {y}) rotate(-90)" text-anchor="middle">{title}</text>'


def _axis_title(text: str, axis: Axis) -> str:
    return f"{text} (log scale)" if axis.is_logarithmic else text


# bubbles


def _bubble(each: Figures, across: Axis, up: Axis, chart: Chart, unit: float) -> Bubble:
    width = CHARACTER * len(printable(each.name)) + 4
    # Areas are compared by eye, so the radius grows with the square root.
    radius = max(SMALLEST, unit * sqrt(chart.area.amount(each)))
    return Bubble(across.place(chart.across.amount(each)), up.place(chart.up.amount(each)), radius, width, TEXT + 3)


def _steps(bubbles: Sequence[Bubble]) -> Iterator[Rectangle]:
    """Yield the level and upright lines from each bubble to the next, which is to the right of it and above."""
    # In steps, since between two networks there is none that has the mean of both.
    for old, new in pairwise(bubbles):
        # Bubbles may reach beyond the corner, and a line must not turn back.
        yield Rectangle(min(old.x + old.radius, new.x), old.y, new.x, old.y)
        yield Rectangle(new.x, min(new.y + new.radius, old.y), new.x, old.y)


def _line(step: Rectangle) -> str:
    start, end = f"M{number(step.left)} {number(step.top)}", f"L{number(step.right)} {number(step.bottom)}"
    return f'<path class="front" d="{start}{end}"/>'


def _colours(found: Sequence[Figures]) -> dict[str, int]:
    """Return a colour per name, by its beginning; the rarest ones share grey where there are too many."""
    stems = {each.name: _stem(each.name) for each in found}
    frequent = sorted(Counter(stems.values()).items(), key=lambda item: (-item[1], item[0]))
    numbers = {stem: min(index, len(LIGHT) - 1) for index, (stem, _) in enumerate(frequent)}
    return {name: numbers[stem] for name, stem in stems.items()}


def _stem(name: str) -> str:
    found = re.match(r"[^\W\d]+?(?=_?\d|_v\d|$)", name)
    return found.group() if found else name


def _circle(sentence: str, bubble: Bubble, colour: int) -> str:
    place = f'cx="{number(bubble.x)}" cy="{number(bubble.y)}" r="{number(bubble.radius)}"'
    title = f"<title>{safe(sentence)}</title>"
    return f'<circle class="bubble colour{colour}" {place}>{title}</circle>'


def _label(each: Figures, bubble: Bubble, label: Label | None, colour: int) -> Iterator[str]:
    """Yield a label with its line; without room for it, the bubble only has its tooltip."""
    if label is None:
        return
    if label.line:
        x, y, to_x, to_y = map(number, label.line)
        yield f'<path class="leader colour{colour}" d="M{x} {y}L{to_x} {to_y}"/>'
    area, down = label.area, number(label.area.bottom - 4)
    # The width of the text is an estimate, so its anchor is the end that faces the bubble.
    if area.left >= bubble.x:
        yield svg_text("label", number(area.left), down, each.name, "start")
    elif area.right <= bubble.x:
        yield svg_text("label", number(area.right), down, each.name, "end")
    else:
        yield svg_text("label", number((area.left + area.right) / 2), down, each.name, "middle")

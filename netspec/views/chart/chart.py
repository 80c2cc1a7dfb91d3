"""The chart by which papers compare networks: MACs across, parameters upwards, memory as the bubbles' area."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import sqrt

from netspec.analysis.memory import show_bytes
from netspec.diagnostics.render import printable
from netspec.views.chart.axes import Axis, make_axis
from netspec.views.chart.label_placement import Bubble, Label, place_labels
from netspec.views.geometry import Rectangle, number
from netspec.views.numbers import show_count
from netspec.views.palette import FONT
from netspec.views.summary.overview import Figures
from netspec.views.svg_page import ITSELF, named, own_rules

WIDTH, HEIGHT = 860, 560
LARGEST = 34.0
"""Radius of the largest bubble."""
ROOMY = 24
"""With more networks than these the page grows and the bubbles shrink."""
SMALLEST = 1.5
TEXT, SMALL = 12, 11
CHARACTER = 6.6
LIGHT = ("#0b62b0", "#c2410c", "#15803d", "#7c3aed", "#b0126f", "#0e7490", "#8a6100", "#4b5563")
DARK = ("#6cb6ff", "#ff9f6b", "#6ee79a", "#c4a5ff", "#ff8fd0", "#67e0f3", "#e9c46a", "#b6c0cf")


@dataclass(frozen=True, slots=True)
class Page:
    """The sizes of a chart."""

    width: float
    height: float
    plot: Rectangle
    labels: Rectangle
    largest: float


def _page(count: int) -> Page:
    crowd = min(sqrt(max(1.0, count / ROOMY)), 2.0)
    width, height = round(WIDTH * crowd), round(HEIGHT * crowd)
    plot = Rectangle(74, 20, width - 144, height - 64)
    labels = Rectangle(plot.left + 2, 2, plot.right + 12, plot.bottom - 2)
    return Page(width, height, plot, labels, LARGEST / sqrt(crowd))


def draw_chart(found: Sequence[Figures]) -> str:
    """Return a bubble chart of networks as one self-contained SVG.

    An axis is logarithmic where its amounts differ by more than ten times. Networks whose names begin with the same
    letters, such as ``resnet18`` and ``resnet50``, have one colour.

    Raises: ValueError without networks.
    """
    if not found:
        raise ValueError("a chart needs at least one network")
    return named("\n".join(_document(sorted(found, key=lambda each: (-each.peak, each.name)))) + "\n")


def _document(found: Sequence[Figures]) -> Iterator[str]:
    page = _page(len(found))
    wide, high, plot, inset = page.width, page.height, page.plot, page.largest + 14
    size = f'width="{wide}px" height="{high}px" viewBox="0 0 {wide} {high}"'
    across = make_axis([each.macs for each in found], plot.left, plot.right, inset)
    up = make_axis([each.params for each in found], plot.bottom, plot.top, inset)
    most = max(each.peak for each in found) or 1
    labelled = f'id="{ITSELF}" role="img" aria-labelledby="{ITSELF}-title {ITSELF}-description"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size} {labelled}>'
    yield f'<title id="{ITSELF}-title">{_safe(_headline(found))}</title>'
    yield f'<desc id="{ITSELF}-description">{_safe(_description(found))}</desc>'
    yield f"<style>{_style()}</style>"
    yield f'<rect class="page" width="{wide}" height="{high}"/>'
    yield from _grid(plot, across, up)
    yield from _axis_titles(plot, across, up)
    bubbles = [_bubble(each, across, up, page.largest / sqrt(most)) for each in found]
    labels = place_labels(bubbles, page.labels)
    colours = _colours(found)
    for each, bubble in zip(found, bubbles, strict=True):
        yield _circle(each, bubble, colours[each.name])
    for each, bubble, label in zip(found, bubbles, labels, strict=True):
        yield from _label(each, bubble, label, colours[each.name])
    yield from _legend(page, most, found[0])
    yield "</svg>"


def _headline(found: Sequence[Figures]) -> str:
    what = found[0].name if len(found) == 1 else f"{len(found)} networks"
    return f"{what}: MACs, parameters and peak memory"


def _description(found: Sequence[Figures]) -> str:
    """Return the chart's content in words, for those who do not see it."""
    return "; ".join(_sentence(each) for each in sorted(found, key=lambda each: each.name))


def _sentence(each: Figures) -> str:
    return f"{each.name}: {each.macs:,} MACs, {each.params:,} parameters, peak {show_bytes(each.peak)}"


# axes


def _grid(plot: Rectangle, across: Axis, up: Axis) -> Iterator[str]:
    for tick in across.ticks():
        x = number(across.place(tick))
        yield f'<path class="grid" d="M{x} {number(plot.top)}V{number(plot.bottom)}"/>'
        yield _text("tick", x, number(plot.bottom + 18), _amount(tick), "middle")
    for tick in up.ticks():
        y = up.place(tick)
        yield f'<path class="grid" d="M{number(plot.left)} {number(y)}H{number(plot.right)}"/>'
        yield _text("tick", number(plot.left - 8), number(y + 4), _amount(tick), "end")
    yield f'<path class="axis" d="M{number(plot.left)} {number(plot.top)}V{number(plot.bottom)}H{number(plot.right)}"/>'


def _axis_titles(plot: Rectangle, across: Axis, up: Axis) -> Iterator[str]:
    middle = number((plot.left + plot.right) / 2)
    yield _text("heading", middle, number(plot.bottom + 44), _axis_title("MACs per example", across), "middle")
    x, y = 18, number((plot.top + plot.bottom) / 2)
    title = _safe(_axis_title("parameters", up))
    yield f'<text class="heading" transform="translate({x} {y}) rotate(-90)" text-anchor="middle">{title}</text>'


def _axis_title(text: str, axis: Axis) -> str:
    return f"{text} (log scale)" if axis.is_logarithmic else text


def _amount(tick: float) -> str:
    return show_count(round(tick)) if tick >= 1 or not tick else f"{tick:g}"


# bubbles


def _bubble(each: Figures, across: Axis, up: Axis, unit: float) -> Bubble:
    width = CHARACTER * len(printable(each.name)) + 4
    # Areas are what is compared by eye, so the radius grows with the root.
    radius = max(SMALLEST, unit * sqrt(each.peak))
    return Bubble(across.place(each.macs), up.place(each.params), radius, width, TEXT + 3)


def _colours(found: Sequence[Figures]) -> dict[str, int]:
    """Return a colour per name, by its beginning; the rarest ones share grey where there are too many."""
    stems = {each.name: _stem(each.name) for each in found}
    frequent = sorted(Counter(stems.values()).items(), key=lambda item: (-item[1], item[0]))
    numbers = {stem: min(index, len(LIGHT) - 1) for index, (stem, _) in enumerate(frequent)}
    return {name: numbers[stem] for name, stem in stems.items()}


def _stem(name: str) -> str:
    found = re.match(r"[^\W\d]+?(?=_?\d|_v\d|$)", name)
    return found.group() if found else name


def _circle(each: Figures, bubble: Bubble, colour: int) -> str:
    place = f'cx="{number(bubble.x)}" cy="{number(bubble.y)}" r="{number(bubble.radius)}"'
    title = f"<title>{_safe(_sentence(each))}</title>"
    return f'<circle class="bubble colour{colour}" {place}>{title}</circle>'


def _label(each: Figures, bubble: Bubble, label: Label | None, colour: int) -> Iterator[str]:
    """Yield a label with its line; where there is no room for it, the bubble keeps its tooltip."""
    if label is None:
        return
    if label.line:
        x, y, to_x, to_y = map(number, label.line)
        yield f'<path class="leader colour{colour}" d="M{x} {y}L{to_x} {to_y}"/>'
    area, down = label.area, number(label.area.bottom - 4)
    # The width of the text is an estimate, so its anchor is the end that faces the bubble.
    if area.left >= bubble.x:
        yield _text("label", number(area.left), down, each.name, "start")
    elif area.right <= bubble.x:
        yield _text("label", number(area.right), down, each.name, "end")
    else:
        yield _text("label", number((area.left + area.right) / 2), down, each.name, "middle")


def _legend(page: Page, most: int, first: Figures) -> Iterator[str]:
    """Yield three circles, one in the other, that show what an area means."""
    largest, plot = page.largest, page.plot
    left, bottom = plot.right + 22, plot.top + 2 * largest + 64
    for row, text in enumerate(("area: peak memory", f"{first.dtype},", f"batch of {first.batch}")):
        yield _text("tick", number(left), number(plot.top + 12 + 15 * row), text, "start")
    x, right, down = left + largest, left + 2 * largest, 0.0
    for amount in _round_amounts(most):
        radius = largest * sqrt(amount / most)
        top = bottom - 2 * radius
        down = max(top, down + SMALL + 2)
        yield f'<circle class="measure" cx="{number(x)}" cy="{number(bottom - radius)}" r="{number(radius)}"/>'
        bend = f"H{number(right)}L{number(right + 7)} {number(down)}"
        yield f'<path class="leader" d="M{number(x)} {number(top)}{bend}"/>'
        yield _text("tick", number(right + 9), number(down + 4), show_bytes(amount), "start")


def _round_amounts(most: int) -> list[int]:
    """Return up to three round numbers of bytes, the largest not above the largest bubble.

    Example:
        >>> [show_bytes(amount) for amount in _round_amounts(30 * 2**20)]
        ['20 MiB', '5 MiB', '1 MiB']
    """
    found: list[int] = []
    unit = 1024 ** ((most.bit_length() - 1) // 10)
    steps = [unit * digit for digit in (500, 200, 100, 50, 20, 10, 5, 2, 1)]
    steps += [unit * digit // 1024 for digit in (500, 200, 100, 50, 20, 10)]
    for step in steps:
        # The circles are easy to distinguish when each has at most half the radius of the one around it.
        if step and step <= most and (not found or 3.9 * step <= found[-1]):
            found.append(step)
    return found[:3]


# text


def _text(role: str, x: str, y: str, text: str, anchor: str) -> str:
    return f'<text class="{role}" x="{x}" y="{y}" text-anchor="{anchor}">{_safe(text)}</text>'


def _safe(text: str) -> str:
    return escape(printable(text))


def _style() -> str:
    light, dark = _fills(LIGHT), _fills(DARK)
    return own_rules(f"""
text {{ font: {TEXT}px {FONT}; fill: #14181f; }}
.tick {{ font-size: {SMALL}px; fill: #4a5262; }}
.heading {{ font-size: 13px; }}
.label {{ paint-order: stroke; stroke: #ffffff; stroke-width: 3px; stroke-linejoin: round; }}
.page {{ fill: #ffffff; }}
.grid {{ fill: none; stroke: #e3e7ee; }}
.axis {{ fill: none; stroke: #414b5c; }}
.bubble {{ fill-opacity: 0.4; stroke-width: 1.2; }}
.leader {{ fill: none; stroke: #8792a6; stroke-width: 0.8; }}
.measure {{ fill: none; stroke: #8792a6; }}
{light}
@media (prefers-color-scheme: dark) {{
text {{ fill: #eef1f6; }}
.tick {{ fill: #aab4c5; }}
.label {{ stroke: #15181e; }}
.page {{ fill: #15181e; }}
.grid {{ stroke: #2a303b; }}
.axis {{ stroke: #a9b4c6; }}
.leader, .measure {{ stroke: #6c7890; }}
{dark}
}}
""")


def _fills(colours: Sequence[str]) -> str:
    return "\n".join(
        f".bubble.colour{index} {{ fill: {value}; stroke: {value}; }}\n.leader.colour{index} {{ stroke: {value}; }}"
        for index, value in enumerate(colours)
    )

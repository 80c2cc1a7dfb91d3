"""The SVG of a network: the engine computes the layout, and everything visible is written here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from netspec.analysis import receptive_fields
from netspec.diagnostics import Code, LimitError
from netspec.ir import Graph
from netspec.views.diagram.captions import (
    Fields,
    description,
    figures,
    frame_tooltip,
    headline,
    multiple,
    sums,
    tooltip,
)
from netspec.views.diagram.dot import PADDING, WIDEST, write_dot
from netspec.views.diagram.engine import TooSlow, lay_out
from netspec.views.diagram.folding import fold
from netspec.views.diagram.geometry import Layout, Place, Route, read_layout
from netspec.views.diagram.model import Box, Edge, OpenBlock, View
from netspec.views.diagram.options import DETAIL, LAYOUT, DetailOptions, LayoutOptions
from netspec.views.geometry import Rectangle, number
from netspec.views.palette import style
from netspec.views.svg_page import ITSELF, Header, named, opening, safe

ROUNDNESS = 6.0
NOTE_HEIGHT, NOTE_CHARACTER = 22.0, 6.5


def draw_svg(
    graph: Graph,
    detail: DetailOptions = DETAIL,
    layout: LayoutOptions = LAYOUT,
    notify: Callable[[str], None] | None = None,
) -> str:
    """Return a picture of the graph as one self-contained SVG.

    If the layout takes too long, the deepest blocks are collapsed and it is tried again; the picture has a notice, with
    which ``notify`` is called too.

    Raises: ValueError for a block that does not exist; DrawingError when no engine is there; LimitError when even the
    collapsed network is too large.
    """
    view, found, notice = _laid_out(graph, detail, layout)
    if notice and notify:
        notify(notice)
    return named("\n".join(_document(graph, view, found, notice, layout.width)) + "\n")


def _laid_out(graph: Graph, detail: DetailOptions, options: LayoutOptions) -> tuple[View, Layout, str]:
    """Lay a picture out; while that takes too long, collapse its deepest blocks until half of the boxes are left.

    In the end the whole network is one box, so that every network has a picture. An attempt has half of the time of the
    one before, so that all of them take less than twice the limit.
    """
    view, notice, seconds = fold(graph, detail), "", options.seconds
    while True:
        try:
            if len(view.boxes) > options.most_boxes:
                raise TooSlow(f"the picture has {len(view.boxes):,} boxes, and {options.most_boxes:,} is the limit")
            text = lay_out(write_dot(view, options.direction, WIDEST), options.engine, seconds)
            return view, read_layout(text), notice
        except TooSlow as error:
            reason, boxes, deepest = error.message, len(view.boxes), view.deepest
            while deepest >= 0 and len(view.boxes) * 2 > boxes:
                deepest -= 1
                view = fold(graph, replace(detail, deepest=deepest))
            if len(view.boxes) == boxes:
                help_text = "raise it with `--max-boxes`" if boxes > options.most_boxes else "give it `--max-seconds`"
                raise LimitError.of(Code.PICTURE_TOO_LARGE, reason, graph.root.span, help=help_text) from None
            closed = f"blocks more than {deepest} deep are closed" if deepest >= 0 else "the network is closed"
            notice, seconds = f"{reason}: {closed}", seconds / 2


def _document(graph: Graph, view: View, layout: Layout, notice: str, width: float | None) -> Iterator[str]:
    wide = max(layout.width, NOTE_CHARACTER * len(notice))
    high = layout.height + (NOTE_HEIGHT if notice else 0)
    scale = min(1.0, width / wide) if width else 1.0
    yield from opening(Header(headline(graph), description(graph, view, notice), style()), wide, high, scale)
    # SVG has no z-index: later elements cover earlier ones.
    yield from (_frame(frame, layout.frames[frame.id]) for frame in view.frames)
    yield from (_edge(edge, layout.edges[f"edge{index}"]) for index, edge in enumerate(view.edges))
    yield from (_frame_title(frame, layout.frames[frame.id]) for frame in view.frames)
    fields = receptive_fields(graph)
    for each in view.boxes:
        yield from _box(each, layout.boxes[each.id], fields)
    if notice:
        yield f'<text class="note figure" x="8" y="{number(high - 8)}">{safe(notice)}</text>'
    yield "</svg>"


def _frame(frame: OpenBlock, place: Rectangle) -> str:
    classes = "frame training" if frame.training_only else "frame"
    return (
        f'<g id="{ITSELF}-{safe(frame.id)}" class="open"><title>{safe(frame_tooltip(frame))}</title>'
        f'<rect class="{classes}" {_sides(place)} rx="8"/></g>'
    )


def _frame_title(frame: OpenBlock, place: Rectangle) -> str:
    """Return a frame's title, drawn over the edges that cross the top of the frame."""
    down = number(place.top + 19)
    words = _span("name", frame.name) + _span("word", frame.word, 8)
    title = f'<text class="title" x="{number(place.left + 9)}" y="{down}">{words}</text>'
    end = f'x="{number(place.right - 9)}" y="{down}" text-anchor="end"'
    return f'{title}<text class="sum title" {end}>{safe(sums(frame))}</text>' if sums(frame) else title


def _edge(edge: Edge, route: Route) -> str:
    classes = " ".join(["edge", *(["skip"] if edge.skips else []), *(["training"] if edge.training_only else [])])
    corners = "L".join(f"{number(x)} {number(y)}" for x, y in route.tip)
    tip = f'<path class="tip" d="M{corners}Z"/>' if corners else ""
    return f'<g class="{classes}"><path class="line" d="{route.line}"/>{tip}</g>'


def _box(box: Box, place: Place, fields: Fields) -> Iterator[str]:
    classes = " ".join(["box", box.kind, safe(box.family), *(["training"] if box.training_only else [])])
    yield f'<g id="{ITSELF}-{safe(box.id)}" class="{classes}"><title>{safe(tooltip(box, fields))}</title>'
    # Graphviz places text by its own font metrics; only the lines between the cells are used.
    outline = place.outline
    bounds = [outline.top, *place.rows, outline.bottom]
    if len(bounds) != len(box.lines) + 2:
        step = outline.height / (len(box.lines) + 1)
        bounds = [outline.top + step * row for row in range(len(box.lines) + 2)]
    for row, line in enumerate(box.lines):
        area = Rectangle(outline.left, bounds[row], outline.right, bounds[row + 1])
        yield f'<path class="cell {safe(line.family)}" d="{_cell(area, top=row == 0, bottom=False)}"/>'
    facts = Rectangle(outline.left, bounds[-2], outline.right, outline.bottom)
    yield f'<path class="facts" d="{_cell(facts, top=False, bottom=True)}"/>'
    yield f'<path class="rule" d="{_rules(facts, bounds[1:-1], place.columns)}"/>'
    yield f'<rect class="outline" {_sides(outline)} rx="{number(ROUNDNESS)}"/>'
    yield from _texts(box, outline, bounds)
    yield from _figures(box, facts, place.columns)
    yield "</g>"


def _texts(box: Box, outline: Rectangle, bounds: list[float]) -> Iterator[str]:
    is_stack = len(box.lines) > 1
    anchor = "" if is_stack else ' text-anchor="middle"'
    across = outline.left + PADDING + 1 if is_stack else (outline.left + outline.right) / 2
    for row, line in enumerate(box.lines):
        # Not all viewers know `dominant-baseline`, so the text is moved down to the middle by hand.
        down = (bounds[row] + bounds[row + 1]) / 2 + 5
        words = [_span("name", line.name), _span("word", line.what, 8)]
        words += [_span("times", multiple(box), 8)] if row == 0 else []
        yield f'<text x="{number(across)}" y="{number(down)}"{anchor}>{"".join(words)}</text>'


def _figures(box: Box, facts: Rectangle, columns: tuple[float, ...]) -> Iterator[str]:
    cells = figures(box)
    bounds = [facts.left, *columns, facts.right]
    if len(bounds) != len(cells) + 1:
        bounds = [facts.left + facts.width / len(cells) * cell for cell in range(len(cells) + 1)]
    down = number((facts.top + facts.bottom) / 2 + 4)
    for cell, text in enumerate(cells):
        across = number((bounds[cell] + bounds[cell + 1]) / 2)
        yield f'<text class="figure" x="{across}" y="{down}" text-anchor="middle">{safe(text)}</text>'


# shapes


def _sides(place: Rectangle) -> str:
    corner = f'x="{number(place.left)}" y="{number(place.top)}"'
    return f'{corner} width="{number(place.width)}" height="{number(place.height)}"'


def _cell(area: Rectangle, top: bool, bottom: bool) -> str:
    """Return the path of a row's background, with the round corners of the box at its ends."""
    left, right, upper, lower = number(area.left), number(area.right), number(area.top), number(area.bottom)
    inner = number(area.left + ROUNDNESS), number(area.right - ROUNDNESS)
    arc = f"A{number(ROUNDNESS)} {number(ROUNDNESS)} 0 0 1 "
    above, below = number(area.top + ROUNDNESS), number(area.bottom - ROUNDNESS)
    # A rectangle would cover the round corners, and a clip path would need an id for each box.
    start, end = f"M{left} {upper}H{right}", f"V{lower}H{left}Z"
    if top:
        start = f"M{left} {above}{arc}{inner[0]} {upper}H{inner[1]}{arc}{right} {above}"
    if bottom:
        end = f"V{below}{arc}{inner[1]} {lower}H{inner[0]}{arc}{left} {below}Z"
    return start + end


def _rules(facts: Rectangle, rows: list[float], columns: tuple[float, ...]) -> str:
    across = "".join(f"M{number(facts.left)} {number(row)}H{number(facts.right)}" for row in rows)
    down = "".join(f"M{number(column)} {number(facts.top)}V{number(facts.bottom)}" for column in columns)
    return across + down


def _span(role: str, text: str, gap: int = 0) -> str:
    if not text:
        return ""
    distance = f' dx="{gap}"' if gap else ""
    return f'<tspan class="{role}"{distance}>{safe(text)}</tspan>'

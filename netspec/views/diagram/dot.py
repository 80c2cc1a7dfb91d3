"""DOT text from a graph, for the layout by Graphviz, or as a picture of its own."""

from __future__ import annotations

from html import escape

from graphviz import Digraph

from netspec.diagnostics.render import printable
from netspec.ir import Graph
from netspec.views.diagram.captions import figures, multiple, sums
from netspec.views.diagram.folding import fold
from netspec.views.diagram.model import Box, Edge, Line, OpenBlock, View
from netspec.views.diagram.options import DETAIL, DetailOptions, Direction
from netspec.views.palette import colour

STRETCHED = 5_000
"""From this stretch on, ranking is limited: it would take most of the time for little gain."""

PADDING = 6
"""Pixels between text and the border of its cell."""

FONT, WIDEST = "Helvetica", "Verdana"
"""The font of a DOT text, and the one that boxes are measured for where the reader's font may be any."""


def draw_dot(graph: Graph, detail: DetailOptions = DETAIL, direction: Direction = "TB") -> str:
    """Return the DOT text of a graph.

    Raises: ValueError for a block that does not exist.
    """
    return write_dot(fold(graph, detail), direction)


def write_dot(view: View, direction: Direction = "TB", font: str = FONT) -> str:
    """Return the DOT text of a view."""
    digraph = Digraph(printable(view.frame.name))
    digraph.attr("graph", _attributes=_graph_attributes(view, direction, font))
    # A plain shape has neither an outline nor a margin: only its table is drawn.
    digraph.attr("node", shape="plain", fontname=font, fontsize="14")
    digraph.attr("edge", fontname=font, arrowsize="0.8", color="#414b5c")
    _write_items(digraph, view.frame)
    for number, edge in enumerate(view.edges):
        digraph.edge(edge.tail, edge.head, _attributes=_edge_attributes(edge, number))
    return str(digraph.source)


def _graph_attributes(view: View, direction: Direction, font: str) -> dict[str, str]:
    attributes = {
        "rankdir": direction,
        # Without newrank, boxes of different clusters may share a rank although one feeds the other.
        "newrank": "true",
        "fontname": font,
        "nodesep": "0.3",
        "ranksep": "0.35",
        "pad": "0.1",
    }
    # nslimit1 bounds the simplex that ranks, nslimit the one that finds positions, mclimit the search for crossings.
    if view.stretch > STRETCHED:
        attributes |= {"nslimit": "2", "nslimit1": "2", "mclimit": "0.1"}
    return attributes


def _write_items(digraph: Digraph, frame: OpenBlock) -> None:
    for item in frame.items:
        if isinstance(item, Box):
            digraph.node(item.id, _box_label(item), id=item.id, **{"class": _classes(item)})
            continue
        # Graphviz draws a frame only around subgraphs whose name begins with this.
        with digraph.subgraph(name=f"cluster_{item.id}") as cluster:
            style = "rounded,dashed" if item.training_only else "rounded"
            cluster.attr(label=_frame_label(item), labeljust="l", id=item.id, style=style, color="#8792a6", margin="10")
            _write_items(cluster, item)


def _classes(box: Box) -> str:
    return f"box {box.kind} {box.family}"


def _edge_attributes(edge: Edge, number: int) -> dict[str, str]:
    attributes = {"id": f"edge{number}"}
    if edge.training_only:
        attributes["style"] = "dashed"
    if edge.skips:
        return attributes | {"class": "skip", "color": "#0b62b0"}
    # Edges of evaluation have a larger weight, so that the trunk is straight.
    return attributes if edge.training_only else attributes | {"weight": "8"}


# labels: HTML-like, so every text in them is escaped


def _box_label(box: Box) -> str:
    cells = figures(box)
    is_stack = len(box.lines) > 1
    rows = [
        _row(_line_label(line, multiple(box) if number == 0 else ""), colour(line.family), len(cells), is_stack)
        for number, line in enumerate(box.lines)
    ]
    shown = "<VR/>".join(f'<TD><FONT POINT-SIZE="12">{_safe(cell)}</FONT></TD>' for cell in cells)
    rows.append(f"<TR>{shown}</TR>")
    border = "ROUNDED,DASHED" if box.training_only else "ROUNDED"
    cells_only = f'CELLBORDER="0" CELLSPACING="0" CELLPADDING="{PADDING}"'
    table = f'<TABLE BORDER="1" STYLE="{border}" {cells_only} COLOR="#414b5c">'
    return f"<{table}{'<HR/>'.join(rows)}</TABLE>>"


def _row(text: str, fill: str, span: int, left: bool) -> str:
    align = ' ALIGN="LEFT"' if left else ""
    return f'<TR><TD COLSPAN="{span}" BGCOLOR="{fill}"{align}>{text}</TD></TR>'


def _line_label(line: Line, times: str) -> str:
    words = _safe(line.what)
    parts = [f"<B>{_safe(line.name)}</B>", words, f"<B>{_safe(times)}</B>" if times else ""]
    return "&#160; ".join(part for part in parts if part)


def _frame_label(frame: OpenBlock) -> str:
    """Return the title of a frame: words at its left, sums at its right, and between them room for an edge."""
    words = [f"<B>{_safe(frame.name)}</B>", _safe(frame.word)]
    title = "&#160; ".join(word for word in words if word)
    if not sums(frame):
        return f"<{title}>"
    return f'<{title}{"&#160;" * 12}<FONT POINT-SIZE="12">{_safe(sums(frame))}</FONT>>'


def _safe(text: str) -> str:
    """Return a text escaped for a label; to Graphviz a backslash is an escape."""
    return escape(printable(text)).replace("\\", "&#92;")

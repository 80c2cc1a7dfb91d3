"""The words of a picture: titles and figures of boxes, and the tooltips with exact numbers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from netspec.diagnostics import Span
from netspec.diagnostics.render import printable
from netspec.ir import Graph
from netspec.sizes.shape import Shape, show
from netspec.views.diagram.model import Box, OpenBlock, View
from netspec.views.numbers import show_count
from netspec.views.size_notation import show_open

Fields = Mapping[str, Shape | None]
"""The receptive field of each node, None where it is everything."""


def figures(box: Box) -> tuple[str, ...]:
    """Return the cells of a box's last row: shape, parameters and MACs, without zeros."""
    cells = [_shapes(box.shapes)]
    if box.params:
        cells.append(f"{show_count(box.params)} params")
    elif box.shares:
        cells.append("shared")
    if box.macs:
        cells.append(f"{show_count(box.macs)} MACs")
    return tuple(cells)


def multiple(box: Box) -> str:
    """Return the number of siblings in a box, as in ``x6, 64->256``; empty for one."""
    if box.times == 1:
        return ""
    return f"x{box.times}, {box.change}" if box.change else f"x{box.times}"


def sums(frame: OpenBlock) -> str:
    """Return the sums of a frame."""
    parts = [f"{show_count(frame.params)} params"] if frame.params else []
    parts += [f"{show_count(frame.macs)} MACs"] if frame.macs else []
    return " | ".join(parts)


def tooltip(box: Box, fields: Fields) -> str:
    """Return all facts of a box, one per line, with exact numbers."""
    # A tooltip has no layout except line breaks.
    facts = [f"{line.name}: {line.what}" for line in box.lines]
    facts[0] = f"{facts[0]} {multiple(box)}".rstrip()
    path = box.id.partition(".")[2]
    if path and path != box.lines[0].name:
        facts.append(f"path {path}")
    arrow = f"{_shapes(box.entering)} -> " if box.entering else ""
    facts.append(f"shape {arrow}{_shapes(box.shapes)}")
    if box.nodes:
        facts += [f"params {box.params:,}", f"MACs {box.macs:,}"]
    if box.last in fields:
        facts.append(f"receptive field {_field(fields[box.last])}")
    if box.shares:
        facts.append(f"weights of {box.shares}")
    if box.training_only:
        facts.append("in training only")
    if len(box.nodes) > len(box.lines):
        facts.append(f"{len(box.nodes):,} ops")
    return "\n".join([*facts, *_place(box.span)])


def frame_tooltip(frame: OpenBlock) -> str:
    """Return all facts of an open block, one per line."""
    path = frame.id.partition(".")[2]
    facts = [f"{path}: {frame.word}", f"params {frame.params:,}", f"MACs {frame.macs:,}", *_place(frame.span)]
    return "\n".join(facts)


def headline(graph: Graph) -> str:
    """Return the title of a picture."""
    return printable(graph.title or graph.name)


def description(graph: Graph, view: View, notice: str) -> str:
    """Return the description of a picture in a sentence or two, for screen readers."""
    entering = ", ".join(f"{each.name} {show(each.shape)}" for each in graph.inputs)
    leaving = ", ".join(f"{each.name} {show(graph.shape_of(each.node))}" for each in graph.outputs)
    # Screen readers read all of this, so it has to be short.
    names = ", ".join(box.lines[0].name for box in view.boxes[:12])
    more = f" and {len(view.boxes) - 12} more" if len(view.boxes) > 12 else ""
    text = (
        f"{graph.name} turns {entering} into {leaving}, with {graph.params:,} parameters and {graph.macs:,} MACs. "
        f"The diagram has {len(view.boxes)} boxes and {len(view.edges)} edges; in order: {names}{more}."
    )
    return printable(f"{text} {notice[:1].upper()}{notice[1:]}.") if notice else printable(text)


def _field(field: Shape | None) -> str:
    return "everything" if field is None else show(field) if field else "1"


def _shapes(shapes: tuple[Shape, ...]) -> str:
    return ", ".join(map(show_open, shapes))


def _place(span: Span | None) -> list[str]:
    """Return the file and line; the folder is left out, so that pictures are the same on every machine."""
    return [f"{printable(PurePath(span.file).name)}, line {span.line}"] if span else []

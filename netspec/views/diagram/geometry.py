"""The layout by an engine, read from its SVG: the places of boxes, frames and edges."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from netspec.views.diagram.engine import DrawingError
from netspec.views.geometry import Rectangle, number

SVG = "{http://www.w3.org/2000/svg}"
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
_HAIRLINE = 1.5

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a box: its outline, and the lines between its rows and between the cells of its last row."""

    outline: Rectangle
    rows: tuple[float, ...]
    columns: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """The route of an edge: the path of its line, and the corners of its tip."""

    line: str
    tip: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """All places by the id of their box, frame or edge, and the size of the page."""

    width: float
    height: float
    boxes: dict[str, Place]
    frames: dict[str, Rectangle]
    edges: dict[str, Route]


def read_layout(text: str) -> Layout:
    """Return the layout in the SVG that an engine wrote.

    Raises: DrawingError when it is no SVG of Graphviz.
    """
    try:
        root = ElementTree.fromstring(text)
        width, height = (float(each) for each in root.attrib["viewBox"].split()[2:])
        page = root.find(f"{SVG}g")
        assert page is not None
        moved = re.search(r"translate\((\S+) (\S+)\)", page.attrib["transform"])
        assert moved
        layout = Layout(width, height, {}, {}, {})
        # Graphviz draws above the origin, at negative heights, and moves the page down as a whole.
        offset = float(moved[1]), float(moved[2])
        for group in page.iter(f"{SVG}g"):
            _read_group(group, offset, layout)
    except (ElementTree.ParseError, KeyError, ValueError, AssertionError) as error:
        raise DrawingError(f"the layout engine wrote no picture that can be read ({type(error).__name__})") from None
    return layout


def _read_group(group: ElementTree.Element, offset: Point, layout: Layout) -> None:
    kind = group.get("class", "").split(" ")[0]
    identity = group.get("id", "")
    if kind == "node":
        layout.boxes[identity] = _place([_points(shape, offset) for shape in _shapes(group)])
    elif kind == "cluster":
        layout.frames[identity] = _bounding_box([point for shape in _shapes(group) for point in _points(shape, offset)])
    elif kind == "edge":
        paths, tips = list(group.iter(f"{SVG}path")), list(group.iter(f"{SVG}polygon"))
        # The polygon of an arrowhead ends with its first corner again.
        tip = tuple(_points(tips[0], offset)[:3]) if tips else ()
        layout.edges[identity] = Route(_moved(paths[0].attrib["d"], offset), tip)


def _shapes(group: ElementTree.Element) -> Iterator[ElementTree.Element]:
    return (each for each in group.iter() if each.tag in (f"{SVG}path", f"{SVG}polygon", f"{SVG}polyline"))


def _points(shape: ElementTree.Element, offset: Point) -> list[Point]:
    """Return the points of a shape. Graphviz writes curves with absolute coordinates, always in pairs."""
    numbers = [float(each) for each in _NUMBER.findall(shape.get("points") or shape.get("d") or "")]
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return [(x + offset[0], y + offset[1]) for x, y in pairs]


def _moved(path: str, offset: Point) -> str:
    """Return the path of a line moved to the page, with absolute coordinates."""
    parts: list[str] = []
    for command, numbers in re.findall(r"([A-Za-z])([^A-Za-z]*)", path):
        values = [float(each) for each in _NUMBER.findall(numbers)]
        moved = [number(value + offset[index % 2]) for index, value in enumerate(values)]
        parts.append(command + " ".join(moved))
    return "".join(parts)


def _place(shapes: list[list[Point]]) -> Place:
    outline = _bounding_box([point for points in shapes for point in points])
    flat = [_bounding_box(points) for points in shapes]
    # <HR/> and <VR/> are drawn as rectangles of one pixel, without a class or an id of their own.
    rows = {_middle(each.top, each.bottom) for each in flat if each.height < _HAIRLINE < each.width}
    columns = {_middle(each.left, each.right) for each in flat if each.width < _HAIRLINE < each.height}
    return Place(outline, tuple(sorted(rows)), tuple(sorted(columns)))


def _bounding_box(points: list[Point]) -> Rectangle:
    across, down = [x for x, _ in points], [y for _, y in points]
    return Rectangle(min(across), min(down), max(across), max(down))


def _middle(low: float, high: float) -> float:
    return round((low + high) / 2, 2)

"""The SVG: well-formed, self-contained, harmless, laid out without overlaps, and the same bytes every time."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations, pairwise
from math import dist
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import netspec
from netspec.diagnostics import LimitError
from netspec.ir import Graph
from netspec.views.chart.chart import draw_chart
from netspec.views.diagram import engine, svg
from netspec.views.diagram.dot import write_dot
from netspec.views.diagram.engine import DrawingError, TooSlow, lay_out
from netspec.views.diagram.folding import fold
from netspec.views.diagram.geometry import Layout, read_layout
from netspec.views.diagram.options import DetailOptions, Direction, LayoutOptions
from netspec.views.diagram.svg import draw_svg
from netspec.views.geometry import Rectangle
from netspec.views.palette import DARK, LIGHT
from netspec.views.summary.overview import measure_figures
from tests.support.paths import GOLDEN

DOCUMENTS = GOLDEN / "draw"
SVG = "{http://www.w3.org/2000/svg}"

VIEWS: list[tuple[str, DetailOptions, Direction]] = [
    ("residual", DetailOptions(depth=2), "TB"),
    ("residual", DetailOptions(open=("layer2.0",)), "LR"),
    ("inception", DetailOptions(depth=2), "TB"),
    ("inception", DetailOptions(expand_all=True), "TB"),
    ("dense", DetailOptions(depth=2), "TB"),
    ("dense", DetailOptions(expand_all=True, edges="full"), "TB"),
    ("siamese", DetailOptions(depth=0), "TB"),
    ("siamese", DetailOptions(expand_all=True), "TB"),
]


def document(name: str) -> Graph:
    return netspec.compile(DOCUMENTS / f"{name}.yaml")


def written(folder: Path, text: str) -> Graph:
    path = folder / "network.yaml"
    path.write_text(f"netspec: 1\n{text}", encoding="utf-8")
    return netspec.compile(path)


def with_class(root: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    return (each for each in root.iter() if name in each.get("class", "").split())


def ids(root: ElementTree.Element, name: str) -> list[str]:
    """Return the ids of the elements of a class without what the picture puts before each."""
    return [each.get("id", "").removeprefix(f"{root.get('id')}-") for each in with_class(root, name)]


def test_golden_svg(golden: Callable[[str, str], None]) -> None:
    golden("draw/residual-depth2.svg", draw_svg(document("residual"), DetailOptions(depth=2)))


@pytest.mark.parametrize(("name", "detail", "direction"), VIEWS)
def test_svg_is_self_contained_and_says_what_the_view_holds(
    name: str, detail: DetailOptions, direction: Direction
) -> None:
    graph = document(name)
    text = draw_svg(graph, detail, LayoutOptions(direction))
    root = ElementTree.fromstring(text)
    view = fold(graph, detail)
    assert root.get("role") == "img"
    assert re.fullmatch(r"\d+(\.\d+)?px", root.get("width", ""))
    assert root.findtext(f"{SVG}title") == graph.title
    assert f"{graph.params:,} parameters" in str(root.findtext(f"{SVG}desc"))
    assert len(list(root.iter(f"{SVG}style"))) == 1 and "prefers-color-scheme: dark" in text
    assert ids(root, "box") == [box.id for box in view.boxes]
    assert ids(root, "open") == [frame.id for frame in view.frames]
    assert len(list(with_class(root, "edge"))) == len(view.edges)
    for box, drawn in zip(view.boxes, with_class(root, "box"), strict=True):
        words = "".join(drawn.itertext())
        assert all(line.name in words and line.what in words for line in box.lines)
        assert f"params {box.params:,}" in words or not box.nodes
    assert not re.search(r"<!|<\?|<script|href|\son\w+=|javascript:|url\(|@import|font-face", text)


HOSTILE = """</title><script>alert(1)</script><a href="javascript:x" onload='y'>&amp;\\N\\E ]]> \x1b \u202e \x00"""


def test_text_of_the_document_is_escaped() -> None:
    text = draw_svg(replace(document("residual"), name=HOSTILE, title=HOSTILE), DetailOptions(depth=0))
    root = ElementTree.fromstring(text)
    assert {each.tag.removeprefix(SVG) for each in root.iter()} == {
        "svg", "title", "desc", "style", "rect", "g", "path", "text", "tspan",
    }  # fmt: skip
    assert not re.search("<script|<a |[\x00-\x09\x0b-\x1f\u202e]", text)
    shown = HOSTILE.replace("\x1b", r"\x1b").replace("\u202e", r"\u202e").replace("\x00", r"\x00")
    assert root.findtext(f"{SVG}title") == shown
    assert shown in {each.text for each in with_class(root, "name")}


# several in one page


def page_of_pictures() -> str:
    """Return a page with a text of its own, two pictures of networks that share names, and a chart."""
    pictures = [
        draw_svg(document("residual"), DetailOptions(depth=2)),
        draw_svg(document("residual"), layout=LayoutOptions("LR")),
        draw_chart([measure_figures(document("residual"))]),
    ]
    return f'<html><body><p id="text" class="title name">text</p>{"".join(pictures)}</body></html>'


def test_rules_and_names_of_a_picture_reach_no_further_than_it() -> None:
    root = ElementTree.fromstring(page_of_pictures())
    names = [each.get("id") for each in root.iter() if each.get("id")]
    assert len(names) == len(set(names))
    for picture in root.iter(f"{SVG}svg"):
        own = {each.get("id") for each in picture.iter()}
        assert set(picture.get("aria-labelledby", "").split()) <= own
        rules = re.sub(r"@media [^{]*\{", "", picture.findtext(f"{SVG}style", ""))
        selectors = [each.strip() for group in re.findall(r"([^{}]+)\{", rules) for each in group.split(",")]
        assert len(selectors) > 20
        assert all(each.startswith(f"#{picture.get('id')} ") for each in selectors)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium")
def test_a_browser_styles_each_picture_and_nothing_around_it(tmp_path: Path) -> None:
    script = """
        const style = (element) => [getComputedStyle(element).fontSize, getComputedStyle(element).fill].join(" ");
        const [network, , chart] = document.querySelectorAll("svg");
        const found = [document.getElementById("text"), network.querySelector("text"), chart.querySelector("text")];
        document.body.dataset.found = found.map(style).join("; ");
    """
    page = tmp_path / "page.html"
    page.write_text(page_of_pictures().replace("</body>", f"<script>{script}</script></body>"), encoding="utf-8")
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", f"--user-data-dir={tmp_path}"]
    done = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=120, check=True)
    (found,) = re.findall(r'data-found="([^"]*)"', done.stdout)
    # A browser's own size and colour; the text of a box; the amount beside a line of the grid.
    assert found == "16px rgb(0, 0, 0); 14px rgb(20, 24, 31); 11px rgb(74, 82, 98)"


# layout


@pytest.mark.parametrize(("name", "detail", "direction"), VIEWS)
def test_boxes_do_not_overlap_and_edges_lead_on(name: str, detail: DetailOptions, direction: Direction) -> None:
    view = fold(document(name), detail)
    layout = read_layout(lay_out(write_dot(view, direction), "embedded"))
    places = {box.id: layout.boxes[box.id].outline for box in view.boxes}
    for one, other in combinations(places.values(), 2):
        assert not _overlap(one, other)
    for frame in view.frames:
        for box in frame.boxes():
            assert _holds(layout.frames[frame.id], places[box.id])
    for number, edge in enumerate(view.edges):
        tail, head = places[edge.tail], places[edge.head]
        assert tail.right < head.left if direction == "LR" else tail.bottom < head.top
        assert _touches(layout, number, head)


def _overlap(one: Rectangle, other: Rectangle) -> bool:
    return one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom


def _holds(outer: Rectangle, inner: Rectangle) -> bool:
    across = outer.left <= inner.left and inner.right <= outer.right
    return across and outer.top <= inner.top and inner.bottom <= outer.bottom


def _touches(layout: Layout, number: int, head: Rectangle) -> bool:
    return any(
        head.left - 2 <= x <= head.right + 2 and head.top - 2 <= y <= head.bottom + 2
        for x, y in layout.edges[f"edge{number}"].tip
    )


def test_rows_and_cells_come_from_the_engine() -> None:
    view = fold(document("residual"))
    layout = read_layout(lay_out(write_dot(view), "embedded"))
    for box in view.boxes:
        place = layout.boxes[box.id]
        bounds = [place.outline.top, *place.rows, place.outline.bottom]
        assert len(place.rows) == len(box.lines)
        assert all(25 < lower - upper < 32 for upper, lower in pairwise(bounds))


def test_boxes_have_room_for_a_wide_font() -> None:
    root = ElementTree.fromstring(draw_svg(netspec.compile("resnet50")))
    (box,) = (each for each in with_class(root, "box") if "global_avgpool1" in each.get("id", ""))
    (outline,) = with_class(box, "outline")
    # What DejaVu Sans, in which many systems without Helvetica show it, needs for its name, the gap and its op.
    assert float(outline.get("width", "")) > 128.1 + 8 + 132.4


def test_width_is_a_limit_in_pixels() -> None:
    graph = document("inception")
    natural = float(_size(draw_svg(graph)))
    assert float(_size(draw_svg(graph, layout=LayoutOptions(width=100)))) == 100
    assert float(_size(draw_svg(graph, layout=LayoutOptions(width=5000)))) == natural > 100


def _size(text: str) -> str:
    found = re.search(r'width="([\d.]+)px"', text)
    assert found
    return found[1]


def test_boxes_without_numbers_and_frames_without_weights_can_be_drawn(tmp_path: Path) -> None:
    body = "name: plain\ninput: [4, 8, 8]\nnetwork:\n- sequential: [relu, {maxpool: {kernel: 2}}, sigmoid]\n  name: g\n"
    graph = written(tmp_path, body)
    assert "MACs" not in "".join(re.findall(r"<text.*", draw_svg(graph, DetailOptions(expand_all=True))))


# the same bytes every time


@pytest.mark.slow
def test_bytes_do_not_depend_on_the_hash_seed() -> None:
    program = (
        "import hashlib, sys, netspec; from netspec.views.diagram.svg import DetailOptions, draw_svg;"
        "text = draw_svg(netspec.compile(sys.argv[1]), DetailOptions(depth=2));"
        "print(hashlib.sha256(text.encode()).hexdigest())"
    )
    path = str(DOCUMENTS / "inception.yaml")
    expected = hashlib.sha256(draw_svg(document("inception"), DetailOptions(depth=2)).encode()).hexdigest()
    for seed in ("0", "4711"):
        done = subprocess.run(
            [sys.executable, "-c", program, path],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
        )
        assert done.stdout.strip() == expected, done.stderr


# engines and limits


def test_a_slow_layout_closes_the_deepest_blocks_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def slow(dot: str, engine: str, seconds: float) -> str:
        tried.append(dot.count("<TABLE"))
        if tried[-1] > 12:
            raise TooSlow("the engine takes more than 10 s for this picture")
        return lay_out(dot)

    monkeypatch.setattr(svg, "lay_out", slow)
    notices: list[str] = []
    text = draw_svg(document("residual"), DetailOptions(expand_all=True), notify=notices.append)
    assert tried == [34, 10]
    assert notices == ["the engine takes more than 10 s for this picture: blocks more than 1 deep are closed"]
    root = ElementTree.fromstring(text)
    assert [each.text for each in with_class(root, "note")] == notices
    assert "Blocks more than 1 deep" not in text and "The engine takes more" in str(root.findtext(f"{SVG}desc"))


def test_all_attempts_together_take_less_than_twice_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[float] = []

    def slow(dot: str, engine: str, seconds: float) -> str:
        tried.append(seconds)
        raise TooSlow(f"the engine takes more than {seconds:g} s for this picture")

    monkeypatch.setattr(svg, "lay_out", slow)
    with pytest.raises(LimitError, match=r"--max-seconds"):
        draw_svg(netspec.compile("densenet121"), DetailOptions(expand_all=True), LayoutOptions(seconds=8))
    assert len(tried) > 2 and sum(tried) < 16


def test_what_has_no_blocks_to_close_is_drawn_as_one_box(tmp_path: Path) -> None:
    graph = written(tmp_path, "name: flat\ninput: [4]\nnetwork: [{repeat: 25, body: [{linear: 5}, {linear: 4}]}]\n")
    notices: list[str] = []
    text = draw_svg(graph, layout=LayoutOptions(most_boxes=30), notify=notices.append)
    assert notices == ["the picture has 51 boxes, and 30 is the limit: the network is closed"]
    assert ids(ElementTree.fromstring(text), "box") == ["input.input", "block"]


def test_an_engine_that_is_always_too_slow_is_an_error() -> None:
    with pytest.raises(LimitError, match=r"the picture has 2 boxes, and 1 is the limit .*--max-boxes"):
        draw_svg(document("residual"), DetailOptions(depth=2), LayoutOptions(most_boxes=1))
    with pytest.raises(LimitError, match=r"--max-seconds"):
        draw_svg(document("residual"), DetailOptions(depth=2), LayoutOptions(seconds=0.001))


def test_lines_are_counted_before_they_are_drawn() -> None:
    detail = DetailOptions(expand_all=True, edges="full", most_edges=20)
    with pytest.raises(LimitError, match=r"has more than 20 lines .*--max-edges"):
        draw_svg(document("dense"), detail)


def test_the_engine_is_stopped_after_its_time() -> None:
    text = write_dot(fold(netspec.compile("densenet121"), DetailOptions(expand_all=True, edges="full")))
    with pytest.raises(TooSlow, match=r"graphviz-pure takes more than 0\.1 s"):
        lay_out(text, "embedded", seconds=0.1)


def test_the_engine_is_found_without_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert "<svg" in lay_out("digraph {a -> b}", "auto")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("embedded", "the layout engine graphviz-pure is not installed"),
        ("dot", "Graphviz's `dot` is not on the PATH"),
        ("auto", "no layout engine is installed"),
    ],
)
def test_a_missing_engine_is_named(monkeypatch: pytest.MonkeyPatch, name: Any, message: str) -> None:
    monkeypatch.setattr(engine.shutil, "which", lambda *_, **__: None)  # type: ignore[attr-defined]
    with pytest.raises(DrawingError, match=message):
        lay_out("digraph {}", name)


def test_text_that_is_no_dot_is_refused() -> None:
    with pytest.raises(DrawingError, match="graphviz-pure fails"):
        lay_out("digraph {", "embedded")
    with pytest.raises(DrawingError, match="wrote no picture that can be read"):
        read_layout("<svg/>")


@pytest.mark.skipif(not shutil.which("dot"), reason="Graphviz is not installed")
def test_the_engine_of_the_system_draws_the_same_boxes() -> None:
    detail = DetailOptions(depth=2)
    ours, theirs = (draw_svg(document("inception"), detail, LayoutOptions(engine=name)) for name in ("embedded", "dot"))
    tooltips = [re.findall(r"<g id=.*?</title>", text, re.DOTALL) for text in (ours, theirs)]
    assert tooltips[0] == tooltips[1]


# colours

SIGHTS = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "deuteranopia": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "tritanopia": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
}
"""What a colour becomes, in linear RGB (Machado et al. 2009, severity 1)."""


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize(("colours", "text"), [(LIGHT, "#14181f"), (DARK, "#eef1f6")], ids=["light", "dark"])
def test_families_can_be_told_apart_and_read(colours: dict[str, str], text: str, sight: str) -> None:
    seen = {name: _lab(_seen(value, sight)) for name, value in colours.items() if name != "terminal"}
    near = {pair for pair in combinations(seen, 2) if dist(seen[pair[0]], seen[pair[1]]) < 12}
    assert not near
    assert min(_contrast(value, text) for value in colours.values()) >= 4.5


def _linear(colour: str) -> list[float]:
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def _seen(colour: str, sight: str) -> list[float]:
    mixed = (sum(w * part for w, part in zip(row, _linear(colour), strict=True)) for row in SIGHTS[sight])
    return [min(1.0, max(0.0, part)) for part in mixed]


def _lab(colour: list[float]) -> tuple[float, float, float]:
    red, green, blue = colour
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _contrast(one: str, other: str) -> float:
    low, high = sorted(0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (_linear(one), _linear(other)))
    return (high + 0.05) / (low + 0.05)

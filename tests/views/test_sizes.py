"""Which sizes a network takes, as text and as data; and looking at a network leaves them as they are."""

from __future__ import annotations

import random
import re
from math import ceil, floor
from pathlib import Path
from typing import Any

import netspec
from netspec.ir.text import print_graph
from netspec.sizes import Dim, Size, at, describe_sizes, read_size, scale_down, symbol
from netspec.views.diagram.folding import fold
from netspec.views.diagram.options import DetailOptions
from netspec.views.diagram.svg import draw_svg
from netspec.views.record import graph_json, graph_record
from netspec.views.size_notation import notation, show_open
from netspec.views.sizes import describe_open_sizes, sizes_line, sizes_record
from tests.support.documents import compile_text

TWO_INPUTS = """\
netspec: 1
name: two
input: {image: [3, 32, 32], depth: [1, 16, 16]}
network:
  - conv: {out: 8, kernel: 3, stride: 2, padding: 1}
    from: image
    as: here
  - conv: {out: 8, kernel: 3, padding: 1}
    from: depth
    as: there
  - add: [here, there]
  - slice: {axis: 2, start: 1, stop: -1}
  - relu:
    when: image.height > 16
"""


def test_a_size_that_follows_from_another_input_is_given_by_it() -> None:
    graph = compile_text(TWO_INPUTS)
    assert describe_open_sizes(graph).splitlines() == [
        "two",
        "",
        "input image    3 x image_H x image_W, stated at 3x32x32",
        "input depth    1 x depth_H x depth_W, stated at 1x16x16",
        "sizes          image_H >= 17, any",
        "               image_W any",
        "               depth_H = image_H/2 rounded up",
        "               depth_W = image_W/2 rounded up",
        "output output  8 x ((image_H - 3) // 2) x image_W/2 rounded up",
        "",
        "limited by",
        "  image_H >= 17  decided at line 13: image_H >= 17",
        "  depth_H == (image_H + 1) // 2, needed by add1 (line 11)",
        "  depth_W == (image_W + 1) // 2, needed by add1 (line 11)",
    ]
    record = sizes_record(graph)
    assert record["outputs"] == {"output": [8, "(image_H + 1) // 2 - 2", "(image_W + 1) // 2"]}
    assert [each["condition"] for each in record["conditions"]] == [
        "depth_H == (image_H + 1) // 2",
        "depth_W == (image_W + 1) // 2",
    ]


def test_a_tensor_fixes_the_sizes_of_its_shape() -> None:
    tensors = "tensors: {gain: {shape: [4, input.height, 1], init: ones}}"
    graph = compile_text(f"netspec: 1\ninput: [4, 32, 32]\n{tensors}\nnetwork: [{{mul: [x, gain]}}]")
    assert describe_open_sizes(graph).splitlines()[-1] == "  H = 32  fixed by line 3: H == 32"


TRAINED: dict[str, Any] = {
    "input": [3, 64, 64],
    "network": [
        {"conv": {"out": 8, "kernel": 3, "stride": 2, "padding": 1}, "as": "fine"},
        {"output": {"name": "aux", "train_only": True, "body": ["flatten", {"linear": 2}]}, "from": "fine"},
        {"conv": {"out": 8, "kernel": 3, "stride": 2, "padding": "same_tf"}},
        {"upsample": {"size": "[fine.height, fine.width]"}},
        {"add": ["x", "fine"]},
        {"slice": {"axis": 2, "start": 1, "stop": -1}},
    ],
}


def test_training_has_sizes_of_its_own() -> None:
    graph = compile_text(TRAINED)
    assert describe_sizes(graph.sizes) == ["H >= 5, any", "W any"]
    assert describe_sizes(graph.sizes, "training") == ["H, W in 63..64"]
    assert graph.sizes.broken({"H": 65, "W": 64}) is None
    assert graph.sizes.broken({"H": 65, "W": 64}, "training") is not None


def test_looking_at_a_network_never_narrows_its_sizes(tmp_path: Path) -> None:
    graph = compile_text(TRAINED)
    guards = [(str(guard), guard.phase, list(guard.reasons)) for guard in graph.sizes.guards]
    line = sizes_line(graph)
    netspec.summary(graph)
    netspec.draw(graph, path=tmp_path / "network.svg")
    netspec.draw(graph, path=tmp_path / "network.dot")
    netspec.compare(graph, path=tmp_path / "chart.svg")
    netspec.diff(graph, compile_text({**TRAINED, "input": [3, 80, 80]}))
    netspec.source(graph)
    netspec.source(graph, target="equations")
    netspec.build(graph, device="meta")
    graph_json(graph)
    print_graph(graph)
    assert [(str(guard), guard.phase, list(guard.reasons)) for guard in graph.sizes.guards] == guards
    assert sizes_line(graph) == line


def test_formulas_in_json_are_the_shapes_at_other_sizes() -> None:
    graph, other = compile_text(TRAINED), compile_text({**TRAINED, "input": [3, 63, 64]})
    record, expected = graph_record(graph), graph_record(other)
    symbols = {name: symbol(name, size) for name, size in record["sizes"]["stated"].items()}
    for part in ("inputs", "outputs", "nodes"):
        for each, there in zip(record[part], expected[part], strict=True):
            sizes = [size if isinstance(size, int) else read_size(size, symbols) for size in each["formula"]]
            assert [at(size, {"H": 64, "W": 64}) for size in sizes] == each["shape"]
            assert [at(size, {"H": 63, "W": 64}) for size in sizes] == there["shape"]


def test_pictures_show_formulas_where_that_is_asked_for() -> None:
    graph = compile_text(TRAINED)
    shown = {box.lines[0].name: show_open(box.shapes[0]) for box in fold(graph, DetailOptions(sizes="open")).boxes}
    assert shown["input"] == "3 × H × W"
    assert shown["conv2"] == "8 × ⌈H/4⌉ × ⌈W/4⌉"
    assert shown["slice1"] == "8 × ⌊(H − 3)/2⌋ × ⌈W/2⌉"
    assert ">8 × ⌈H/4⌉ × ⌈W/4⌉</text>" in draw_svg(graph, DetailOptions(sizes="open"))
    assert ">8x16x16</text>" in draw_svg(graph) and "⌈" not in draw_svg(graph)


def test_the_notation_of_a_size_means_the_size() -> None:
    draw = random.Random(0)
    names = {"H": 24, "W": 30}
    for _ in range(300):
        size = drawn_size(draw, depth=3)
        text = notation(size)
        for old, new in {"⌈": "ceil(", "⌊": "floor(", "⌉": ")", "⌋": ")", "·": "*", "−": "-"}.items():
            text = text.replace(old, new)
        text = re.sub(r"(\d)([a-z(HW])", r"\1*\2", text)
        for sizes in (names, {"H": draw.randint(1, 50), "W": draw.randint(1, 50)}):
            assert eval(text, {"ceil": ceil, "floor": floor}, dict(sizes)) == at(size, sizes), notation(size)


def drawn_size(draw: random.Random, depth: int) -> Size:
    if not depth:
        return symbol(*draw.choice([("H", 24), ("W", 30)]))
    first, second = drawn_size(draw, depth - 1), drawn_size(draw, depth - 1)
    number = draw.randint(1, 7)
    made = [first + second, first * second, first - number, number * first, first // number, -(-first // number)]
    if isinstance(first, Dim):
        made.append(scale_down(first, 0.7))
    return draw.choice(made)

"""Which sizes a network takes, as text and as data; and looking at a network leaves them as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import netspec
from netspec.ir.text import print_graph
from netspec.sizes import describe_sizes
from netspec.views.record import graph_json
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

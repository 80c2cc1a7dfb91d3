"""What a picture shows: every node in one box, sums that add up, edges that lead somewhere, and the DOT text of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import netspec
from netspec.analysis import receptive_fields
from netspec.ir import Graph
from netspec.tooling.starter import starter_text
from netspec.views.describe import name_run
from netspec.views.diagram.captions import figures, multiple, tooltip
from netspec.views.diagram.dot import STRETCHED, draw_dot, write_dot
from netspec.views.diagram.folding import fold
from netspec.views.diagram.model import Box, View
from netspec.views.diagram.options import DetailOptions, Direction
from tests.support.paths import GOLDEN
from tests.support.search import examples

DOCUMENTS = GOLDEN / "draw"
OWN = ("residual", "inception", "dense", "siamese")
PUBLISHED = ("densenet121", "googlenet", "inception_v3", "resnet50", "shufflenet_g3", "vgg16")


@cache
def graph_of(name: str) -> Graph:
    if name.endswith("starter"):
        with TemporaryDirectory() as folder:
            path = Path(folder) / "starter.yaml"
            path.write_text(starter_text("starter"), encoding="utf-8")
            return netspec.compile(path, overrides={"units": [9, 9, 9]} if name == "long_starter" else {})
    path = DOCUMENTS / f"{name}.yaml"
    return netspec.compile(path if path.is_file() else name)


def box_of(view: View, name: str) -> Box:
    (found,) = [box for box in view.boxes if box.lines[0].name == name]
    return found


def titles(view: View) -> list[str]:
    return [f"{box.lines[0].name} {multiple(box)}".rstrip() for box in view.boxes]


@st.composite
def views(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A network and how to fold it; both are small, so that hypothesis can show them."""
    name = draw(st.sampled_from(OWN + PUBLISHED))
    paths = [scope.path for scope in graph_of(name).root.descend() if scope.path]
    return name, {
        "depth": draw(st.integers(0, 4)),
        "open": tuple(draw(st.lists(st.sampled_from(paths), max_size=2))),
        "expand_all": draw(st.booleans()),
        "edges": draw(st.sampled_from(["running", "full"])),
        "deepest": draw(st.integers(0, 5)),
    }


@examples(60)
@given(views())
def test_every_node_is_in_one_box_and_the_sums_are_those_of_the_network(made: tuple[str, dict[str, Any]]) -> None:
    graph = graph_of(made[0])
    view = fold(graph, DetailOptions(**made[1]))
    shown = [path for box in view.boxes for path in box.nodes]
    assert sorted(shown) == sorted(graph.by_path)
    assert len({box.id for box in view.boxes} | {frame.id for frame in view.frames}) == len(view.boxes + view.frames)
    assert sum(box.params for box in view.boxes if not box.training_only) == graph.params
    assert sum(box.macs for box in view.boxes if not box.training_only) == graph.macs
    for frame in view.frames:
        counted = [box for box in frame.boxes() if frame.training_only or not box.training_only]
        assert frame.params == sum(box.params for box in counted)


@examples(60)
@given(views())
def test_every_value_that_leaves_a_box_is_an_edge_and_no_edge_leads_back(made: tuple[str, dict[str, Any]]) -> None:
    graph = graph_of(made[0])
    view = fold(graph, DetailOptions(**made[1]))
    owners = {path: box for box in view.boxes for path in box.nodes}
    owners |= {box.lines[0].name: box for box in view.boxes if box.kind == "input"}
    drawn = {(edge.tail, edge.head) for edge in view.edges}
    order = {box.id: number for number, box in enumerate(view.boxes)}
    assert all(order[tail] < order[head] for tail, head in drawn)
    for node in graph:
        head = owners[node.path]
        for tail in (owners[path] for path in node.inputs):
            # Only two folded halves of a dense block read each other, and full edges come straight from the layers.
            is_dense = tail.lines[0].word == "Concat" and (tail.times > 1 or head.lines[0].word == "Concat")
            assert tail is head or (tail.id, head.id) in drawn or is_dense


# folding

UNIT = ["conv1", "conv2", "add1"]
CHANGED = ["conv1", "conv2", "downsample", "add1"]
STARTER = ["input", "conv1", *UNIT * 2, *[*CHANGED, *UNIT] * 2, "global_avgpool1", "flatten1", "classifier"]
LONG_STARTER = ["input", "conv1", "stage1.0..8 x9", "stage2.0", "stage2.1..8 x8", "stage3.0", "stage3.1..8 x8",
                "global_avgpool1", "flatten1", "classifier"]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("residual", {"depth": 0}, ["input", "residual"]),
        ("residual", {}, ["input", "conv1", "layer1", "layer2", "layer3", "global_avgpool1", "flatten1", "fc"]),
        (
            "residual",
            {"depth": 2},
            ["input", "conv1", "layer1.0..2 x3", "layer2.0", "layer2.1..2 x2", "layer3.0", "layer3.1..2 x2",
             "global_avgpool1", "flatten1", "fc"],
        ),
        (
            "residual",
            {"open": ("layer1.1",)},
            ["input", "conv1", "layer1.0", "conv1", "conv2", "add1", "layer1.2", "layer2", "layer3",
             "global_avgpool1", "flatten1", "fc"],
        ),
        (
            "residual",
            {"open": ("layer1",)},
            ["input", "conv1", "layer1.0", "layer1.1", "layer1.2", "layer2", "layer3", "global_avgpool1",
             "flatten1", "fc"],
        ),
        (
            "inception",
            {},
            ["input", "stem", "mixed1..3 x3", "side", "mixed4", "global_avgpool1", "flatten1", "dropout1", "fc",
             "output", "side"],
        ),
        ("dense", {"depth": 2}, ["input", "growing.0..3 x4, 8->24", "concat1..4 x4", "wider.0..2 x3, 24->36",
                                 "concat1..3 x3", "shrink"]),
        ("siamese", {}, ["left", "right", "tower1", "tower1", "sub1", "mul1", "score"]),
        # Stages at different resolutions stay apart, and a group is opened that would only be a number of ops.
        ("starter", {}, STARTER),
        ("starter", {"depth": 2}, STARTER),
        ("long_starter", {}, LONG_STARTER),
        (
            "resnet18",
            {},
            ["input", "conv1", "maxpool1", "layer1", "layer2", "layer3", "layer4", "global_avgpool1", "flatten1", "fc"],
        ),
        # `features` holds nearly all of the network, and is no level of its own.
        (
            "densenet121",
            {},
            ["input", "conv0", "features.3", "denseblock1", "transition1", "denseblock2", "transition2", "denseblock3",
             "transition3", "denseblock4", "norm5", "relu1", "global_avgpool1", "flatten1", "classifier"],
        ),
        # Each level of a U-Net holds nearly all of the one around it.
        (
            "lenet5",
            {},
            ["input", "c1", "squash1", "s2", "c3", "squash2", "s4", "c5", "squash3", "flatten1", "f6", "squash4",
             "output"],
        ),
        (
            "unet",
            {},
            ["input", *["down", "maxpool1"] * 3, "level", *["up", "crop1", "concat1", "merge"] * 3, "head"],
        ),
    ],
)  # fmt: skip
def test_boxes_of_a_view(name: str, options: dict[str, Any], expected: list[str]) -> None:
    assert titles(fold(graph_of(name), DetailOptions(**options))) == expected


@pytest.mark.parametrize("name", [*PUBLISHED, "resnet18", "squeezenet1_0", "polynet", "starter", "long_starter"])
def test_every_box_of_a_first_picture_says_what_is_in_it(name: str) -> None:
    assert not [
        line.what for box in fold(graph_of(name)).boxes for line in box.lines if re.search(r"\d ops", line.what)
    ]


def test_convolution_normalization_and_activation_share_a_box() -> None:
    view = fold(graph_of("residual"), DetailOptions(expand_all=True))
    first = box_of(view, "fc")
    assert [line.word for line in first.lines] == ["Linear"]
    assert [[line.word for line in box.lines] for box in view.boxes[1:5]] == [
        ["Conv", "BatchNorm", "ReLU"],
        ["Conv", "BatchNorm", "ReLU"],
        ["Conv", "BatchNorm"],
        ["Add", "ReLU"],
    ]
    assert view.boxes[1].nodes == ("conv1", "bn1", "relu1")
    assert figures(view.boxes[1]) == ("16x32x32", "464 params", "442 k MACs")


def test_a_value_with_two_readers_ends_a_stack() -> None:
    view = fold(graph_of("densenet121"), DetailOptions(expand_all=True))
    owners = {path: box for box in view.boxes for path in box.nodes}
    consumers = graph_of("densenet121").consumers()
    for box in view.boxes:
        for path in box.nodes[:-1]:
            assert [owners[reader.path] for reader in consumers[path]] == [box]


def test_skips_stay_visible_around_folded_blocks() -> None:
    view = fold(graph_of("dense"), DetailOptions(depth=2))
    skips = {(edge.tail, edge.head) for edge in view.edges if edge.skips}
    assert skips == {
        ("input.input", "node.growing.concat1"),
        ("node.growing.concat1", "node.wider.concat1"),
    }
    opened = fold(graph_of("residual"), DetailOptions(open=("layer1.1",)))
    assert [(edge.tail, edge.head) for edge in opened.edges if edge.skips] == [("block.layer1.0", "node.layer1.1.add1")]


def test_full_edges_reach_every_concatenation_from_every_earlier_layer() -> None:
    view = fold(graph_of("dense"), DetailOptions(expand_all=True, edges="full"))
    entering = {f"node.growing.concat{number}": 0 for number in range(1, 5)}
    for edge in view.edges:
        if edge.head in entering:
            entering[edge.head] += 1
    assert list(entering.values()) == [2, 3, 4, 5]


def test_siblings_written_on_their_own_lines_are_a_run_only_when_channels_match() -> None:
    names = titles(fold(graph_of("googlenet")))
    assert "inception3a" in names and "inception3b" in names
    assert "Mixed_6c..d x2" in titles(fold(graph_of("inception_v3")))


def test_training_heads_are_marked_and_left_out_of_sums() -> None:
    graph = graph_of("inception")
    whole = fold(graph, DetailOptions(depth=0))
    assert box_of(whole, "inception").macs == graph.macs
    view = fold(graph)
    heads = [box for box in view.boxes if box.training_only]
    assert [box.id for box in heads] == ["block.side", "output.side"]
    assert heads[0].macs == 480
    assert {edge.head for edge in view.edges if edge.training_only} == {"block.side", "output.side"}


def test_shared_weights_are_said_to_be_shared() -> None:
    view = fold(graph_of("siamese"))
    first, second = (box for box in view.boxes if box.lines[0].name == "tower1")
    assert (first.id, second.id) == ("block.tower1", "block.tower1@2")
    assert figures(first)[1] == "6.51 k params" and figures(second)[1] == "shared"


def test_tooltips_hold_exact_numbers_and_the_line() -> None:
    graph = graph_of("residual")
    view = fold(graph)
    assert tooltip(box_of(view, "layer1"), receptive_fields(graph)).splitlines() == [
        "layer1: 3 x unit",
        "shape 16x32x32 -> 16x32x32",
        "params 14,016",
        "MACs 14,155,776",
        "receptive field 15x15",
        "21 ops",
        "residual.yaml, line 24",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"open": ("layer1.9",)}, "no block 'layer1.9' to open; did you mean 'layer1.2'?"),
        ({"open": ("",)}, "no block '' to open; blocks are layer1,"),
        ({"open": ("\x1b[31m",)}, r"no block '\\x1b\[31m' to open"),
        ({"depth": -1}, "the depth of a picture is 0 or more, not -1"),
    ],
)
def test_what_cannot_be_shown_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("?", r"\?")):
        fold(graph_of("residual"), DetailOptions(**options))


@pytest.mark.parametrize(
    ("first", "last", "run"),
    [
        ("layer1.0", "layer1.5", "layer1.0..5"),
        ("unit9", "unit10", "unit9..10"),
        ("incA", "incB", "incA..B"),
        ("left", "lower", "left..lower"),
        ("one", "one", "one"),
        ("a1", "a", "a1..a"),
    ],
)
def test_names_of_runs(first: str, last: str, run: str) -> None:
    assert name_run(first, last) == run


# DOT

VIEWS: list[tuple[str, str, DetailOptions, Direction]] = [
    ("residual", "residual-depth2", DetailOptions(depth=2), "TB"),
    ("residual", "residual-open", DetailOptions(open=("layer2.0",)), "LR"),
    ("inception", "inception", DetailOptions(), "TB"),
    ("inception", "inception-open", DetailOptions(open=("mixed2",)), "TB"),
    ("dense", "dense-depth2", DetailOptions(depth=2), "TB"),
    ("dense", "dense-full", DetailOptions(expand_all=True, edges="full"), "TB"),
    ("siamese", "siamese-all", DetailOptions(expand_all=True), "TB"),
]


@pytest.mark.parametrize(("name", "file", "detail", "direction"), VIEWS, ids=[file for _, file, *_ in VIEWS])
def test_dot_text(
    golden: Callable[[str, str], None], name: str, file: str, detail: DetailOptions, direction: Direction
) -> None:
    golden(f"draw/{file}.dot", draw_dot(graph_of(name), detail, direction))


@examples(15)
@given(views())
def test_dot_keeps_to_what_lays_out_well(made: tuple[str, dict[str, Any]]) -> None:
    view = fold(graph_of(made[0]), DetailOptions(**made[1]))
    text = write_dot(view)
    assert "newrank=true" in text and "Helvetica" in text
    assert not any(word in text for word in ("ortho", "record", "concentrate", "href", "URL", "×"))
    assert ("nslimit" in text) == (view.stretch > STRETCHED)


def test_ranking_is_cut_short_only_for_long_edges() -> None:
    graph = graph_of("densenet121")
    running, full = (DetailOptions(expand_all=True, edges=edges) for edges in ("running", "full"))
    assert fold(graph, running).stretch < STRETCHED < fold(graph, full).stretch


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (7, ["input", *(f"conv{number}" for number in range(1, 8)), "maxpool1"]),
        (8, ["input", "conv1..8 x8", "maxpool1"]),
        (1_000, ["input", "conv1..1000 x1000", "maxpool1"]),
    ],
)
def test_many_equal_ops_in_a_row_are_one_box(count: int, expected: list[str], tmp_path: Path) -> None:
    path = tmp_path / "long.yaml"
    steps = "  - conv: {out: 4, kernel: 3, padding: 1}\n  - relu\n" * count
    path.write_text(f"netspec: 1\nname: long\ninput: [4, 8, 8]\nnetwork:\n{steps}  - maxpool: {{kernel: 2}}\n")
    graph = netspec.compile(path)
    view = fold(graph)
    assert titles(view) == expected
    assert len(view.edges) == len(view.boxes) - 1
    assert sum(box.params for box in view.boxes) == graph.params == count * 148


def test_a_value_that_is_read_twice_ends_a_run_of_equal_ops(tmp_path: Path) -> None:
    path = tmp_path / "read_twice.yaml"
    steps = "  - relu\n" * 8
    path.write_text(
        f"netspec: 1\nname: read_twice\ninput: [4, 8, 8]\nnetwork:\n{steps}  - relu:\n    as: kept\n{steps}"
        "  - add: [x, kept]\n"
    )
    view = fold(netspec.compile(path))
    assert [box.times for box in view.boxes[1:3]] == [9, 8]
    assert [(edge.tail, edge.head) for edge in view.edges if edge.value == "relu9"] == [
        ("node.relu1", "node.relu10"),
        ("node.relu1", "node.add1"),
    ]

"""The summary: whatever is folded or left closed, its columns add up, and long networks stay short."""

from __future__ import annotations

import ntpath
from pathlib import Path, PureWindowsPath
from types import SimpleNamespace

import pytest

import netspec
from netspec.ir import Graph
from netspec.tooling.starter import starter_text
from netspec.views.numbers import show_count
from netspec.views.record import graph_json, graph_record, relative_path
from netspec.views.summary.recurrence import recurring
from netspec.views.summary.rows import Row, sorted_rows, tree_rows
from netspec.views.summary.table import TableOptions, plain_text, summarize
from netspec.views.summary.terminal import print_rich

NETWORKS = ("densenet121", "googlenet", "lenet5_modern", "resnet50")


@pytest.fixture(scope="module", params=NETWORKS)
def graph(request: pytest.FixtureRequest) -> Graph:
    return netspec.compile(request.param)


@pytest.mark.parametrize("depth", [None, 1, 2, 3, 9])
def test_rows_of_each_level_add_up_to_the_row_above(graph: Graph, depth: int | None) -> None:
    rows = list(tree_rows(graph, depth))
    outer = [row for row in rows if row.indent == 0]
    assert sum(row.totals.params for row in outer) == graph.params
    assert sum(row.totals.macs for row in outer) == graph.macs
    for place, row in enumerate(rows):
        inner = list(_inside(rows, place))
        if inner:
            assert sum(each.totals.params for each in inner) == row.totals.params, row.name
            assert sum(each.totals.training_params for each in inner) == row.totals.training_params, row.name
            assert sum(each.totals.training_macs for each in inner) == row.totals.training_macs, row.name
            assert sum(each.totals.nodes for each in inner) == row.totals.nodes, row.name


def _inside(rows: list[Row], place: int) -> list[Row]:
    """Return the rows directly inside the one at a place."""
    found = []
    for row in rows[place + 1 :]:
        if row.indent <= rows[place].indent:
            break
        if row.indent == rows[place].indent + 1:
            found.append(row)
    return found


def test_a_great_depth_shows_every_node_once(graph: Graph) -> None:
    rows = list(tree_rows(graph, 99))
    leaves = [row for place, row in enumerate(rows) if not _inside(rows, place)]
    assert sum(row.count for row in leaves) == len(graph)


def test_sorted_rows_are_all_nodes_that_have_any_largest_first(graph: Graph) -> None:
    amounts = [row.params for row in sorted_rows(graph, "params")]
    assert amounts == sorted((node.params for node in graph if node.params), reverse=True)
    macs = [row.macs for row in sorted_rows(graph, "macs")]
    assert macs == sorted((node.macs for node in graph if node.macs), reverse=True)


@pytest.mark.parametrize(
    ("kinds", "runs"),
    [
        ([], []),
        ([1], [(0, 1, 1)]),
        ([1, 1], [(0, 1, 2)]),
        ([1, 2, 1, 2, 1, 2], [(place, 1, 1) for place in range(6)]),
        ([1, 2] * 4, [(0, 2, 4)]),
        ([1, *[1, 2, 3] * 9], [(0, 1, 1), (1, 3, 9)]),
        ([*[1, 2, 3] * 9, 1, 4], [(0, 3, 9), (27, 1, 1), (28, 1, 1)]),
    ],
)
def test_recurring(kinds: list[int], runs: list[tuple[int, int, int]]) -> None:
    assert list(recurring(kinds)) == runs


def test_parallel_branches_are_not_shown_as_repetitions() -> None:
    names = [row.name for row in tree_rows(netspec.compile("inception_v3")) if row.name.startswith("branch1x1")]
    assert set(names) == {"branch1x1"}


SMALL = """\
netspec: 1
name: small
title: A small net
cite: "Nobody 2000"
input: [3, 32, 32]
network:
  - conv: {out: 8, kernel: 3, padding: 1}
  - repeat: 4
    body: [{conv: {out: 8, kernel: 3, padding: 1}}, bn, relu]
  - output: {name: aux, body: [global_avgpool, flatten, {linear: 2}], train_only: true}
  - sequential: [flatten, {linear: 10}]
    name: head
"""


def test_whole_table(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    shown = plain_text(summarize(netspec.compile(path), remarks=["time: none"]))
    assert shown.splitlines() == [
        "A small net",
        "Nobody 2000",
        "small: input 3x32x32 -> output 10, aux 2 (training only)",
        "layer         op                      output   params     %       MACs     %  field",
        "-----------------------------------------------------------------------------------",
        "conv1         conv 3x3                8x32x32     224   0.3    221,184   8.3    3x3",
        "conv2..conv5  conv 3x3 x4             8x32x32   2,336   2.8  2,359,296  88.6  11x11",
        "bn1..bn4      bn x4                   8x32x32      64   0.1          -     -  11x11",
        "relu1..relu4  relu x4                 8x32x32       -     -          -     -  11x11",
        "aux           output (training only)  2            18     -         16     -    all",
        "head          flatten > linear        10       81,930  96.9     81,920   3.1    all",
        "",
        "parameters        84,554  84.6 k",
        "  in training     84,572  with auxiliary outputs",
        "model bytes      338,216  330 KiB in a file, 32 bits per weight",
        "MACs           2,662,400  2.66 M",
        "  in training  2,662,416  with auxiliary outputs",
        "FLOPs          5,324,800  5.32 M",
        "forward bytes    426,064  416 KiB for all values of a training step, float32, batch of 1",
        "peak bytes        77,824  76 KiB of values at once in evaluation, float32, batch of 1",
        "depth                  6  convolutions and linear layers on the longest path",
        "nodes                 18",
        "",
        "counted: parameters without running statistics; 1 MAC = one multiply-accumulate of a convolution, linear layer"
        " or matmul; FLOPs = 2 x MACs; one example, in evaluation",
        "time: none",
    ]


def test_a_group_whose_parts_have_no_words_has_none(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(starter_text("net"), encoding="utf-8")
    assert {row.what for row in tree_rows(netspec.compile(path), 1) if row.name.startswith("stage")} == {""}


@pytest.mark.parametrize("columns", [200, 80, 60, 20])
def test_a_narrow_terminal_cuts_texts_but_no_number(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    summary = summarize(netspec.compile("densenet121"))
    print_rich(summary)
    shown = capsys.readouterr().out
    assert all(number in shown for cells in summary.cells for number in cells[3:])
    assert ["2,833,137,664", "100.0", "2071x2071"] in [line.split()[-3:] for line in shown.splitlines()]
    assert ("dense: 12 x dense_layer" in shown) == (columns == 200)
    assert columns != 80 or max(map(len, shown.splitlines())) == 80


def test_shares_of_alexnet_are_those_that_its_readers_know() -> None:
    """The linear layers have nine parameters of ten, and the convolutions nine MACs of ten."""
    shares = {row[0].strip(): (row[4], row[6]) for row in summarize(netspec.compile("alexnet"), depth_one()).cells}
    assert shares["classifier"] == ("96.0", "8.2") and shares["features"] == ("4.0", "91.8")


@pytest.mark.parametrize("name", ["alexnet", "densenet121", "googlenet", "inception_v3"])
def test_shares_of_the_outermost_rows_add_up_to_all(name: str) -> None:
    """What only training has is no part of it."""
    cells = summarize(netspec.compile(name), depth_one()).cells
    for column in (4, 6):
        shares = [float(row[column]) for row in cells if row[column] != "-"]
        assert sum(shares) == pytest.approx(100, abs=0.05 * len(shares) + 1e-9)


def test_a_file_of_binary_weights_is_small() -> None:
    """575,040 signs, a scale for each of 1,488 filters, and 721,736 numbers that are left: 2.96 million bytes."""
    figures = _figures("sepnet_small")
    assert figures["model bytes"][0] == f"{575_040 // 8 + 4 * (1_488 + 721_736):,}"
    assert (
        figures["model bytes"][1]
        == "2.83 MiB in a file, 18.3 bits per weight, float32 but where a layer says otherwise"
    )
    assert _figures("sepnet_small", "real")["model bytes"] == ("5,187,104", "4.95 MiB in a file, 32 bits per weight")
    quantized = 721_736 - 5_088 - 1_000  # without batch normalization and the bias of the linear layer
    assert _figures("sepnet_small", "quantized")["model bytes"][0] == (
        f"{575_040 // 8 + 4 * 1_488 + quantized + 4 * (5_088 + 1_000):,}"
    )


def test_layers_of_few_bits_are_told_from_others() -> None:
    """Their shapes and parameters are those of other layers, so that nothing else would show it."""
    cells = summarize(netspec.compile("sepnet_small", "quantized"), TableOptions(sort="params", rows=500)).cells
    ops = {row[0]: row[1] for row in cells}
    assert (ops["conv1.conv1"], ops["sep1.wide.pattern"]) == ("conv 5x5, s2, binary", "conv 3x3, g4, binary")
    assert (ops["sep1.wide.residual"], ops["fc"]) == ("conv 1x1, g4, 8 bits", "linear 8 bits")
    assert "binary" in netspec.draw("resnet20_cifar_binary") and "binary" not in netspec.draw("resnet20_cifar")


def _figures(name: str, variant: str | None = None) -> dict[str, tuple[str, str]]:
    return {name: (amount, text) for name, amount, text in summarize(netspec.compile(name, variant)).figures}


def depth_one() -> TableOptions:
    return TableOptions(depth=1)


@pytest.mark.slow
def test_a_chain_of_ten_thousand_layers_is_short(tmp_path: Path) -> None:
    path = tmp_path / "deep.yaml"
    steps = "{conv: {out: 4, kernel: 1}}, relu"
    path.write_text(f"netspec: 1\ninput: [4, 2, 2]\nnetwork: [{{repeat: 5000, body: [{steps}]}}]\n", encoding="utf-8")
    graph = netspec.compile(path)
    assert [(row.name, row.count) for row in tree_rows(graph)] == [("conv1..conv5000", 5000), ("relu1..relu5000", 5000)]
    assert len(graph_record(graph)["nodes"]) == 10_000


def test_rows_beyond_the_limit_are_counted(tmp_path: Path) -> None:
    summary = summarize(netspec.compile("googlenet"), TableOptions(rows=5))
    assert len(summary.cells) == 5
    assert summary.left_out.split(" more rows")[0].isdigit()


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0"), (999, "999"), (1000, "1 k"), (999_600, "1 M"), (10**21, "1000 E")]
)
def test_counts_are_shown_in_units(count: int, shown: str) -> None:
    assert show_count(count) == shown


def test_json_is_the_same_for_the_same_document_and_names_every_node(graph: Graph) -> None:
    again = netspec.compile(graph.name)
    assert graph_json(graph) == graph_json(again)
    record = graph_record(graph)
    assert [each["path"] for each in record["nodes"]] == list(graph.by_path)
    assert sum(each["params"] for each in record["nodes"]) == record["training_params"] == graph.training_params
    assert record["params"] == graph.params
    assert record["input"] == list(graph.inputs[0].shape)
    assert record["output"] == list(graph.shape_of(graph.outputs[0].node))
    assert record["flops"] == 2 * record["macs"] == 2 * graph.macs
    assert all(not Path(each["file"]).is_absolute() for each in record["nodes"])


def test_lists_are_shown_as_lists_and_sizes_as_sizes(tmp_path: Path) -> None:
    path = tmp_path / "lists.yaml"
    body = "[relu, {gather: seen}, tanh, {maxpool: {kernel: kernel}}]"
    blocks = f"blocks: {{pick: {{args: {{seen: list, kernel: 1}}, body: {body}}}}}"
    steps = "network: [{pick: {seen: [0, 2]}}, {pick: {seen: [1], kernel: [2, 1]}}]"
    path.write_text(f"netspec: 1\nname: lists\ninput: [3, 8, 8]\n{blocks}\n{steps}\n")
    shown = [row.what for row in tree_rows(netspec.compile(path), depth=1)]
    assert shown == ["pick seen=[0, 2]", "pick seen=[1] kernel=2x1"]


def test_a_file_that_no_way_leads_to_is_named_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows no relative path leads from one drive to another."""
    monkeypatch.setattr("netspec.views.record.os", SimpleNamespace(path=ntpath, sep="\\"))
    assert relative_path("D:\\nets\\unit.yaml", PureWindowsPath("D:\\nets\\more")) == "../unit.yaml"
    assert relative_path("D:\\nets\\unit.yaml", PureWindowsPath("C:\\nets")) == "D:/nets/unit.yaml"

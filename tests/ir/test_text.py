"""Graphs as text: what is printed reads back to the same graph, and what cannot be read is refused at its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given

import netspec
from netspec.ir import Input, InvalidGraph, Publication
from netspec.ir.text import GraphSyntaxError, parse_graph, print_graph
from netspec.language.loading.files import shipped_names
from netspec.lowering import lower
from netspec.ops import TensorType
from netspec.sizes import describe_sizes, symbol
from tests.support.documents import OWN, compile_text, find, load_text
from tests.support.random_documents import documents
from tests.support.random_sequences import sequences
from tests.support.search import examples

TEXT = """\
network whole "The Whole" (width=8, sizes=[1, [2, 3]], options={"deep": {"a": null}}, share=0.5, flag=true)
cite "Someone, \\"Something\\", 2020 # not a comment"
published {"dataset": "ImageNet", "source": "table 1", "top1": 75.25, "top5": null}
source "whole.yaml"
init conv weight=kaiming_normal(mode="fan_out", nonlinearity="relu"), bias=zeros()
init embedding weight=values(values=[[0.5, -1e-07], [1, 2]])
input image 3x8x8
input words 5 int64 below 30

stem = conv(image, out=8, kernel=[3, 1], padding=[[1, 1], [0, 0]])  8x8x8  80  as early named device 1 init bias=ones()
block pair = two(stem, words, out=8, unit="one") expressions out="width" {
  group pair.left(stem) {
    pair.left.0 = relu(stem)  8x8x8
    dense pair.left.inner(pair.left.0) {
      pair.left.inner.0 = conv(pair.left.0, out=8, kernel=1, bias=false)  8x8x8  64
    } -> pair.left.inner.0
  } -> pair.left.inner.0
  output pair.right(words as positions, stem as skip) {
    pair.right.embedding1 = embedding(words, num=30, dim=4)  5x4  120  expressions num="30"
  }
} -> pair.left.inner.0, pair.right.embedding1
block pair@2 = two(pair.left.inner.0) shares pair {
  pair@2.conv1 = conv(pair.left.inner.0, out=8, kernel=1, bias=false)  8x8x8  shares pair.left.inner.0
} -> pair@2.conv1
sum = add(pair@2.conv1, stem)  8x8x8
returns output: sum
returns words: pair.right.embedding1 auxiliary
returns side: pair.left.0 auxiliary in training, loss weight 0.3
"""


# there and back


def test_everything_that_a_graph_holds_is_read_and_printed() -> None:
    graph = parse_graph(TEXT, "whole.txt")
    assert print_graph(graph) == TEXT
    stem, shared, left = graph["stem"], graph["pair@2.conv1"], graph["pair.left.0"].scope
    assert (stem.label, stem.named, stem.device, stem.params, stem.macs) == ("early", True, 1, 80, 72 * 64)
    assert (shared.module, shared.params, shared.scope.module) == ("pair.left.inner.0", 0, "pair")
    assert (left.path, left.kind, left.block, left.outputs) == ("pair.left", "group", "", ("pair.left.inner.0",))
    assert graph["pair.right.embedding1"].scope.input_names == ("positions", "skip")
    assert graph.arguments["options"] == {"deep": {"a": None}} and graph.inputs[1] == Input("words", (5,), "int64", 30)
    assert [(each.train_only, each.loss_weight) for each in graph.outputs] == [(False, 1), (False, 1), (True, 0.3)]
    assert graph.root.outputs == ("sum",) and graph.published == Publication("ImageNet", "table 1", 75.25)
    assert str(stem.span) == "whole.txt:10:1" and str(graph["pair.left.inner.0"].span) == "whole.txt:15:7"


@pytest.mark.parametrize("name", [*shipped_names(), *OWN])
def test_the_text_of_a_network_reads_back_to_it(name: str) -> None:
    graph = netspec.compile(find(name))
    text = print_graph(graph)
    again = parse_graph(text)
    assert again == graph and again.source == graph.source
    assert print_graph(again) == text


@examples(60, suppress_health_check=list(HealthCheck))
@given(documents() | sequences())
def test_the_text_of_any_document_reads_back_to_its_graph(content: dict[str, Any]) -> None:
    graph = lower(load_text(content))
    assert parse_graph(print_graph(graph)) == graph


def test_what_follows_from_ops_may_be_left_out_and_more_may_be_said() -> None:
    text = """\
    # the network of a test
    network short

    input  input   3x8x8
    group a (input) {   # indentation counts for nothing
    a.0 = conv( input , kernel = 3, out=4 )
      a.1=relu(a.0)
    } -> a.1
    returns output: a.1
    """
    assert print_graph(parse_graph(text)).splitlines()[3:] == [
        "group a(input) {",
        "  a.0 = conv(input, out=4, kernel=3)  4x6x6  112",
        "  a.1 = relu(a.0)  4x6x6",
        "} -> a.1",
        "returns output: a.1",
    ]


@pytest.mark.slow
def test_graphs_of_any_length_and_depth_are_printed_and_read() -> None:
    deep = "blocks: {inner: {args: {n: int}, body: [{sequential: [{inner: {n: n - 1}, when: n > 0}, relu], name: g}]}}"
    nested = compile_text(f"netspec: 1\nname: deep\ninput: [4]\n{deep}\nnetwork: [{{inner: 60}}]\n")
    long = compile_text({"input": [4], "network": [{"repeat": 5_000, "body": [{"linear": 4}, "relu"]}]})
    for graph in (nested, long):
        assert parse_graph(print_graph(graph)) == graph


def test_names_and_texts_of_any_kind_are_quoted() -> None:
    graph = compile_text({"input": [4], "network": ["relu"]})
    hostile = '"""\\ \n} network x {\x85\u2028 #'
    graph = replace(graph, name=hostile, title=hostile, cite=hostile, source=hostile)
    again = parse_graph(print_graph(graph))
    assert again == graph and again.source == hostile


def test_results_have_their_types_in_a_row() -> None:
    text = """\
network picks
input input 8

topk1 = topk(input, count=3)  3, 3 int64
embedding1 = embedding(topk1:1, num=8, dim=4)  3x4  32
returns output: embedding1
returns largest: topk1 auxiliary
returns positions: topk1:1 auxiliary
"""
    graph = parse_graph(text)
    assert graph["topk1"].results == (TensorType((3,)), TensorType((3,), "int64"))
    assert print_graph(graph) == text == print_graph(parse_graph(text.replace("  3, 3 int64", "")))


def test_open_sizes_are_named_and_formulas_of_them_are_arguments() -> None:
    text = """\
network open
input input 3xH=32xW=48

conv1 = conv(input, out=4, kernel=3, stride=2)  4x15x23  112
slice1 = slice(conv1, axis=2, start={"size": "H // 4"})  4x7x23
returns output: slice1
"""
    graph = parse_graph(text)
    assert print_graph(graph) == text == print_graph(parse_graph(text.replace("  4x7x23", "")))
    height = symbol("H", 32)
    assert graph["slice1"].op.start == 8 and graph["slice1"].symbolic.start == height // 4
    assert graph["conv1"].macs == 4 * 15 * 23 * 27
    assert describe_sizes(graph.sizes) == ["H >= 3, any, except 4", "W >= 3, any"]
    assert graph.inputs == (Input("input", (3, 32, 48), symbols=(None, "H", "W")),)


# what is refused


REFUSED: dict[str, tuple[Callable[[str], str], str]] = {
    "nothing": (lambda text: "\n\n", "3:1: expected a network"),
    "no network": (lambda text: text.replace("network whole", "net whole"), "1:1: expected 'network'"),
    "an unknown line": (lambda text: text + "gives output: sum\n", "29:1: no line begins with 'gives'"),
    "an unknown op": (lambda text: text.replace("add(", "plus("), "25:7: there is no op 'plus'"),
    "an unknown value": (lambda text: text.replace(", stem)", ", steam)"), "25:7: there is no value steam, or not yet"),
    "a value to come": (lambda text: text.replace("(stem)  8", "(sum)  8"), "13:19: there is no value sum, or not yet"),
    "an unknown argument": (
        lambda text: text.replace("kernel=1, bias", "size=1, bias", 1),
        "15:27: conv: kernel: Field required",
    ),
    "a wrong argument": (lambda text: text.replace("dim=4", 'dim="x"'), "19:29: embedding: dim: Input should be"),
    "operands that do not fit": (
        lambda text: text.replace("add(pair@2.conv1, stem)", "gn(stem, groups=3)"),
        "25:7: gn",
    ),
    "no JSON": (lambda text: text.replace("flag=true", "flag=yes"), "1:103: expected a value as JSON"),
    "an unknown mark": (
        lambda text: text.replace("named device", "naming device"),
        "expected one of shares, as, named",
    ),
    "a mark of nodes at a scope": (
        lambda text: text.replace("expressions out=", "as out="),
        "expected one of shares, expressions",
    ),
    "a brace too many": (lambda text: text + "}\n", "29:2: no scope is open here"),
    "a brace too few": (lambda text: text.replace("} -> pair@2.conv1\n", ""), "pair@2 is not closed"),
    "something behind": (lambda text: text.replace("auxiliary\n", "auxiliary and more\n"), "nothing more is expected"),
    "no comma": (lambda text: text.replace("(stem, words,", "(stem words,"), "11:23: expected ','"),
    "a size without a number": (lambda text: text.replace("image 3x8x8", "image 3xHx8"), "7:14: nothing more is"),
    "an accuracy without a source": (
        lambda text: text.replace(', "source": "table 1"', ""),
        "3:11: an accuracy has a dataset, a source, and top1 or top5",
    ),
    "no type": (lambda text: text.replace("input words 5 int64", "input words"), "8:13: expected a shape"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused_at_its_place(case: str) -> None:
    change, message = REFUSED[case]
    text = change(TEXT)
    assert text != TEXT
    with pytest.raises(GraphSyntaxError) as caught:
        parse_graph(text, "whole.txt")
    assert message in str(caught.value), str(caught.value)
    assert str(caught.value).startswith(f"{caught.value.span}: ")


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("stem)  8x8x8\n", "stem)  8x8x9\n", "inferred types"),
        ("8x8x8  80", "8x8x8  81", "costs"),
        ("bias=ones()", "biases=ones()", "initialized parameters"),
        ("returns words: pair.right.embedding1", "returns words: gone", "outputs"),
        ("} -> pair@2.conv1", "} -> gone", "borders"),
    ],
)
def test_what_is_read_is_verified(old: str, new: str, rule: str) -> None:
    with pytest.raises(InvalidGraph, match=f"whole breaks '{rule}'"):
        parse_graph(TEXT.replace(old, new))

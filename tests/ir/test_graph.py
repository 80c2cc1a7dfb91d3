"""Graphs: fixed, short to look at, and whole after a copy; what is derived from one is derived once."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import networkx
import pytest

import netspec
from netspec.analysis import measure, measure_memory, measure_scopes, receptive_fields
from netspec.analysis.device_placement import place
from netspec.analysis.liveness import liveness
from netspec.ir import Graph, Node, Scope
from netspec.ir.node import producer
from netspec.language.loading.files import shipped_names
from tests.support.documents import OWN, compile_text, find, load_text

NETWORKS = [*shipped_names(), *OWN]

HEADS = """\
netspec: 1
name: heads
input: [3, 8, 8]
network:
  - conv: {out: 4, kernel: 1}
    share: stem
  - output: {name: side, train_only: true, body: [relu, global_avgpool]}
  - sequential: [{pad: {sides: [[0, 1], [0, 1]]}}, relu]
    name: group
"""


def copies(thing: Any) -> list[Any]:
    """Return a thing as it comes back from other processes, and as a copy."""
    return [pickle.loads(pickle.dumps(thing)), copy.deepcopy(thing)]


# what is fixed


@pytest.mark.parametrize("part", ["graph", "node", "scope", "input", "output"])
def test_nothing_can_be_assigned(part: str) -> None:
    graph = compile_text(HEADS)
    parts: dict[str, Any] = {
        "graph": graph,
        "node": graph["conv1"],
        "scope": graph.root,
        "input": graph.inputs[0],
        "output": graph.outputs[0],
    }
    for field in fields(parts[part]):
        with pytest.raises(FrozenInstanceError):
            setattr(parts[part], field.name, None)


def test_no_mapping_or_list_of_a_graph_can_be_changed() -> None:
    text = """\
netspec: 1
name: fixed
args: {sizes: [4, 8], options: {type: any, default: {a: [1]}}}
input: [3, 8, 8]
blocks: {both: {args: {sizes: list}, body: [{foreach: {size: $sizes}, body: [{conv: {out: size, kernel: 1}}]}]}}
network: [{both: $sizes}]
"""
    graph = compile_text(text)
    scope = next(graph.root.scopes)
    assert graph.arguments == {"sizes": (4, 8), "options": {"a": (1,)}} and scope.arguments == {"sizes": (4, 8)}
    mappings: list[Any] = [graph.by_path, graph.arguments, graph.arguments["options"], scope.arguments]
    for mapping in (*mappings, graph.consumers(), receptive_fields(graph), measure_scopes(graph)):
        with pytest.raises(TypeError):
            mapping["more"] = None
    assert isinstance(graph.root.items, tuple) and isinstance(scope.items, tuple)


def test_a_block_among_arguments_is_its_name() -> None:
    graph = compile_text(
        {
            "input": [3, 8, 8],
            "blocks": {"one": {"body": ["relu"]}, "outer": {"args": {"unit": "block"}, "body": ["$unit"]}},
            "network": [{"outer": "one"}],
        }
    )
    assert [type(value) for value in next(graph.root.scopes).arguments.values()] == [str]


# copies


@pytest.mark.parametrize("name", NETWORKS)
def test_copies_of_graphs_and_documents_are_whole_and_short_to_look_at(name: str) -> None:
    document = netspec.load(find(name))
    graph = netspec.compile(document)
    for other in copies(graph):
        assert other == graph and other is not graph
        assert [node.span for node in other] == [node.span for node in graph]
        assert all(node.scope.root is other.root for node in other)
        assert all(node in node.scope.items for node in other)
    for other in copies(document):
        assert netspec.compile(other) == graph
    shown = [graph, document, document.network, *document.network, *document.blocks.values()]
    assert max(len(repr(each)) for each in (*shown, *graph, *graph.root.descend())) < 400


def test_what_holds_long_lists_is_short_to_look_at() -> None:
    """Arguments, tensors and their initial values may each hold as many numbers as a file does."""
    content = {
        "args": {"widths": [4] * 5_000},
        "tensors": {"gain": {"shape": [4_000], "init": [0.5] * 4_000}},
        "input": [4_000],
        "network": [{"mul": ["x", "gain"]}, {"repeat": "len(widths) // 5000", "body": ["relu"]}],
    }
    document = load_text(content)
    for each in copies(document):
        graph = netspec.compile(each)
        initializers = [initializer for node in graph for _, initializer in node.init]
        shown = [each, *each.parameters.values(), *each.tensors, graph, *graph, *initializers]
        assert initializers and max(len(repr(part)) for part in shown) < 400


def test_parts_are_copied_with_all_they_lead_to_and_stay_together() -> None:
    graph = netspec.compile("googlenet")
    node = [*graph][20]
    for other in copies([graph, node, node.scope, *graph]):
        whole, alone, scope, *nodes = other
        assert isinstance(alone, Node) and isinstance(scope, Scope)
        assert alone is whole[node.path] and scope is alone.scope and nodes == list(whole)


@pytest.mark.slow
def test_a_network_as_long_or_as_deep_as_may_be_is_copied() -> None:
    body = [{"repeat": 5_000, "body": [{"linear": 4}, "relu"]}]
    deep = "blocks: {inner: {args: {n: int}, body: [{sequential: [{inner: {n: n - 1}, when: n > 0}, relu], name: g}]}}"
    long = compile_text({"input": [4], "network": body})
    nested = compile_text(f"netspec: 1\nname: deep\ninput: [4]\n{deep}\nnetwork: [{{inner: 60}}]\n")
    assert len(long) == 10_000 and len(list(nested.root.descend())) > 120
    for graph in (long, nested):
        for other in copies([graph, list(graph)]):
            assert other[0] == graph and other[1] == list(other[0])
        assert len(repr(graph)) < 100


def test_graphs_are_equal_unless_they_differ_in_more_than_where_they_were_read() -> None:
    graph = compile_text(HEADS)
    again = compile_text(f"# further down\n{HEADS}")
    assert again == graph and hash(again) == hash(graph) and again["conv1"].span != graph["conv1"].span
    first, *heads = graph.outputs
    different = [
        "graph",
        replace(graph, name="other"),
        replace(graph, inputs=(replace(graph.inputs[0], high=3),)),
        replace(graph, outputs=(replace(first, loss_weight=2.0), *heads)),
        compile_text(HEADS.replace("    share: stem\n", "")),
        compile_text(f"{HEADS}init: {{conv: {{normal: {{std: 0.1}}}}}}\n"),
        compile_text(f"{HEADS}args: {{width: 4}}\n"),
    ]
    assert graph not in different


# what is derived


@pytest.mark.parametrize("function", [measure, measure_memory, measure_scopes, receptive_fields, place, liveness])
def test_what_is_derived_from_a_graph_is_derived_once(function: Any) -> None:
    graph = netspec.compile("googlenet")
    assert function(graph) is function(graph)
    assert graph.training_only is graph.training_only and graph.consumers() is graph.consumers()


def test_other_arguments_give_other_results() -> None:
    graph = netspec.compile("lenet5_modern")
    assert measure_memory(graph, "bfloat16").peak * 2 == measure_memory(graph).peak
    assert measure_memory(graph, batch=2) is measure_memory(graph, batch=2)


@pytest.mark.parametrize("name", ["googlenet", "densenet121", *OWN])
def test_edges_are_those_that_networkx_sees(name: str) -> None:
    graph: Graph = netspec.compile(find(name))
    view = graph.networkx
    assert networkx.is_directed_acyclic_graph(view)
    order = {path: position for position, path in enumerate([each.name for each in graph.inputs] + list(graph.by_path))}
    assert all(order[tail] < order[head] for tail, head in view.edges())
    inputs = {each.name for each in graph.inputs}
    for node in list(graph)[:: max(1, len(graph) // 20)]:
        assert graph.ancestors([node.path]) == (networkx.ancestors(view, node.path) | {node.path}) - inputs
    readers: dict[str, list[str]] = {}
    for value, nodes in graph.consumers().items():
        readers[producer(value)] = sorted([*readers.get(producer(value), ()), *(node.path for node in nodes)])
    assert readers == {path: sorted(head for _, head in view.out_edges(path)) for path in view}
    kept = set().union(
        *(networkx.ancestors(view, each.node) | {each.node} for each in graph.outputs if not each.train_only)
    )
    heads = set().union(*(networkx.ancestors(view, each.node) for each in graph.outputs if each.train_only))
    assert graph.training_only.isdisjoint(kept)
    assert heads - kept - inputs <= graph.training_only

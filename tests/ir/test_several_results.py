"""Nodes with several results: each is a value of its own, wherever graphs are built, read, checked and rewritten."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import replace

import networkx
import pytest

from netspec.analysis import measure, measure_memory, measure_scopes, receptive_fields
from netspec.analysis.liveness import liveness
from netspec.diagnostics import Span
from netspec.ir import Graph, GraphBuilder, Input, InvalidGraph, Node, Output, Rewriter, Scope, verify
from netspec.ir.equality import GraphEquivalence, Structure
from netspec.ir.live_values import live_values
from netspec.ops import OPS, Op, TensorType
from netspec.ops.ranking import TopK

SPAN = Span("net.yaml", 1, 1, 1, 1)


def build(count: int = 3) -> Graph:
    """Return a graph that looks up the positions of the largest elements, beside these elements themselves."""
    root = Scope("", "network", "picks", {}, SPAN, "")
    builder = GraphBuilder(root)
    inner = Scope("inner", "block", "pick", {}, SPAN, "inner", root)
    types = {"input": TensorType((8,))}

    def add(path: str, op: Op, *inputs: str, scope: Scope = root) -> None:
        results = op.infer_results(*(types[name] for name in inputs))
        params = op.count_parameters(*(types[name].shape for name in inputs))
        node = Node(path, op, inputs, results, params, 0, SPAN, scope, path)
        builder.add(node)
        types.update(zip(node.values, node.results, strict=True))

    builder.open(inner)
    add("inner.relu1", OPS["relu"](), "input", scope=inner)
    add("inner.topk1", TopK(count=count), "inner.relu1", scope=inner)
    builder.close(inner, ("input",), ("inner.topk1", "inner.topk1:1"))
    add("embedding1", OPS["embedding"](num=8, dim=4), "inner.topk1:1")
    add("tanh1", OPS["tanh"](), "inner.topk1")
    builder.close(root, ("input",), ("embedding1", "tanh1"))
    outputs = [Output("looked_up", "embedding1"), Output("largest", "tanh1"), Output("positions", "inner.topk1:1")]
    return builder.finish((Input("input", (8,)),), outputs, name="picks", title="", cite="")


def test_each_result_has_a_name_and_a_type() -> None:
    graph = build()
    node = graph["inner.topk1"]
    assert node.values == ("inner.topk1", "inner.topk1:1")
    assert repr(node) == "<Node inner.topk1 = topk(inner.relu1) 3, 3 int64>"
    assert graph.type_of("inner.topk1:1") == TensorType((3,), "int64") and graph.shape_of("inner.topk1") == (3,)
    with pytest.raises(ValueError, match=r"inner\.topk1 gives 2 values: ask for the type of one of them"):
        _ = node.shape
    with pytest.raises(KeyError):
        graph.type_of("inner.topk1:2")


def test_readers_are_those_of_a_value_and_ancestors_those_of_a_node() -> None:
    graph = build()
    readers = {value: [node.path for node in nodes] for value, nodes in graph.consumers().items()}
    assert readers["inner.topk1"] == ["tanh1"] and readers["inner.topk1:1"] == ["embedding1"]
    assert graph.ancestors(["inner.topk1:1"]) == {"inner.relu1", "inner.topk1"}
    assert networkx.ancestors(graph.networkx, "embedding1") == {"input", "inner.relu1", "inner.topk1"}
    assert list(live_values(graph)["inner"].live_outs) == ["inner.topk1", "inner.topk1:1"]


def test_only_what_training_alone_returns_is_computed_in_training_alone() -> None:
    graph = build()
    outputs = tuple(replace(each, train_only=each.name != "largest") for each in graph.outputs)
    assert replace(graph, outputs=outputs).training_only == {"embedding1"}


def test_every_result_takes_memory_until_its_last_reader() -> None:
    graph = replace(build(), outputs=(Output("looked_up", "embedding1"),))
    input_, relu, values, positions, looked_up, tanh = 8 * 4, 8 * 4, 3 * 4, 3 * 8, 3 * 4 * 4, 3 * 4
    assert measure_memory(graph).forward == relu + values + positions + looked_up + tanh
    assert liveness(graph).dying == {1: ("inner.relu1",), 2: ("inner.topk1:1",), 3: ("inner.topk1", "tanh1")}
    assert measure_memory(graph).peak == input_ + values + max(relu + positions, positions + looked_up)
    assert measure_scopes(graph)[graph["inner.topk1"]].elements == 6
    assert receptive_fields(graph)["embedding1"] == receptive_fields(graph)["tanh1"]


def test_the_longest_path_may_go_through_any_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TopK, "counts_as_layer", True)
    assert measure(replace(build(), outputs=(Output("looked_up", "embedding1"),))).depth == 1


def test_a_graph_is_whole_after_a_copy() -> None:
    graph = build()
    for other in (pickle.loads(pickle.dumps(graph)), copy.deepcopy(graph)):
        assert other == graph and other != build(2)


def test_parts_that_give_other_results_are_not_equal() -> None:
    first, same, other = build(), build(), build(2)
    structure = Structure(*map(GraphEquivalence, (first, same, other)))
    assert structure.equal(first.root, same.root) and not structure.equal(first.root, other.root)


def retype(graph: Graph, *results: TensorType) -> Graph:
    object.__setattr__(graph["inner.topk1"], "results", results)
    return graph


def reread(graph: Graph, *inputs: str) -> Graph:
    object.__setattr__(graph["tanh1"], "inputs", inputs)
    return graph


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda graph: retype(graph, TensorType((3,)), TensorType((3,))), "gives 3, 3, and its op 3, 3 int64"),
        (lambda graph: retype(graph, TensorType((3,))), r"embedding1 reads inner\.topk1:1, which is not computed"),
        (lambda graph: reread(graph, "inner.topk1:2"), r"tanh1 reads inner\.topk1:2, which is not computed"),
        (lambda graph: replace(graph, outputs=(Output("output", "tanh1:1"),)), "output is tanh1:1, which is not there"),
    ],
)
def test_what_is_wrong_with_a_result_is_found(broken: Callable[[Graph], Graph], message: str) -> None:
    verify(build())
    with pytest.raises(InvalidGraph, match=message):
        verify(broken(build()))


def test_results_are_replaced_by_those_of_the_same_number() -> None:
    graph = build()
    rewriter, node = Rewriter(graph), graph["inner.topk1"]
    rewriter.replace(node, rewriter.derive(node, TopK(count=3), path="inner.picked"))
    after = rewriter.apply()
    verify(after)
    assert after["embedding1"].inputs == ("inner.picked:1",) and after["tanh1"].inputs == ("inner.picked",)
    assert next(after.root.scopes).outputs == ("inner.picked", "inner.picked:1")
    assert [each.node for each in after.outputs] == ["embedding1", "tanh1", "inner.picked:1"]


def test_a_node_cannot_be_replaced_by_one_with_fewer_results() -> None:
    graph = build()
    rewriter, node = Rewriter(graph), graph["inner.topk1"]
    with pytest.raises(ValueError, match=r"inner\.relu2 gives fewer values than inner\.topk1, which it replaces"):
        rewriter.replace(node, rewriter.derive(node, OPS["relu"](), path="inner.relu2"))


def test_one_result_of_several_is_replaced() -> None:
    graph = build()
    rewriter, node = Rewriter(graph), graph["inner.topk1"]
    tanh = rewriter.derive(node, OPS["tanh"](), path="inner.tanh", inputs=("inner.topk1",))
    rewriter.insert_after(node, tanh)
    rewriter.replace_all_uses("inner.topk1", "inner.tanh", but=["inner.tanh"])
    after = rewriter.apply()
    verify(after)
    assert after["tanh1"].inputs == ("inner.tanh",) and after["embedding1"].inputs == ("inner.topk1:1",)

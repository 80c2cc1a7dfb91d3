"""Edits of graphs: what another graph is made of, and what stays true of it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import netspec
from netspec.ir import Graph, GraphBuilder, Rewriter, verify
from netspec.ops import OPS
from tests.support.documents import compile_text
from tests.support.search import examples

DOCUMENT = """\
netspec: 1
name: edited
input: [4, 8, 8]
init: {conv: {normal: {std: 0.01}}}
network:
  - conv: {out: 4, kernel: 1}
    name: stem
    as: early
    init: zeros
    device: 1
  - sequential: [relu]
    name: group
  - output: {name: side, train_only: true, body: [relu]}
  - add: [x, early]
  - conv: {out: 4, kernel: 1}
    share: weights
  - conv: {out: 4, kernel: 1}
    share: weights
"""
RELU, TANH = OPS["relu"](), OPS["tanh"]()


@pytest.fixture
def graph() -> Graph:
    return compile_text(DOCUMENT)


def edges(graph: Graph) -> list[str]:
    return [f"{node.path} = {node.op.name}({', '.join(node.inputs)})" for node in graph]


def test_without_edits_the_copy_is_equal(graph: Graph) -> None:
    copy = Rewriter(graph).apply()
    assert copy == graph and copy.root is not graph.root
    assert [node.span for node in copy] == [node.span for node in graph]
    assert [scope.span for scope in copy.root.descend()] == [scope.span for scope in graph.root.descend()]


def test_a_node_is_replaced_under_its_own_path(graph: Graph) -> None:
    rewriter = Rewriter(graph)
    rewriter.replace(graph["group.0"], rewriter.derive(graph["group.0"], TANH))
    after = rewriter.apply()
    verify(after)
    assert edges(after) == [each.replace("group.0 = relu", "group.0 = tanh") for each in edges(graph)]
    assert after["group.0"].scope.path == "group" and after["group.0"].span == graph["group.0"].span
    assert graph["group.0"].op == RELU, "the graph itself stays as it is"


def test_readers_borders_and_outputs_follow_a_node_that_is_replaced_under_another_path(graph: Graph) -> None:
    rewriter = Rewriter(graph)
    for path in ("group.0", "conv1@2"):
        node = graph[path]
        rewriter.replace(node, rewriter.derive(node, node.op if path != "group.0" else TANH, path=f"{path}_new"))
    after = rewriter.apply()
    assert after["add1"].inputs == ("group.0_new", "stem")
    assert [scope.outputs for scope in after.root.descend()] == [("conv1@2_new",), ("group.0_new",), ("side.relu1",)]
    assert [output.node for output in after.outputs] == ["conv1@2_new", "side.relu1"]
    verify(after)


def test_derived_nodes_keep_what_is_said_of_the_place_and_of_the_module_only_at_the_same_path(graph: Graph) -> None:
    rewriter, stem = Rewriter(graph), graph["stem"]
    same = rewriter.derive(stem, OPS["conv"].model_validate({"out": 4, "kernel": 3, "padding": 1}))
    other = rewriter.derive(stem, stem.op, path="stem_new")
    assert (same.params, same.macs, same.shape) == (4 * 4 * 9 + 4, 4 * 4 * 9 * 64, (4, 8, 8))
    assert (same.label, same.init, same.named, same.device) == (stem.label, stem.init, True, 1)
    assert (other.label, other.init, other.named, other.device) == ("", (), False, 1)
    assert (other.module, other.params, other.scope) == ("stem_new", stem.params, stem.scope)
    assert rewriter.derive(graph["conv1@2"], stem.op).params == 0, "shared weights count once"


def test_nodes_are_inserted_before_and_after(graph: Graph) -> None:
    rewriter, relu = Rewriter(graph), graph["group.0"]
    before = rewriter.derive(relu, TANH, path="group.before")
    rewriter.insert_before(relu, before)
    rewriter.replace(relu, rewriter.derive(relu, RELU, inputs=("group.before",)))
    after = rewriter.derive(relu, TANH, path="group.after", inputs=("group.0",))
    rewriter.insert_after(relu, after)
    rewriter.replace_all_uses("group.0", "group.after", but=["group.after"])
    result = rewriter.apply()
    verify(result)
    assert edges(result)[:4] == [
        "stem = conv(input)",
        "group.before = tanh(stem)",
        "group.0 = relu(group.before)",
        "group.after = tanh(group.0)",
    ]
    assert [item.path for item in next(result.root.scopes).items] == ["group.before", "group.0", "group.after"]
    assert result["side.relu1"].inputs == ("group.after",)


def test_erased_nodes_take_their_empty_scope_along(graph: Graph) -> None:
    rewriter, relu = Rewriter(graph), graph["group.0"]
    rewriter.erase(relu)
    rewriter.replace_all_uses(relu.path, relu.inputs[0])
    after = rewriter.apply()
    verify(after)
    assert [scope.path for scope in after.root.descend()] == ["", "side"]
    assert after["add1"].inputs == ("stem", "stem")


def test_what_is_read_must_be_there(graph: Graph) -> None:
    rewriter = Rewriter(graph)
    rewriter.erase(graph["group.0"])
    with pytest.raises(ValueError, match=r"side\.relu1 reads group\.0, which is not there, or not yet"):
        rewriter.apply()
    rewriter = Rewriter(graph)
    rewriter.erase(graph["side.relu1"])
    with pytest.raises(ValueError, match=r"the network returns side\.relu1, which is not there any more"):
        rewriter.apply()
    rewriter = Rewriter(graph)
    rewriter.insert_before(graph["stem"], rewriter.derive(graph["stem"], RELU, path="new", inputs=("add1",)))
    with pytest.raises(ValueError, match="new reads add1, which is not there, or not yet"):
        rewriter.apply()


def test_edits_are_of_the_graph_and_once(graph: Graph) -> None:
    rewriter, other = Rewriter(graph), compile_text(DOCUMENT)
    with pytest.raises(ValueError, match="stem is not a node of the graph that is rewritten"):
        rewriter.erase(other["stem"])
    rewriter.replace(graph["stem"], rewriter.derive(graph["stem"], TANH))
    with pytest.raises(ValueError, match="stem has been replaced or erased before"):
        rewriter.erase(graph["stem"])
    rewriter.insert_after(graph["stem"], rewriter.derive(graph["stem"], RELU, path="add1"))
    with pytest.raises(ValueError, match="two nodes are called add1"):
        rewriter.apply()


def test_scopes_cannot_grow_once_their_graph_is_finished(graph: Graph) -> None:
    with pytest.raises(AttributeError):
        GraphBuilder(graph.root).add(graph["stem"])


@examples(30)
@given(st.data())
def test_any_mixture_of_edits_gives_a_graph(data: st.DataObject) -> None:
    graph = netspec.compile("googlenet")
    rewriter, expected = Rewriter(graph), len(graph)
    for node in graph:
        if node.op.name != "relu":
            continue
        match data.draw(st.sampled_from(["keep", "replace", "rename", "erase", "before", "after"]), label=node.path):
            case "replace":
                rewriter.replace(node, rewriter.derive(node, TANH))
            case "rename":
                rewriter.replace(node, rewriter.derive(node, TANH, path=f"{node.path}_new"))
            case "erase":
                rewriter.erase(node)
                rewriter.replace_all_uses(node.path, node.inputs[0])
                expected -= 1
            case "before":
                rewriter.insert_before(node, new := rewriter.derive(node, TANH, path=f"{node.path}_before"))
                rewriter.replace(node, rewriter.derive(node, RELU, inputs=(new.path,)))
                expected += 1
            case "after":
                new = rewriter.derive(node, TANH, path=f"{node.path}_after", inputs=(node.path,))
                rewriter.insert_after(node, new)
                rewriter.replace_all_uses(node.path, new.path, but=[new.path])
                expected += 1
    after = rewriter.apply()
    verify(after)
    assert len(after) == expected
    assert (after.params, after.macs) == (graph.params, graph.macs)
    shown = re.sub(r"_(new|before|after)\b", "", "\n".join(scope.path for scope in after.root.descend()))
    assert set(shown.splitlines()) <= {scope.path for scope in graph.root.descend()}

"""The rules of all graphs: every one that ships follows them, and each is broken once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import netspec
from netspec.ir import Graph, GraphBuilder, Initializer, InvalidGraph, Scope, verify
from netspec.ir.verify import CHECKS
from netspec.ops import OPS, TensorType
from tests.support.documents import OWN, compile_text, find

DOCUMENT = """\
netspec: 1
name: checked
input: [4, 8, 8]
network:
  - conv: {out: 4, kernel: 1}
    share: weights
  - conv: {out: 4, kernel: 1}
    share: weights
  - sequential: [relu]
    name: group
  - output: {name: side, body: [relu]}
"""


@pytest.mark.parametrize("name", ["googlenet", "densenet121", "resnet50", "alexnet_2gpu", *OWN])
def test_graphs_of_documents_follow_all_rules(name: str) -> None:
    verify(netspec.compile(find(name)))


def changed(path: str, /, **fields: Any) -> Graph:
    """Return the graph of the document with some fields of a node changed, without a look at what comes of it."""
    graph = compile_text(DOCUMENT)
    builder = GraphBuilder(replace(graph.root, items=[]))
    copies = {graph.root: builder.root}
    for scope in list(graph.root.scopes):
        copies[scope] = replace(scope, parent=builder.root, items=[])
    for item in graph.root.items:
        if isinstance(item, Scope):
            builder.open(copies[item])
        for node in item.traverse() if isinstance(item, Scope) else [item]:
            builder.add(replace(node, scope=copies[node.scope], **(fields if node.path == path else {})))
    return replace(graph, root=builder.root)


def stranger() -> Graph:
    """Return a graph with a node in it that thinks it stands elsewhere."""
    graph = compile_text(DOCUMENT)
    root = replace(graph.root, items=[])
    other = replace(graph.root, items=[])
    root.items.extend(replace(node, scope=other) for node in graph)  # type: ignore[attr-defined]
    return replace(graph, root=root)


def hollow() -> Graph:
    graph = compile_text(DOCUMENT)
    root = replace(graph.root, items=[])
    nodes = [replace(node, scope=root) for node in graph]
    root.items.extend([*nodes, Scope("hollow", "group", "", {}, graph.root.span, "hollow", root)])  # type: ignore[attr-defined]
    return replace(graph, root=root)


def lost_border() -> Graph:
    graph = compile_text(DOCUMENT)
    object.__setattr__(next(graph.root.scopes), "outputs", ("gone",))
    return graph


def leak() -> Graph:
    """Return a graph in which a scan gives what it has for each round."""
    graph = compile_text("netspec: 1\nname: checked\ninput: [4, 8]\nnetwork: [{scan: {over: x, body: [relu]}}, tanh]\n")
    (scan,) = graph.root.scopes
    inside = replace(scan, parent=None, items=[])
    root = replace(graph.root, items=[inside], parent=None)
    object.__setattr__(inside, "parent", root)
    inside.items.extend(replace(node, scope=inside) for node in scan.traverse())  # type: ignore[attr-defined]
    last = graph["tanh1"]
    relu = graph["scan1.relu1"]
    root.items.append(replace(last, scope=root, inputs=(relu.path,), results=relu.results))  # type: ignore[attr-defined]
    return replace(graph, root=root)


def output(**fields: Any) -> Graph:
    graph = compile_text(DOCUMENT)
    return replace(graph, outputs=(graph.outputs[0], replace(graph.outputs[1], **fields)))


BROKEN: dict[str, tuple[str, Callable[[], Graph]]] = {
    "a path twice": ("unique paths", lambda: changed("group.0", path="group")),
    "the name of an input": ("unique paths", lambda: changed("group.0", path="input")),
    "an operand that is not there": ("operands first", lambda: changed("group.0", inputs=("gone",))),
    "an operand that comes later": ("operands first", lambda: changed("conv1", inputs=("group.0",))),
    "too many operands": ("operand counts", lambda: changed("group.0", inputs=("conv1", "conv1"))),
    "too few operands": ("operand counts", lambda: changed("group.0", op=OPS["add"]())),
    "another shape": ("inferred types", lambda: changed("group.0", results=(TensorType((4, 8, 9)),))),
    "operands that do not fit": ("inferred types", lambda: changed("group.0", op=OPS["linear"](out=3))),
    "other parameters": ("costs", lambda: changed("conv1", params=1)),
    "other MACs": ("costs", lambda: changed("conv1", macs=1)),
    "weights counted twice": ("costs", lambda: changed("conv1@2", params=20)),
    "another op in a shared module": (
        "shared modules",
        lambda: changed("conv1@2", op=OPS["conv"](out=4, kernel=1, bias=False)),
    ),
    "an initializer of nothing": (
        "initialized parameters",
        lambda: changed("conv1", init=(("w", Initializer("ones")),)),
    ),
    "a tie to nothing": ("tied weights", lambda: changed("conv1", ties=(("weight", "conv2.weight"),))),
    "a node that is elsewhere": ("scopes", stranger),
    "an empty scope": ("scopes", hollow),
    "a border": ("borders", lost_border),
    "what a scan has for each round": ("scans", leak),
    "an output that is not there": ("outputs", lambda: output(node="gone")),
    "an output twice": ("outputs", lambda: output(name="output")),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_rule_is_named(case: str) -> None:
    rule, broken = BROKEN[case]
    graph = broken()
    with pytest.raises(InvalidGraph, match=f"checked breaks '{rule}'") as caught:
        verify(graph)
    assert caught.value.rule == rule and caught.value.violations
    verify(graph, list(CHECKS)[: list(CHECKS).index(rule)])


def test_every_rule_is_broken_once() -> None:
    assert {rule for rule, _ in BROKEN.values()} == set(CHECKS)


def test_few_of_many_violations_are_shown() -> None:
    error = InvalidGraph(compile_text(DOCUMENT), "costs", [f"node{number} is wrong" for number in range(8)])
    assert str(error).endswith("; node4 is wrong; and 3 more") and len(error.violations) == 8

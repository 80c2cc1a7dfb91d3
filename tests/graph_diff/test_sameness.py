"""What is called the same network computes the same, and what is only written in another way is called the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, assume, given
from hypothesis import strategies as st
from torch import nn

from netspec.diagnostics import SpecError
from netspec.graph_diff import Comparison, compare_graphs
from netspec.ir import Graph
from netspec.ir.equality import GraphEquivalence, Structure
from netspec.views.diff_text import describe
from tests.support.documents import build, compile_text, inputs_of
from tests.support.random_documents import documents
from tests.support.random_sequences import sequences
from tests.support.search import examples

IMAGE = {"input": [4, 8, 8]}
TWO = {name: {"shape": [4, 8, 8]} for name in ("left", "right")}
FEW = examples(50, suppress_health_check=list(HealthCheck))

Content = dict[str, Any]


def compared(before: Content, after: Content) -> Comparison:
    return compare_graphs(compile_text(before), compile_text(after))


def said(before: Content, after: Content) -> list[str]:
    return [f"{each.sign} {describe(each)}" for each in compared(before, after).differences]


def network(*steps: Any, **others: Any) -> Content:
    return {**IMAGE, "network": list(steps), **others}


# the same network computes the same


def with_weights_of(graph: Graph, module: nn.Module, comparison: Comparison) -> nn.Module:
    """Return a graph's module with the weights of the network that it is said to be."""
    renamed = dict(comparison.renamed)
    modules = {node.module: graph[renamed.get(node.path, node.path)].module for node in comparison.before}
    state = {}
    for key, value in module.state_dict().items():
        home = next(each for each in sorted(modules, key=len, reverse=True) if f"{key}.".startswith(f"{each}."))
        state[modules[home] + key.removeprefix(home)] = value
    copy = build(graph)
    copy.load_state_dict(state)
    return copy


def results(module: nn.Module, graph: Graph, training: bool) -> list[torch.Tensor]:
    result = module.train(training)(*inputs_of(graph))
    return [result] if isinstance(result, torch.Tensor) else [each for each in result if each is not None]


def check_that_same_is_same(comparison: Comparison) -> None:
    module = build(comparison.before)
    copy = with_weights_of(comparison.after, module, comparison)
    for training in (False, True):
        there = results(deepcopy(module), comparison.before, training)
        here = results(deepcopy(copy), comparison.after, training)
        assert len(there) == len(here)
        for left, right in zip(there, here, strict=True):
            assert left.shape == right.shape and torch.allclose(left, right, equal_nan=True)


def places(content: Any) -> Iterator[Callable[[], None]]:
    """Yield small changes of a document that nearly always make another network of it."""
    if isinstance(content, list):
        for index, item in enumerate(content):
            if item in ("relu", "tanh"):
                yield lambda index=index, item=item: content.__setitem__(index, "tanh" if item == "relu" else "relu")
            if index:
                yield lambda index=index: content.insert(index - 1, content.pop(index))
            yield from places(item)
    elif isinstance(content, dict):
        for key, value in content.items():
            if isinstance(value, int) and key in ("kernel", "out", "width", "axis"):
                yield lambda key=key, value=value: content.__setitem__(key, value + 2)
            yield from places(value)


@FEW
@given(documents(), st.data())
def test_what_is_called_the_same_computes_the_same(content: Content, data: st.DataObject) -> None:
    changed = deepcopy(content)
    changes = list(places(changed["network"]))
    assume(changes)
    data.draw(st.sampled_from(changes))()
    try:
        comparison = compared(content, changed)
    except SpecError:
        assume(False)
    if comparison.same:
        check_that_same_is_same(comparison)


@FEW
@given(documents() | sequences())
def test_a_network_is_the_same_as_itself_in_other_words(content: Content) -> None:
    comparison = compared(content, respelled(content))
    assert comparison.same, [describe(each) for each in comparison.differences]
    check_that_same_is_same(comparison)


def respelled(content: Any) -> Any:
    """Return a document with every name another one, and arguments written in another way."""
    if isinstance(content, list):
        return [respelled(item) for item in content]
    if not isinstance(content, dict):
        return content
    changed = {key: respelled(value) for key, value in content.items()}
    if isinstance(changed.get("name"), str):
        changed["name"] = f"other_{changed['name']}"
    if isinstance(changed.get("output"), dict):
        changed["output"]["name"] = content["output"]["name"]  # the name of an output is part of what a network gives
    if isinstance(changed.get("kernel"), int):
        changed["kernel"] = [changed["kernel"]] * 2
    if isinstance(changed.get("padding"), int):
        changed["padding"] = [[changed["padding"]] * 2] * 2
    return changed


@FEW
@given(documents(), documents())
def test_equal_structure_is_the_same_network(first: Content, second: Content) -> None:
    for before, after in ((first, first), (first, second)):
        graphs = compile_text(before), compile_text(after)
        structure = Structure(*map(GraphEquivalence, graphs))
        outputs = [[(each.name, each.train_only) for each in graph.outputs] for graph in graphs]
        if structure.equal(graphs[0].root, graphs[1].root) and outputs[0] == outputs[1]:
            assert compare_graphs(*graphs).same


# inputs and outputs

LABELLED = [{"relu": None, "as": "low"}, {"sigmoid": None, "as": "high"}]


def auxiliary(name: str, train_only: bool = True) -> Content:
    return {"output": {"name": name, "train_only": train_only, "body": ["tanh"]}}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            network(*LABELLED, outputs=["low", "high"]),
            network(*LABELLED, outputs=["high", "low"]),
            ["~ output order low, high -> high, low"],
        ),
        (
            network("relu", auxiliary("first"), auxiliary("second")),
            network("relu", auxiliary("second"), auxiliary("first")),
            ["~ output order output, first, second -> output, second, first"],
        ),
        (
            network("relu", auxiliary("first"), auxiliary("second", False)),
            network("relu", auxiliary("second", False), auxiliary("first")),
            [],  # those of training only come last in any case
        ),
        (
            {"input": TWO, "network": [{"sub": ["left", "right"]}]},
            {"input": dict(reversed(TWO.items())), "network": [{"sub": ["left", "right"]}]},
            ["~ input order left, right -> right, left"],
        ),
        (
            {"input": TWO, "network": [{"sub": ["left", "right"]}]},
            {"input": TWO, "network": [{"sub": ["right", "left"]}]},
            ["~ sub1 reads left instead of right"],
        ),
        (
            {"input": TWO, "network": [{"sub": ["left", "right"]}]},
            {"input": {"top": TWO["left"], "right": TWO["right"]}, "network": [{"sub": ["top", "right"]}]},
            [],
        ),
        (
            {"input": TWO, "network": [{"sub": ["left", "right"]}]},
            {"input": {"top": TWO["left"], "right": TWO["right"]}, "network": [{"sub": ["right", "top"]}]},
            ["~ sub1 reads top instead of right"],
        ),
    ],
)
def test_inputs_and_outputs(before: Content, after: Content, expected: list[str]) -> None:
    assert said(before, after) == expected


# spellings


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"conv": {"out": 4, "kernel": 2}}, {"conv": {"out": 4, "kernel": [2, 2]}}),
        ({"conv": {"out": 4, "kernel": 2}}, {"conv": {"out": 4, "kernel": 2, "padding": "valid"}}),
        ({"conv": {"out": 4, "groups": 4, "kernel": 2}}, {"conv": {"depth_multiplier": 1, "kernel": 2}}),
        ({"upsample": {"scale": 2, "mode": "linear"}}, {"upsample": {"scale": 2, "mode": "bilinear"}}),
        ({"maxpool": {"kernel": 2}}, {"maxpool": {"kernel": 2, "stride": 2}}),
        ("flatten", {"reshape": [-1]}),
        ("global_avgpool", {"adaptive_avgpool": 1}),
        ("global_avgpool", {"reduce": {"mean": ["width", 2], "keep": True}}),
        ({"reduce": {"max": -1}}, {"reduce": {"max": "width"}}),
        (
            {"conv": {"out": 4, "kernel": [1, 2], "dilation": 2}},
            {"conv": {"out": 4, "kernel": [1, 2], "dilation": [1, 2]}},
        ),
        ({"permute": [2, 3, 1]}, {"rearrange": "c ... -> ... c"}),
        ({"reshape": [4, -1]}, {"rearrange": "c h w -> c (h w)"}),
        ("flatten", {"rearrange": "c h w -> (c h w)"}),
        (
            {"rearrange": {"pattern": "c (h p) w -> (c p) h w", "p": 2}},
            {"rearrange": {"pattern": "a (b n) d->(a n) b d", "b": 4}},
        ),
        *((name, {"formula": f"{name}(x)"}) for name in ("relu", "sigmoid", "tanh", "silu", "gelu", "softplus")),
        ({"scale": -0.5}, {"formula": "-0.5 * x"}),
        ({"formula": "2.0 * (x + 1)"}, {"formula": "(1 + x) * 2"}),
        ({"formula": "x if 0 < x else 0"}, {"formula": "where(x > 0, x, 0)"}),
        ({"formula": "min(1, max(0, x))"}, {"formula": "min(max(x, 0), 1.0)"}),
    ],
)
def test_a_spelling_is_no_difference(first: Any, second: Any) -> None:
    assert said(network(first), network(second)) == []


CHOICE = {"relu": None, "when": "x.channels < 0"}
CONVOLUTIONS = {"foreach": {"width": [4, 6]}, "body": [{"conv": {"out": "width", "kernel": 1}, "from": "input"}]}
FACTOR = {"shape": [4, 1, 1], "init": "ones"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        *(
            ({"input": TWO, "network": [{"formula": formula}]}, {"input": TWO, "network": [step]})
            for formula, step in [
                ("left + right", {"add": ["left", "right"]}),
                ("right - left", {"sub": ["right", "left"]}),
                ("left*right", {"mul": ["left", "right"]}),
                ("(left + right) / 2", {"mean": ["left", "right"]}),
                ("max(left, right)", {"max": ["left", "right"]}),
            ]
        ),
        (
            network({"formula": "x * factor"}, tensors={"factor": FACTOR}),
            network({"mul": ["x", "factor"]}, tensors={"factor": {**FACTOR, "init": 1}}),
        ),
        (
            network({"let": {"width": "2 * x.channels"}}, {"conv": {"out": "width", "kernel": 1}}),
            network({"conv": {"out": 8, "kernel": 1}}),
        ),
        (
            network(
                {"let": {"wide": "8 if wide is null else wide"}},
                {"conv": {"out": "wide", "kernel": 1}},
                args={"wide": None},
            ),
            network({"conv": {"out": 8, "kernel": 1}}),
        ),
        (network({**CHOICE, "else": "tanh"}), network(CHOICE, {"tanh": None, "when": "x.channels > 0"})),
        (
            network({**CONVOLUTIONS, "collect": "both"}, {"concat": ["both"]}),
            network({"concat": {**CONVOLUTIONS, "body": [{"conv": {"out": "width", "kernel": 1}}]}}),
        ),
        (
            network(*LABELLED, outputs=["low", "high"]),
            network(*LABELLED, outputs={"low": "low", "high": "x"}),
        ),
    ],
)
def test_documents_that_say_the_same_do_not_differ(first: Content, second: Content) -> None:
    assert said(first, second) == []


RANKED = [{"topk": {"count": 2, "axis": 2}, "as": ["top", "places"]}]
ATTENDED = {"input": {name: [6, 8] for name in ("query", "key", "value")}}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (
            {"input": TWO, "network": [{"formula": "left - right"}]},
            {"input": TWO, "network": [{"sub": ["right", "left"]}]},
            "~ sub1 reads",
        ),
        (
            network(*LABELLED, outputs={"first": "low", "second": "high"}),
            network(*LABELLED, outputs={"first": "high", "second": "low"}),
            "~ output first reads sigmoid1 instead of relu1",
        ),
        (
            network({**CONVOLUTIONS, "collect": "both"}, outputs={"first": "both[0]", "second": "both[1]"}),
            network({**CONVOLUTIONS, "collect": "both"}, outputs={"second": "both[1]", "first": "both[0]"}),
            "~ output order first, second -> second, first",
        ),
        (
            network(*RANKED, outputs={"first": "top", "second": "places"}),
            network(*RANKED, outputs={"first": "places", "second": "top"}),
            "~ output first reads topk1:1 instead of topk1",
        ),
        (
            network(*RANKED, {"one_hot": 9, "from": "places"}, {"add": ["x", "x"]}),
            network(*RANKED, {"argmax": {"axis": 2, "keep": True}, "from": "top"}, {"one_hot": 9}, {"add": ["x", "x"]}),
            "+ argmax",
        ),
        (
            {**ATTENDED, "network": [{"attend": ["query", "key", "value"]}]},
            {**ATTENDED, "network": [{"attend": {"query": "query", "key": "value", "value": "key"}}]},
            "~ attend1 reads key instead of value",
        ),
    ],
)
def test_what_differs_in_order_is_a_difference(first: Content, second: Content, expected: str) -> None:
    assert said(first, second)[0].startswith(expected)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (
            {"maxpool": {"kernel": 2}},
            {"maxpool": {"kernel": [3, 3], "stride": 2, "padding": "valid"}},
            "maxpool1 kernel 2 -> 3",
        ),
        (
            {"conv": {"out": 4, "kernel": 3}},
            {"conv": {"depth_multiplier": 1, "kernel": [3, 1]}},
            "conv1 kernel 3 -> 3x1, groups 1 -> 4",
        ),
        ({"adaptive_avgpool": 2}, {"adaptive_avgpool": 1}, "adaptive_avgpool1 out 2 -> 1"),
    ],
)
def test_only_what_differs_is_said(first: Any, second: Any, expected: str) -> None:
    assert [each.removeprefix("~ ") for each in said(network(first), network(second))][:1] == [expected]


def test_a_row_of_other_names_is_the_same() -> None:
    steps = [{"relu": None, "name": f"step{index}a"} for index in range(31)]
    assert said(network(*steps[:-1]), network(*steps[1:])) == []


def test_an_op_is_no_group_of_its_name() -> None:
    op, group = {"relu": None, "name": "relu"}, {"sequential": ["relu", "relu"], "name": "relu"}
    comparison = compared(network("tanh", op, "tanh"), network("tanh", group, "tanh"))
    assert len(comparison.differences) == 1
    assert comparison.differences[0].after or comparison.differences[0].before

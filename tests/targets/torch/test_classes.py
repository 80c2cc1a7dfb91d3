"""Which scopes share a generated class, held against structural equality and against single differences."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

import netspec
from netspec.ir import Graph
from netspec.ir.equality import GraphEquivalence, Structure
from netspec.targets.torch.classes import generate_classes
from netspec.targets.torch.layout import lay_out
from netspec.targets.torch.pipeline import legalize
from tests.support.documents import compile_text


def classes_of(graph: Graph) -> dict[str, int]:
    """Return the number of the class of each scope that is one, by path."""
    return {plan.scope.path: each.number for each in generate_classes(lay_out(graph)) for plan in each.plans}


@pytest.mark.parametrize("name", ["resnet50", "googlenet", "se_resnet50", "fractalnet20_cifar10", "shufflenet_g3"])
def test_equal_blocks_share_a_class(name: str) -> None:
    graph = legalize(netspec.compile(name))
    structure, classes = Structure(GraphEquivalence(graph)), classes_of(graph)
    blocks = [scope for scope in graph.root.descend() if scope.kind == "block" and scope.path in classes]
    equal = [pair for pair in combinations(blocks, 2) if structure.equal(*pair)]
    assert equal
    assert all(classes[first.path] == classes[second.path] for first, second in equal)


CONV = {"conv": {"out": "out", "kernel": 3, "padding": 1, "stride": "stride"}}


@pytest.mark.parametrize(
    ("second", "shared"),
    [
        ({"out": 8, "stride": 1}, True),
        ({"out": 16, "stride": 2}, True),
        ({"out": 8, "stride": 1, "act": "gelu"}, False),
        ({"out": 8, "stride": 1, "deep": True}, False),
    ],
)
def test_arguments_of_layers_may_differ_and_layers_may_not(second: dict[str, Any], shared: bool) -> None:
    body = [CONV, "bn", {**CONV, "when": "deep"}, "$act"]
    unit = {"args": {"out": "int", "stride": 1, "deep": False, "act": "relu"}, "body": body}
    steps = [{"unit": {"out": 8}, "name": "first"}, {"unit": second, "name": "second"}]
    classes = classes_of(compile_text({"input": [3, 8, 8], "blocks": {"unit": unit}, "network": steps}))
    assert (classes["first"] == classes["second"]) == shared

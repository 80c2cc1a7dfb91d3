"""Parts of networks against published figures: a total can be right where two of its parts are wrong."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import netspec
from netspec.graph import Graph, Node

FIGURES: dict[str, dict[str, dict[str, int | str]]] = yaml.safe_load(
    (Path(__file__).parent / "figures.yaml").read_text(encoding="utf-8")
)
ROWS = [
    pytest.param(network, place, figures, id=f"{network}: {place}")
    for network, places in FIGURES.items()
    for place, figures in places.items()
]
UNITS = {"K": 10**3, "M": 10**6}


@cache
def compiled(network: str) -> Graph:
    name, _, variant = network.partition("@")
    return netspec.compile(name, variant or None)


def below(graph: Graph, place: str) -> list[Node]:
    """Return the nodes at a path or anywhere below it."""
    return [node for node in graph if place == "." or node.path == place or node.path.startswith(f"{place}.")]


def places(graph: Graph, pattern: str) -> list[str]:
    """Return the paths that a pattern stands for; a star stands for one name."""
    if "*" not in pattern:
        return [pattern]
    parts = pattern.count(".") + 1
    starts = dict.fromkeys(".".join(node.path.split(".")[:parts]) for node in graph)
    return [start for start in starts if fnmatchcase(start, pattern)]


def weights(graph: Graph, node: Node) -> int:
    """Return the weights of a convolution or linear layer; other ops have none that figures count."""
    if node.shared or node.op.name not in ("conv", "linear"):
        return 0
    biases = node.op.list_parameters(*map(graph.shape_of, node.inputs)).get("bias", (0,))
    return node.params - biases[0]


def count(graph: Graph, nodes: list[Node], figure: str) -> int:
    if figure == "weights":
        return sum(weights(graph, node) for node in nodes)
    return sum(getattr(node, figure) for node in nodes)


def as_given(number: int, given: int | str) -> int | str:
    """Return a number in the unit and with the digits of a given one."""
    if isinstance(given, int):
        return number
    match = re.fullmatch(r"\d+(?:\.(\d+))?([KM])", given)
    assert match, f"{given} is no figure"
    return f"{number / UNITS[match[2]]:.{len(match[1] or '')}f}{match[2]}"


@pytest.mark.parametrize(("network", "place", "figures"), ROWS)
def test_part_has_its_published_size(network: str, place: str, figures: dict[str, Any]) -> None:
    graph = compiled(network)
    paths = places(graph, place)
    assert paths, f"{network} has no {place}"
    for path in paths:
        nodes = [node for part in path.split(" + ") for node in below(graph, part)]
        assert nodes, f"{network} has no {path}"
        found = {figure: as_given(count(graph, nodes, figure), given) for figure, given in figures.items()}
        assert found == figures, path


@pytest.mark.parametrize(
    ("kind", "share_of_macs", "share_of_weights"),
    [("1x1", 94.86, 74.59), ("depthwise", 3.06, 1.06), ("first", 1.91, 0.02), ("linear", 0.18, 24.33)],
)
def test_mobilenet_spends_its_arithmetic_in_1x1_convolutions(
    kind: str, share_of_macs: float, share_of_weights: float
) -> None:
    graph = compiled("mobilenet_v1")
    kinds = {"1x1": "pointwise", "depthwise": "depthwise", "first": "conv1", "linear": "fc"}
    nodes = [node for node in graph if node.name == kinds[kind]]
    assert 100 * count(graph, nodes, "macs") / graph.macs == pytest.approx(share_of_macs, abs=0.006)
    total = count(graph, list(graph), "weights")
    assert 100 * count(graph, nodes, "weights") / total == pytest.approx(share_of_weights, abs=0.006)


def test_star_stands_for_every_module_of_a_stage() -> None:
    assert len(places(compiled("inception_v4"), "stage_b.*")) == 7


def test_unknown_place_is_no_place() -> None:
    assert not below(compiled("inception_v4"), "stage")

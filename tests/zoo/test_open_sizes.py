"""Every network takes the sizes that `netspec sizes` says, with the shapes that it says, and no others."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping

import pytest
from torch import nn

import netspec
from netspec.analysis import symbolic_types
from netspec.diagnostics import SpecError
from netspec.ir import Graph, Node, Scope
from netspec.language.loading.files import shipped_names
from netspec.ops import TensorType
from netspec.sizes import at
from netspec.targets.torch.runtime import build_module
from tests.support.meta_runs import MetaRuns, Shapes
from tests.support.search import tries

SIZES = min(200, tries(6)) if tries(1) < 10 else 200
"""How many sizes of each network are tried; all 200 in the full tests."""


REFUSED = (RuntimeError, ValueError, IndexError, AssertionError)
"""What torch raises for sizes that a layer cannot take, and modules for those that torch would not notice."""


@pytest.fixture(scope="module", params=shipped_names())
def network(request: pytest.FixtureRequest) -> tuple[Graph, MetaRuns]:
    graph = netspec.compile(request.param)
    return graph, MetaRuns(build_module(graph, device="meta"))


def test_inferred_shapes_are_those_of_a_run(network: tuple[Graph, MetaRuns]) -> None:
    graph, runs = network
    draw = random.Random(graph.name)
    for number in range(SIZES):
        # Of networks with fixed sizes hardly any would be legal by chance.
        sizes = drawn(graph, draw, legal=number % 4 != 3)
        batch = draw.randint(1, 3)
        if graph.sizes.broken(sizes) is None:
            assert inferred(graph, runs, sizes, batch).items() <= runs.run(graph, sizes, batch).items(), sizes
        elif runs_at(graph, runs, sizes):
            assert has_the_same_weights(graph, runs.module, sizes), (sizes, graph.sizes.broken(sizes))


def test_the_smallest_size_runs_and_one_less_does_not(network: tuple[Graph, MetaRuns]) -> None:
    graph, runs = network
    for name in graph.sizes.stated:
        smallest = {**graph.sizes.stated, name: graph.sizes.domain(name).minimum or 1}
        if not graph.sizes.conditions():
            assert graph.sizes.broken(smallest) is None
            assert runs_at(graph, runs, smallest)
        less = {**smallest, name: smallest[name] - 1}
        # torch computes nothing of a sequence without elements, and does not mind.
        assert less[name] == 0 or not runs_at(graph, runs, less), less
        assert not has_the_same_weights(graph, runs.module, less), less


def drawn(graph: Graph, draw: random.Random, legal: bool) -> dict[str, int]:
    """Return sizes up to twice the stated ones, each of them legal by itself if need be."""
    sizes = {}
    for name, size in graph.sizes.stated.items():
        domain = graph.sizes.domain(name)
        sizes[name] = draw.choice([each for each in range(1, 2 * size + 1) if not legal or each in domain])
    return sizes


def rounds(scope: Scope | None, types: Mapping[str, TensorType], sizes: dict[str, int]) -> int:
    """Return how often a scope is computed: in a scan, once for each element of its sequence."""
    if scope is None:
        return 1
    elements = [each for each in scope.items if isinstance(each, Node) and each.op.name == "element"]
    own = at(types[elements[0].inputs[0]].shape[0], sizes) if elements else 1
    return own * rounds(scope.parent, types, sizes)


def inferred(graph: Graph, runs: MetaRuns, sizes: dict[str, int], batch: int) -> Shapes:
    """Return the shapes that modules give by the graph, in the order of their calls."""
    types, shapes = symbolic_types(graph), defaultdict(list)
    for node in graph:
        if node.module in runs.paths and node.path not in graph.training_only:
            shape = (batch, *(at(size, sizes) for size in types[node.path].shape))
            shapes[node.module] += [shape] * rounds(node.scope, types, sizes)
    (leaving, *_) = graph.outputs
    if len(graph.outputs) == 1:
        shapes[""] = [(batch, *(at(size, sizes) for size in types[leaving.node].shape))]
    return shapes


def runs_at(graph: Graph, runs: MetaRuns, sizes: dict[str, int]) -> bool:
    try:
        runs.run(graph, sizes, batch=2)
    except REFUSED:
        return False
    return True


def has_the_same_weights(graph: Graph, module: nn.Module, sizes: dict[str, int]) -> bool:
    """Return whether the document is valid at sizes, and its network has the weights that the module has.

    A flattened map of 8 x 2 has as many elements as one of 4 x 4, which is never what is meant.
    """
    shapes = {each.name: [at(size, sizes) for size in each.symbolic_type.shape] for each in graph.inputs}
    given = shapes if len(shapes) > 1 else next(iter(shapes.values()))
    try:
        there = netspec.compile(graph.name, overrides={"input": given})
    except SpecError:
        return False
    found = {path: tuple(each.shape) for path, each in module.named_parameters()}
    return found == {
        node.module if node.op.name == "parameter" else f"{node.module}.{name}": shape
        for node in there
        for name, shape in node.op.list_parameters(*map(there.shape_of, node.inputs)).items()
    }

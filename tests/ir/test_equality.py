"""Which parts of a network are equal, held against a comparison of two parts op by op."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, given

import netspec
from netspec.ir import Graph, Node, Scope
from netspec.ir.equality import Agreement, GraphEquivalence, Structure
from tests.support.documents import compile_text
from tests.support.random_documents import documents
from tests.support.search import examples

IMAGE = {"input": [4, 8, 8]}


def structure_of(*steps: Any, agreement: Agreement | None = None, **settings: Any) -> tuple[Graph, Structure]:
    graph = compile_text({**IMAGE, "network": list(steps), **settings})
    return graph, Structure(GraphEquivalence(graph, agreement))


def are_equal(first: list[Any], second: list[Any], agreement: Agreement | None = None) -> bool:
    """Return whether two lists of steps make equal networks."""
    graphs = [compile_text({**IMAGE, "network": steps}) for steps in (first, second)]
    structure = Structure(*(GraphEquivalence(graph, agreement) for graph in graphs))
    return structure.equal(graphs[0].root, graphs[1].root)


def spelled_out(scope: Scope, graph: Graph) -> list[Any]:
    """Return all that makes a scope what it is, op by op: a slow second reading of what equality means."""
    owners: dict[str, str] = {}
    for node in graph:
        owners.setdefault(node.module, node.path)
    inside = {node.path for node in scope.traverse()}
    known: dict[str, int] = {}
    lines: list[Any] = []
    for node in scope.traverse():
        shapes = [graph.shape_of(path) for path in node.inputs]
        reads = [*node.inputs, *([owners[node.module]] if node.shared else [])]
        places = [known.setdefault(path, len(known)) for path in reads]
        known[node.path] = len(known)
        around, nesting = node.scope, []
        while around is not scope:
            nesting.append(
                (around.kind, around.block, [item.path for item in around.items].index(_below(node, around)))
            )
            around = around.parent or scope
        lines.append((node.op.canonical(*shapes), shapes, node.shape, node.shared, places, nesting))
    outside = {path for node in graph if node.path not in inside for path in _reads(node, owners)}
    outside |= {output.node for output in graph.outputs}
    leaving = [known[node.path] for node in scope.traverse() if node.path in outside]
    return [scope.kind, scope.block, lines, leaving or [known[[*scope.traverse()][-1].path]]]


def _reads(node: Node, owners: dict[str, str]) -> list[str]:
    return [*node.inputs, *([owners[node.module]] if node.shared else [])]


def _below(node: Node, around: Scope) -> str:
    """Return the path of the item of a scope in which a node stands."""
    item: Node | Scope = node
    while (parent := item.scope if isinstance(item, Node) else item.parent) is not around:
        assert parent is not None
        item = parent
    return item.path


def check_all_pairs(graph: Graph) -> int:
    """Compare every two scopes in both ways; return how many are equal."""
    structure = Structure(GraphEquivalence(graph))
    scopes = [scope for scope in graph.root.descend() if scope.items]
    texts = {scope.path: repr(spelled_out(scope, graph)) for scope in scopes}
    equal = 0
    for first, second in combinations(scopes, 2):
        assert structure.equal(first, second) == (texts[first.path] == texts[second.path]), (first.path, second.path)
        assert structure.equal(first, second) == (structure[first] == structure[second])
        equal += structure.equal(first, second)
    return equal


@pytest.mark.parametrize(("name", "least"), [("resnet50", 12), ("googlenet", 1), ("densenet40_k12_cifar", 0)])
def test_equal_blocks_of_shipped_networks(name: str, least: int) -> None:
    assert check_all_pairs(netspec.compile(name)) >= least


@examples(60, suppress_health_check=list(HealthCheck))
@given(documents())
def test_equality_is_that_of_every_op(content: dict[str, Any]) -> None:
    check_all_pairs(compile_text(content))


@examples(20, suppress_health_check=list(HealthCheck))
@given(documents())
def test_the_same_document_gives_an_equal_network(content: dict[str, Any]) -> None:
    graphs = compile_text(content), compile_text(content)
    assert Structure(*map(GraphEquivalence, graphs)).equal(graphs[0].root, graphs[1].root)


# what is compared

CONV = {"conv": {"out": 4, "kernel": 3, "padding": 1}}


def test_operands_count_in_their_order() -> None:
    steps = [{"relu": None, "as": "a"}, {"sigmoid": None, "as": "b"}]
    assert are_equal([*steps, {"sub": ["a", "b"]}], [*steps, {"sub": ["a", "b"]}])
    assert not are_equal([*steps, {"sub": ["a", "b"]}], [*steps, {"sub": ["b", "a"]}])
    assert not are_equal([*steps, {"sub": ["a", "b"]}], [*steps, {"sub": ["a", "input"]}])


def test_where_a_block_stands_does_not_count() -> None:
    bodies = {"first": [CONV], "second": [CONV], "third": [CONV, "relu"]}
    first, *others = ({"sequential": body, "name": name} for name, body in bodies.items())
    graph, structure = structure_of(first, "relu", *others)
    first, _, second, third = graph.root.items
    assert structure.equal(first, second) and not structure.equal(first, third)


def test_weights_that_are_shared_are_no_own_ones() -> None:
    shared, own = [{**CONV, "share": "one"}] * 3, [CONV] * 3
    assert not are_equal(shared, own)
    graph, structure = structure_of(*shared)
    first, second, third = graph.root.items
    assert structure.equal(second, third) and not structure.equal(first, second)


def test_which_values_leave_counts() -> None:
    body = [{"relu": None, "as": "low"}, {"relu": None, "as": "high"}]
    blocks = {"pair": {"outputs": ["low", "high"], "body": body}}
    calls = [{"pair": None, "from": "input", "as": [f"low{index}", f"high{index}"]} for index in range(3)]
    graph, structure = structure_of(*calls, {"max": ["low0", "high1", "high2"]}, blocks=blocks)
    first, second, third, _ = graph.root.items
    assert structure.equal(second, third) and not structure.equal(first, second)


def test_the_order_in_which_values_leave_does_not_count() -> None:
    body = [{"relu": None, "as": "low"}, {"relu": None, "as": "high"}]
    blocks = {"pair": {"outputs": ["low", "high"], "body": body}}
    calls = [{"pair": None, "from": "input", "as": [f"low{index}", f"high{index}"]} for index in range(2)]
    graph, structure = structure_of(*calls, {"max": ["low0", "high0", "high1", "low1"]}, blocks=blocks)
    first, second, _ = graph.root.items
    assert structure.equal(first, second)


def test_blocks_of_other_names_are_not_equal() -> None:
    blocks = {name: {"body": [CONV, "relu"]} for name in ("unit", "other")}
    graph, structure = structure_of("unit", "unit", "other", blocks=blocks)
    first, second, other = graph.root.items
    assert structure.equal(first, second) and not structure.equal(first, other)


@pytest.mark.parametrize(
    ("agreement", "names", "sizes", "channels", "kernels"),
    [
        (Agreement(), True, False, False, False),
        (Agreement(sizes="any"), True, True, False, False),
        (Agreement(sizes="axes"), True, False, False, False),
        (Agreement(names="numbered"), False, False, False, False),
        (Agreement(sizes="any", arguments="but channels"), True, True, True, False),
        (Agreement(sizes="any", arguments="any"), True, True, True, True),
    ],
)
def test_what_may_differ(agreement: Agreement, names: bool, sizes: bool, channels: bool, kernels: bool) -> None:
    first = [{**CONV, "name": "unit1"}]
    assert are_equal(first, [{**CONV, "name": "unit2"}], agreement)
    assert are_equal(first, [{**CONV, "name": "head"}], agreement) == names
    assert are_equal(["relu", {"maxpool": {"kernel": 2}}], ["relu", {"maxpool": {"kernel": 3}}], agreement) == kernels
    assert are_equal(first, [{"conv": {"out": 6, "kernel": 3, "padding": 1}, "name": "unit1"}], agreement) == channels
    graphs = [compile_text({"input": [4, size, size], "network": first}) for size in (8, 9)]
    structure = Structure(*(GraphEquivalence(graph, agreement) for graph in graphs))
    assert structure.equal(graphs[0].root, graphs[1].root) == sizes


def test_names_may_differ_in_a_number_or_a_letter() -> None:
    graph, structure = structure_of(
        *({"relu": None, "name": name} for name in ("unit1", "unit12", "unit_b", "unit", "unita", "other1")),
        agreement=Agreement(names="numbered"),
    )
    one, twelve, b, bare, a, other = graph.root.items
    assert structure.equal(one, twelve) and not structure.equal(one, other)
    assert not structure.equal(one, b) and not structure.equal(bare, a)


def test_other_facts_count_where_they_are_given() -> None:
    graph = compile_text({**IMAGE, "network": ["relu", "relu"]})
    first, second = graph
    assert Structure(GraphEquivalence(graph)).equal(first, second)
    assert not Structure(GraphEquivalence(graph, facts=lambda node: node.path)).equal(first, second)

"""Running passes: their order, and the verification after each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

import netspec
from netspec.ir import Graph, InvalidGraph, Rewriter
from netspec.ops import OPS
from netspec.passes import PASSES, Pass, PassManager


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget the passes that a test defines."""
    monkeypatch.setattr("netspec.passes.manager.PASSES", known := dict(PASSES))
    yield
    assert known.keys() >= PASSES.keys()


def test_passes_run_in_order_with_their_options(registry: None) -> None:
    @dataclass(frozen=True)
    class Activate(Pass, name="activate"):
        word: str

        def run(self, graph: Graph) -> Graph:
            rewriter = Rewriter(graph)
            for node in graph:
                if node.op.family == "activation":
                    rewriter.replace(node, rewriter.derive(node, OPS[self.word]()))
            return rewriter.apply()

    graph = netspec.compile("lenet5_modern")
    after = PassManager((Activate("gelu"), Activate("tanh"))).run(graph)
    assert {node.op.name for node in after if node.op.family == "activation"} == {"tanh"}
    assert {node.op.name for node in graph if node.op.family == "activation"} == {"relu"}


def test_a_graph_that_breaks_a_rule_is_refused_with_the_name_of_the_pass(registry: None) -> None:
    class Break(Pass, name="break_outputs"):
        def run(self, graph: Graph) -> Graph:
            return replace(graph, outputs=(replace(graph.outputs[0], node="gone"),))

    with pytest.raises(InvalidGraph, match="breaks 'outputs': the output output is gone, which is not there") as caught:
        PassManager((Break(),)).run(netspec.compile("lenet5_modern"))
    assert caught.value.__notes__ == ["after the pass break_outputs"]


def test_nothing_is_verified_where_nothing_changed(registry: None, monkeypatch: pytest.MonkeyPatch) -> None:
    class Rest(Pass, name="rest"):
        def run(self, graph: Graph) -> Graph:
            return graph

    monkeypatch.setattr("netspec.passes.manager.verify", None)
    graph = netspec.compile("lenet5_modern")
    assert PassManager((Rest(), Rest())).run(graph) is graph


def test_a_pass_comes_after_those_that_it_requires(registry: None) -> None:
    class First(Pass, name="first"):
        def run(self, graph: Graph) -> Graph:
            return graph

    class Second(First, name="second"):
        requires = ("first",)

    PassManager((First(), Second()))
    with pytest.raises(ValueError, match="second must come after first"):
        PassManager((Second(), First()))


def test_a_name_is_that_of_one_pass(registry: None) -> None:
    class Once(Pass, name="once"):
        def run(self, graph: Graph) -> Graph:
            return graph

    with pytest.raises(TypeError, match=r"two passes are called 'once': .*Once and .*Twice"):

        class Twice(Once, name="once"):
            pass

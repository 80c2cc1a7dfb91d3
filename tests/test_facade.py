"""The façade: what it offers, and that it costs nothing until it is used."""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import netspec
import netspec.analysis
import netspec.sizes
from tests.support.command_line import GOOD, loaded


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


@pytest.mark.parametrize("package", [netspec, netspec.analysis, netspec.sizes], ids=lambda package: package.__name__)
def test_all_is_sorted_and_true(package: ModuleType) -> None:
    assert list(package.__all__) == sorted(package.__all__)
    assert all(getattr(package, name) is not None for name in package.__all__)
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'nothing'"):
        _ = package.nothing


def test_version_is_that_of_the_package() -> None:
    project = tomllib.loads((Path(netspec.__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))
    assert netspec.__version__ == project["project"]["version"]


HEAVY = {"networkx", "torch", "rich", "click"}
COSTS = "netspec.analysis.costs"
FIGURES = {"netspec.analysis.memory", "netspec.analysis.receptive_field", "netspec.sizes.legal_sizes"}


def test_functions_import_only_what_they_need() -> None:
    first, compiled, *others = loaded(
        [
            ("import netspec", HEAVY | {"pydantic", "yaml"}),
            ("netspec.compile('lenet5_modern')", HEAVY | FIGURES | {COSTS}),
            ("netspec.source('lenet5_modern')", HEAVY),
            ("netspec.summary('lenet5_modern')", HEAVY),
            ("netspec.draw('lenet5_modern')", HEAVY),
        ]
    )
    assert first == [] and others == [[]] * 3
    assert compiled == [COSTS], "to check a document takes its totals, and no other figures"


def test_every_way_to_name_a_network_gives_the_same(spec: Path) -> None:
    document = netspec.load(spec)
    graph = netspec.compile(document)
    assert isinstance(document, netspec.Document) and isinstance(graph, netspec.Graph)
    for given in (spec, str(spec), document, graph):
        assert netspec.source(given) == netspec.source(graph)
        assert netspec.summary(given) == netspec.summary(graph)
        assert netspec.draw(given) == netspec.draw(graph)


def test_variants_and_overrides_work_on_paths_and_documents(spec: Path) -> None:
    for given in (spec, netspec.load(spec)):
        assert netspec.compile(given, "wide").params == netspec.compile(given, overrides={"width": 8}).params == 3114
        assert netspec.compile(given, "wide", {"width": "2"}).params == 2 * 28 + 72 * 10 + 10
        assert netspec.compile(given).params == 1562


def test_a_graph_cannot_be_changed_any_more(spec: Path) -> None:
    graph = netspec.compile(spec)
    with pytest.raises(TypeError, match="a graph is fixed"):
        netspec.summary(graph, "wide")
    with pytest.raises(TypeError, match="a graph is fixed"):
        netspec.source(graph, overrides={"width": 2})


def test_graph_shows_its_nodes_and_totals(spec: Path) -> None:
    graph = netspec.compile(spec)
    assert [node.path for node in graph] == ["conv1", "flatten1", "linear1"]
    assert graph.flops == 2 * graph.macs
    assert [output.node for output in graph.outputs] == ["linear1"]
    assert [tuple(edge) for edge in graph.networkx.edges()] == [
        ("input", "conv1"),
        ("conv1", "flatten1"),
        ("flatten1", "linear1"),
    ]


def test_the_built_module_has_the_graphs_weights_and_the_seed_repeats_them(spec: Path) -> None:
    import torch

    first, second = (netspec.build(spec, device="cpu", dtype="bfloat16", seed=7) for _ in range(2))
    assert sum(parameter.numel() for parameter in first.parameters()) == netspec.compile(spec).params
    pairs = list(zip(first.parameters(), second.parameters(), strict=True))
    assert all(torch.equal(left, right) and left.dtype == torch.bfloat16 for left, right in pairs)
    assert first(torch.zeros(2, 3, 8, 8, dtype=torch.bfloat16)).shape == (2, 10)


def test_pictures_are_written_to_paths(spec: Path, tmp_path: Path) -> None:
    path = tmp_path / "tiny.svg"
    text = netspec.draw(spec, path=path)
    assert text.startswith("<svg") and path.read_text(encoding="utf-8").startswith(text.rstrip())
    netspec.draw(spec, path=str(path))
    path.write_text("mine")
    with pytest.raises(netspec.SpecError, match="was not written by netspec"):
        netspec.draw(spec, path=path)

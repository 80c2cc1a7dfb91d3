"""Every network that ships: its document is complete, and its module is what its graph says."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
import yaml
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from netspec.analysis.costs import measure
from netspec.ir import Graph, verify
from netspec.language import load
from netspec.language.loading.files import library_folder, shipped_folder, shipped_names
from netspec.language.model import Document
from netspec.lowering import lower
from netspec.targets.torch import emit_torch
from netspec.targets.torch.pipeline import legalize
from netspec.targets.torch.runtime import ShapeMismatch, build_module, example_inputs, verify_forward
from netspec.tooling.starter import starter_text

NAMES = shipped_names()

BATCH = 2
MANY = 2_000


def table() -> dict[str, bool]:
    """Return the names of all networks that ought to ship, and whether their documents are still missing."""
    lines = Path(__file__).with_name("zoo_names.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    assert all(row[1:] in ([], ["missing"]) for row in rows)
    assert len({row[0] for row in rows}) == len(rows)
    return {name: bool(mark) for name, *mark in rows}


@cache
def document(name: str) -> Document:
    return load(name)


@pytest.mark.parametrize("name", table())
def test_the_table_is_true(name: str) -> None:
    if table()[name]:
        assert name not in NAMES, f"there is a document now: take `missing` off {name} in zoo_names.txt"
    else:
        assert name in NAMES, f"there is no document {name}"


def test_the_table_is_complete() -> None:
    assert set(NAMES) <= table().keys(), "write new networks into zoo_names.txt"


def test_families_are_no_networks() -> None:
    inner = {path.relative_to(shipped_folder()).parts[0] for path in shipped_folder().rglob("*/*.yaml")}
    assert inner <= {"families"}


WORKED_OUT = re.compile(r".*(?:\*\* ?\(?(?:stage|level|block|i)\b|\bindex == 0 and\b|\band index\b).*")


def test_stages_are_columns_of_a_table() -> None:
    """Strides and sizes stand in a list beside the stages, as in the tables of papers."""
    paths = [path for folder in (shipped_folder(), library_folder()) for path in folder.rglob("*.yaml")]
    texts = [starter_text("net"), *(path.read_text(encoding="utf-8") for path in paths)]
    found = [match[0] for text in texts for match in WORKED_OUT.finditer(text)]
    assert len(texts) > 150 and not found, found


UNUSED = {"grn", "local_mask", "lstm_cell"}
"""Library blocks that no shipped network has yet; tests/lowering/test_library_blocks.py has their formulas."""


def test_library_blocks_are_described_and_used() -> None:
    described = {
        name: block["description"].rstrip()
        for path in sorted(library_folder().glob("*.yaml"))
        for name, block in yaml.safe_load(path.read_text(encoding="utf-8"))["blocks"].items()
    }
    assert all(text.endswith(".") for text in described.values())
    unused = set(described)
    for name in NAMES:
        # Only networks that mention a block which none so far has: to compile all of them takes long.
        if unused & words(shipped_folder() / f"{name}.yaml"):
            for variant in (None, *document(name).variants):
                unused -= {scope.block for scope in lower(load(name, variant)).root.descend()}
    assert unused == UNUSED, "no network has these"


def words(path: Path) -> set[str]:
    """Return the words of a document and of those that it extends."""
    text = path.read_text(encoding="utf-8")
    extended = re.search(r"^extends: (\S+)", text, re.MULTILINE)
    return {*re.findall(r"\w+", text)} | (words(path.parent / extended[1]) if extended else set())


@pytest.mark.parametrize("name", NAMES)
def test_document(name: str) -> None:
    content = document(name)
    assert content.name == name
    assert content.title and content.cite
    assert {"params", "macs"} <= content.expect.keys()
    graph = lower(content)
    assert graph.warnings == ()
    totals = measure(graph)
    assert dict(content.expect) == {key: getattr(totals, key) for key in content.expect}


def test_published_accuracies_are_those_of_the_network() -> None:
    """What another library measured was measured with a network that is proved equal to this one."""
    published = {name: document(name).published for name in NAMES if document(name).published}
    assert {each["dataset"] for each in published.values()} <= {"ImageNet", "CIFAR-10"}
    for name, each in published.items():
        library = each["source"].partition("'s ")[0]
        assert library != "torchvision" or library in document(name).reference, name
        assert document(name).input[1:] != [32, 32] or each["dataset"] == "CIFAR-10", name


@pytest.mark.parametrize("name", NAMES)
def test_network(name: str) -> None:
    graph = lower(document(name))
    module = assert_true(graph)
    again = lower(load(name))
    assert emit_torch(again) == type(module)._netspec_source, "two runs give different bytes"


@pytest.mark.parametrize("name", NAMES)
def test_variants(name: str) -> None:
    for variant in document(name).variants:
        graph = lower(load(name, variant))
        assert graph.warnings == ()
        assert_true(graph)


def assert_true(graph: Graph, source: Path | None = None) -> nn.Module:
    """Assert that a graph's module, is what the graph says; return it."""
    verify(graph)
    # Without memory every call costs torch a millisecond of Python, so the thousand-layer networks are run for real.
    module = build_module(graph, device="cpu" if len(graph) > MANY else "meta", source=source)
    assert_parameters(module, graph)
    assert_shapes_and_cost(module, graph)
    assert_heads(module, graph)
    return module


def assert_parameters(module: nn.Module, graph: Graph) -> None:
    """Assert that the module has just the parameters that the nodes list, where the nodes say."""
    found = {path: tuple(parameter.shape) for path, parameter in module.named_parameters()}
    expected = {
        node.module if node.op.name == "parameter" else f"{node.module}.{parameter}": shape
        for node in graph
        for parameter, shape in node.op.list_parameters(*map(graph.shape_of, node.inputs)).items()
    }
    assert found == expected
    assert sum(parameter.numel() for parameter in module.parameters()) == graph.training_params


def assert_shapes_and_cost(module: nn.Module, graph: Graph) -> None:
    """Assert that in evaluation every value has the inferred shape, and that torch counts the graph's operations.

    Without memory torch sees into every op. On the CPU it would not see into an LSTM, which is a single call there.
    """
    with FlopCounterMode(display=False) as counter:
        compared = verify_forward(module, graph, batch=BATCH)
    assert compared == len(legalize(graph)) - len(graph.training_only)
    assert counter.get_total_flops() == BATCH * graph.flops


def assert_heads(module: nn.Module, graph: Graph) -> None:
    """Assert that a network with several outputs gives all of them in training."""
    if len(graph.outputs) > 1:
        result = module.train()(*example_inputs(graph, module, batch=BATCH))
        shapes = {each.name: (BATCH, *graph.shape_of(each.node)) for each in graph.outputs}
        assert {key: tuple(value.shape) for key, value in result._asdict().items()} == shapes


# the checks themselves

PLANTED = [
    ("nn.Linear(16, 10)", "nn.Linear(16, 10, bias=False)"),  # a parameter less
    ("self.fc = ", "self.head = nn.Linear(16, 10)\n        self.fc = "),  # parameters that nobody uses
    ("(3, 16, 3, padding=1", "(3, 16, 3, padding=0"),  # another shape
    ("x = self.bn1(x)", "x = self.bn1(self.bn1(x))"),  # a layer too many
    ("x = self.bn1(x)", "x = self.bn1(x @ torch.ones(32, 32, device=x.device))"),  # operations that no node has
]


@pytest.mark.parametrize(("old", "new"), PLANTED)
def test_a_planted_error_is_seen(old: str, new: str, tmp_path: Path) -> None:
    graph = lower(load("resnet20_cifar", overrides={"depth": 8, "widths": [16, 16]}))
    text = emit_torch(graph)
    assert old in text, text
    path = tmp_path / "planted.py"
    path.write_text(text.replace(old, new))
    assert_true(graph)
    with pytest.raises((AssertionError, ShapeMismatch)):
        assert_true(graph, path)

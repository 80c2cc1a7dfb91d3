"""The generated file as text: what stands in it, that it stands alone, and that nothing can slip into it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir import Graph
from netspec.language import load
from netspec.language.loading.files import shipped_names
from netspec.lowering import lower
from netspec.targets.torch import class_name, emit_torch
from netspec.targets.torch.document import WIDTH
from netspec.targets.torch.layer_source import FOLDER
from netspec.targets.torch.runtime import load_class, verify_forward
from netspec.targets.torch.verify_source import UnsafeSource, verify_source
from netspec.version import MARK, __version__
from tests.support.differential import compare
from tests.support.documents import OWN, compile_text, find, load_text
from tests.support.paths import GOLDEN
from tests.support.random_documents import documents
from tests.support.random_sequences import sequences
from tests.support.search import examples, sample

SOURCES = [*OWN, "resnet18", "googlenet", "densenet121"]
"""The generated files that are kept."""

LAYERS = frozenset(re.findall(r"^class (\w+)", "".join(path.read_text() for path in FOLDER.glob("*.py")), re.MULTILINE))
"""The classes that torch lacks, which are copied into the files as they are."""


def graph_of(name: str) -> Graph:
    return lower(load(find(name)))


# golden files


@pytest.mark.parametrize("name", SOURCES)
def test_golden(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"source/{name}.py", emit_torch(graph_of(name)))


def test_no_golden_file_is_left_over() -> None:
    assert sorted(path.stem for path in (GOLDEN / "source").iterdir()) == sorted(SOURCES)


# what stands in every file


@pytest.mark.parametrize("name", [*OWN, *shipped_names()])
def test_text(name: str) -> None:
    graph = graph_of(name)
    source = emit_torch(graph)
    tree = ast.parse(source)
    assert source.isascii() and source.endswith("\n") and not source.endswith("\n\n")
    lines = source.splitlines()
    assert lines == [line.rstrip() for line in lines]
    assert_width(source, tree, WIDTH)
    assert_header(ast.get_docstring(tree) or "", graph)
    assert_imports(tree)
    for each in forwards(tree):
        assert_straight(each)


def assert_width(source: str, tree: ast.Module, width: int) -> None:
    """Assert that no line is too long but those of layers that torch lacks, which are copied as they are.

    The header's first line may be longer, too: what marks the file as generated must not be broken.
    """
    copied = [node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name in LAYERS]
    exempt = {1, *(number for node in copied for number in range(node.lineno, (node.end_lineno or 0) + 1))}
    lines = enumerate(source.splitlines(), 1)
    assert [line for number, line in lines if len(line) > width and number not in exempt] == []


def assert_header(docstring: str, graph: Graph) -> None:
    """Assert that the header says what the network is, who says so, and what made the file."""
    said = " ".join(docstring.split())
    assert f"{MARK} {__version__} from {graph.name}.yaml" in said
    for text in (graph.title, graph.cite):
        assert text.replace('"', "'") in said
    assert f"{graph.params:,} parameters; {graph.macs:,} multiply-accumulates" in said


def assert_imports(tree: ast.Module) -> None:
    """Assert that a file imports nothing but torch and typing, and nothing that it does not use."""
    imports = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert all(node in tree.body for node in imports)
    modules = {alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names}
    modules |= {str(node.module) for node in imports if isinstance(node, ast.ImportFrom)}
    assert modules <= {"torch", "torch.nn", "typing"}
    imported = {alias.asname or alias.name for node in imports for alias in node.names}
    assert imported <= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def forwards(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """Yield the ``forward`` of every class but those of layers that torch lacks."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name not in LAYERS:
            yield from (each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "forward")


def assert_straight(forward: ast.FunctionDef) -> None:
    """Assert that a forward is a list of checks and assignments, and a return; dense layers and scans make loops."""
    *lines, last = forward.body
    assert isinstance(last, ast.Return) and last.value is not None
    for line in lines:
        if isinstance(line, ast.For) and ".unbind(1)" in ast.unparse(line.iter):
            inside = [ast.unparse(each) for each in line.body if not isinstance(each, ast.Assign)]
            assert all(re.fullmatch(r"\w+\.append\(\w+\)", each) for each in inside), inside
            continue
        is_loop = isinstance(line, ast.For) and ast.unparse(line.iter) == "self.children()"
        is_check = ast.unparse(line).startswith("torch._assert(")
        assert is_loop or is_check or isinstance(line, ast.Assign), ast.unparse(line)


# texts that mean harm

HARMFUL = [
    '"""\nimport os\n"""',
    "'''\nimport os\n'''",
    '\\"""\nimport os',
    "\\",
    "ends with a backslash\\",
    "quotes \" and ' of both kinds",
    "\\N{BULLET} \\x41 \\u0041 \\777 \\",
    "{graph.name} %s {0}",
    "é 漢字 \u202e \ufeff \x00\x1b[31m\u2028\u0085",
    "class Evil(nn.Module):\nclass Evil(nn.Module):",
    "\n# -*- coding: utf-7 -*-\n",
    "x" * 300,
    "a" + "\\" * 301,
    "word-" * 60,
    "",
]


def retitled(**changes: str) -> Graph:
    return replace(graph_of("lenet5_modern"), **changes)


def statements(source: str) -> list[str]:
    """Return what a source does: everything but its docstrings and the names of its classes."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef)):
            node.body = node.body[1:] if ast.get_docstring(node) is not None else node.body
        if isinstance(node, ast.ClassDef):
            node.name = "Name"
    return [ast.dump(node) for node in tree.body]


@pytest.mark.parametrize("text", HARMFUL)
@pytest.mark.parametrize("field", ["title", "cite", "name", "source"])
def test_a_harmful_text_stays_text(field: str, text: str) -> None:
    assert_harmless(retitled(**{field: text}))


@examples(150)
@given(st.text(max_size=40), st.text(st.sampled_from("\\\"'\n ax{}#\u202e"), max_size=120), st.text(max_size=20))
def test_any_text_stays_text(title: str, cite: str, source: str) -> None:
    assert_harmless(retitled(title=title, cite=cite, source=f"/specs/{source}.yaml"))


def assert_harmless(graph: Graph) -> None:
    """Assert that a source with other texts in it does the same as before, and is as readable."""
    source = emit_torch(graph)
    assert source.isascii()
    assert statements(source) == statements(emit_torch(graph_of("lenet5_modern")))
    assert class_name(source).isidentifier()
    compile(source, "<test>", "exec", dont_inherit=True)


@pytest.mark.parametrize(
    ("name", "title", "expected"),
    [
        ("lenet5_modern", "LeNet-5, as it is taught today", "LeNet5Modern"),
        ("resnet18", "Deep residual learning: the ResNet with 18 layers", "ResNet18"),
        ("resnext50_32x4d", "ResNeXt-50 (32x4d)", "ResNeXt50_32x4d"),
        ("squeezenet1_0", "", "Squeezenet1_0"),
        ("3d_net", "Ein Netz für Räume", "Net3dNet"),
    ],
)
def test_a_network_s_class_is_called_by_its_name(name: str, title: str, expected: str) -> None:
    assert class_name(emit_torch(retitled(name=name, title=title))) == expected


def test_a_number_that_tells_classes_apart_is_no_part_of_their_name() -> None:
    graph = compile_text(
        """netspec: 1
input: [4, 8, 8]
network:
  - {sequential: [{residual: {body: [conv: {out: 4, kernel: 1}, bn, relu, bn]}, name: fuse3}, relu], name: left}
  - {sequential: [{residual: {body: [gn: 2, gelu, in, dropout]}, name: fuse3}, gelu], name: right}
"""
    )
    classes = re.findall(r"^class (\w+)", emit_torch(graph), re.MULTILINE)
    assert {"Fuse3", "Fuse3_2"} <= set(classes)


def test_units_that_are_numbered_in_a_loop_are_called_by_what_is_around_them() -> None:
    unit = {"residual": {"body": [{"conv": {"out": "width", "kernel": 3, "padding": 1}}, "bn"], "after": "relu"}}
    stage = {"repeat": 2, "name": "stage{number}", "body": [unit]}
    content = {"input": [4, 8, 8], "network": [{"foreach": {"number": [1, 2], "width": [4, 8]}, "body": [stage]}]}
    classes = re.findall(r"^class (\w+)", emit_torch(compile_text(content)), re.MULTILINE)
    assert classes == ["StageUnit", "StageUnitWithDownsample", "Sample"]


FORBIDDEN = [
    "import os",
    "import os, torch",
    "from os import path",
    "from . import torch",
    "from torch.hub import load",
    "__import__('os')",
    "x = eval('1')",
    "x = exec",
    "open('file')",
    "globals()",
    "breakpoint()",
    "x = torch.__dict__",
    "x = (1).__class__.__bases__",
    "x = __builtins__",
    "with torch.no_grad():\n    pass",
    "try:\n    x = 1\nfinally:\n    x = 2",
    "while True:\n    x = 1",
    "x = lambda: 1",
    "del torch",
    "global x",
    "async def f():\n    await x",
    "def f():\n    yield 1",
    "assert x",
    "(x := 1)",
    "match x:\n    case 1:\n        x = 2",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_verification_refuses_what_the_emitter_never_writes(statement: str) -> None:
    source = emit_torch(graph_of("lenet5_modern"))
    verify_source(source)
    inside = "".join(f"        {line}\n" for line in statement.splitlines())
    for text in (f"{source}\n{statement}\n", source + inside):
        with pytest.raises(UnsafeSource):
            verify_source(text)


# names that a document may choose, and that mean something in Python or torch

TRICKY: dict[str, dict[str, Any]] = {
    "blocks": {
        "blocks": {name: {"body": ["bn"]} for name in ("tensor", "named_tuple", "f", "none", "true", "sample_output")},
        "network": ["tensor", "named_tuple", "f", "none", "true", "sample_output", {"output": {"name": "side"}}],
    },
    "layers": {
        "blocks": {"channel_affine_": {"body": ["channel_affine"]}, "draw_column_": {"body": ["bn", "relu"]}},
        "network": ["channel_affine_", "draw_column_"],
    },
    "arguments": {
        "blocks": {
            "unit": {
                "args": {"torch": "int", "self_": "int", "training": 1.5, "forward": 3, "F": 1, "nn": 1},
                "body": [
                    {"conv": {"out": "torch", "kernel": "forward", "padding": "forward // 2"}},
                    {"scale": "training"},
                    {"conv": {"out": "self_", "kernel": "F", "stride": "nn"}},
                ],
            }
        },
        "network": [
            {"unit": {"torch": 8, "self_": 9}},
            {"unit": {"torch": 10, "self_": 13, "training": 2.5, "forward": 1}},
            {"unit": {"torch": 12, "self_": 11, "nn": 2}},
        ],
    },
    "labels": {
        "network": [
            {"conv": {"out": 4, "kernel": 1}, "as": "lambda"},
            {"relu": None, "as": "class"},
            {"add": ["lambda", "class"], "as": "self"},
            {"bn": None, "as": "torch"},
            {"concat": ["torch", "self", "class"]},
        ],
    },
    "outputs": {
        "outputs": ["count", "input", "torch"],
        "network": [{"conv": {"out": 4, "kernel": 1}, "as": "torch"}, {"relu": None, "as": "count"}],
    },
    "modules": {
        "network": [
            {
                "concat": {
                    "keys": [{"conv": {"out": 4, "kernel": 1}, "share": "one"}, "relu"],
                    "items": ["bn", {"conv": {"out": 4, "kernel": 1}, "share": "one"}, "bn"],
                    "update": ["bn", {"conv": {"out": 4, "kernel": 1}, "share": "one"}],
                }
            },
            {"sequential": [{"bn": None, "name": "keys"}, {"bn": None, "name": "values"}], "name": "clear"},
        ],
    },
}


@pytest.mark.parametrize("what", TRICKY)
def test_tricky_names(what: str) -> None:
    compare(load_text({"input": [4, 6, 6], **TRICKY[what]}), training=True)


@pytest.mark.slow
def test_a_thousand_layers() -> None:
    layers = {"input": [2, 4, 4], "network": [{"repeat": 1_000, "body": [{"conv": {"out": 2, "kernel": 1}}, "relu"]}]}
    graph = compile_text(layers)
    (forward,) = forwards(ast.parse(emit_torch(graph)))
    assert len(forward.body) == len(graph) == 2_000
    layers["network"][0]["name"] = "layers"  # type: ignore[index]
    (forward,) = forwards(ast.parse(source := emit_torch(compile_text(layers))))
    assert len(forward.body) == 1 and len(source.splitlines()) < 40


# the same bytes everywhere

HASHED = """
import hashlib, netspec
for name in {names!r}:
    print(name, hashlib.sha256(netspec.source(name).encode()).hexdigest())
"""


@pytest.mark.slow
def test_the_hash_seed_changes_nothing() -> None:
    names = ("googlenet", "densenet121", "resnet50", *(str(find(name)) for name in OWN))
    printed = set()
    for seed in ("0", "1", "20"):
        command = [sys.executable, "-c", HASHED.format(names=names)]
        done = subprocess.run(command, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True)
        printed.add(done.stdout)
    assert len(printed) == 1 and len(printed.pop().splitlines()) == len(names)


# a file without netspec

ALONE = """
import importlib.util, sys
from pathlib import Path
import torch

class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "netspec":
            raise ImportError("netspec must not be needed")

sys.meta_path.insert(0, Wall())
for path in map(Path, sys.argv[1:]):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    network = [value for value in vars(module).values() if isinstance(value, type)][-1]()
    assert sum(each.numel() for each in network.parameters()) == int(path.stem.rpartition("-")[2])
    shapes = eval(path.with_suffix(".shapes").read_text())
    inputs = [torch.zeros(1, *shape, dtype=getattr(torch, dtype)) for shape, dtype in shapes]
    network.eval()(*inputs)
assert "netspec" not in sys.modules
print("alone")
"""


@pytest.mark.slow
def test_the_files_run_without_netspec(tmp_path: Path) -> None:
    paths = []
    for name in (*OWN, "lenet5_modern", "squeezenet1_1", "fractalnet20_cifar10", "swapout20_cifar"):
        graph = graph_of(name)
        path = tmp_path / f"{name}-{graph.params}.py"
        path.write_text(emit_torch(graph))
        shapes = [(each.shape, each.dtype.replace("float", "float32")) for each in graph.inputs]
        path.with_suffix(".shapes").write_text(repr(shapes))
        paths.append(str(path))
    command = [sys.executable, "-I", "-W", "error", "-c", ALONE, *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "alone\n"), done.stderr


# every width


@examples(60)
@given(documents() | sequences(), st.integers(40, 200))
def test_a_file_is_the_same_at_every_width(content: dict[str, Any], width: int) -> None:
    graph = compile_text(content)
    assert ast.dump(ast.parse(code(emit_torch(graph, width)))) == ast.dump(ast.parse(code(emit_torch(graph))))


MERGES = ("add", "mul", "mean", "max", "concat")


@pytest.mark.parametrize("width", [40, 60, 100])
def test_lines_of_forward_break(width: int) -> None:
    values = [{"conv": {"out": 4, "kernel": 1}, "as": f"value{index}"} for index in range(12)]
    labels = [f"value{index}" for index in range(12)]
    merges = [{name: labels[:4] if name == "max" else labels} for name in MERGES]
    heads = [{"output": {"name": f"head{index}", "train_only": True, "body": ["bn"]}} for index in range(4)]
    graph = compile_text({"input": [4, 6, 6], "network": [*values, *merges, *heads, {"pad": {"sides": 1, "value": 2}}]})
    source = emit_torch(graph, width)
    assert_width(source, ast.parse(source), max(width, 56))  # the header's sentence takes 56 columns
    assert verify_forward(load_class(source)().eval(), graph) == len(graph) - len(heads)


@pytest.mark.parametrize("merge", MERGES)
def test_a_merge_of_many_values(merge: str) -> None:
    labels = [f"value{index}" for index in range(600)]
    graph = compile_text({"input": [2, 2, 2], "network": [*({"relu": None, "as": x} for x in labels), {merge: labels}]})
    assert verify_forward(load_class(emit_torch(graph))().eval(), graph) == len(graph)


@pytest.mark.parametrize("name", SOURCES)
def test_shipped_files_parse_at_every_width(name: str) -> None:
    graph = graph_of(name)
    usual = ast.dump(ast.parse(code(emit_torch(graph))))
    for width in sample(range(40, 201, 8)):
        assert ast.dump(ast.parse(code(emit_torch(graph, width)))) == usual, width


def code(source: str) -> str:
    """Return a source without its docstrings, which are wrapped at other words at another width."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef)) and ast.get_docstring(node) is not None:
            node.body[0] = ast.Expr(ast.Constant(""))
    return ast.unparse(tree)


PLAIN = ("relu", "bn", {"conv": {"out": 8, "kernel": 3, "padding": 1}}, "sigmoid", {"dropout": 0.5})
LOOPS = st.lists(st.sampled_from(PLAIN), min_size=1, max_size=6)


@examples(60)
@given(LOOPS, st.integers(1, 5), st.booleans(), st.booleans())
def test_named_loops_of_plain_layers_build(body: list[Any], times: int, foreach: bool, nested: bool) -> None:
    loop: dict[str, Any] = {"foreach": {"width": [8] * times}} if foreach else {"repeat": times}
    steps = [{"residual": body}] if nested else body
    content = {"input": [8, 6, 6], "network": [{**loop, "name": "trunk", "body": steps}, {**loop, "body": steps}]}
    graph = compile_text(content)
    for width in (40, 100, 200):
        assert verify_forward(load_class(emit_torch(graph, width))().eval(), graph) == len(graph)


# what a forward takes


def taken(text: str) -> list[str]:
    """Return the parameters of every ``forward`` of a document's file, those of the network last."""
    source = emit_torch(compile_text(text))
    return [", ".join(each.arg for each in node.args.args[1:]) for node in forwards(ast.parse(source))]


@pytest.mark.parametrize("order", list(permutations(["left", "right", "third"])), ids=str)
def test_a_block_takes_its_inputs_as_it_declares_them(order: tuple[str, str, str]) -> None:
    first, second, last = order
    body = f"[{{conv: {{out: 4, kernel: 1}}, from: {first}, as: a}}, {{add: [x, {second}]}}, {{sub: [x, {last}]}}]"
    blocks = f"blocks: {{unit: {{inputs: [left, right, third], body: {body}}}}}\n"
    head = "netspec: 1\ninput: {one: [4, 8, 8], two: [4, 8, 8], three: [4, 8, 8]}\n"
    calls = "network: [{unit: , from: [three, one, two]}, {unit: , from: [x, two, two]}]\n"
    assert taken(head + blocks + calls)[-1] == "one, two, three"
    assert "left, right, third" in taken(head + blocks + calls)


def test_a_single_input_keeps_the_name_that_it_is_given() -> None:
    conv = "{conv: {out: 4, kernel: 1}}"
    assert taken(f"netspec: 1\ninput: {{image: [4, 8, 8]}}\nnetwork: [{conv}, relu]\n") == ["image"]
    assert taken(f"netspec: 1\ninput: [4, 8, 8]\nnetwork: [{conv}, relu]\n") == ["x"]
    block = f"blocks: {{unit: {{inputs: [image], body: [{conv}, {{add: [x, image]}}]}}}}\n"
    assert taken(f"netspec: 1\ninput: [4, 8, 8]\n{block}network: [unit, tanh]\n") == ["image", "x"]

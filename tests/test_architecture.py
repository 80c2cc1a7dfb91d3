"""The floors of the package: each module imports only from the floors above its own."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import netspec

PACKAGE = Path(netspec.__file__).parent

FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"sizes"}),
    frozenset({"errors", "shape"}),
    frozenset({"reader", "expr", "ops"}),
    frozenset({"spec", "graph", "render", "writing"}),
    frozenset({"lower", "passes", "report"}),
    frozenset({"comparison"}),
    frozenset({"emit", "pipeline"}),
    frozenset({"instantiate"}),
    frozenset({"cli"}),
)
"""The rooms of the package, from the roof down. A room may use itself and every floor above its own."""

OUTSIDE = frozenset({"__init__", "__main__", "version"})
"""The façade, the entry point and a constant: they belong to no floor, and only the constant may be imported."""

DATA = frozenset({"layers", "blocks", "specs"})
"""Folders that are read, not imported."""

ONLY_IN = {"networkx": "graph", "torch": "instantiate"}
FORBIDDEN_NAMES = frozenset({"utils", "util", "helpers", "helper", "misc", "common"})

LONGEST = 400
LONGER = {"netspec.spec.parsing": 460}
"""Modules that should become two; until then they may not grow."""


class Import(NamedTuple):
    """One import: who, what, where, and whether it waits until a function is called."""

    module: str
    target: str
    line: int
    waits: bool

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target}"


def room(module: str) -> str:
    """Return the room of a module: ``netspec.emit.dot`` is in ``emit``."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def find_modules(package: Path) -> dict[str, Path]:
    """Return the Python files of a package by their dotted name, data left out."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        if parts[0] not in DATA:
            found[".".join(("netspec", *(part for part in parts if part != "__init__")))] = path
    return found


def imports(module: str, text: str) -> Iterator[Import]:
    """Yield everything that a file imports, at any depth, but for what only the type checker sees."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        for target in targets(node):
            yield Import(module, target, node.lineno, node.col_offset > 0)  # type: ignore[attr-defined]


def targets(node: ast.AST) -> list[str]:
    """Return the dotted names that a statement or call imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"line {node.lineno}: imports are written in full"
        return [f"{node.module}.{alias.name}" for alias in node.names]
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
        return [str(each.value) for each in node.args if isinstance(each, ast.Constant)]
    return []


MODULES = find_modules(PACKAGE)
IMPORTS = [each for module, path in MODULES.items() for each in imports(module, path.read_text(encoding="utf-8"))]


def upward(found: Iterable[Import]) -> list[str]:
    """Return the imports from a lower floor, from another room of the same floor, or from a room without a floor."""
    floors = {name: number for number, names in enumerate(FLOORS) for name in names}
    faults = []
    for each in found:
        here, there = room(each.module), room(each.target)
        free = not each.target.startswith("netspec") or there in ("version", here) or here in OUTSIDE
        if not free and floors.get(there, len(FLOORS)) >= floors.get(here, 0):
            faults.append(str(each))
    return faults


def strays(found: Iterable[Import]) -> list[str]:
    """Return the imports of a large package outside the one room that may import it."""
    return [
        str(each)
        for each in found
        if (package := each.target.partition(".")[0]) in ONLY_IN and room(each.module) != ONLY_IN[package]
    ]


def circle(found: Iterable[Import], modules: Iterable[str]) -> list[str]:
    """Return modules that import each other in a circle while they are imported, or nothing."""
    graph: dict[str, set[str]] = {module: set() for module in modules}
    for each in found:
        owner = each.target if each.target in graph else each.target.rpartition(".")[0]
        if owner in graph and owner != each.module and not each.waits:
            graph[each.module].add(owner)
    done: set[str] = set()
    for start in graph:
        trail = [(start, iter(sorted(graph[start])))]
        while trail:
            following = next((name for name in trail[-1][1] if name not in done), None)
            names = [name for name, _ in trail]
            if following is None:
                done.add(trail.pop()[0])
            elif following in names:
                return [*names[names.index(following) :], following]
            else:
                trail.append((following, iter(sorted(graph[following]))))
    return []


def test_imports_go_up() -> None:
    assert upward(IMPORTS) == []


def test_torch_and_networkx_have_one_door_each() -> None:
    assert strays(IMPORTS) == []


def test_nothing_large_is_imported_before_it_is_needed() -> None:
    assert [str(each) for each in IMPORTS if each.target.partition(".")[0] == "networkx" and not each.waits] == []
    assert [str(each) for each in IMPORTS if room(each.target) == "instantiate" and not each.waits] == []


def test_no_circle() -> None:
    assert circle(IMPORTS, MODULES) == []


def test_every_room_has_a_floor() -> None:
    assert {room(module) for module in MODULES} == frozenset().union(OUTSIDE, *FLOORS)


@pytest.mark.parametrize("module", MODULES)
def test_name_and_length(module: str) -> None:
    lines = len(MODULES[module].read_text(encoding="utf-8").splitlines())
    assert MODULES[module].stem not in FORBIDDEN_NAMES
    assert lines <= LONGER.get(module, LONGEST), "too long: make two modules of it"
    assert lines > LONGEST or module not in LONGER, "short enough: take it off the list"


# the checks themselves


@pytest.mark.parametrize(
    ("module", "text", "target"),
    [
        ("netspec.spec.model", "from netspec.lower import lower", "netspec.lower.lower"),
        ("netspec.graph", "def f():\n    import netspec.emit.dot", "netspec.emit.dot"),
        ("netspec.errors", "from netspec.shape import show", "netspec.shape.show"),
        ("netspec.emit.dot", "from netspec import compile", "netspec.compile"),
        ("netspec.cli.build", "from netspec.unknown import thing", "netspec.unknown.thing"),
    ],
)
def test_an_upward_import_is_seen(module: str, text: str, target: str) -> None:
    (line,) = upward(imports(module, text))
    assert line.endswith(f"imports {target}")


@pytest.mark.parametrize(
    ("module", "text", "target"),
    [
        ("netspec.ops.conv", "import torch.nn", "torch.nn"),
        ("netspec.emit.dot", "from networkx import DiGraph", "networkx.DiGraph"),
        ("netspec.cli.build", "import importlib\nimportlib.import_module('torch')", "torch"),
    ],
)
def test_a_stray_is_seen(module: str, text: str, target: str) -> None:
    (line,) = strays(imports(module, text))
    assert line.endswith(f"imports {target}")


def test_what_is_allowed() -> None:
    text = """
if TYPE_CHECKING:
    from torch import nn
    from netspec.cli import main
from netspec.version import __version__
from netspec.graph import Graph
from netspec.emit.table import summarize
"""
    found = list(imports("netspec.emit.dot", text))
    assert len(found) == 3 and upward(found) == [] and strays(found) == []


def test_a_circle_is_seen() -> None:
    edges = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")]
    found = [Import(module, target, 1, False) for module, target in edges]
    assert circle(found, "abcd") == ["a", "b", "c", "a"]
    assert circle([each._replace(waits=each.module == "c") for each in found], "abcd") == []

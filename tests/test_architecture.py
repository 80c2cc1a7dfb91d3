"""The layers of the package: each module imports only from its own package and from those below."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import netspec
from netspec.cli.group import COMMANDS

PACKAGE = Path(netspec.__file__).parent

LAYERS: tuple[str, ...] = (
    "lazy",
    "garbage",
    "limits",
    "dtypes",
    "sizes",
    "diagnostics",
    "syntax",
    "ops",
    "ir",
    "language",
    "lowering",
    "analysis",
    "passes",
    "pipeline",
    "graph_diff",
    "views",
    "targets",
    "output_files",
    "tooling",
    "cli",
)
"""The packages from the bottom up. A module imports from its own package and from those below it."""

OUTSIDE = frozenset({"__init__", "__main__", "version"})
"""The façade, the entry point and a constant: they belong to no layer, and only the constant may be imported."""

DATA = ("targets/torch/layers", "blocks", "specs")
"""Folders that are read, not imported."""

RUNTIME = "netspec.targets.torch.runtime"
ONLY_IN = {"networkx": "netspec.ir.graph", "torch": RUNTIME}
"""Large packages, and the only module or package that may import them."""

MOST_OF_THE_LINES = 1 / 5
"""No package has more of the lines than this: it would be several."""

FORBIDDEN_NAMES = frozenset({"utils", "util", "helpers", "helper", "misc", "common"})

LONGEST = 400


class Import(NamedTuple):
    """One import: who, what, where, whether it waits until a function is called, and whether only types need it."""

    module: str
    target: str
    line: int
    waits: bool
    typing_only: bool = False

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target}"


def package(module: str) -> str:
    """Return the package of a module: ``netspec.views.record`` is in ``views``."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def find_modules(root: Path) -> dict[str, Path]:
    """Return the Python files of netspec by their dotted name, data left out."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        place = path.relative_to(root)
        parts = place.with_suffix("").parts
        if not place.as_posix().startswith(DATA):
            found[".".join(("netspec", *(part for part in parts if part != "__init__")))] = path
    return found


def imports(module: str, text: str) -> Iterator[Import]:
    """Yield everything that a file imports: at its head, inside functions, and for the type checker alone."""
    nodes = list(ast.walk(ast.parse(text)))
    typing_only = {
        id(inner)
        for node in nodes
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in nodes:
        for target in targets(node):
            waits = node.col_offset > 0  # type: ignore[attr-defined]
            yield Import(module, target, node.lineno, waits, id(node) in typing_only)  # type: ignore[attr-defined]


def targets(node: ast.AST) -> list[str]:
    """Return the dotted names that a statement or call imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"line {node.lineno}: imports are written in full"
        return [f"{node.module}.{alias.name}" for alias in node.names]
    if isinstance(node, ast.Call) and called(node).endswith(("import_module", "__import__")):
        return [str(each.value) for each in node.args if isinstance(each, ast.Constant)]
    return []


def called(call: ast.Call) -> str:
    """Return the last name of what a call calls; unparsing it would take longer than all the rest."""
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


MODULES = find_modules(PACKAGE)


@pytest.fixture(scope="module")
def package_imports() -> list[Import]:
    """Return all that the package imports."""
    return [each for module, path in MODULES.items() for each in imports(module, path.read_text(encoding="utf-8"))]


def upward(found: Iterable[Import]) -> list[str]:
    """Return the imports from a package that is not below, or that has no layer."""
    layers = {name: number for number, name in enumerate(LAYERS)}
    errors = []
    for each in found:
        here, there = package(each.module), package(each.target)
        free = not each.target.startswith("netspec") or there in ("version", here) or here in OUTSIDE
        if not free and layers.get(there, len(LAYERS)) >= layers.get(here, 0):
            errors.append(str(each))
    return errors


def strays(found: Iterable[Import]) -> list[str]:
    """Return the imports of a large package outside the one place that may import it."""
    return [
        str(each)
        for each in found
        if not each.typing_only
        and (large := each.target.partition(".")[0]) in ONLY_IN
        and not f"{each.module}.".startswith(f"{ONLY_IN[large]}.")
    ]


def circle(found: Iterable[Import], modules: Iterable[str]) -> list[str]:
    """Return modules that import each other in a circle, at whatever time, or nothing."""
    graph: dict[str, set[str]] = {module: set() for module in modules}
    for each in found:
        owner = each.target if each.target in graph else each.target.rpartition(".")[0]
        if owner in graph and owner != each.module:
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


def test_imports_go_down(package_imports: list[Import]) -> None:
    assert upward(package_imports) == []


def test_torch_and_networkx_have_one_door_each(package_imports: list[Import]) -> None:
    assert strays(package_imports) == []


def test_nothing_large_is_imported_before_it_is_needed(package_imports: list[Import]) -> None:
    networkx = (each for each in package_imports if each.target.partition(".")[0] == "networkx")
    assert [str(each) for each in networkx if not each.waits] == []
    inside = f"{RUNTIME}."
    early = (each for each in package_imports if f"{each.target}.".startswith(inside) and not each.waits)
    assert [str(each) for each in early if not f"{each.module}.".startswith(inside)] == []


def test_no_circle(package_imports: list[Import]) -> None:
    assert circle(package_imports, MODULES) == []


def test_every_package_has_a_layer() -> None:
    assert {package(module) for module in MODULES} == OUTSIDE.union(LAYERS)


def test_no_package_outgrows_the_others() -> None:
    lines = Counter[str]()
    for module, path in MODULES.items():
        lines[package(module)] += len(path.read_text(encoding="utf-8").splitlines())
    assert max(lines.values()) <= MOST_OF_THE_LINES * lines.total(), lines


def test_every_package_says_what_is_in_it() -> None:
    for path in MODULES.values():
        if path.name != "__init__.py" or path.parent == PACKAGE:
            continue
        contents = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        inside = {each.stem for each in path.parent.glob("*.py")} | {
            each.parent.name for each in path.parent.glob("*/*.py")
        }
        # A command is a module of its name, which the help lists.
        commands = COMMANDS.keys() if path.parent.name == "cli" else frozenset()
        for name in inside - commands - {"__init__"}:
            assert re.search(rf"\b{name}\b", contents), f"{path.parent.name}/__init__.py does not mention {name}"


@pytest.mark.parametrize("module", MODULES)
def test_name_and_length(module: str) -> None:
    lines = len(MODULES[module].read_text(encoding="utf-8").splitlines())
    assert MODULES[module].stem not in FORBIDDEN_NAMES
    assert lines <= LONGEST, "too long: make two modules of it"


# tests


def test_tests_import_no_tests() -> None:
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        if "golden" in path.parts:
            continue
        for each in imports(path.stem, path.read_text(encoding="utf-8")):
            parts = each.target.split(".")
            assert not any(part.startswith("test_") or part == "conftest" for part in parts), f"{path}: {each}"


# the checks themselves


@pytest.mark.parametrize(
    ("module", "text", "target"),
    [
        ("netspec.language.model", "from netspec.lowering import lower", "netspec.lowering.lower"),
        ("netspec.ir.graph", "def f():\n    import netspec.views.record", "netspec.views.record"),
        ("netspec.ir.graph", "if TYPE_CHECKING:\n    import netspec.views.record", "netspec.views.record"),
        ("netspec.views.record", "from netspec import compile", "netspec.compile"),
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
        ("netspec.ir.graphs", "from networkx import DiGraph", "networkx.DiGraph"),
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
from netspec.version import __version__
from netspec.ir import Graph
from netspec.views.numbers import show_count
"""
    found = list(imports("netspec.views.record", text))
    assert len(found) == 4 and upward(found) == [] and strays(found) == []


def test_a_circle_is_seen() -> None:
    edges = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")]
    found = [Import(module, target, 1, waits=module == "c") for module, target in edges]
    assert circle(found, "abcd") == ["a", "b", "c", "a"]

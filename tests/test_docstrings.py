"""Docstrings: what is public says in one sentence what it is, then its errors and an example, which is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import netspec
from netspec.language.combinators import COMBINATORS
from netspec.passes.manager import PASSES
from netspec.targets.torch.pipeline import legalize

PACKAGE = Path(netspec.__file__).parent
COPIED = PACKAGE / "targets" / "torch" / "layers"
"""Layers that are copied into generated files, which no one imports."""

MODULES = sorted(path for path in PACKAGE.rglob("*.py") if COPIED not in path.parents)
FUNCTIONS = [name for name in netspec.__all__ if callable(getattr(netspec, name)) and name[0].islower()]
RECORDS = [name for name in netspec.__all__ if isinstance(getattr(netspec, name), type) and "Error" not in name]


def documented(path: Path) -> Iterator[tuple[str, str | None]]:
    """Yield the module, its public classes and functions, with their docstrings; rules of targets are named by ops."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if path.name != "__init__.py" or tree.body:
        yield path.stem, ast.get_docstring(tree)
    for node in tree.body:
        if not isinstance(node, (ast.ClassDef, ast.FunctionDef)) or node.name.startswith("_"):
            continue
        decorators = " ".join(map(ast.unparse, node.decorator_list))
        if "implements" not in decorators and "overload" not in decorators:
            yield node.name, ast.get_docstring(node)


def said(docstring: str | None) -> str:
    return " ".join((docstring or "").split())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_begins_with_one_sentence_on_a_line_of_its_own(path: Path) -> None:
    for name, docstring in documented(path):
        assert docstring, f"{name} has no docstring"
        first, *rest = docstring.splitlines()
        assert re.search(r"[.:)`?]$", first), f"{name}: {first}"
        assert not rest or not rest[0], f"{name}: an empty line is missing after the first"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_of_the_facade_says_its_errors_and_has_an_example(name: str) -> None:
    docstring = getattr(netspec, name).__doc__
    assert "Raises: " in docstring
    assert "Example:\n        >>> import netspec\n" in docstring


@pytest.mark.parametrize("name", RECORDS)
def test_record_of_the_facade_has_an_example(name: str) -> None:
    assert ">>> " in getattr(netspec, name).__doc__


@pytest.mark.parametrize("word", COMBINATORS)
def test_combinator_has_an_example_and_describes_its_fields(word: str) -> None:
    combinator = COMBINATORS[word]
    assert re.search(rf"Example: ``.*\b{word}\b", said(combinator.__doc__))
    for name, field in combinator.model_fields.items():
        assert field.description and field.description.endswith("."), name


def test_pass_says_what_it_does() -> None:
    assert legalize.__doc__
    assert PASSES
    for each in PASSES.values():
        assert said(each.__doc__).endswith(".")
        assert said(each.run.__doc__).startswith("Return the graph")

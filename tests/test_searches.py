"""Every random search says how many examples it takes, by ``examples``.

`make test-fast` shortens those that say it. Without it, hypothesis also allows an example only 200 ms, which fails
where other programs use the machine.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.support.paths import TESTS

FILES = [path for path in sorted(TESTS.rglob("test_*.py")) if "golden" not in path.parts]


def unlimited(text: str) -> Iterator[str]:
    """Yield the searches of a file that do not say it, neither themselves nor by the name of what says it."""
    body = ast.parse(text).body
    limits = {
        ast.unparse(each.targets[0]) for each in body if isinstance(each, ast.Assign) and _calls(each.value, "examples")
    }
    for each in body:
        marks = each.decorator_list if isinstance(each, ast.FunctionDef) else []
        says = any(_calls(mark, "examples") or ast.unparse(mark) in limits for mark in marks)
        if any(_calls(mark, "given") for mark in marks) and not says:
            yield each.name  # type: ignore[attr-defined]


def _calls(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == name


def test_every_search_says_how_long_it_goes_on() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in FILES}
    searching = {path: text for path, text in texts.items() if "given(" in text}
    assert len(searching) > 10
    assert {path.name: names for path, text in searching.items() if (names := list(unlimited(text)))} == {}


@pytest.mark.parametrize(
    ("marks", "found"),
    [("@given(x)", ["f"]), ("@given(x)\n@FEW", []), ("@search.examples(9)\n@given(x)", []), ("@FEW", [])],
)
def test_a_search_without_it_is_seen(marks: str, found: list[str]) -> None:
    assert list(unlimited(f"FEW = examples(5)\n\n{marks}\ndef f(x): ...")) == found

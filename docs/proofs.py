"""What proves each network that ships, read from what the tests of the zoo are given and from the tests themselves.

tests/zoo/test_proofs.py holds this to the tests that pytest collects, both ways.
"""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from netspec.language import Document
from netspec.language.loading.files import shipped_names

ZOO = Path(__file__).parent.parent / "tests" / "zoo"
LAWS = (
    "test_behaviour.py",
    "test_behaviour_families.py",
    "test_figures.py",
    "test_initialization.py",
    "test_plain_generative.py",
    "test_plain_hybrids.py",
    "test_plain_modules.py",
    "test_plain_tasks.py",
)
"""The files of tests that hold single networks to what their papers and their authors' files say of them."""


UNTRACED = ("swin_t",)
"""Networks whose outputs with the reference's weights are compared, and no graphs: torchvision's Swin overwrites parts
of tensors, which the tests cannot follow."""


def references(document: Document) -> Iterator[tuple[str, str]]:
    """Yield the libraries whose network this one equals, with its constructor there."""
    for library, named in document.reference.items():
        if library != "keys":
            yield library, next(iter(named)) if isinstance(named, Mapping) else named


def other_readings() -> list[tuple[str, dict[str, Any], str]]:
    """Return the settings that make a network another one of pytorchcv: the network, the arguments, the constructor."""
    rows = yaml.safe_load((ZOO / "settings.yaml").read_text(encoding="utf-8"))
    return [(row["network"], row["settings"], row["equals"]) for row in rows]


@cache
def part_figures() -> Counter[str]:
    """Return how many figures of its parts the tests hold each network to."""
    places = yaml.safe_load((ZOO / "figures.yaml").read_text(encoding="utf-8"))
    counts: Counter[str] = Counter()
    for network, figures in places.items():
        counts[network.partition("@")[0]] += sum(map(len, figures.values()))
    return counts


@cache
def laws() -> Mapping[str, tuple[str, ...]]:
    """Return the tests that name each network, themselves or in a table that they are given."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in LAWS:
        module = ast.parse((ZOO / name).read_text(encoding="utf-8"))
        tables = {target: _networks(value, {}) for target, value in _assignments(module)}
        for function in module.body:
            if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
                for network in _networks(function, tables):
                    found[network].append(function.name)
    return {network: tuple(tests) for network, tests in found.items()}


def _assignments(module: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for statement in module.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        value = getattr(statement, "value", None)
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(value, ast.expr):
                yield target.id, value


def _networks(tree: ast.AST, tables: Mapping[str, set[str]]) -> set[str]:
    """Return the networks that stand in a piece of a test, or in the tables that it mentions."""
    shipped, found = set(shipped_names()), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value.partition("@")[0])
        elif isinstance(node, ast.Name):
            found |= tables.get(node.id, set())
    return found & shipped

"""The layers that torch lacks: real Python files, of which the needed classes are pasted into the source."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent.parent.parent / "layers"


@cache
def _definitions(layer: str) -> dict[str, str]:
    """Return the classes and functions of a layer's file by name, in order."""
    text = (FOLDER / f"{layer}.py").read_text(encoding="utf-8")
    lines = text.splitlines()
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            found[node.name] = "\n".join(lines[first - 1 : node.end_lineno])
    return found


@cache
def layer_classes() -> frozenset[str]:
    """Return the names of all classes that torch lacks."""
    return frozenset(name for path in FOLDER.glob("*.py") for name in _definitions(path.stem))


def layer_text(layer: str, template: str) -> dict[str, str]:
    """Return the definitions that a template needs from a layer's file, those that they refer to included."""
    definitions = _definitions(layer)
    wanted = _names(template) & definitions.keys()
    pending = list(wanted)
    while pending:
        for name in _names(definitions[pending.pop()]):
            if name in definitions and name not in wanted:
                wanted.add(name)
                pending.append(name)
    return {name: text for name, text in definitions.items() if name in wanted}


def _names(text: str) -> set[str]:
    """Return the names that a definition or a template uses; what only a docstring mentions does not count."""
    code = re.sub(r"[{}]", "", text) if not text.startswith(("class", "def", "@")) else text
    return {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}

"""The layers that torch lacks: Python files, of which the needed classes are copied into the source."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from netspec.ir import Graph

FOLDER = Path(__file__).parent / "layers"


@cache
def _definitions(layer: str) -> dict[str, str]:
    """Return the classes and functions of a layer's file by name, in order."""
    path = Path(layer) if layer.endswith(".py") else FOLDER / f"{layer}.py"
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    # The text is cut out of the file rather than unparsed, which would lose its comments and blank lines.
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            found[node.name] = "\n".join(lines[first - 1 : node.end_lineno])
    return found


def layer_names(layer: str) -> frozenset[str]:
    """Return the names of all classes and functions in a layer's file."""
    return frozenset(_definitions(layer))


def layer_classes(graph: Graph) -> frozenset[str]:
    """Return the names of the copied classes that nodes of the graph use."""
    texts = [node.op.emit_module(*(graph.shape_of(path) for path in node.inputs)) for node in graph]
    return frozenset(text.template.partition("(")[0] for text in texts if text and text.layer)


def layer_text(layer: str, template: str) -> dict[str, str]:
    """Return the definitions that a template needs from a layer's file, with those that they refer to."""
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
    """Return the names that a definition or a template uses, without those in docstrings."""
    code = re.sub(r"[{}]", "", text) if not text.startswith(("class", "def", "@")) else text
    return {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}

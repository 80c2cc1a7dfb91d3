"""Sizes that a line of ``forward`` computes from the values at hand, as in ``x.shape[2] // 2``."""

from __future__ import annotations

from typing import Any

from netspec.analysis import symbolic_types
from netspec.ir import Graph, Node
from netspec.ops import Torch
from netspec.sizes import Dim
from netspec.sizes.local import express
from netspec.targets.torch.document import LocalSize


def local_text(node: Node, graph: Graph) -> Torch | None:
    """Return the function that computes a node, with open sizes among its arguments as texts over what it reads."""
    op, types = node.symbolic or node.op, symbolic_types(graph)
    with graph.sizes.assuming():
        text = op.emit_function(*(types[value].shape for value in node.inputs))
    if text is None:
        return None
    known = {
        f"{{{number}}}.shape[{axis}]": size
        for number, value in enumerate(node.reads)
        for axis, size in enumerate(types[value].shape, start=1)
    }
    arguments = tuple(each._replace(value=_localized(each.value, known)) for each in text.arguments)
    return text._replace(arguments=arguments)


def local_sizes(value: Any) -> tuple[str, ...]:
    """Return the texts of the sizes in an argument that are computed in ``forward``."""
    if isinstance(value, LocalSize):
        return (value.text,)
    return tuple(text for item in value for text in local_sizes(item)) if isinstance(value, tuple) else ()


def _localized(value: Any, known: dict[str, Any]) -> Any:
    if isinstance(value, tuple):
        return tuple(_localized(item, known) for item in value)
    if not isinstance(value, Dim):
        return value
    text = express(value, known)
    assert text is not None, f"{value} does not follow from what is read"
    return LocalSize(text)

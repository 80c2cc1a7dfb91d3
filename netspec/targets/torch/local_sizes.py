"""Sizes that a line of ``forward`` computes from its operands, as in ``x.shape[2] // 2``."""

from __future__ import annotations

from typing import Any

from netspec.analysis import symbolic_types
from netspec.ir import Graph, Node
from netspec.ops import Argument, Torch
from netspec.sizes import Dim
from netspec.sizes.local import express
from netspec.sizes.shape import Shape
from netspec.targets.torch.document import LocalSize
from netspec.targets.torch.written_sizes import write_size


def local_text(node: Node, graph: Graph) -> Torch | None:
    """Return the function of a node, with open sizes among its arguments as expressions over the values it reads."""
    op, types = node.symbolic or node.op, symbolic_types(graph)
    shapes = tuple(types[value].shape for value in node.reads)
    with graph.sizes.assuming():
        text = op.emit_function(*shapes[: len(node.inputs)])
        if text is None or node.symbolic is None:
            return text
        return text._replace(arguments=tuple(_computed(each, node, shapes) for each in text.arguments))


def _computed(argument: Argument, node: Node, shapes: tuple[Shape, ...]) -> Argument:
    """Return an argument as it is computed from what the node reads: as the document says, or else most simply."""
    written = dict(node.expressions).get(argument.field or argument.name)
    if written is not None and isinstance(argument.value, (int, Dim)):
        text = write_size(node, written, argument.value, shapes)
        if text is not None:
            return argument._replace(value=LocalSize(text))
    known = {
        f"{{{number}}}.shape[{axis}]": size
        for number, shape in enumerate(shapes)
        for axis, size in enumerate(shape, start=1)
    }
    return argument._replace(value=_localized(argument.value, known))


def local_sizes(value: Any) -> tuple[str, ...]:
    """Return the expressions of the sizes in an argument that are computed in ``forward``."""
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

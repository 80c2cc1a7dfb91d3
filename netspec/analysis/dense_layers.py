"""Dense blocks: layers whose result is concatenated with their own input."""

from __future__ import annotations

from typing import NamedTuple

from netspec.ir import Node, Scope


class DenseLayer(NamedTuple):
    """A layer of a dense block, and the concatenation of its input with its result."""

    layer: Scope
    concat: Node


def dense_layers(scope: Scope) -> list[DenseLayer]:
    """Return the layers of a dense block in order; empty for any other scope, or where a layer is not a scope.

    Example:
        >>> import netspec
        >>> blocks = [scope for scope in netspec.compile("densenet121").root.descend() if scope.kind == "dense"]
        >>> [len(dense_layers(block)) for block in blocks]
        [6, 12, 24, 16]
    """
    layers, concats = scope.items[::2], scope.items[1::2]
    if scope.kind != "dense" or len(layers) != len(concats):
        return []
    pairs = zip(layers, concats, strict=True)
    found = [
        DenseLayer(layer, concat)
        for layer, concat in pairs
        if isinstance(layer, Scope) and isinstance(concat, Node) and _joins(concat, layer)
    ]
    return found if len(found) == len(layers) else []


def _joins(concat: Node, layer: Scope) -> bool:
    inputs = (*layer.inputs, *layer.outputs)
    return concat.op.concatenates and concat.inputs == inputs and len(inputs) == 2

"""Dense blocks: layers of which each is concatenated with what entered it."""

from __future__ import annotations

from typing import NamedTuple

from netspec.ir import Node, Scope


class DenseLayer(NamedTuple):
    """A layer of a dense block, and the concatenation of what entered it with what it gives."""

    layer: Scope
    joint: Node


def dense_layers(scope: Scope) -> list[DenseLayer]:
    """Return the layers of a dense block in order; nothing for any other scope, or where a layer is no scope.

    Example:
        >>> import netspec
        >>> blocks = [scope for scope in netspec.compile("densenet121").root.descend() if scope.kind == "dense"]
        >>> [len(dense_layers(block)) for block in blocks]
        [6, 12, 24, 16]
    """
    layers, joints = scope.items[::2], scope.items[1::2]
    if scope.kind != "dense" or len(layers) != len(joints):
        return []
    pairs = zip(layers, joints, strict=True)
    found = [
        DenseLayer(layer, joint)
        for layer, joint in pairs
        if isinstance(layer, Scope) and isinstance(joint, Node) and _joins(joint, layer)
    ]
    return found if len(found) == len(layers) else []


def _joins(joint: Node, layer: Scope) -> bool:
    inputs = (*layer.inputs, *layer.outputs)
    return joint.op.concatenates and joint.inputs == inputs and len(inputs) == 2

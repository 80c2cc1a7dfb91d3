"""Padding that torch's layers cannot do (other on each side, TensorFlow's SAME) becomes a ``pad`` op of its own."""

from __future__ import annotations

from dataclasses import replace

from netspec.diagnostics import Code, Note, SpecError
from netspec.ir import Graph, Node
from netspec.ops import OPS, Op
from netspec.passes.rewriting import expand
from netspec.sizes.shape import Pairs, Shape


def explicit_padding(graph: Graph) -> Graph:
    """Return the graph with a ``pad`` before every convolution and pool whose padding torch has no argument for.

    Raises: SpecError NS0506 where a module is shared by steps that, for the sizes that enter, pad differently.
    """
    chosen: dict[str, tuple[Node, ...]] = {}
    for node in graph:
        pairs = node.op.explicit_padding(graph.shape_of(node.inputs[0]))
        if pairs is not None:
            chosen[node.path] = _padded(node, pairs, graph.shape_of(node.inputs[0]))
    result = expand(graph, chosen) if chosen else graph
    _check_shared(result)
    return result


def _check_shared(graph: Graph) -> None:
    """Raise SpecError when what a size makes of a shared layer's padding differs between two of its uses."""
    first: dict[str, Node] = {}
    for node in graph:
        if type(node.op).explicit_padding is Op.explicit_padding:
            continue
        owner = first.setdefault(node.module, node)
        if owner is not node and _written(owner, graph) != _written(node, graph):
            help_text = "put a `pad` before each of them, and leave the shared step without padding"
            message = f"'{node.module}' is shared by steps that pad differently"
            raise SpecError.of(
                Code.INVALID_SHARING, message, node.span, help=help_text, notes=[Note(owner.span, "the first")]
            )


def _written(node: Node, graph: Graph) -> tuple[object, ...]:
    return node.op, node.op.emit_module(*(graph.shape_of(path) for path in node.inputs))


def _padded(node: Node, pairs: Pairs, shape: Shape) -> tuple[Node, Node]:
    """Return a ``pad`` node and the node without padding that reads it."""
    pad = OPS["pad"].model_validate({"sides": pairs, **node.op.pad_arguments()})
    # The pad is no module of its own, so its path only has to be one that no module can have.
    path = f"{node.path}@pad"
    before = replace(
        node,
        path=path,
        op=pad,
        shape=pad.infer_shape(shape),
        params=0,
        macs=0,
        module=path,
        init=(),
        named=False,
        label="",
    )
    return before, replace(node, op=node.op.without_padding(), inputs=(path,))

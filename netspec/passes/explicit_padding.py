"""Padding that torch's layers cannot do (other on each side, TensorFlow's SAME) becomes a ``pad`` op of its own."""

from __future__ import annotations

from dataclasses import replace

from netspec.diagnostics import Code, Note, SpecError
from netspec.ir import Graph, Node
from netspec.ops import OPS
from netspec.passes.rewriting import expand
from netspec.sizes.shape import Pairs, Shape


def explicit_padding(graph: Graph) -> Graph:
    """Return the graph with a ``pad`` before every convolution and pool whose padding torch has no argument for.

    Raises: SpecError NS0506 where a module is shared by steps that, for the sizes that enter, pad differently.
    """
    chosen: dict[str, tuple[Node, ...]] = {}
    for node in graph:
        pairs = _pairs(node, graph)
        if pairs is not None:
            chosen[node.path] = _padded(node, pairs, graph.shape_of(node.inputs[0]))
    result = expand(graph, chosen) if chosen else graph
    _check_shared(result)
    return result


def _check_shared(graph: Graph) -> None:
    """Raise SpecError when what a size makes of a shared layer's padding differs between two of its uses."""
    first: dict[str, Node] = {}
    for node in graph:
        if not hasattr(node.op, "explicit_padding"):
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


def _pairs(node: Node, graph: Graph) -> Pairs | None:
    rule = getattr(node.op, "explicit_padding", None)
    pairs: Pairs | None = rule(graph.shape_of(node.inputs[0])) if rule else None
    return pairs


def _padded(node: Node, pairs: Pairs, shape: Shape) -> tuple[Node, Node]:
    """Return a ``pad`` node and the node without padding that reads it."""
    value = "lowest" if node.op.name == "maxpool" else 0.0
    mode = getattr(node.op, "padding_mode", "zeros")
    pad = OPS["pad"].model_validate({"sides": pairs, "value": value, "mode": "constant" if mode == "zeros" else mode})
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
    bare = node.op.model_copy(update={"padding": 0, **({"padding_mode": "zeros"} if mode != "zeros" else {})})
    return before, replace(node, op=bare, inputs=(path,))

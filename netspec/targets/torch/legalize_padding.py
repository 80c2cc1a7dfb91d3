"""Padding that torch's layers cannot do becomes a ``pad`` op before them: other on each side, or too much for a pool.

A module that several steps share has one padding for all of them. Where it would differ with the sizes that enter, as
TensorFlow's SAME may, each of these steps gets a ``pad`` of its own, and the module none. Where those sizes stay open,
the padding is computed in ``forward``, of the size at hand.
"""

from __future__ import annotations

from itertools import chain

from netspec.analysis import symbolic_types
from netspec.diagnostics import Code, Note, SpecError
from netspec.ir import Graph, Node, Rewriter
from netspec.ops import OPS, Op
from netspec.passes import Pass
from netspec.sizes.dim import form_of
from netspec.sizes.shape import AxisWindow, Pairs, Shape, same_padding
from netspec.targets.torch.pad_same import PadSame


class LegalizePadding(Pass, name="legalize_padding"):
    """Write out the padding of convolutions and pools that torch has no argument for."""

    def run(self, graph: Graph) -> Graph:
        """Return the graph with a ``pad`` before each of these.

        Raises: SpecError NS0506 where a pool that leaves padding out of its mean is shared by steps that pad
            differently: padding that is written out counts.
        """
        rewriter = Rewriter(graph)
        changed = False
        for uses in _modules(graph):
            if _is_legal(uses, graph):
                continue
            _check_shared(uses)
            for node in uses:
                _write_out(node, rewriter, _open_windows(node, graph))
            changed = True
        return rewriter.apply() if changed else graph


def _modules(graph: Graph) -> list[list[Node]]:
    """Return the nodes that pad, those that share a module together."""
    modules: dict[str, list[Node]] = {}
    for node in graph:
        if _knows_its_padding(node.op) or type(node.op).explicit_padding is not Op.explicit_padding:
            modules.setdefault(node.module, []).append(node)
    return list(modules.values())


def _is_legal(uses: list[Node], graph: Graph) -> bool:
    """Return whether torch can pad by itself for all uses of a module, and in the same way."""
    if any(_open_windows(node, graph) for node in uses):
        return False
    shapes = [graph.shape_of(node.inputs[0]) for node in uses]
    if any(node.op.explicit_padding(shape) for node, shape in zip(uses, shapes, strict=True)):
        return False
    return len(uses) == 1 or len({node.op.emit_module(shape) for node, shape in zip(uses, shapes, strict=True)}) == 1


def _check_shared(uses: list[Node]) -> None:
    """Raise SpecError for a shared module whose padding cannot be written out for all of its uses."""
    first, *others = uses
    if others and not (first.op.padding_counts and _knows_its_padding(first.op)):
        help_text = "put a `pad` before each of them, or count the padding of a mean with `count_include_pad: true`"
        message = f"'{first.module}' is shared by steps that pad differently"
        notes = [Note(first.span, "the first")]
        raise SpecError.of(Code.INVALID_SHARING, message, others[0].span, help=help_text, notes=notes)


def _open_windows(node: Node, graph: Graph) -> tuple[AxisWindow, ...]:
    """Return the window along each axis where the padding is known only when a size is; else nothing."""
    windows = node.op.pads_by_size(graph.shape_of(node.inputs[0]))
    if not windows:
        return ()
    _, *sizes = symbolic_types(graph)[node.inputs[0]].shape
    sides = chain(*map(same_padding, sizes, windows))
    return () if all(graph.sizes.settles(form_of(side)) for side in sides) else windows


def _write_out(node: Node, rewriter: Rewriter, windows: tuple[AxisWindow, ...]) -> None:
    """Replace a node by one without padding, behind a ``pad`` where there is any."""
    padding = _pairs(node.op, rewriter.type_of(node.inputs[0]).shape)
    if windows:
        extents, strides = zip(*((each.extent, each.stride) for each in windows), strict=True)
        op: Op = PadSame.model_validate({"extents": extents, "strides": strides, **node.op.pad_arguments()})
    elif any(before or after for before, after in padding):
        op = OPS["pad"].model_validate({"sides": padding, **node.op.pad_arguments()})
    else:
        rewriter.replace(node, rewriter.derive(node, node.op.without_padding()))
        return
    # Names in documents hold no `@`, so this path cannot be taken.
    pad = rewriter.derive(node, op, path=f"{node.path}@pad")
    rewriter.insert_before(node, pad)
    rewriter.replace(node, rewriter.derive(node, node.op.without_padding(), inputs=(pad.path,)))


def _knows_its_padding(op: Op) -> bool:
    return type(op).padding_around is not Op.padding_around


def _pairs(op: Op, shape: Shape) -> Pairs:
    """Return the padding of an op: what torch cannot do, or what other uses of the module cannot do either."""
    explicit = op.explicit_padding(shape)
    return op.padding_around(shape) if explicit is None else explicit

"""Padding that torch's layers do not support becomes a ``pad`` before them: asymmetric, or too large for a pool.

A module that several steps share has one padding for all of them. If it would differ with the input size, as
TensorFlow's SAME may, each of these steps gets a ``pad`` of its own, and the module none. If that size is open, the
padding is computed in ``forward``.
"""

from __future__ import annotations

from netspec.analysis import symbolic_types
from netspec.diagnostics import Code, Note, SpecError
from netspec.ir import Graph, Node, Rewriter
from netspec.ops import OPS, Op
from netspec.passes import Pass
from netspec.sizes import Dim, Size
from netspec.sizes.dim import form_of
from netspec.sizes.shape import Pairs, Shape, same_padding
from netspec.targets.torch.pad_same import PadSame, PadSettled


class LegalizePadding(Pass, name="legalize_padding"):
    """Replaces padding of convolutions and pools that torch has no argument for by ``pad`` ops."""

    def run(self, graph: Graph) -> Graph:
        """Return the graph with these ``pad`` ops.

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
                _write_out(node, rewriter)
            changed = True
        return rewriter.apply() if changed else graph


def _modules(graph: Graph) -> list[list[Node]]:
    """Return the nodes with padding, grouped by module."""
    modules: dict[str, list[Node]] = {}
    for node in graph:
        if _knows_its_padding(node.op) or type(node.op).explicit_padding is not Op.explicit_padding:
            modules.setdefault(node.module, []).append(node)
    return list(modules.values())


def _is_legal(uses: list[Node], graph: Graph) -> bool:
    """Return whether torch supports the padding of all uses of a module, and it is the same."""
    if any(_is_open(node, graph) for node in uses):
        return False
    shapes = [graph.shape_of(node.inputs[0]) for node in uses]
    if any(node.op.explicit_padding(shape) for node, shape in zip(uses, shapes, strict=True)):
        return False
    return len(uses) == 1 or len({node.op.emit_module(shape) for node, shape in zip(uses, shapes, strict=True)}) == 1


def _check_shared(uses: list[Node]) -> None:
    """Raise SpecError for a shared module whose padding cannot become a ``pad`` in all of its uses."""
    first, *others = uses
    if others and not (first.op.padding_counts and _knows_its_padding(first.op)):
        help_text = "put a `pad` before each of them, or count the padding of a mean with `count_include_pad: true`"
        message = f"'{first.module}' is shared by steps that pad differently"
        notes = [Note(first.span, "the first")]
        raise SpecError.of(Code.INVALID_SHARING, message, others[0].span, help=help_text, notes=notes)


def _sides(node: Node, graph: Graph) -> list[Size]:
    """Return what is added on each side if that follows from a size that stays open; else an empty list."""
    windows = node.op.pads_by_size(graph.shape_of(node.inputs[0]))
    sizes = symbolic_types(graph)[node.inputs[0]].shape[1:]
    sides = [side for pair in map(same_padding, sizes, windows) for side in pair]
    return sides if any(isinstance(side, Dim) for side in sides) else []


def _is_open(node: Node, graph: Graph) -> bool:
    """Return whether the padding differs between legal sizes."""
    return not all(graph.sizes.settles(form_of(side)) for side in _sides(node, graph))


def _write_out(node: Node, rewriter: Rewriter) -> None:
    """Replace a node by one without padding, after a ``pad`` if there is any."""
    shape = rewriter.type_of(node.inputs[0]).shape
    padding = _pairs(node.op, shape)
    if _is_open(node, rewriter.graph) or any(before or after for before, after in padding):
        # Names in documents contain no `@`, so this path is free.
        op, path = _pad(node, padding, rewriter.graph), f"{node.path}@pad"
        pad = rewriter.derive(node, op, path=path, inputs=node.inputs[:1])
        rewriter.insert_before(node, pad)
        rewriter.replace(node, rewriter.derive(node, node.op.without_padding(), inputs=(path, *node.inputs[1:])))
    else:
        rewriter.replace(node, rewriter.derive(node, node.op.without_padding()))


def _pad(node: Node, padding: Pairs, graph: Graph) -> Op:
    if not _sides(node, graph):
        return OPS["pad"].model_validate({"sides": padding, **node.op.pad_arguments()})
    windows = node.op.pads_by_size(graph.shape_of(node.inputs[0]))
    extents, strides = [each.extent for each in windows], [each.stride for each in windows]
    kind: type[PadSettled] = PadSame if _is_open(node, graph) else PadSettled
    pad: Op = kind.model_validate({"extents": extents, "strides": strides, **node.op.pad_arguments()})
    return pad


def _knows_its_padding(op: Op) -> bool:
    return type(op).padding_around is not Op.padding_around


def _pairs(op: Op, shape: Shape) -> Pairs:
    """Return the padding of an op, which torch does not support for this or for another use of the module."""
    explicit = op.explicit_padding(shape)
    return op.padding_around(shape) if explicit is None else explicit

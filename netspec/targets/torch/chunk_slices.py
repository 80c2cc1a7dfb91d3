"""Slices that divide an axis into equal parts become one call of torch's ``chunk``, as one writes it by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any

from netspec.analysis import symbolic_types
from netspec.ir import Graph, Node, Rewriter, Scope
from netspec.ir.batchless import batchless
from netspec.ops import Argument, TensorType, Torch
from netspec.ops.reshaping import Reshaping, Slice
from netspec.ops.traits import SAME, Windows
from netspec.passes import Pass
from netspec.sizes.shape import Shape


class Chunk(Reshaping):
    """Divides an axis into equal parts, each a value."""

    # Not registered: documents say `split`.
    name = "chunk"

    count: int
    index: int
    names: tuple[str, ...]

    @property
    def result_names(self) -> tuple[str, ...]:  # type: ignore[override]
        return self.names

    def infer_shape(self, *shapes: Shape) -> Shape:
        (shape,) = shapes
        return (*shape[: self.index], shape[self.index] // self.count, *shape[self.index + 1 :])

    def infer_results(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (operand,) = operands
        return (TensorType(self.infer_shape(operand.shape), operand.dtype),) * self.count

    def emit_function(self, *shapes: Shape) -> Torch:
        count = Argument("chunks", self.count, positional=True)
        return Torch("{0}.chunk({arguments})", (count, Argument("dim", self.index + 1)))

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return ((*(SAME,) * self.index, None, *(SAME,) * (len(shapes[0]) - self.index - 1)),)


class ChunkSlices(Pass, name="chunk_slices"):
    """Replaces slices that follow one another, and divide an axis into equal parts, by one ``chunk``."""

    def run(self, graph: Graph) -> Graph:
        """Return the graph with these ``chunk`` ops."""
        found = [slices for scope in graph.root.descend() for slices in _runs(scope) if _are_all(slices, graph)]
        if not found:
            return graph
        rewriter = Rewriter(graph)
        for slices in found:
            _merge(slices, rewriter)
        return rewriter.apply()


def _runs(scope: Scope) -> Iterator[list[Node]]:
    """Yield the slices of one value that follow one another."""
    for source, run in groupby(scope.items, key=lambda item: item.inputs[0] if _is_slice(item) else None):
        slices = [item for item in run if isinstance(item, Node)]
        if source is not None and len(slices) > 1:
            yield slices


def _is_slice(item: Node | Scope) -> bool:
    return isinstance(item, Node) and isinstance(item.op, Slice)


def _are_all(slices: list[Node], graph: Graph) -> bool:
    """Return whether slices are all of a value in equal parts, whatever its open sizes are."""
    source = slices[0].inputs[0]
    ops = [_canonical(node, graph.shape_of(source)) for node in slices]
    size = symbolic_types(graph)[source].shape[ops[0].axis - 1]
    part = size // len(ops)
    wanted = [ops[0].with_fields(start=part * place, stop=part * (place + 1), step=1) for place in range(len(ops))]
    is_fixed = type(size) is int and size % len(ops) == 0 and all(node.symbolic is None for node in slices)
    on_one_device = len({node.device for node in slices}) == 1
    # A declared tensor has no batch before its axes.
    return is_fixed and ops == wanted and on_one_device and source not in batchless(graph).values


def _merge(slices: list[Node], rewriter: Rewriter) -> None:
    first, *others = slices
    index = _canonical(first, rewriter.type_of(first.inputs[0]).shape).axis - 1
    labels = tuple(node.label for node in slices)
    names = labels if any(labels) else tuple(f"x{number}" for number in range(1, len(slices) + 1))
    chunk = replace(rewriter.derive(first, Chunk(count=len(slices), index=index, names=names)), label="")
    rewriter.replace(first, chunk)
    for node, value in zip(others, chunk.values[1:], strict=True):
        rewriter.replace_all_uses(node.path, value)
        rewriter.erase(node)


def _canonical(node: Node, shape: Shape) -> Any:
    """Return the slice with the number of its axis, and positions that are counted from the front."""
    return node.op.canonical(shape)

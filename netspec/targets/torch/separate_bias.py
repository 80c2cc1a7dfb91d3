"""A layer with a weight of its own and a bias from elsewhere becomes one without a bias, and a sum."""

from __future__ import annotations

from dataclasses import replace

from netspec.ir import Graph, Rewriter
from netspec.ops import Op, Torch
from netspec.ops.fields import Flag
from netspec.ops.traits import SAME, Windows
from netspec.ops.weighted import Weighted
from netspec.passes import Pass
from netspec.sizes.shape import Shape


class AddBias(Op):
    """Adds a number to each channel, which is the last axis or the first."""

    # Not registered: it is no word of a document.
    name = "add_bias"
    family = "linear"
    operands = (2, 2)
    keeps_input = False

    is_last: Flag

    def stretches_operand(self, position: int) -> bool:
        return position == 1

    def infer_shape(self, *shapes: Shape) -> Shape:
        return shapes[0]

    def count_macs(self, *shapes: Shape) -> int:
        return 0

    def emit_function(self, *shapes: Shape) -> Torch:
        behind = "" if self.is_last or len(shapes[0]) == 1 else f"[:{', None' * (len(shapes[0]) - 1)}]"
        return Torch(f"{{0}} + {{1}}{behind}", calls=2 if behind else 1)

    def receptive_windows(self, *shapes: Shape) -> tuple[Windows, ...]:
        return (SAME,) * len(shapes[0]), (None,)


class SeparateBias(Pass, name="separate_bias"):
    """Adds biases that are no part of a layer behind it."""

    def run(self, graph: Graph) -> Graph:
        """Return the graph with these sums."""
        found = [node for node in graph if isinstance(node.op, Weighted) and node.op.given() == ("bias",)]
        if not found:
            return graph
        rewriter = Rewriter(graph)
        for node in found:
            value, bias = node.inputs
            # Names in documents contain no `@`, so this path is free.
            layer = rewriter.derive(node, node.op.with_fields(bias=False), inputs=(value,))
            rewriter.replace(node, replace(layer, label=""))
            total = AddBias(is_last=node.op.family == "linear")
            added = rewriter.derive(node, total, path=f"{node.path}@bias", inputs=(node.path, bias))
            rewriter.insert_after(node, replace(added, label=node.label))
            rewriter.replace_all_uses(node.path, added.path, but=[added.path])
        return rewriter.apply()

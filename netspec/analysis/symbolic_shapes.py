"""The types of all values over the sizes that stay open: what ``Node.results`` says at the stated sizes only."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from netspec.ir import Graph, analysis
from netspec.ops import Op, TensorType


@analysis
def symbolic_types(graph: Graph) -> Mapping[str, TensorType]:
    """Return the type of each value by its name, with formulas in place of the sizes that depend on the input's.

    Example:
        >>> import netspec
        >>> graph = netspec.compile("resnet18")
        >>> symbolic_types(graph)["layer1.0.conv1"].shape
        (64, (H + 3) // 4, (W + 3) // 4)
    """
    types = {each.name: each.symbolic_type for each in graph.inputs}
    known: dict[tuple[Op, tuple[TensorType, ...]], tuple[TensorType, ...]] = {}
    # Decisions are made only while a graph is built: an analysis must not reduce the sizes that are legal. A pass may
    # have rewritten the network, so that its shape rules ask questions that were not asked before.
    with graph.sizes.assuming():
        for node in graph:
            op, operands = node.symbolic or node.op, tuple(types[value] for value in node.inputs)
            if (op, operands) not in known:
                known[op, operands] = op.infer_results(*operands)
            types.update(zip(node.values, known[op, operands], strict=True))
    return MappingProxyType(types)

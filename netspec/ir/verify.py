"""What holds for every graph, whatever made or changed it."""

from __future__ import annotations

from netspec.ir.graph import Graph
from netspec.ir.node import Node


def verify(graph: Graph) -> None:
    """Assert what every graph must hold: order, known inputs, true shapes and costs, one owner per module.

    Raises: AssertionError that names the node.
    """
    shapes = {each.name: each.shape for each in graph.inputs}
    owners: dict[str, Node] = {}
    for path, node in graph.by_path.items():
        assert path == node.path, f"{path} holds {node.path}"
        assert all(name in shapes for name in node.inputs), f"{path} reads a value that does not exist yet"
        operands = [shapes[name] for name in node.inputs]
        assert node.shape == node.op.infer_shape(*operands), f"{path} has a shape that its op does not give"
        assert node.macs == node.op.count_macs(*operands), f"{path} has a cost that its op does not give"
        owner = owners.setdefault(node.module, node)
        expected = node.op.count_parameters(*operands) if owner is node else 0
        assert node.params == expected, f"{path} has parameters that its op does not give"
        shapes[path] = node.shape
    assert [node.path for node in graph.root.walk()] == list(graph.by_path), "scopes and nodes disagree"
    assert all(output.node in shapes for output in graph.outputs), "an output reads a value that does not exist"

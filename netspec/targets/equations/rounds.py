"""Scans as recurrences: a value of a round has the number of the round as its first index."""

from __future__ import annotations

from netspec.ir import Graph, Node
from netspec.ops.scan import Collected, Element, NextState, State
from netspec.targets.equations.model import Equation, Operand, indices


def operand(value: str, graph: Graph) -> Operand:
    """Return a value as an operand, in each round in which it is computed."""
    node = graph.by_path.get(value.partition(":")[0])
    return Operand(value, graph.shape_of(value), rounds_of(node) if node else ())


def rounds_of(node: Node) -> tuple[str, ...]:
    """Return the numbers of the rounds in each of which a node has a value, those of the outermost scan first."""
    around = _rounds_around(node)
    return around[:-1] if isinstance(node.op, (NextState, Collected)) else around


def edge_equation(node: Node, x: Operand, graph: Graph) -> Equation | None:
    """Return the equation of what enters or leaves a round, or None for any other node."""
    axes, number = indices(len(node.results[0].shape)), "".join(_rounds_around(node)[-1:])
    if isinstance(node.op, Element):
        return Equation(axes, x.at(number, *axes))
    if isinstance(node.op, State):
        first = x.at(*axes) if node.op.zeros is None else "0"
        before = operand(_handed(node, graph), graph).in_round(number, f"{number} - 1")
        return Equation(axes, f"{first} if {number} == 0 else {before.at(*axes)}")
    if isinstance(node.op, NextState):
        return Equation(axes, x.in_round(number, str(_length(node, graph) - 1)).at(*axes))
    if isinstance(node.op, Collected):
        return Equation(axes, x.in_round(number, axes[0]).at(*axes[1:]))
    return None


def _rounds_around(node: Node) -> tuple[str, ...]:
    scans = sum(scope.kind == "scan" for scope in node.scope.ascend())
    return tuple("t" if number == 1 else f"t{number}" for number in range(1, scans + 1))


def _handed(state: Node, graph: Graph) -> str:
    """Return the value that a round hands on as a state."""
    readers = (each for each in graph.consumers()[state.path] if isinstance(each.op, NextState))
    return next(each.inputs[0] for each in readers if each.inputs[1] == state.path)


def _length(node: Node, graph: Graph) -> int:
    """Return how many elements the scan around a node goes over."""
    elements = (item for item in node.scope.items if isinstance(item, Node) and isinstance(item.op, Element))
    return int(graph.shape_of(next(elements).inputs[0])[0])

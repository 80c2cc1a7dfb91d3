"""Writing a graph as equations."""

from __future__ import annotations

from collections.abc import Iterator

from netspec.ir import Graph, Node
from netspec.sizes.shape import Shape, show
from netspec.targets.equations import (  # noqa: F401  they fill in the table
    elementwise,
    formulas,
    layout,
    reductions,
    windows,
)
from netspec.targets.equations.model import EQUATIONS, Call, indices
from netspec.targets.equations.rounds import edge_equation, operand, rounds_of
from netspec.version import MARK, __version__


def write_equations(graph: Graph) -> str:
    """Return the equations of a graph, a line per input, node and output.

    Example:
        >>> import netspec
        >>> print(write_equations(netspec.compile("perceptron")).partition("\\n\\n")[2].rstrip())
        input[c]  # 2
        unit[c] = unit.bias[c] + sum(unit.weight[c, d] * input[d] for d < 2)  # 1
        sigmoid1[c] = 1 / (1 + exp(-unit[c]))  # 1
    """
    lines = [f"{graph.title or graph.name}, in evaluation. Equations {MARK} {__version__}.", ""]
    lines += [_line(f"{each.name}[{', '.join(indices(len(each.shape)))}]", each.shape) for each in graph.inputs]
    for node in graph:
        lines += _equation(node, graph)
    if [output.name for output in graph.outputs] != ["output"] or graph.outputs[0].node != node.path:
        lines += ["", *(f"{output.name} = {output.node}" for output in graph.outputs)]
    return "\n".join(lines) + "\n"


def _equation(node: Node, graph: Graph) -> Iterator[str]:
    operands = tuple(operand(path, graph) for path in node.inputs)
    rule = EQUATIONS.rule_for(type(node.op))
    shape = node.results[0].shape
    weights = node.op.given()
    given = dict(zip(weights, operands[len(operands) - len(weights) :], strict=True))
    if rule:
        equation = rule(node.op, Call(operands, shape, node.module, given))
    else:
        equation = edge_equation(node, operands[0], graph) if operands else None
    if equation is None:
        yield _line(f"{', '.join(node.values)} = {_opaque(node)}", *(each.shape for each in node.results))
        return
    at = ", ".join((*rounds_of(node), *equation.indices))
    yield _line(f"{node.path}[{at}] = {equation.formula}" if at else f"{node.path} = {equation.formula}", shape)
    yield from (f"    where {name} = {formula}" for name, formula in equation.where)


def _opaque(node: Node) -> str:
    """Return a node as a call: its operands, then the arguments that the document passes."""
    given = node.op.model_dump(exclude_defaults=True)
    return f"{node.op.name}({', '.join([*node.inputs, *(f'{name}={value!r}' for name, value in given.items())])})"


def _line(text: str, *shapes: Shape) -> str:
    return f"{text}  # {', '.join(map(show, shapes))}"

"""The result of a network with several outputs: a named tuple, in evaluation without training-only outputs."""

from __future__ import annotations

from collections.abc import Iterator

from netspec.ir import Graph, Output
from netspec.targets.torch.document import Brackets, Docstring, Document, Line, call, expression, literal
from netspec.targets.torch.program import Program


def output_class(program: Program) -> Iterator[Line | Docstring]:
    """Yield the lines of the named tuple."""
    yield Line(0, f"class {program.network.name}Output(NamedTuple):")
    yield Docstring(1, "What the network returns.")
    yield Line(0, "")
    for output in _ordered(program.graph):
        yield Line(1, f"{output.name}: Tensor" + (" | None = None" if output.train_only else ""))


def result(program: Program) -> tuple[str, Document]:
    """Return the type and expression that ``forward`` returns: in evaluation without training-only outputs."""
    graph, network = program.graph, program.network
    # Several outputs may be one value, which is one variable.
    leaving = dict.fromkeys(output.node for output in graph.outputs)
    values = dict(zip(leaving, network.generated.first.outputs, strict=True))
    names = {output.name: network.variables[values[output.node]] for output in graph.outputs}
    ordered = _ordered(graph)
    record = f"{network.name}Output"
    every = call(record, [names[output.name] for output in ordered])
    lasting = [names[output.name] for output in ordered if not output.train_only]
    if len(lasting) == len(ordered):
        return record, every
    if len(lasting) == 1:
        return f"Tensor | {record}", expression(every, "if self.training", f"else {lasting[0]}")
    return record, expression(every, "if self.training", call(f"else {record}", lasting))


def loss_weights(graph: Graph) -> Line:
    """Return the line that stores the loss weight of each output."""
    weights = (f'"{output.name}": {literal(output.loss_weight)}' for output in graph.outputs)
    return Line(2, Brackets("{", tuple(weights), "}"), before="self.loss_weights = ")


def _ordered(graph: Graph) -> list[Output]:
    # Fields with a default come last in a named tuple.
    return sorted(graph.outputs, key=lambda output: output.train_only)

"""The legal sizes of a network: in a line, as a table, and as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from netspec.analysis import symbolic_types
from netspec.ir import Graph, Input
from netspec.sizes import Limit, describe_sizes, limits, phrase
from netspec.sizes.guard import Guard, Phase
from netspec.sizes.shape import Shape, show
from netspec.views.text_table import text_table

_KINDS = {"needs": "needed by", "fixes": "fixed by", "chosen": "decided at"}
"""The reasons of limits, by kind."""


def sizes_line(graph: Graph) -> str:
    """Return one line with the inputs, their legal sizes, and the outputs.

    Example:
        >>> import netspec
        >>> sizes_line(netspec.compile("densenet121"))
        'input 3 x H x W: H, W >= 29, any; output 1000'
        >>> sizes_line(netspec.compile("lenet5_modern"))
        'input 1 x H x W: H, W in 32..35, fixed by linear1 (line 22); output 10'
    """
    entering = ", ".join(f"{each.name} {_entering(each)}" for each in graph.inputs)
    leaving = ", ".join(f"{name} {shape}" for name, shape in _leaving(graph, "evaluation"))
    return f"{entering}: {_legal(graph)}; {leaving}" if graph.sizes.stated else f"{entering}; {leaving}"


def _legal(graph: Graph) -> str:
    """Return the legal sizes, and the steps that fix them, if any."""
    fixing = {limit.guard for name in graph.sizes.stated for limit in limits(graph.sizes, name) if _fixes(limit.guard)}
    steps = dict.fromkeys(_step(guard) for guard in graph.sizes.guards if guard in fixing)
    return "; ".join(describe_sizes(graph.sizes)) + (f", fixed by {' and '.join(steps)}" if steps else "")


def describe_open_sizes(graph: Graph) -> str:
    """Return all that is known of the sizes of a network: the legal ones, their limits, and those of the outputs."""
    return "\n".join(_lines(graph)) + "\n"


def _lines(graph: Graph) -> Iterator[str]:
    yield graph.title or graph.name
    yield ""
    rows = [(f"input {each.name}", f"{_entering(each)}, stated at {show(each.shape)}") for each in graph.inputs]
    phases: list[Phase] = ["evaluation"]
    if describe_sizes(graph.sizes, "training") != describe_sizes(graph.sizes):
        phases.append("training")
    for phase in phases:
        legal = describe_sizes(graph.sizes, phase) or ["nothing stays open"]
        rows += [("sizes" if phase == "evaluation" else "in training", line) for line in legal[:1]]
        rows += [("", line) for line in legal[1:]]
    rows += [(f"output {name}", shape) for name, shape in _leaving(graph, "training")]
    yield from text_table(rows, left={0, 1})
    for phase in phases:
        found = [limit for name in graph.sizes.stated for limit in limits(graph.sizes, name, phase)]
        # Of a condition between sizes there is no shorter form than its own, which may be long.
        conditions = dict.fromkeys(f"  {guard}, {_behind(guard)}" for guard in graph.sizes.conditions(phase))
        if found or conditions:
            yield ""
            yield "limited by" if phase == "evaluation" else "limited in training by"
            reasons = [(f"  {limit.text}", f"{_behind(limit.guard)}: {limit.guard}") for limit in found]
            yield from text_table(reasons, left={0, 1})
            yield from conditions


def _behind(guard: Guard) -> str:
    return f"{_KINDS[guard.kind]} {_step(guard)}"


def sizes_record(graph: Graph) -> dict[str, Any]:
    """Return what is known of the sizes as plain data; formulas are texts."""
    sizes = graph.sizes
    return {
        "stated": sizes.stated,
        "inputs": {each.name: formulas(each.symbolic_type.shape) for each in graph.inputs},
        "outputs": {each.name: formulas(symbolic_types(graph)[each.node].shape) for each in graph.outputs},
        "legal": describe_sizes(sizes),
        "legal_in_training": describe_sizes(sizes, "training"),
        "smallest": {name: sizes.domain(name).minimum for name in sizes.stated},
        "limits": [_limit(name, limit) for name in sizes.stated for limit in limits(sizes, name)],
        "conditions": [_condition(guard) for guard in sizes.conditions()],
    }


def _limit(name: str, limit: Limit) -> dict[str, Any]:
    return {"size": name, "limit": limit.text, **_condition(limit.guard)}


def _condition(guard: Guard) -> dict[str, Any]:
    reason = guard.reason
    return {"condition": str(guard), "kind": guard.kind, "step": str(reason.subject or ""), "line": reason.span.line}


def formulas(shape: Shape) -> list[int | str]:
    """Return a shape as plain data: numbers, and texts for the sizes that stay open.

    Example:
        >>> from netspec.sizes import symbol
        >>> formulas((64, symbol("H", 224) // 4))
        [64, 'H // 4']
    """
    return [size if isinstance(size, int) else str(size) for size in shape]


def _fixes(guard: Guard) -> bool:
    return guard.kind == "fixes"


def _step(guard: Guard) -> str:
    """Return the step for which sizes were compared, and its place."""
    line = f"line {guard.reason.span.line}"
    # An expression of the document's own steps has a line alone.
    return f"{guard.reason.subject} ({line})" if guard.reason.subject else line


def _entering(each: Input) -> str:
    return _shape(each.symbolic_type.shape)


def _leaving(graph: Graph, phase: Phase) -> Iterator[tuple[str, str]]:
    for each in graph.outputs:
        if phase == "training" or not each.train_only:
            yield each.name, _shape(symbolic_types(graph)[each.node].shape)


def _shape(shape: Shape) -> str:
    sizes = [phrase(size) for size in shape]
    # `8 x (H - 3) // 2` would read as a product; words and single names need no brackets.
    bracketed = [f"({text})" if any(sign in text for sign in "+-*(") else text for text in sizes]
    return " x ".join(bracketed if len(sizes) > 1 else sizes) or "scalar"

"""A graph to text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from netspec.ir.graph import Graph
from netspec.ir.immutable import thawed
from netspec.ir.interface import Input
from netspec.ir.node import Initializers, Node, Scope
from netspec.sizes import Dim

INDENT = "  "


def print_graph(graph: Graph) -> str:
    """Return the text of a graph, which ``parse_graph`` reads back.

    Example:
        >>> import netspec
        >>> print(print_graph(netspec.compile("perceptron")).partition("input ")[2].rstrip())
        input 2
        <BLANKLINE>
        unit = linear(input, out=1)  1  3  named
        sigmoid1 = sigmoid(unit)  1
        returns output: sigmoid1
    """
    return "\n".join([*_header(graph), "", *_body(graph), *_outputs(graph)]) + "\n"


def _header(graph: Graph) -> Iterator[str]:
    block = f" = {_word(graph.root.block)}" if graph.root.block != graph.name else ""
    title = f" {_json(graph.title)}" if graph.title else ""
    arguments = f" ({_arguments(graph.arguments)})" if graph.arguments else ""
    yield f"network {_word(graph.name)}{block}{title}{arguments}"
    if graph.cite:
        yield f"cite {_json(graph.cite)}"
    if graph.published:
        yield f"published {_json(asdict(graph.published))}"
    if graph.source:
        yield f"source {_json(graph.source)}"
    yield from (f"init {op} {_initializers(rules)}" for op, rules in graph.init)
    for each in graph.inputs:
        yield f"input {each.name} {_entering(each)}" + ("" if each.high is None else f" below {each.high}")


def _entering(each: Input) -> str:
    """Return the type of an input, with the names of open sizes before their numbers, as in ``3xH=224xW=224``."""
    if not each.symbols:
        return str(each.type)
    sizes = [
        str(size) if name is None else f"{name}={size}" for name, size in zip(each.symbols, each.shape, strict=True)
    ]
    return "x".join(sizes) + ("" if each.dtype == "float" else f" {each.dtype}")


def _body(graph: Graph) -> Iterator[str]:
    """Yield the lines of nodes and scopes. It does not recurse: scopes may be nested deeply."""
    stack = [iter(graph.root.items)]
    around: list[Scope] = []
    while stack:
        for item in stack[-1]:
            margin = INDENT * len(around)
            if isinstance(item, Scope):
                yield margin + _opening(item)
                stack.append(iter(item.items))
                around.append(item)
                break
            yield margin + _node(item)
        else:
            stack.pop()
            if around:
                scope = around.pop()
                leaving = f" -> {', '.join(scope.outputs)}" if scope.outputs else ""
                yield f"{INDENT * len(around)}}}{leaving}"


def _opening(scope: Scope) -> str:
    names = scope.input_names or [""] * len(scope.inputs)
    entering = [f"{value} as {name}" if name else value for value, name in zip(scope.inputs, names, strict=True)]
    block = f" = {_word(scope.block)}" if scope.block else ""
    shares = "" if scope.module == scope.path else f" shares {scope.module}"
    expressions = f" expressions {_arguments(dict(scope.expressions))}" if scope.expressions else ""
    rounds = f" rounds {scope.rounds}" if scope.kind == "scan" else ""
    return f"{scope.kind} {scope.path}{block}({_call(entering, scope.arguments)}){rounds}{shares}{expressions} {{"


def _node(node: Node) -> str:
    given = (node.symbolic or node.op).model_dump(exclude_defaults=True, warnings=False)
    params = f"{node.params:,}" if node.params else ""
    columns = (
        f"{node.path} = {node.op.name}({_call(node.inputs, given)})",
        ", ".join(map(str, node.results)),
        params,
        " ".join(_marks(node)),
    )
    return "  ".join(column for column in columns if column)


def _marks(node: Node) -> Iterator[str]:
    """Yield the attributes of a node beside its op."""
    if node.shared:
        yield f"shares {node.module}"
    if node.label:
        yield f"as {node.label}"
    if node.named:
        yield "named"
    if node.device is not None:
        yield f"device {node.device}"
    if node.init:
        yield f"init {_initializers(node.init)}"
    if node.size_inputs:
        yield f"sizes {', '.join(node.size_inputs)}"
    if node.frozen:
        yield "frozen"
    if node.ties:
        yield f"ties {_arguments(dict(node.ties))}"
    if node.expressions:
        yield f"expressions {_arguments(dict(node.expressions))}"


def _outputs(graph: Graph) -> Iterator[str]:
    for number, each in enumerate(graph.outputs):
        auxiliary = " auxiliary" if number >= len(graph.root.outputs) else ""
        training = " in training" if each.train_only else ""
        weight = "" if each.loss_weight == 1 else f", loss weight {_json(each.loss_weight)}"
        yield f"returns {each.name}: {each.node}{auxiliary}{training}{weight}"


# parts of a line


def _call(values: Iterable[str], arguments: Mapping[str, Any]) -> str:
    return ", ".join([*values, *([_arguments(arguments)] if arguments else [])])


def _arguments(arguments: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={_json(thawed(value))}" for name, value in arguments.items())


def _initializers(rules: Initializers) -> str:
    return ", ".join(f"{name}={how.function}({_arguments(dict(how.arguments))})" for name, how in rules)


def _word(text: str) -> str:
    return text if re.fullmatch(r"\w+", text, re.ASCII) else _json(text)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=_formula)


def _formula(value: object) -> dict[str, str]:
    """Return the JSON of an open size among arguments."""
    if not isinstance(value, Dim):
        raise TypeError(f"{value!r} cannot be written")
    return {"size": str(value)}

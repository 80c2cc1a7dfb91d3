"""Text to a graph."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args

from netspec.diagnostics import Span
from netspec.ir.builder import GraphBuilder
from netspec.ir.graph import Graph
from netspec.ir.interface import Input, Output, Publication
from netspec.ir.node import Initializer, Node, Scope, ScopeKind
from netspec.ir.text.grammar import (
    ARGUMENT,
    NUMBER,
    SHAPE,
    make_op,
    read_argument,
    read_attributes,
    read_dtype,
    read_initializers,
    read_live_in,
    read_type,
)
from netspec.ir.text.scanner import WORD, GraphSyntaxError, Line
from netspec.ir.verify import verify
from netspec.ops import ShapeError, TensorType
from netspec.sizes import Reason, SizeContext, read_size, stated, symbol
from netspec.sizes.context import Deciding
from netspec.sizes.shape import stated_shape

Part = TypeVar("Part")

_NODE = re.compile(r"[\w.@]+ *=", re.ASCII)
_NODE_ATTRIBUTES = ("shares", "as", "named", "device", "init", "sizes", "ties", "frozen", "expressions")
_COUNT = re.compile(r"\d{1,3}(?:,\d{3})*", re.ASCII)
_OPEN = r"(?:([A-Za-z_]\w*)=)?(\d+)"
_SIZE = re.compile(rf"(?:\A|x){_OPEN}", re.ASCII)
_OPEN_SHAPE = re.compile(rf"scalar\b|{_OPEN}(?:x{_OPEN})*", re.ASCII)
"""The shape of an input; an open size follows its name."""


def parse_graph(text: str, file: str = "<graph>") -> Graph:
    """Return the graph of a text, verified. ``file`` is the name of the text in spans.

    Raises: GraphSyntaxError when the text cannot be parsed; InvalidGraph when the graph breaks a rule of ``verify``.

    Example:
        >>> graph = parse_graph("network tiny\\ninput input 3x8x8\\nrelu1 = relu(input)\\nreturns output: relu1\\n")
        >>> graph["relu1"].shape, str(graph["relu1"].span)
        ((3, 8, 8), '<graph>:3:1')
    """
    lines = [Line(content, file, number) for number, content in enumerate(text.split("\n"), start=1)]
    filled = [line for line in lines if not line.ended]
    if not filled:
        lines[-1].fail("expected a network")
    parser = _network(filled[0])
    with parser.deciding:
        for line in filled[1:]:
            parser.read(line)
    if len(parser.open) > 1:
        lines[-1].fail(f"{parser.open[-1].path} is not closed")
    graph = parser.finish()
    verify(graph)
    return graph


def _network(line: Line) -> _Parser:
    """Return the parser for the lines after the first."""
    span = line.span
    line.expect("network")
    name = line.word()
    block = line.word() if line.take("=") else name
    title = line.json() if line.next_is('"') else ""
    arguments: dict[str, object] = {}
    if line.take("("):
        arguments = dict(line.several(lambda: read_argument(line)))
        line.expect(")")
    line.end()
    root = Scope("", "network", block, arguments, span, "")
    return _Parser(GraphBuilder(root), {"name": name, "title": title, "cite": ""}, [root])


@dataclass(slots=True)
class _Parser:
    """Reads lines into a graph under construction."""

    builder: GraphBuilder
    header: dict[str, Any]
    open: list[Scope]
    """The scopes around the next line, outer before inner."""
    rules: list[tuple[str, tuple[tuple[str, Initializer], ...]]] = field(default_factory=list)
    inputs: list[Input] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    main: list[str] = field(default_factory=list)
    sizes: SizeContext = field(default_factory=lambda: SizeContext({}))
    types: dict[str, TensorType] = field(default_factory=dict)
    """The types of the values so far, with open sizes."""
    owners: set[str] = field(default_factory=set)
    decoder: json.JSONDecoder = field(init=False)
    deciding: Deciding = field(init=False)

    def __post_init__(self) -> None:
        self.deciding = self.sizes.deciding(Reason())
        self.decoder = json.JSONDecoder(object_hook=self._open_size)

    def read(self, line: Line) -> None:
        """Read a line, whose beginning decides what it is."""
        if line.matches(_NODE):
            self._node(line)
        elif line.take("}"):
            self._close(line)
        else:
            span, word = line.span, line.match(WORD, "a node, a scope, or a line about the network")
            if word in get_args(ScopeKind):
                self._scope(line, word, span)
            elif word in _STATEMENTS:
                _STATEMENTS[word](self, line)
            else:
                raise GraphSyntaxError(f"no line begins with {word!r}", span)
        line.end()

    def finish(self) -> Graph:
        """Return the graph once all lines are read."""
        root = self.open[0]
        self.builder.close(root, tuple(each.name for each in self.inputs), tuple(self.main))
        fields = {"init": tuple(self.rules), "sizes": self.sizes, **self.header}
        graph = self.builder.finish(tuple(self.inputs), self.outputs, **fields)
        self.sizes.freeze(training=graph.training_only)
        return graph

    # the network

    def _cite(self, line: Line) -> None:
        self.header["cite"] = line.json()

    def _published(self, line: Line) -> None:
        span, value = line.span, line.json()
        try:
            self.header["published"] = Publication(**value)
        except TypeError:
            raise GraphSyntaxError("an accuracy has a dataset, a source, and top1 or top5", span) from None

    def _source(self, line: Line) -> None:
        self.header["source"] = line.json()

    def _init(self, line: Line) -> None:
        self.rules.append((line.match(WORD, "an op"), line.several(lambda: read_initializers(line))))

    def _input(self, line: Line) -> None:
        name = line.match(WORD, "the name of an input")
        shape = line.match(_OPEN_SHAPE, "a shape")
        sizes = [] if shape == "scalar" else _SIZE.findall(shape)
        stated = {symbol: int(size) for symbol, size in sizes if symbol}
        self.sizes.stated.update(stated)
        dtype = read_dtype(line)
        high = int(line.match(NUMBER, "a number")) if line.take("below") else None
        symbols = tuple(symbol or None for symbol, _ in sizes) if stated else ()
        entering = Input(name, tuple(int(size) for _, size in sizes), dtype, high, symbols)
        self.inputs.append(entering)
        self.types[name] = entering.symbolic_type

    def _returns(self, line: Line) -> None:
        name = line.match(WORD, "the name of an output")
        line.expect(":")
        value = line.value()
        if not line.take("auxiliary"):
            self.main.append(value)
        train_only = line.take("in training")
        self.outputs.append(Output(name, value, train_only, line.json() if line.take(", loss weight") else 1.0))

    # scopes

    def _scope(self, line: Line, kind: Any, span: Span) -> None:
        path = line.value()
        block = line.word() if line.take("=") else ""
        entering, arguments = self._call(line, read_live_in)
        known = ("rounds", "shares", "expressions") if kind == "scan" else ("shares", "expressions")
        attributes = {"module": path, "rounds": self.open[-1].rounds, **read_attributes(line, known)}
        line.expect("{")
        scope = Scope(
            path=path,
            kind=kind,
            block=block,
            arguments=arguments,
            span=span,
            parent=self.open[-1],
            inputs=tuple(value for value, _ in entering),
            input_names=tuple(name for _, name in entering if name),
            **attributes,
        )
        self.builder.open(scope)
        self.open.append(scope)

    def _close(self, line: Line) -> None:
        if len(self.open) == 1:
            line.fail("no scope is open here")
        scope = self.open.pop()
        self.builder.close(scope, scope.inputs, line.several(line.value) if line.take("->") else ())

    # nodes

    def _node(self, line: Line) -> None:
        span, path = line.span, line.value()
        line.expect("=")
        at, word = line.span, line.match(WORD, "an op")
        inputs, arguments = self._call(line, Line.value)
        op = make_op(word, arguments, at)
        types = self._operands(inputs, at)
        self.deciding.reason = Reason(span, subject=path)
        try:
            inferred = op.infer_results(*types)
        except ShapeError as error:
            raise GraphSyntaxError(error.message, at) from None
        stated_results = tuple(TensorType(stated_shape(each.shape), each.dtype) for each in inferred)
        results = line.several(lambda: read_type(line)) if line.matches(SHAPE) else stated_results
        given = line.match(_COUNT, "a number").replace(",", "") if line.matches(_COUNT) else ""
        attributes = {"module": path, **read_attributes(line, _NODE_ATTRIBUTES)}
        shapes = [each.shape for each in types]
        params = 0 if attributes["module"] in self.owners else stated(op.count_parameters(*shapes))
        numbers = op.at_stated_sizes()
        node = Node(
            path=path,
            op=numbers,
            inputs=inputs,
            results=results,
            params=int(given) if given else params,
            macs=stated(op.count_macs(*shapes)) * self.open[-1].rounds,
            span=span,
            scope=self.open[-1],
            symbolic=None if numbers is op else op,
            **attributes,
        )
        self.owners.add(node.module)
        self.types.update(zip(node.values, inferred, strict=True))
        self.builder.add(node)

    def _operands(self, inputs: tuple[str, ...], span: Span) -> list[TensorType]:
        for name in inputs:
            if name not in self.types:
                raise GraphSyntaxError(f"there is no value {name}, or not yet", span)
        return [self.types[name] for name in inputs]

    def _call(self, line: Line, value: Callable[[Line], Part]) -> tuple[tuple[Part, ...], dict[str, Any]]:
        """Return the values and the arguments of a call."""
        values: list[Part] = []
        arguments: dict[str, Any] = {}
        line.expect("(")
        while not line.take(")"):
            if values or arguments:
                line.expect(",")
            if line.matches(ARGUMENT):
                arguments.update([read_argument(line, self.decoder)])
            else:
                values.append(value(line))
        return tuple(values), arguments

    def _open_size(self, value: dict[str, Any]) -> Any:
        """Return the open size that an object among arguments describes."""
        if value.keys() != {"size"}:
            return value
        return read_size(value["size"], {name: symbol(name, size) for name, size in self.sizes.stated.items()})


_STATEMENTS: dict[str, Callable[[_Parser, Line], None]] = {
    "cite": _Parser._cite,
    "published": _Parser._published,
    "source": _Parser._source,
    "init": _Parser._init,
    "input": _Parser._input,
    "returns": _Parser._returns,
}
"""The statements about the network, by their first word."""

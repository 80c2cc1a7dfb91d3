"""Adding to the graph under construction: every node with its shape and cost, within a budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import prod
from pathlib import Path
from typing import NamedTuple

from netspec.diagnostics import Code, Collector, Note, SourceMap, Span, SpecError
from netspec.dtypes import Dtype
from netspec.ir import Expressions, GraphBuilder, Initializers, Input, Node, Output, Scope, ScopeKind, Ties
from netspec.ir.batchless import Batchless
from netspec.ir.node import producer
from netspec.language.model import Block, Document, Step
from netspec.language.scope import narrowed
from netspec.limits import Limits
from netspec.lowering.budget import Budget
from netspec.lowering.exceeded import too_large
from netspec.lowering.schedule import Schedule, schedule_of
from netspec.lowering.sharing import Owner, check_block, check_contents, check_owner
from netspec.lowering.size_inputs import size_inputs
from netspec.lowering.values import Value
from netspec.ops import Op, ShapeError, TensorType
from netspec.ops.pattern_op import PatternOp
from netspec.sizes import Dim, Reason, SizeContext, stated
from netspec.sizes.context import Deciding
from netspec.sizes.shape import Shape, show, stated_shape

Result = tuple[Step, tuple[Value, ...]]


class Facts(NamedTuple):
    """What is inferred from an op and the types of its operands."""

    op: Op
    symbolic: Op | None
    """The op with formulas of open sizes among its arguments, where it has any."""
    results: tuple[TensorType, ...]
    stated_results: tuple[TensorType, ...]
    parameters: dict[str, Shape]
    params: int
    macs: int
    subject: str
    """The path of the first node of which it follows: for whom sizes were compared."""


class InsertionPoint(NamedTuple):
    """Where a node or scope is added, and what the document says about it.

    ``path`` is its own path, ``module`` that of the module that holds its weights.
    """

    scope: Scope
    path: str
    module: str
    span: Span
    device: int | None = None
    label: str = ""
    named: bool = False
    shares: bool = False
    """True where an earlier step created the module."""
    expressions: Expressions = ()
    pattern: Span | None = None
    """Where the op's pattern stands, which an error about its operand marks."""
    rounds: int = 1
    """How often a scope is computed each time that the one around it is."""
    ties: Ties = ()


@dataclass(slots=True)
class Builder:
    """Collects nodes, outputs and errors while a document is expanded."""

    graph: GraphBuilder
    outputs: list[Output] = field(default_factory=list)
    collector: Collector = field(default_factory=Collector)
    sources: SourceMap = field(default_factory=SourceMap)
    """The texts of the documents that ``use`` reads."""
    results: list[Result] = field(default_factory=list)
    """The values of each step; a step comes after those inside it."""
    values: dict[str, Value] = field(default_factory=dict)
    """The value of every node, with open sizes."""
    calls: list[tuple[Block, tuple[Value, ...], Scope]] = field(default_factory=list)
    """The calls of blocks with named inputs, each with its operands and its scope."""
    limits: Limits = field(default_factory=Limits)
    sizes: SizeContext = field(default_factory=lambda: SizeContext({}))
    """The open sizes of the inputs, and what is decided about them."""
    batchless: Batchless = field(init=False)
    """The values that are the same for each example."""
    budget: Budget = field(init=False)
    """What is counted of the document, against the limits."""
    deciding: Deciding = field(init=False)
    """What answers questions about sizes, with the reason for which they are asked."""
    frozen: bool = False
    """Whether the step that is lowered, or one around it, is not trained."""
    entering: tuple[Value, ...] = ()
    """The inputs of the network."""
    labels: Sequence[Mapping[str, tuple[Value, ...] | None]] = ()
    """What the step that is lowered can refer to, and then what those around its block can."""
    documents: dict[Path, Document] = field(default_factory=dict)
    """The documents that the network uses: each is read once, however often it is used."""
    output_names: set[str] = field(default_factory=set)
    pinned: bool = True
    counts: dict[str, int] = field(default_factory=dict)
    """The number of the calls that a document numbers, by the path of where it is used."""
    schedules: dict[str, Schedule] = field(default_factory=dict)
    """What numbers the calls of each document that is used, by that path."""
    inputs: dict[str, Input] = field(default_factory=dict)
    places: dict[str, Span] = field(default_factory=dict)
    """Where the values are declared that enter the network."""
    owners: dict[str, Owner] = field(default_factory=dict)
    """The first step that uses each module."""
    facts: dict[tuple[Op, tuple[TensorType, ...]], Facts] = field(default_factory=dict)
    ops: dict[object, Op] = field(default_factory=dict)
    constant_ops: dict[Step, Op | None] = field(default_factory=dict)
    """The ops of steps whose arguments are plain values, however often these are expanded; None where they are not."""
    expressions: dict[int, tuple[object, Expressions]] = field(default_factory=dict)
    """The expressions of the arguments of steps, by the id of the mapping that holds them."""
    resolved: dict[tuple[object, ...], tuple[tuple[object, ...], Step]] = field(default_factory=dict)
    """The steps that ``$name`` stands for, with what they were parsed from, by the word and the ids of that."""

    def __post_init__(self) -> None:
        self.budget = Budget(self.limits, self.graph.nodes)
        self.batchless = Batchless(self.shape_of)
        self.deciding = self.sizes.deciding(Reason())

    def schedule_of(self, document: Document, path: str) -> Schedule:
        """Return what numbers the calls of the document that is expanded at a path."""
        schedule = self.schedules[path] = schedule_of(document, self.counts.get(path))
        return schedule

    def counted(self) -> dict[str, int]:
        """Return how many calls there are in each document that reads their number, by its path."""
        return {path: each.seen for path, each in self.schedules.items() if each.reads_count}

    def add(
        self, op: Op, operands: tuple[Value, ...], point: InsertionPoint, init: Initializers = ()
    ) -> tuple[Value, ...]:
        """Add one op and return its results.

        Raises: SpecError when the op cannot take these operands.
        """
        facts = self._facts(op, operands, point)
        if op.trains_last_axis:
            self._check_last_axis(op, operands[0], point.span)
        self.budget.count_axes(sum([len(each.shape) for each in facts.stated_results]), point.span)
        node = Node(
            path=point.path,
            op=facts.op,
            inputs=tuple([value.path for value in operands]),  # a list here is faster than a generator
            results=facts.stated_results,
            params=facts.params if self._is_new_module(point.module, op, facts.parameters, point.span) else 0,
            macs=facts.macs * point.scope.rounds,
            span=point.span,
            scope=point.scope,
            module=point.module,
            label=point.label,
            init=tuple([rule for rule in init if rule[0] in facts.parameters]) if init else (),
            device=point.device,
            named=point.named,
            expressions=point.expressions,
            symbolic=facts.symbolic,
            size_inputs=size_inputs(facts.symbolic, operands, self.labels, self.entering) if facts.symbolic else (),
            ties=point.ties,
            frozen=self.frozen and bool(facts.parameters),
        )
        self.graph.add(node)
        self.batchless.add(node)
        values = tuple(map(Value.of, node.values, facts.results))
        self.values.update(zip(node.values, values, strict=True))
        return values

    def _facts(self, op: Op, operands: tuple[Value, ...], point: InsertionPoint) -> Facts:
        """Return the inferred facts of an op on these operands; equal steps share them."""
        types = tuple([value.type for value in operands])
        key = (op, types)  # ops are frozen records, equal when their fields are
        facts = self.facts.get(key)
        if facts is None:
            facts = self.facts[key] = self._new_facts(op, operands, point)
        else:
            # What was asked for the first of equal steps is asked for this one too.
            self.sizes.repeat(facts.subject, point.span, point.path)
        return facts

    def _new_facts(self, op: Op, operands: tuple[Value, ...], point: InsertionPoint) -> Facts:
        around, self.deciding.reason = self.deciding.reason, Reason(point.span, subject=point.path)
        types = [value.type for value in operands]
        span, shapes = point.span, [each.shape for each in types]
        try:
            op = op.located(*shapes)
            results, parameters = op.infer_results(*types), op.list_parameters(*shapes)
        except ShapeError as error:
            place = span
            if point.pattern and isinstance(op, PatternOp):
                place = narrowed(point.pattern, error, op.pattern)
            notes = self._producers(error, operands)
            raise SpecError.of(error.code, error.message, place, help=error.help, notes=notes) from None
        stated_results = tuple([TensorType(stated_shape(each.shape), each.dtype) for each in results])
        # A value that no machine holds is refused before arithmetic on its size takes long.
        for each in stated_results:
            if prod(each.shape) > self.limits.elements:
                raise too_large("a value", each.shape, self.limits, span)
        self._check_dtypes(op, operands, span)
        # Weights have one size, so that the sizes which they are computed from are fixed.
        weights: dict[str, Shape] = {name: tuple(map(int, shape)) for name, shape in parameters.items()}
        params = sum([prod(shape) for shape in weights.values()]) + stated(op.count_lengths(*shapes))
        numbers = op.at_stated_sizes()
        if numbers is not op and shapes:
            # A layer is constructed with its padding, which may follow from an open window.
            for side in chain(*op.padding_around(stated_shape(shapes[0]))):
                int(side)
        self.deciding.reason = around
        symbolic = None if numbers is op else op
        # A count is for the stated sizes, so that it is computed from these: arithmetic on open sizes takes longer.
        macs = stated(numbers.count_macs(*[self.shape_of(value.path) for value in operands]))
        return Facts(numbers, symbolic, results, stated_results, weights, params, macs, point.path)

    def _producers(self, error: ShapeError, operands: tuple[Value, ...]) -> list[Note]:
        """Return where the wrong operand comes from, and for merges the first operand too."""
        positions = {0, error.operand} if len(operands) > 1 else {error.operand}
        notes: dict[Note, None] = {}
        for position in sorted(each for each in positions if each is not None and each < len(operands)):
            value = operands[position]
            notes[Note(self.place(value), f"{value.path} is {show(value.shape)}")] = None
        return list(notes)

    def place(self, value: Value) -> Span:
        """Return where a value comes from."""
        node = self.graph.nodes.get(producer(value.path))
        return node.span if node else self.places[value.path]

    def shape_of(self, value: str) -> Shape:
        """Return the shape of a value by its name."""
        node = self.graph.nodes.get(value)
        if node is not None:
            return node.results[0].shape
        return self.inputs[value].shape if value in self.inputs else stated_shape(self.values[value].shape)

    def _check_dtypes(self, op: Op, operands: tuple[Value, ...], span: Span) -> None:
        """Raise SpecError for values that an op does not take; of integers beside floats, torch would make floats."""
        for position, value in enumerate(operands):
            wanted = op.operand_dtypes(position) or (operands[0].dtype,)
            if value.dtype not in wanted:
                is_mixed = not op.operand_dtypes(position)
                both = f"values of one dtype, got {' and '.join(sorted((operands[0].dtype, value.dtype)))}"
                message = f"{op.name} takes {both if is_mixed else f'{wanted[0]} values, got {value.dtype}'}"
                shown = (operands[0], value) if is_mixed else (value,)
                notes = [Note(self.place(each), f"{each.path} is {each.dtype}") for each in shown]
                help_text = _dtype_help(wanted[0], value.dtype, is_mixed)
                if value.dtype == "int64" and value.path in self.graph.nodes:
                    help_text = "in a constant, `float(...)` makes floats of whole numbers"
                raise SpecError.of(Code.DTYPE_MISMATCH, message, span, help=help_text, notes=notes)

    def _check_last_axis(self, op: Op, operand: Value, span: Span) -> None:
        """Warn of weights for each position of a map, which are nearly always a forgotten ``flatten``."""
        # Features are a number; what is open are the positions of an image.
        shape = operand.shape
        if len(shape) > 2 and type(shape[-1]) is Dim:
            message = f"{op.name} works over the width of {show(shape)}, not over its channels"
            help_text = "`flatten` makes it one vector; `conv` with `kernel: 1` and `ln: channels` go over the channels"
            self.collector.report(Code.WEIGHTS_PER_POSITION, message, span, help_text)

    def _is_new_module(self, module: str, op: Op, parameters: dict[str, Shape], span: Span) -> bool:
        """Return whether a module is new, so that its parameters count; raise SpecError when it cannot be shared."""
        known = self.owners.get(module)
        if known is None:
            self.owners[module] = Owner(op, parameters, span, self.frozen)
            return True
        check_owner(module, Owner(op, parameters, span, self.frozen), known)
        return False

    def open_scope(
        self,
        point: InsertionPoint,
        kind: ScopeKind,
        block: str = "",
        arguments: Mapping[str, object] | None = None,
        input_names: tuple[str, ...] = (),
    ) -> Scope:
        """Start a scope; ``close_scope`` ends it."""
        if point.shares:
            first = self.graph.scopes.get(point.module)
            check_block(point.module, block, first, point.span)
        scope = Scope(
            path=point.path,
            kind=kind,
            block=block,
            arguments=arguments or {},
            span=point.span,
            module=point.module,
            parent=point.scope,
            input_names=input_names,
            expressions=point.expressions,
            rounds=point.rounds * point.scope.rounds,
        )
        self.graph.open(scope)
        return scope

    def close_scope(self, scope: Scope, entered: tuple[Value, ...] | None, left: tuple[Value, ...] | None) -> None:
        """End a scope; an empty one is dropped."""
        names = tuple(tuple(value.path for value in operands or ()) for operands in (entered, left))
        self.graph.close(scope, *names)
        if scope.path != scope.module and left is not None:
            check_contents(scope, self.graph.scopes[scope.module])


def _dtype_help(wanted: Dtype, found: Dtype, is_mixed: bool) -> str:
    if "bool" in (wanted, found):
        return "a comparison gives booleans, as in `formula: x > 0`, and `formula: where(mask, x, 0)` chooses by them"
    return (
        "`embedding` turns integers into vectors"
        if is_mixed or found == "int64"
        else "declare the input with `dtype: int64`"
    )


def join(path: str, name: str) -> str:
    """Return the path of a name inside a scope; the root's path is empty."""
    return f"{path}.{name}" if path else name

"""Weights from elsewhere: tensors and formulas over them, which are operands, and parameters that other steps own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from netspec.diagnostics import Code, Note, Span, SpecError
from netspec.ir import Node
from netspec.ir.node import producer
from netspec.language.messages import show_value
from netspec.language.model import Step, Text
from netspec.language.scope import TIE, expression_error, source_of
from netspec.lowering.context import Context
from netspec.lowering.evaluation import closed, evaluate, is_size
from netspec.lowering.insertion import Part, add_part
from netspec.lowering.layers import Layer
from netspec.lowering.operands import labelled
from netspec.lowering.values import Value, Values
from netspec.ops import OPS, Op
from netspec.ops.constant import Constant
from netspec.ops.formula_text import count_leaves, values_of
from netspec.ops.weighted import GIVEN, TIED, Weighted
from netspec.sizes.shape import Shape, show
from netspec.syntax import expr


@dataclass(frozen=True, slots=True)
class Tie:
    """A parameter that another step owns: its key, its shape, and that step's node."""

    key: str
    shape: Shape
    owner: Node


@dataclass(slots=True)
class Weights:
    """The weights of a step that come from elsewhere, by name."""

    given: dict[str, Value] = field(default_factory=dict)
    tied: dict[str, Tie] = field(default_factory=dict)

    def names(self) -> frozenset[str]:
        """Return the names of these weights."""
        return frozenset((*self.given, *self.tied))

    def fields(self, op: type[Op], values: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of an op with marks in place of these weights, and with the sizes that they say."""
        marks: dict[str, Any] = dict.fromkeys(self.given, GIVEN) | dict.fromkeys(self.tied, TIED)
        source = self.given.get("weight") or self.tied.get("weight")
        shape = source.shape if source is not None else None
        sizes = op.sizes_of(shape, values) if shape is not None and issubclass(op, Weighted) else {}
        return {**sizes, **values, **marks}


def weights_of(op: type[Op], step: Step, values: Values, context: Context) -> Weights:
    """Return the weights that a step takes from elsewhere, with the nodes that compute them added.

    Raises: SpecError for what is no tensor; AlreadyReported when it reads a value that an error left unknown.
    """
    found = Weights()
    for name in op.weight_names:
        raw = step.arguments.get(name)
        if not isinstance(raw, str) or type(raw) is Text:
            continue
        place = step.place(name)
        tie = TIE.fullmatch(source_of(raw))
        if tie is not None:
            found.tied[name] = _tied(tie[1], tie[2], values, context, place)
        elif _is_over_values(raw, context, place):
            found.given[name] = _Evaluation(step, name, values, context).tensor()
        elif isinstance(evaluate(raw, context.variables, place), str) or name == "weight":
            help_text = f"as in `{name}: kernel`, where `tensors` declares the kernel"
            raise SpecError.of(Code.INVALID_ARGUMENT, f"{step.key}: `{name}` is no tensor", place, help=help_text)
    return found


def _is_over_values(text: str, context: Context, span: Span) -> bool:
    try:
        return expr.parse_weight_formula(source_of(text)).is_over_values(context.variables)
    except expr.ExpressionError as error:
        raise SpecError([expression_error(error, text, span)]) from None


# tensors


@dataclass(slots=True)
class _Evaluation:
    """Adds what computes a tensor of other ones."""

    step: Step
    name: str
    values: Values
    context: Context
    span: Span = field(init=False)

    def __post_init__(self) -> None:
        self.span = self.step.place(self.name)

    def tensor(self) -> Value:
        """Return the weight, which is the same for each example."""
        value = self._value(source_of(self.step.arguments[self.name]), self.name)
        batchless = self.context.builder.batchless
        if value.path not in batchless.values or value.path in batchless.leading:
            builder = self.context.builder
            is_stored = value.path in batchless.leading
            why = "stored with an axis of the batch" if is_stored else "another for each example"
            message = f"{self.step.key}: a weight is one tensor for all examples, and {value.path} is {why}"
            help_text = "declare it without `batch`" if is_stored else "`tensors` declares what weights are made of"
            notes = [Note(builder.place(value), "it comes from here")]
            raise SpecError.of(Code.INVALID_OPERANDS, message, self.span, help=help_text, notes=notes)
        return value

    def _value(self, text: str, label: str = "") -> Value:
        formula = self._parsed(text)
        call = formula.call()
        if call is not None:
            return self._made(*call, label)
        # No label begins so.
        parts = {f"_{place}": self._value(part) for place, part in enumerate(formula.parts(), 1)}
        around = formula.around(list(parts))
        try:
            evaluated = expr.parse_formula(around).evaluate(Layer(dict(parts), below=self.context.variables))
        except expr.ExpressionError as error:
            raise self._error(error) from None
        if evaluated.value is not None:
            return self._named(evaluated.value, parts)
        self._count_operands(count_leaves(evaluated.text))
        op = OPS["formula"].model_validate({"expression": evaluated.text})
        operands = tuple(self._named(name, parts) for name in values_of(evaluated.text))
        return self._add(op, operands, label)

    def _add(self, op: Op, operands: tuple[Value, ...], label: str, word: str = "") -> Value:
        return add_part(op, operands, self.step, self.context, Part(word or op.name, label))

    def _parsed(self, text: str) -> expr.WeightFormula:
        try:
            return expr.parse_weight_formula(text)
        except expr.ExpressionError as error:
            raise self._error(error) from None

    def _named(self, name: str, parts: dict[str, Value]) -> Value:
        if name in parts:
            return parts[name]
        (value,) = labelled(name, self.values, self.context, self.span)
        return value

    def _made(self, function: str, arguments: list[str], label: str) -> Value:
        """Return the tensor that a function makes."""
        if function == "concat":
            operands = tuple(map(self._value, arguments))
            self._count_operands(len(operands))
            return self._add(OPS["concat"](), operands, label)
        axes = tuple((f"i{place}", self._size(text)) for place, text in enumerate(arguments, 1))
        value = "1.0" if function == "ones" else "0.0"
        return self._add(Constant(axes=axes, value=value), (), label, word=function)

    def _count_operands(self, count: int) -> None:
        self.context.builder.budget.count_operands(count, self.context.frames, self.span)

    def _size(self, text: str) -> int:
        try:
            size: int = closed(expr.parse(text).evaluate(self.context.variables))
        except expr.ExpressionError as error:
            raise self._error(error) from None
        if not is_size(size):
            message = f"the size of an axis is a whole number of at least 1, not {show_value(size)}"
            raise SpecError.of(Code.INVALID_ARGUMENT, message, self.span, help="as in `zeros(dim)`")
        return size

    def _error(self, error: expr.ExpressionError) -> SpecError:
        return SpecError([expression_error(error, self.step.arguments[self.name], self.span)])


# ties


def _tied(label: str, parameter: str, values: Values, context: Context, span: Span) -> Tie:
    """Return a parameter of the step with a label."""
    found = labelled(label, values, context, span)
    builder = context.builder
    node = builder.graph.nodes.get(producer(found[0].path)) if found else None
    if node is None or node.scope not in tuple(context.scope.ascend()):
        message = f"'{label}' is no step of this body that has weights"
        notes = [Note(builder.place(found[0]), f"'{label}' comes from here")] if found else []
        help_text = "label the step that has them, as in `{linear: 64, as: first}`"
        raise SpecError.of(Code.INVALID_SHARING, message, span, help=help_text, notes=notes)
    tied = dict(node.ties)
    if parameter in tied:
        # The path of a module is that of the step which owns it.
        owner, _, parameter = tied[parameter].rpartition(".")
        node = builder.graph.nodes[owner]
    shape = builder.owners[node.module].parameters.get(parameter)
    if shape is None:
        known = ", ".join(builder.owners[node.module].parameters) or "none"
        message = f"'{label}' has no {parameter} of its own"
        notes = [Note(node.span, f"{node.path} is {node.op.name}")]
        raise SpecError.of(Code.INVALID_SHARING, message, span, help=f"its weights: {known}", notes=notes)
    if parameter == "weight" and isinstance(node.op, Weighted) and node.op.parametrization:
        message = f"the weight of '{label}' is computed, by {node.op.parametrization}"
        notes = [Note(node.span, f"{node.path} is {node.op.name}")]
        help_text = "leave out `parametrize`, or use the step itself again with `share`"
        raise SpecError.of(Code.INVALID_SHARING, message, span, help=help_text, notes=notes)
    if (node.device or 0) != (context.device or 0):
        message = f"the weights of '{label}' live on another device"
        notes = [Note(node.span, f"on device {node.device or 0}")]
        help_text = "put both steps on one device: what is one tensor is in one place"
        raise SpecError.of(Code.INVALID_SHARING, message, span, help=help_text, notes=notes)
    return Tie(f"{node.module}.{parameter}", shape, node)


def check_ties(op: Op, weights: Weights, operand: Value, step: Step) -> None:
    """Raise SpecError for weights of other steps that do not fit."""
    if not isinstance(op, Weighted) or not weights.tied:
        return
    wanted = op.weight_shapes(operand.shape)
    for name, tie in weights.tied.items():
        shape = tuple(map(int, wanted[name])) if name in wanted else ()
        if shape != tie.shape:
            message = f"{step.key} needs a {name} of {show(shape)}, and {tie.key} is {show(tie.shape)}"
            notes = [Note(tie.owner.span, f"{tie.owner.path} has {show(tie.shape)}")]
            help_text = "weights are tied where both steps have the same sizes"
            raise SpecError.of(Code.SHAPE_MISMATCH, message, step.place(name), help=help_text, notes=notes)

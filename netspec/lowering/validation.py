"""Ops and combinators from their arguments: evaluated, completed by the document's ``defaults`` and validated."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from netspec.diagnostics import Code, Collector, Diagnostic, Span, SpecError, nearest
from netspec.language.messages import as_help, show_value
from netspec.language.model import Step
from netspec.lowering.context import Context
from netspec.lowering.evaluation import closed, evaluate
from netspec.lowering.weights import Weights
from netspec.ops import Op
from netspec.ops.fields import words as words_of
from netspec.sizes.shape import MOST_AXES
from netspec.syntax.yaml import Mapping, locate

Model = TypeVar("Model", bound=BaseModel)

_PLAIN = (int, str, bool, float, type(None))
"""The types without open sizes, of nearly all arguments."""
WHOLE = "use `//` for a whole number, or int(...)"


def make_op(op: type[Op], step: Step, context: Context, weights: Weights | None = None) -> Op:
    """Return the op with its arguments evaluated, the document's defaults added and everything validated.

    ``weights`` are those of its weights that come from elsewhere.
    """
    constants = context.builder.constant_ops
    # Most steps of a block have no expression, and a block is expanded many times.
    known = constants.get(step)
    if known is not None:
        return known
    elsewhere = weights.names() if weights else frozenset()
    values = evaluated_defaults(op, context) | evaluated_fields(op, step.arguments, context, elsewhere)
    if weights and elsewhere:
        values = weights.fields(op, values)
    made = validated_op(op, values, context, step)
    if step not in constants:
        is_constant = _are_constant(step.arguments, op) and _are_constant(context.defaults.get(op.name) or {}, op)
        constants[step] = made if is_constant else None
    return made


def _are_constant(arguments: Any, op: type[Op]) -> bool:
    """Return whether no argument of an op needs evaluation: each is a number, or a word of its field."""
    if not isinstance(arguments, dict):
        return False
    written = [(field, raw) for field, raw in arguments.items() if field in fields_of(op)]
    return all(raw in op.words(field) if isinstance(raw, str) else type(raw) in _PLAIN for field, raw in written)


@cache
def fields_of(op: type[Op]) -> frozenset[str]:
    """Return the names of an op's arguments; pydantic takes longer to list them than most take to evaluate."""
    return frozenset(op.model_fields)


def evaluated_defaults(op: type[Op], context: Context) -> dict[str, Any]:
    """Return the values of the document's ``defaults`` for an op."""
    defaults = context.defaults.get(op.name)
    if not isinstance(defaults, Mapping):
        return {}
    known = fields_of(op)
    variables = context.schedule.variables(op.name, context.constants)
    return {
        field: evaluate(raw, variables, defaults.value_spans[field], op.words(field))
        for field, raw in defaults.items()
        if field in known
    }


def evaluated_fields(op: type[Op], arguments: Mapping, context: Context, but: Collection[str] = ()) -> dict[str, Any]:
    """Return the values of the op's fields among the arguments, except for some."""
    values: dict[str, Any] = {}
    collector = Collector()
    known, spans = fields_of(op), arguments.value_spans
    takes_sizes = "sizes" in op.open_arguments
    for field, raw in arguments.items():
        if (field not in known and not takes_sizes) or field in but:
            continue
        try:  # `collector.catch` costs as much as evaluating an argument, of which there are thousands
            words = op.words(field) if field in known else ()
            value = evaluate(raw, context.variables, spans.get(field) or arguments.span, words)
            stays_open = field in op.open_arguments or field not in known
            values[field] = value if type(value) in _PLAIN or stays_open else closed(value)
        except SpecError as error:
            collector.keep(error)
    collector.raise_errors()
    return values


def validated_op(op: type[Op], values: dict[str, Any], context: Context, step: Step) -> Op:
    """Return the op with these values; equal ones are one object."""
    key = (op, repr(values))
    known = context.builder.ops.get(key)
    if known is None:
        known = context.builder.ops[key] = validate(op, values, step, context.defaults.get(op.name))
    return known


def validate(model: type[Model], values: dict[str, Any], step: Step, defaults: Mapping | None = None) -> Model:
    """Return the validated record; raise SpecError with one diagnostic per wrong argument."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise SpecError(_argument_errors(error, model, step, defaults)) from None


def _argument_errors(
    error: ValidationError, model: type[BaseModel], step: Step, defaults: Mapping | None
) -> list[Diagnostic]:
    found: dict[str, Diagnostic] = {}
    for each in error.errors(include_url=False):
        location = each["loc"]
        # The size of a name is written as an argument of its own.
        if location[0] == "sizes" and isinstance(location[-1], str) and len(location) > 1:
            location = location[1:]
        field, *inside = location
        # A list of foreach is named after its variable.
        shown = inside[0] if field == "lists" and inside else field
        message = f"{step.key}: `{shown}` {_requirement(each)}, not {show_value(each['input'])}"
        help_text = _argument_help(model, str(field), each)
        place = _argument_place(location, step, defaults)
        found.setdefault(str(field), Diagnostic(Code.INVALID_ARGUMENT, message, place, help=help_text))
    return list(found.values())


def _argument_help(model: type[BaseModel], field: str, error: Any) -> str:
    given, requirement = error["input"], _requirement(error)
    if isinstance(given, float) and "whole number" in requirement:
        return WHOLE
    info = model.model_fields.get(field)
    if info is None and given == -1:
        return "leave it out: a size that follows from the others is not written"
    if info is None:
        return "the names of a pattern are arguments: give the size, or choose another name"
    if field == "lists" and isinstance(given, int):
        return f"as in `range({given})`"
    if isinstance(given, str) and requirement.startswith("must be a list"):
        return f"a single one is a list too: `{field}: [{given}]`"
    meant = nearest(given, words_of(info.annotation)) if isinstance(given, str) else ""
    return meant or as_help(info.description)


def _argument_place(loc: tuple[int | str, ...], step: Step, defaults: Mapping | None) -> Span:
    """Return the place of a value: in the step, or in the document's defaults."""
    for holder in (step.arguments, defaults):
        if holder and loc[0] in holder:
            return locate(holder, loc)
    return step.span


def _requirement(error: Any) -> str:
    # pydantic's own messages speak of Python ("Input should be a valid integer") and differ between its versions.
    context = error.get("ctx") or {}
    match error["type"]:
        case "netspec":
            return str(error["msg"]).replace("expected", "must be", 1)
        case "int_type":
            return "must be a whole number"
        case "float_type":
            return "must be a number"
        case "bool_type":
            return "must be true or false"
        case "greater_than_equal":
            return f"must be at least {_bound(context['ge'])}"
        case "greater_than":
            return f"must be greater than {_bound(context['gt'])}"
        case "less_than_equal":
            return f"must be at most {_bound(context['le'])}"
        case "literal_error":
            return f"must be {context['expected']}"
        case "list_type" | "tuple_type":
            return "must be a list"
        case "dict_type":
            return "must be a mapping"
        case "string_type":
            return "must be a text"
        case "too_short" | "too_long":
            return f"must have 1 to {context.get('max_length', MOST_AXES)} entries"
    return str(error["msg"])[0].lower() + str(error["msg"])[1:]


def _bound(number: float) -> str:
    return f"{number:g}" if isinstance(number, float) else str(number)

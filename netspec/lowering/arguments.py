"""From arguments as written to values: expressions, words, ``$name``, types and bounds."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from netspec.diagnostics import Code, Collector, Diagnostic, NetspecError, Note, Span, SpecError, nearest
from netspec.ir import Expressions
from netspec.language.messages import lowered, show_value, suggest_step
from netspec.language.model import Parameter, Step
from netspec.language.parameters import TYPES, wanted
from netspec.language.scope import WORD, expression_error, source_of
from netspec.lowering.context import Context
from netspec.lowering.values import UNKNOWN
from netspec.ops import OPS, Op
from netspec.ops.fields import words as words_of
from netspec.sizes.shape import MOST_AXES
from netspec.syntax import expr
from netspec.syntax.yaml import Mapping, Sequence, locate, merged

Model = TypeVar("Model", bound=BaseModel)

WHOLE = "use `//` for a whole number, or int(...)"


class AlreadyReported(NetspecError):
    """A value depends on one that an error, which is reported already, left unknown."""


class BlockReference(str):
    """A block or op handed over as an argument: its word, where that word is known, and arguments bound to it."""

    namespace: Any
    bound: Mapping

    def __new__(cls, word: str, namespace: Any, bound: Mapping | None = None) -> BlockReference:
        reference = super().__new__(cls, word)
        reference.namespace, reference.bound = namespace, Mapping() if bound is None else bound
        return reference


class Evaluated:
    """A value among arguments as written that needs no evaluation any more."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def evaluate(raw: Any, variables: dict[str, Any], span: Span, words: Collection[str] = ()) -> Any:
    """Return the value of an argument as written.

    Raises: SpecError with the expression's error; AlreadyReported when it reads a value that an error left unknown.
    """
    if isinstance(raw, str):
        return raw if raw in words else _evaluate_text(raw, variables, span, words)
    if isinstance(raw, Sequence):
        return [evaluate(item, variables, place, words) for item, place in zip(raw, raw.item_spans, strict=True)]
    if isinstance(raw, Mapping):
        return {key: evaluate(item, variables, raw.value_spans[key], words) for key, item in raw.items()}
    return raw.value if isinstance(raw, Evaluated) else raw


def _evaluate_text(text: str, variables: dict[str, Any], span: Span, words: Collection[str]) -> Any:
    try:
        expression = expr.parse(source_of(text))
        for name in expression.names:
            if variables.get(name) is UNKNOWN:
                raise AlreadyReported
        return expression.evaluate(variables)
    except expr.ExpressionError as error:
        raise SpecError([expression_error(error, text, span, words)]) from None


def expressions(arguments: Mapping, context: Context) -> Expressions:
    """Return the arguments that are written as texts."""
    # A step in a loop is expanded many times, and is written once. The mapping is kept, so that its id stays its own.
    known = context.builder.expressions.get(id(arguments))
    if known is None:
        found = tuple((name, source_of(raw)) for name, raw in arguments.items() if isinstance(raw, str))
        known = context.builder.expressions[id(arguments)] = (arguments, found)
    return known[1]


def fill(template: str, context: Context, span: Span) -> str:
    """Return a name with its ``{expressions}`` filled in."""
    if "{" not in template and "}" not in template:
        return template
    try:
        return expr.fill(template, context.variables)
    except expr.ExpressionError as error:
        raise SpecError([expression_error(error, template, span)]) from None


def make_op(op: type[Op], step: Step, context: Context) -> Op:
    """Return the op with its arguments evaluated, the document's defaults filled in and everything validated."""
    values = evaluated_defaults(op, context) | evaluated_fields(op, step.arguments, context)
    return validated_op(op, values, context, step)


@cache
def fields_of(op: type[Op]) -> frozenset[str]:
    """Return the names of an op's arguments; pydantic takes longer to tell them than most take to be evaluated."""
    return frozenset(op.model_fields)


def evaluated_defaults(op: type[Op], context: Context) -> dict[str, Any]:
    """Return the values that the document's ``defaults`` give for an op."""
    defaults = context.defaults.get(op.name)
    if not isinstance(defaults, Mapping):
        return {}
    known = fields_of(op)
    return {
        field: evaluate(raw, context.constants, defaults.value_spans[field], op.words(field))
        for field, raw in defaults.items()
        if field in known
    }


def evaluated_fields(op: type[Op], arguments: Mapping, context: Context) -> dict[str, Any]:
    """Return the values of the op's fields among the arguments."""
    values: dict[str, Any] = {}
    collector = Collector()
    known = fields_of(op)
    for field, raw in arguments.items():
        if field not in known:
            continue
        try:  # `collector.catch` costs as much as evaluating an argument, of which there are thousands
            words = op.words(field)
            values[field] = evaluate(raw, context.variables, arguments.value_spans.get(field, arguments.span), words)
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
        field, *inside = each["loc"]
        # A list of foreach goes by the name of its variable.
        shown = inside[0] if field == "lists" and inside else field
        message = f"{step.key}: `{shown}` {_requirement(each)}, not {show_value(each['input'])}"
        help_text = _argument_help(model, str(field), each)
        place = _argument_place(each["loc"], step, defaults)
        found.setdefault(str(field), Diagnostic(Code.INVALID_ARGUMENT, message, place, help=help_text))
    return list(found.values())


def _argument_help(model: type[BaseModel], field: str, error: Any) -> str:
    given, requirement = error["input"], _requirement(error)
    if isinstance(given, float) and "whole number" in requirement:
        return WHOLE
    meant = nearest(given, words_of(model.model_fields[field].annotation)) if isinstance(given, str) else ""
    return meant or lowered(model.model_fields[field].description)


def _argument_place(loc: tuple[int | str, ...], step: Step, defaults: Mapping | None) -> Span:
    """Return where a value was written: in the step, or in the document's defaults."""
    for holder in (step.arguments, defaults):
        if holder and loc[0] in holder:
            return locate(holder, loc)
    return step.span


def _requirement(error: Any) -> str:
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


def bind(
    parameters: dict[str, Parameter],
    given: Mapping,
    context_variables: dict[str, Any],
    namespace: Any,
    callee: str,
    span: Span,
    own_namespace: Any,
) -> dict[str, Any]:
    """Return the values of a block's or document's arguments for one call, defaults included.

    Raises:
        SpecError: NS0307 for one that is missing, NS0309 for one of the wrong type or out of bounds.
        AlreadyReported: one depends on a value that an error left unknown.
    """
    values: dict[str, Any] = {}
    collector = Collector()
    for name, parameter in parameters.items():
        try:
            if name in given:
                place = given.value_spans.get(name, span)
                value = _argument(given[name], parameter, context_variables, place, namespace)
            elif parameter.required:
                notes = [Note(parameter.span, "declared here")]
                raise SpecError.of(
                    Code.MISSING_ARGUMENT, f"{callee} needs `{name}`", span, notes=notes, help=wanted(parameter)
                )
            else:
                place = parameter.span
                value = _argument(parameter.default, parameter, values, place, own_namespace)
            values[name] = _checked(value, parameter, callee, place)
        except SpecError as error:
            collector.keep(error)
            values[name] = UNKNOWN
        except AlreadyReported:
            values[name] = UNKNOWN
    collector.raise_errors()
    if UNKNOWN in values.values():
        raise AlreadyReported
    return values


def _argument(raw: Any, parameter: Parameter, variables: dict[str, Any], span: Span, namespace: Any) -> Any:
    if isinstance(raw, str) and not raw.startswith("$"):
        if parameter.type in ("word", "block"):
            return _word(raw, namespace)
        if parameter.type == "any" and WORD.match(raw) and raw not in variables:
            return _word(raw, namespace)
    if _is_partial(raw, parameter, namespace):
        return _partial(raw, variables, namespace)
    return evaluate(raw, variables, span)


def _is_partial(raw: Any, parameter: Parameter, namespace: Any) -> bool:
    """Return whether an argument is a block or op with arguments; one of any type is so only if its word is known."""
    if not isinstance(raw, Mapping) or len(raw) != 1:
        return False
    (word,) = raw
    return parameter.type in ("block", "word") or (parameter.type == "any" and (word in OPS or word in namespace))


def _word(word: str, namespace: Any) -> str:
    return BlockReference(word, namespace) if word in namespace else word


def _partial(raw: Mapping, variables: dict[str, Any], namespace: Any) -> BlockReference:
    """Return a block or op with some arguments given, as in ``unit: {bottleneck: {groups: 32}}``."""
    ((word, written),) = raw.items()
    arguments = by_name(word, written, namespace, raw.key_spans[word], raw.value_spans[word])
    bound = merged(arguments)
    for name, value in arguments.items():
        is_word = isinstance(value, str) and WORD.match(value) and value not in variables
        bound[name] = value if is_word else Evaluated(evaluate(value, variables, arguments.value_spans[name]))
    return BlockReference(word, namespace, bound)


def by_name(word: str, written: Any, namespace: Any, span: Span, value_span: Span) -> Mapping:
    """Return what stands under an op's or block's word as arguments by name; a lone value is the primary one."""
    if isinstance(written, Mapping):
        return written
    arguments = Mapping(span.file)
    if written is None:
        return arguments
    if word not in OPS and word not in namespace:
        help_text = suggest_step(word, [*OPS, *namespace]) or "make it a block, under `blocks:`"
        raise SpecError.of(Code.UNKNOWN_STEP, f"unknown op or block '{word}'", span, help=help_text)
    primary = OPS[word].primary if word in OPS else next(iter(namespace[word].parameters), None)
    if primary is None:
        help_text = f"as in `{word}: {{name: value}}`; `netspec ops {word}` lists them"
        raise SpecError.of(Code.UNNAMED_ARGUMENT, f"{word} takes its arguments by name", value_span, help=help_text)
    arguments.put(primary, written, span, value_span)
    return arguments


def _checked(value: Any, parameter: Parameter, callee: str, span: Span) -> Any:
    if not _has_type(value, parameter):
        help_text = WHOLE if isinstance(value, float) and parameter.type == "int" else ""
        raise _wrong(f"must be {TYPES[parameter.type]}", value, parameter, callee, span, help_text)
    if parameter.least is not None and isinstance(value, (int, float)) and value < parameter.least:
        raise _wrong(f"must be at least {parameter.least}", value, parameter, callee, span)
    if parameter.most is not None and isinstance(value, (int, float)) and value > parameter.most:
        raise _wrong(f"must be at most {parameter.most}", value, parameter, callee, span)
    if parameter.choices and value not in parameter.choices:
        help_text = nearest(str(value), map(str, parameter.choices))
        expected = ", ".join(map(str, parameter.choices))
        raise _wrong(f"must be one of {expected}", value, parameter, callee, span, help_text)
    return value


def _has_type(value: Any, parameter: Parameter) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    match parameter.type:
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "float":
            return is_number
        case "number":
            return is_number or isinstance(value, (bool, list))
        case "bool":
            return isinstance(value, bool)
        case "word":
            return isinstance(value, str) or value is None
        case "list":
            return isinstance(value, (list, tuple))
        case "block":
            return isinstance(value, str) or value is None
    return True


def _wrong(
    requirement: str, value: Any, parameter: Parameter, callee: str, span: Span, help_text: str = ""
) -> SpecError:
    message = f"{callee}: `{parameter.name}` {requirement}, not {show_value(value)}"
    notes = [Note(parameter.span, "declared here")] if parameter.span != span else []
    help_text = help_text or lowered(parameter.description) or "change the value, or the argument's declaration"
    return SpecError.of(Code.INVALID_ARGUMENT, message, span, notes=notes, help=help_text)

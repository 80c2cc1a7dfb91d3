"""``init:``: how parameters are initialized, per op of a document or of a called block, or per step."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from typing import Any

from netspec.diagnostics import Code, Collector, Note, Span, SpecError, nearest
from netspec.ir import Initializer, Initializers
from netspec.language.initializers import ARGUMENT_WORDS, EXAMPLES, FUNCTIONS, OTHER_NAMES, WORDS, validate_initializer
from netspec.language.messages import show_value
from netspec.language.model import Document, Step
from netspec.language.names import WORD
from netspec.lowering.context import Context
from netspec.lowering.evaluation import closed, evaluate
from netspec.ops import OPS, Op
from netspec.sizes.shape import Shape, show
from netspec.syntax.yaml import Mapping

_LAYER = re.compile(r"_l\d+")
_CHOICE = f"a number, a list, or one of {', '.join(FUNCTIONS)}"


def initializers(step: Step, op: Op, context: Context) -> Initializers:
    """Return the rules of a step's own ``init:``."""
    if step.init is None:
        return ()
    return _rules(step.init, context.variables, step.place("init"), type(op))


def document_rules(document: Document, variables: dict[str, Any]) -> dict[str, Initializers]:
    """Return the rules of a document's ``init:``, by op.

    Raises: SpecError NS0316 with every wrong initializer.
    """
    return _rules_by_op(document.init, variables)


def rules_in_blocks(document: Document, variables: dict[str, Any]) -> dict[str, dict[str, Initializers]]:
    """Return the rules of a document's ``init:`` for the ops inside blocks, by block and op.

    Raises: SpecError NS0323 where what a block has is not by op, NS0316 with every wrong initializer.
    """
    found: dict[str, dict[str, Initializers]] = {}
    collector = Collector()
    for name, raw in document.init.items():
        if name not in OPS:
            with collector.catch():
                found[name] = _rules_inside(name, raw, variables, document.init.value_spans[name])
    collector.raise_errors()
    return found


def block_rules(step: Step, context: Context) -> dict[str, Initializers]:
    """Return the rules that a call of a block declares for the ops inside it.

    Raises: SpecError NS0323 when its ``init:`` is not by op, NS0316 with every wrong initializer.
    """
    if step.init is None:
        return {}
    return _rules_inside(step.key, step.init, context.variables, step.place("init"))


def _rules_inside(block: str, raw: Any, variables: dict[str, Any], span: Span) -> dict[str, Initializers]:
    is_by_op = isinstance(raw, Mapping) and all(name in OPS for name in raw)
    if not is_by_op:
        message = f"`init` initializes an op's parameters, and {block} is not an op"
        help_text = "write it per op, as in `init: {conv: kaiming_normal}`, or at the op inside"
        raise SpecError.of(Code.MISPLACED_INIT, message, span, help=help_text)
    return _rules_by_op(raw, variables)


def _rules_by_op(init: Mapping, variables: dict[str, Any]) -> dict[str, Initializers]:
    rules: dict[str, Initializers] = {}
    collector = Collector()
    for name, raw in init.items():
        if name in OPS:
            with collector.catch():
                rules[name] = _rules(raw, variables, init.value_spans[name], OPS[name])
    collector.raise_errors()
    return rules


def _rules(raw: Any, variables: dict[str, Any], span: Span, op: type[Op]) -> Initializers:
    known = possible_parameters(op)
    if not isinstance(raw, Mapping) or (len(raw) == 1 and _means_function(next(iter(raw)), known)):
        check_parameter("weight", known, op.name, span)
        return (("weight", initializer(raw, variables, span)),)
    for name in raw:
        check_parameter(name, known, op.name, raw.key_spans[name])
    return tuple((name, initializer(value, variables, raw.value_spans[name])) for name, value in raw.items())


@cache
def possible_parameters(op: type[Op]) -> frozenset[str]:
    """Return the names of the parameters that an op may have, from its samples."""
    # Which parameters an op has depends on its arguments, as with `bias: false`; its samples cover every form.
    samples = (op.model_validate(each.arguments).list_parameters(*each.inputs) for each in op.samples)
    return frozenset().union(*samples)


def check_parameter(name: str, known: Collection[str], op: str, span: Span) -> None:
    """Raise SpecError NS0316 for a parameter that an op does not have; all layers of a recurrent op are alike."""
    if _LAYER.sub("_l0", name) not in {_LAYER.sub("_l0", each) for each in known}:
        help_text = nearest(name, known) or f"it has {', '.join(sorted(known)[:4]) or 'none'}"
        raise SpecError.of(Code.INVALID_INITIALIZER, f"{op} has no parameter {name!a}", span, help=help_text)


def check_fit(rules: Initializers, op: Op, shapes: tuple[Shape, ...], span: Span, note: Note | None = None) -> None:
    """Raise SpecError NS0316 for a rule that cannot initialize a parameter of this shape."""
    parameters = op.list_parameters(*shapes)
    for name, how in rules:
        why = validate_initializer(how, parameters[name]) if name in parameters else ""
        if why:
            shown = "the values" if how.function == "values" else how.function
            message = f"{shown} cannot initialize the {name} of {op.name}, which is {show(parameters[name])}"
            raise SpecError.of(Code.INVALID_INITIALIZER, message, span, help=why, notes=[note] if note else [])


def _means_function(name: str, parameters: Collection[str]) -> bool:
    if name in FUNCTIONS or name in OTHER_NAMES:
        return True
    return name not in parameters and bool(nearest(name, FUNCTIONS))


def initializer(raw: Any, variables: dict[str, Any], span: Span) -> Initializer:
    """Return how one parameter is initialized; raise SpecError NS0316 for what says nothing about that."""
    if isinstance(raw, str) and (raw in WORDS or (WORD.match(raw) and raw not in variables)):
        function = _function(raw, span)
        if function == "constant":
            raise _no_constant(span)
        return Initializer(function)
    if isinstance(raw, Mapping):
        return _called(raw, variables, span)
    value = closed(evaluate(raw, variables, span))
    if isinstance(value, list) and _is_numeric(value):
        return Initializer("values", (("values", _frozen(value)),))
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        message = f"{show_value(raw)} does not initialize a parameter"
        raise SpecError.of(Code.INVALID_INITIALIZER, message, span, help=_CHOICE)
    return Initializer("constant", (("val", float(value)),))


def _called(raw: Mapping, variables: dict[str, Any], span: Span) -> Initializer:
    """Return the initializer of a name with arguments, as in ``normal: {std: 0.01}``."""
    help_text = "as in `{normal: {std: 0.01}}`"
    if len(raw) != 1:
        message = "an initializer is one name with its arguments"
        raise SpecError.of(Code.INVALID_INITIALIZER, message, span, help=help_text)
    ((name, arguments),) = raw.items()
    function = _function(name, raw.key_spans[name])
    if not isinstance(arguments, Mapping):
        message = f"{function} takes its arguments by name"
        raise SpecError.of(Code.INVALID_INITIALIZER, message, span, help=help_text)
    _check_names(function, arguments)
    if function == "constant" and "val" not in arguments:
        raise _no_constant(span)
    values = ((key, _argument(key, value, variables, arguments.value_spans[key])) for key, value in arguments.items())
    return Initializer(function, tuple(values))


def _check_names(function: str, arguments: Mapping) -> None:
    known = FUNCTIONS[function]
    for name in arguments:
        if name not in known:
            help_text = nearest(name, known) or f"it takes {', '.join(known) or 'none'}"
            message = f"{function} has no argument '{name}'"
            raise SpecError.of(Code.INVALID_INITIALIZER, message, arguments.key_spans[name], help=help_text)


def _no_constant(span: Span) -> SpecError:
    # `constant` is the only initializer with an argument that has no default in torch.
    help_text = "write the number itself, as in `bias: 0.1`"
    return SpecError.of(Code.INVALID_INITIALIZER, "constant needs its value", span, help=help_text)


def _argument(name: str, raw: Any, variables: dict[str, Any], span: Span) -> Any:
    words = ARGUMENT_WORDS.get(name, ())
    value = closed(evaluate(raw, variables, span, words))
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if (value not in words) if words else not is_number:
        expected = f"one of {', '.join(words)}" if words else "a number"
        message = f"`{name}` of an initializer is {expected}, not {show_value(value)}"
        help_text = (words and nearest(str(value), words)) or f"as in `{{{EXAMPLES[bool(words)]}}}`"
        raise SpecError.of(Code.INVALID_INITIALIZER, message, span, help=help_text)
    return value


def _function(name: str, span: Span) -> str:
    if name in FUNCTIONS:
        return name
    other = OTHER_NAMES.get(name)
    help_text = f"torch calls it `{other}`" if other else nearest(name, FUNCTIONS) or _CHOICE
    raise SpecError.of(Code.INVALID_INITIALIZER, f"unknown initializer '{name}'", span, help=help_text)


def _is_numeric(value: Any) -> bool:
    """Return whether a value is a number or a nested list of numbers that is not empty."""
    if isinstance(value, list):
        return bool(value) and all(map(_is_numeric, value))
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value

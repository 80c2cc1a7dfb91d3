"""The values of what a document says: expressions, lists and mappings of them, and names with expressions inside."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from netspec.diagnostics import Span, SpecError
from netspec.ir import Expressions
from netspec.language.model import Text
from netspec.language.scope import expression_error, source_of
from netspec.limits import LimitExceededError, spend
from netspec.lowering.context import Context
from netspec.lowering.exceeded import too_many_items
from netspec.ops.fields import LARGEST
from netspec.sizes import Dim
from netspec.syntax import expr
from netspec.syntax.expr.value import NUMBERS, OPEN
from netspec.syntax.yaml import Mapping, Sequence

ITEMS_PER_ARGUMENT = 10
"""An argument, and an item of one that is a list, takes as long as going over so many items in an expression."""


class Evaluated:
    """A value among unevaluated arguments that is evaluated already."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return repr(self.value)


def evaluate(raw: Any, variables: dict[str, Any], span: Span, words: Collection[str] = ()) -> Any:
    """Return the value of an unevaluated argument.

    Raises: SpecError with the expression's error; AlreadyReported when it reads a value that an error left unknown.
    """
    if isinstance(raw, str):
        if type(raw) is Text:
            return str(raw)
        return raw if raw in words else _evaluate_text(raw, variables, span, words)
    if type(raw) in NUMBERS:
        return raw
    if isinstance(raw, Sequence):
        count_items(len(raw) * ITEMS_PER_ARGUMENT, span)
        return [evaluate(item, variables, place, words) for item, place in zip(raw, raw.item_spans, strict=True)]
    if isinstance(raw, Mapping):
        count_items(len(raw) * ITEMS_PER_ARGUMENT, span)
        return {key: evaluate(item, variables, raw.value_spans[key], words) for key, item in raw.items()}
    return raw.value if isinstance(raw, Evaluated) else raw


def count_items(items: int, span: Span) -> None:
    """Count items of a list that is evaluated or copied; raise LimitError when the network goes over too many."""
    try:
        spend(items)
    except LimitExceededError as exceeded:
        raise too_many_items(exceeded, span) from None


def size(value: Any) -> int:
    """Return the number of items of a value, including those of nested lists and mappings."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return len(inner) + sum(size(each) for each in inner if isinstance(each, (list, dict)))


def closed(value: Any) -> Any:
    """Return a value without open sizes: they are fixed to what they are stated as, and that is recorded."""
    if type(value) in OPEN:
        return int(value) if type(value) is Dim else float(value)
    if isinstance(value, list):
        return [closed(item) for item in value]
    return {key: closed(item) for key, item in value.items()} if isinstance(value, dict) else value


def is_size(value: object) -> bool:
    """Return whether a value is the size of an axis: an open one, or a whole number that a tensor may have."""
    return type(value) is Dim or (type(value) is int and 1 <= value <= LARGEST)


def _evaluate_text(text: str, variables: dict[str, Any], span: Span, words: Collection[str]) -> Any:
    try:
        found = expr.parse(source_of(text)).evaluate(variables)
        if type(found) is list:
            spend(size(found) * ITEMS_PER_ARGUMENT)
        return found
    except expr.ExpressionError as error:
        raise SpecError([expression_error(error, text, span, words)]) from None
    except LimitExceededError as exceeded:
        raise too_many_items(exceeded, span) from None


def evaluate_formula(text: str, variables: dict[str, Any], span: Span) -> expr.Evaluated:
    """Return what is left of a formula to compute.

    Raises: SpecError with the formula's error; AlreadyReported when it reads a value that an error left unknown.
    """
    try:
        return expr.parse_formula(source_of(text)).evaluate(variables)
    except expr.ExpressionError as error:
        raise SpecError([expression_error(error, text, span)]) from None
    except LimitExceededError as exceeded:
        raise too_many_items(exceeded, span) from None


def expressions(arguments: Mapping, context: Context) -> Expressions:
    """Return the arguments that are texts, each as its expression."""
    # A step in a loop is expanded many times, and is written once. The mapping is kept, so that its id stays its own.
    known = context.builder.expressions.get(id(arguments))
    if known is None:
        found = tuple(
            (name, source_of(raw)) for name, raw in arguments.items() if isinstance(raw, str) and type(raw) is not Text
        )
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
    except LimitExceededError as exceeded:
        raise too_many_items(exceeded, span) from None

"""The expansion of ``let``: numbers that later steps read by name."""

from __future__ import annotations

from typing import Any

from netspec.diagnostics import Code, Span, SpecError
from netspec.language.combinators import Let
from netspec.language.model import Step
from netspec.lowering.context import Context
from netspec.lowering.evaluation import ITEMS_PER_ARGUMENT, count_items, evaluate
from netspec.lowering.registry import lowers
from netspec.lowering.values import Values
from netspec.syntax import expr
from netspec.syntax.yaml import Mapping


@lowers("let")
def lower_let(step: Step, fields: Let, values: Values, context: Context) -> Values:
    """Evaluate the names in their order, and hand the current value on."""
    named: Mapping = step.arguments["names"]
    count_items(len(named) * ITEMS_PER_ARGUMENT, step.span)
    for name, raw in named.items():
        try:
            context.variables[name] = _number(name, raw, named.value_spans[name], context)
        except (SpecError, expr.AlreadyReported) as error:
            # From here on the name is known, and its value is not: a use of it is no second error.
            context.variables[name] = expr.UNKNOWN
            if isinstance(error, SpecError):
                context.builder.collector.keep(error, context.frames)
    return values


def _number(name: str, raw: Any, span: Span, context: Context) -> Any:
    value = evaluate(raw, context.variables, span)
    if not isinstance(value, expr.Value):
        return value
    message = f"`{name}` is a value of shape {value}, and `let` names numbers"
    raise SpecError.of(Code.INVALID_ARGUMENT, message, span, help=f"label a value with `as: {name}`")

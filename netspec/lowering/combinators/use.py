"""The expansion of ``use``: another document as a sub-module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from netspec.diagnostics import Code, Frame, SpecError, nearest
from netspec.language.combinators import Use
from netspec.language.loading.document import load
from netspec.language.loading.files import refer
from netspec.language.model import Document, Step
from netspec.lowering.binding import Environment, bind
from netspec.lowering.body import lower_body
from netspec.lowering.context import Context
from netspec.lowering.evaluation import AlreadyReported
from netspec.lowering.initialization import document_rules
from netspec.lowering.insertion import scope_point
from netspec.lowering.naming import Namer
from netspec.lowering.operands import count_entering, count_values, labelled
from netspec.lowering.registry import lowers
from netspec.lowering.values import Values
from netspec.syntax import expr
from netspec.syntax.yaml import Mapping


def _check_settings(document: Document, arguments: Mapping) -> None:
    """Raise SpecError when a used document is given an argument that it does not have."""
    for name in arguments:
        if name not in document.parameters:
            help_text = nearest(name, document.parameters) or f"it has {', '.join(document.parameters) or 'none'}"
            raise SpecError.of(
                Code.UNKNOWN_SETTING,
                f"{document.name} has no argument '{name}'",
                arguments.key_spans[name],
                help=help_text,
            )


@lowers("use")
def lower_use(step: Step, fields: Use, values: Values, context: Context) -> Values:
    """Expand another document as a sub-module; its declared input gives way to the value that enters."""
    context.builder.check_depth(context.frames, step.span)
    path = refer(fields.spec, Path(step.span.file), step.place("spec"), context.builder.sources)
    document = load(path, sources=context.builder.sources)
    context.builder.collector.add(document.warnings)
    arguments = step.arguments.get("args") or Mapping(step.span.file)
    _check_settings(document, arguments)
    variables = bind(document, arguments, Environment(context.variables, context.namespace), step.span)
    point = scope_point(step, document.name, context)
    scope = context.builder.open_scope(point, "block", document.name, variables)
    inner = context.inner(
        scope=scope,
        namer=Namer(numbered=False),
        namespace=document.namespace,
        defaults=document.defaults,
        constants=variables,
        frames=(*context.frames, Frame(scope.path, document.name, step.span)),
        shares={},
        init=document_rules(document, variables),
        heads=False,
    )
    _enter(document, step, variables, values, inner)
    pinned, context.builder.pinned = context.builder.pinned, False
    result = lower_body(document.network, values, inner)
    context.builder.pinned = pinned
    if document.outputs:
        result = tuple(value for label in document.outputs for value in labelled(label, result, inner, document.span))
    context.builder.close_scope(scope, values, result)
    return result


def _enter(document: Document, step: Step, variables: dict[str, Any], values: Values, inner: Context) -> None:
    """Give a used document the values that enter, under the names of its inputs."""
    declared = document.input
    names = list(declared) if isinstance(declared, Mapping) and "shape" not in declared else []
    if values is None:
        raise AlreadyReported
    if len(values) != max(len(names), 1):
        message = f"{document.name} takes {count_values(max(len(names), 1))}, and {count_entering(values)}"
        help_text = f"name them, as in `from: [{', '.join(names)}]`" if names else "take one with `from`"
        raise SpecError.of(Code.WRONG_VALUE_COUNT, message, step.span, help=help_text)
    inner.variables = {**variables, "input": expr.Value(values[0].shape)}
    inner.labels = {"input": values}
    for name, value in zip(names, values, strict=False):
        inner.label(name, (value,))

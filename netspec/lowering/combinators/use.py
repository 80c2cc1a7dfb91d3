"""The expansion of ``use``: another document as a sub-module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from netspec.diagnostics import Code, Frame, LimitError, SpecError, nearest
from netspec.ir import Scope
from netspec.language.combinators import Use
from netspec.language.loading.document import load
from netspec.language.loading.files import refer
from netspec.language.model import Document, Step
from netspec.lowering.binding import Environment, bind
from netspec.lowering.body import lower_body
from netspec.lowering.combinators.taps import Taps
from netspec.lowering.context import Context
from netspec.lowering.initialization import document_rules, rules_in_blocks
from netspec.lowering.insertion import scope_point
from netspec.lowering.naming import Namer
from netspec.lowering.operands import Entrance, check_entering, labelled_values
from netspec.lowering.registry import lowers
from netspec.lowering.tensors import add_tensors
from netspec.lowering.values import Value, Values
from netspec.syntax.yaml import Mapping


@lowers("use")
def lower_use(step: Step, fields: Use, values: Values, context: Context) -> Values:
    """Expand another document as a sub-module; its declared input is replaced by the operand."""
    builder = context.builder
    # Before the document is read, so that one that uses itself is refused.
    builder.budget.check_depth(context.frames, step.span)
    document = _document(fields.spec, step, context)
    builder.budget.count_steps(context.frames, step.span)
    variables = _arguments(document, step, context)
    entered = check_entering(Entrance(document.name, _inputs(document)), values, step)
    scope = builder.open_scope(scope_point(step, document.name, context), "block", document.name, variables)
    inner = _inner(document, variables, entered, scope, context)
    # The document's pins hold for its declared input; the operand may have another size.
    pinned, builder.pinned = builder.pinned, False
    add_tensors(document.tensors, inner)
    taps = Taps(fields.taps, step, inner)
    inner.is_done = taps.are_reached if fields.taps else None
    result = lower_body(document.network, entered, inner)
    builder.pinned = pinned
    if fields.taps:
        result = taps.values()
    elif document.outputs:
        result = labelled_values([label for _, label in document.outputs], result, inner, document.span)
    builder.close_scope(scope, entered, result)
    return result


def _document(spec: str, step: Step, context: Context) -> Document:
    """Return the document of a name or path; its warnings are reported on the first use."""
    builder = context.builder
    path = refer(spec, Path(step.span.file), step.place("spec"), builder.sources)
    known = builder.documents.get(path)
    if known is not None:
        return known
    if len(builder.documents) == builder.limits.documents:
        message = f"this network uses more than {builder.limits.documents:,} documents"
        help_text = "raise the limit with `--max-documents`"
        raise LimitError.of(Code.TOO_MANY_DOCUMENTS, message, step.span, help=help_text)
    document = builder.documents[path] = load(path, sources=builder.sources)
    builder.collector.add(document.warnings)
    return document


def _arguments(document: Document, step: Step, context: Context) -> dict[str, Any]:
    """Return the values of a used document's arguments; raise SpecError for one that it does not have."""
    given = step.arguments.get("args") or Mapping(step.span.file)
    for name in given:
        if name not in document.parameters:
            help_text = nearest(name, document.parameters) or f"it has {', '.join(document.parameters) or 'none'}"
            message = f"{document.name} has no argument '{name}'"
            raise SpecError.of(Code.UNKNOWN_SETTING, message, given.key_spans[name], help=help_text)
    return bind(document, given, Environment(context.variables, context.namespace), step.span)


def _inputs(document: Document) -> list[str]:
    """Return the names of a document's inputs; empty for a single one."""
    declared = document.input
    return list(declared) if isinstance(declared, Mapping) and "shape" not in declared else []


def _inner(
    document: Document, variables: dict[str, Any], entered: tuple[Value, ...], scope: Scope, context: Context
) -> Context:
    """Return the context of a used document's steps, without the names of the outer document."""
    return context.enter(
        variables,
        entered,
        _inputs(document),
        scope=scope,
        namer=Namer(numbered=False),
        namespace=document.namespace,
        document=document.namespace,
        defaults=document.defaults,
        constants=variables,
        schedule=context.builder.schedule_of(document, scope.path),
        frames=(*context.frames, Frame(scope.path, document.name, scope.span)),
        shares={},
        init=document_rules(document, variables),
        block_init=rules_in_blocks(document, variables),
        counter="",
        caller=None,
        keeps_outputs=False,
    )

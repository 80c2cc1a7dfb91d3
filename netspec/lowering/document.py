"""The lowering of a whole document."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from netspec.diagnostics import Code, Diagnostic, LimitError, Note, Span, SpecError, in_order
from netspec.ir import Graph, GraphBuilder, Input, Output, Publication, Scope
from netspec.language.model import Document
from netspec.language.names import check_name
from netspec.limits import Limits, metered
from netspec.lowering.binding import Environment, bind
from netspec.lowering.body import lower_body
from netspec.lowering.budget import DEEPEST_BODY, FRAMES_PER_BODY
from netspec.lowering.builder import Builder
from netspec.lowering.combinators.outputs import check_output_name
from netspec.lowering.context import Context
from netspec.lowering.exceeded import too_large
from netspec.lowering.initialization import check_fit, document_rules, rules_in_blocks
from netspec.lowering.inputs import lower_inputs, open_sizes
from netspec.lowering.integers import check_integers
from netspec.lowering.layers import Layer
from netspec.lowering.layout import suspicious_inputs
from netspec.lowering.naming import Namer
from netspec.lowering.operands import labelled_values
from netspec.lowering.tensors import add_tensors
from netspec.lowering.unused import report_unused
from netspec.lowering.values import Value, Values
from netspec.sizes import SizeContext
from netspec.sizes.shape import elements
from netspec.syntax import expr
from netspec.syntax.yaml import locate


def lower(document: Document, limits: Limits | None = None) -> Graph:
    """Expand a document into its graph; every node gets its shape as it is added.

    Raises: SpecError with every error of the document; LimitError when it asks for more than the limits allow.
    """
    limits = limits or Limits()
    with metered(limits.items), _room_for_bodies():
        return _lower(document, limits)


@contextmanager
def _room_for_bodies() -> Iterator[None]:
    """Raise Python's recursion limit, whose default of 1,000 is too low for the deepest bodies."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(before + DEEPEST_BODY * FRAMES_PER_BODY)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _lower(document: Document, limits: Limits) -> Graph:
    _check_given(document)
    # A document has no caller: values of variants and `--set` cannot read variables.
    variables = bind(document, document.arguments, Environment({}, document.namespace), document.span)
    rules = document_rules(document, variables)
    builder, outputs = _expanded(document, variables, limits)
    inputs = tuple(builder.inputs.values())
    report_unused(document, inputs, outputs, builder)
    builder.collector.add(suspicious_inputs(inputs, builder.places, builder))
    graph = builder.graph.finish(
        inputs,
        outputs,
        name=document.name,
        title=document.title,
        cite=document.cite,
        init=tuple(rules.items()),
        source=str(document.path),
        # An accuracy that was measured with the document's own settings does not hold for others.
        published=Publication(**document.published) if document.published and document.pinned else None,
        warnings=in_order((*document.warnings, *builder.collector.warnings)),
        sizes=builder.sizes,
    )
    builder.sizes.freeze(training=_trained(graph))
    _check_graph(document, graph)
    return graph


def _expanded(document: Document, variables: dict[str, Any], limits: Limits) -> tuple[Builder, tuple[Output, ...]]:
    """Expand the network; twice where its ``defaults`` read how many calls there are, which the first time tells."""
    builder = _builder(document, variables, limits, {})
    outputs = _outputs(document, variables, builder)
    counted = builder.counted()
    if not counted:
        return builder, outputs
    builder = _builder(document, variables, limits, counted)
    outputs = _outputs(document, variables, builder)
    for path, schedule in builder.schedules.items():
        if schedule.reads_count and schedule.seen != counted.get(path):
            message = f"`count` was {schedule.count}, and with that there are {schedule.seen} calls"
            help_text = "let the calls of what it sets not depend on what it sets"
            raise SpecError.of(Code.INVALID_ARGUMENT, message, schedule.place, help=help_text)
    return builder, outputs


def _builder(document: Document, variables: dict[str, Any], limits: Limits, counts: dict[str, int]) -> Builder:
    """Return what collects the network, with its inputs."""
    inputs = lower_inputs(document, variables)
    places = {each.name: locate(document.tree, ("input", each.name)) for each in inputs}
    _check_inputs(inputs, places, limits)
    return Builder(
        GraphBuilder(Scope("", "network", document.name, variables, document.span, "")),
        sizes=SizeContext({name: size for each in inputs for name, size in open_sizes(each)}),
        inputs={each.name: each for each in inputs},
        places=places,
        pinned=document.pinned,
        sources=document.sources,
        limits=limits,
        counts=counts,
    )


def _outputs(document: Document, variables: dict[str, Any], builder: Builder) -> tuple[Output, ...]:
    """Expand the network of a document and return its outputs; raise SpecError with all errors found."""
    inputs = tuple(builder.inputs.values())
    try:
        with builder.deciding:
            main = _expand(document, inputs, variables, builder)
    except SpecError as error:
        # Axes in another order are often why the shapes do not fit.
        raise type(error)((*error.diagnostics, *suspicious_inputs(inputs, builder.places, builder))) from None
    # Auxiliary outputs come last, so that adding one does not move the main ones in the module's result.
    return (*main, *builder.outputs)


def _check_inputs(inputs: tuple[Input, ...], places: dict[str, Span], limits: Limits) -> None:
    """Raise LimitError for more inputs, or larger ones, than are allowed."""
    for number, each in enumerate(inputs, 1):
        if number > limits.inputs:
            message = f"the network takes more than {limits.inputs:,} inputs"
            help_text = "join some of them, or raise the limit with `--max-inputs`"
            raise LimitError.of(Code.NETWORK_TOO_LARGE, message, places[each.name], help=help_text)
        if elements(each.shape) > limits.elements:
            raise too_large("an input", each.shape, limits, places[each.name])


def _trained(graph: Graph) -> frozenset[str]:
    """Return the paths of the nodes and scopes that exist in training only."""
    nodes = graph.training_only
    if not nodes:
        return nodes
    return nodes.union(
        scope.path for scope in graph.root.descend() if all(node.path in nodes for node in scope.traverse())
    )


def _expand(
    document: Document, inputs: tuple[Input, ...], variables: dict[str, Any], builder: Builder
) -> tuple[Output, ...]:
    """Expand the network of a document and return its main outputs; raise SpecError with all errors found."""
    builder.entering = tuple(Value.of(each.name, each.symbolic_type) for each in inputs)
    context = _context(document, builder, variables)
    add_tensors(document.tensors, context)
    result = lower_body(document.network, builder.entering, context)
    main = _main_outputs(document, result, context)
    builder.collector.raise_errors()
    names, paths = tuple(each.name for each in inputs), tuple(each.node for each in main)
    builder.graph.close(builder.graph.root, names, paths)
    return tuple(main)


def _check_graph(document: Document, graph: Graph) -> None:
    """Run the checks that need the whole graph, which raise SpecError."""
    if not len(graph):
        help_text = "add a step, as in `- relu`, or correct the `when` of those that are left out"
        raise SpecError.of(Code.EMPTY_NETWORK, "the network has no steps", document.network.span, help=help_text)
    _check_rules(document, graph)
    check_integers(document, graph)


def _check_rules(document: Document, graph: Graph) -> None:
    """Raise SpecError for rules of ``init`` that fit no parameter of their op in the network: one error per op."""
    found: dict[str, SpecError] = {}
    rules = dict(graph.init)
    for node in graph:
        op = node.op.name
        if op not in rules or op in found or node.init:
            continue
        shapes = tuple(graph.shape_of(path) for path in node.inputs)
        try:
            note = Note(node.span, f"{node.path} is one")
            check_fit(rules[op], node.op, shapes, document.init.value_spans[op], note)
        except SpecError as error:
            found[op] = error
    if found:
        raise SpecError(each for error in found.values() for each in error.diagnostics)


def _check_given(document: Document) -> None:
    """Raise SpecError for arguments that have neither a default nor a value."""
    missing = [each for each in document.parameters.values() if each.required and each.name not in document.arguments]
    if missing:
        raise SpecError(
            Diagnostic(
                Code.MISSING_ARGUMENT,
                f"{document.name} needs `{each.name}`",
                each.span,
                help=f"give it a default, or a value as in `--set {each.name}=...`",
            )
            for each in missing
        )


def _context(document: Document, builder: Builder, variables: dict[str, Any]) -> Context:
    context = Context(
        builder=builder,
        scope=builder.graph.root,
        namer=Namer(numbered=False),
        variables=Layer(below=variables),
        labels=Layer(),
        namespace=document.namespace,
        document=document.namespace,
        defaults=document.defaults,
        constants=variables,
        schedule=builder.schedule_of(document, ""),
        block_init=rules_in_blocks(document, variables),
    )
    context.label("input", builder.entering[:1])
    # Last, since one of several inputs may be called `input`.
    for each in builder.entering:
        context.label(each.path, (each,))
    return context


def _main_outputs(document: Document, result: Values, context: Context) -> list[Output]:
    """Return the outputs that ``outputs:`` lists, or the values of the last step."""
    if document.outputs:
        return _named_outputs(document, result, context)
    values = result or ()
    context.builder.budget.count_outputs(len(values), document.network.span)
    names = ["output"] if len(values) == 1 else [f"output{number}" for number in range(1, len(values) + 1)]
    return [Output(name, value.path) for name, value in zip(names, values, strict=True)]


def _named_outputs(document: Document, result: Values, context: Context) -> list[Output]:
    outputs: dict[str, Output] = {}
    given = document.tree["outputs"]
    for place, (label, taken) in enumerate(document.outputs):
        span = locate(document.tree, ("outputs", label if isinstance(given, dict) else place))
        try:
            values = labelled_values([taken], result, context, span)
            context.builder.budget.count_outputs(len(values), span)
            names = [label] if len(values) == 1 else [f"{label}{number}" for number in range(1, len(values) + 1)]
            for name, value in zip(names, values, strict=True):
                check_name(name, span)
                is_taken = name in context.builder.output_names or name in outputs
                check_output_name(name, is_taken, span, "each name is given once")
                outputs[name] = Output(name, value.path)
        except expr.AlreadyReported:
            context.builder.collector.expect_error()
        except SpecError as error:
            context.builder.collector.keep(error, context.frames)
    return list(outputs.values())

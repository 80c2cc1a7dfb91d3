"""The lowering of a whole document, and of documents inside documents."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from netspec.errors import MOST_FAULTS, Diagnostic, Frame, LimitError, Note, Span, SpecError, fault, nearest
from netspec.expr import Value
from netspec.graph import Graph, Input, Output, Scope
from netspec.lower.arguments import Unknown, bind, evaluate
from netspec.lower.builder import Builder, TooManyFaults
from netspec.lower.combinators import check_output_name
from netspec.lower.context import Context, Flow, Wire, lowers
from netspec.lower.flows import count_entering, count_values, labelled
from netspec.lower.initialization import check_fit, document_rules
from netspec.lower.naming import Namer, check_name
from netspec.lower.placing import scope_place
from netspec.lower.steps import lower_body
from netspec.reader import Mapping, locate
from netspec.shape import elements, show
from netspec.spec.combinators import Use
from netspec.spec.files import refer
from netspec.spec.loading import load
from netspec.spec.model import Document, Step
from netspec.spec.wording import show_value

LARGEST_INPUT = 2**40
INPUT_KEYS = ("shape", "dtype", "high")


def lower(document: Document) -> Graph:
    """Expand a document into its graph; every node gets its shape as it is added.

    Raises: SpecError with every fault of the document; LimitError when it runs away.
    """
    _check_given(document)
    builder = Builder(pinned=document.pinned)
    variables = bind(
        document.parameters,
        document.arguments,
        {},
        document.namespace,
        document.name,
        document.span,
        document.namespace,
    )
    inputs, rules = _inputs(document, variables), document_rules(document, variables)
    builder.inputs = {each.name: locate(document.tree, ("input", each.name)) for each in inputs}
    root = Scope("", "network", document.name, dict(variables), document.span, "")
    context = _context(document, builder, root, variables, inputs)
    flow: Flow = tuple(Wire(each.name, each.shape, each.dtype) for each in inputs)
    main: list[Output] = []
    with suppress(TooManyFaults):
        result = lower_body(document.network, flow, context)
        main = _main_outputs(document, result, context)
    if builder.diagnostics:
        raise SpecError(builder.diagnostics[:MOST_FAULTS])
    root.inputs, root.outputs = tuple(each.name for each in inputs), tuple(each.node for each in main)
    graph = Graph(
        name=document.name,
        title=document.title,
        cite=document.cite,
        inputs=inputs,
        outputs=(*main, *builder.outputs),
        root=root,
        by_path=builder.nodes,
        init=tuple(rules.items()),
        arguments=dict(variables),
        source=str(document.path),
    )
    if not len(graph):
        help_text = "add a step, as in `- relu`, or correct the `when` of those that are left out"
        raise fault("NS0319", "the network has no steps", document.network.span, help=help_text)
    _check_rules(document, graph)
    return graph


def _check_rules(document: Document, graph: Graph) -> None:
    """Raise SpecError for rules of ``init`` that cannot start what the network has of their op: one fault per op."""
    faults: dict[str, SpecError] = {}
    for node in graph:
        op = node.op.name
        if op not in document.init or op in faults or node.init:
            continue
        shapes = tuple(graph.shape_of(path) for path in node.inputs)
        try:
            note = Note(node.span, f"{node.path} is one")
            check_fit(dict(graph.init)[op], node.op, shapes, document.init.value_spans[op], note)
        except SpecError as error:
            faults[op] = error
    if faults:
        raise SpecError(each for error in faults.values() for each in error.diagnostics)


def _check_given(document: Document) -> None:
    """Raise SpecError for arguments that have neither a default nor a value."""
    missing = [each for each in document.parameters.values() if each.required and each.name not in document.arguments]
    if missing:
        raise SpecError(
            Diagnostic(
                "NS0307",
                f"{document.name} needs `{each.name}`",
                each.span,
                help=f"give it a default, or a value as in `--set {each.name}=...`",
            )
            for each in missing
        )


def _context(
    document: Document, builder: Builder, root: Scope, variables: dict[str, Any], inputs: tuple[Input, ...]
) -> Context:
    context = Context(
        builder=builder,
        scope=root,
        namer=Namer(numbered=False),
        variables=dict(variables),
        labels={},
        namespace=document.namespace,
        defaults=document.defaults,
        constants=variables,
    )
    for each in inputs:
        context.label(each.name, (Wire(each.name, each.shape, each.dtype),))
    first = inputs[0]
    context.labels["input"] = (Wire(first.name, first.shape, first.dtype),)
    context.variables["input"] = Value(first.shape)
    return context


def _main_outputs(document: Document, result: Flow, context: Context) -> list[Output]:
    if document.outputs:
        outputs: list[Output] = []
        for index, label in enumerate(document.outputs):
            span = locate(document.tree, ("outputs", index))
            try:
                check_name(label, span)
                taken = [each.name for each in (*outputs, *context.builder.outputs)]
                check_output_name(label, taken, span, "each name is given once")
                outputs.extend(Output(label, wire.path) for wire in labelled(label, result, context, span))
            except Unknown:
                continue
            except SpecError as error:
                context.builder.record(error, context)
        return outputs
    names = (
        ["output"] if result is not None and len(result) == 1 else [f"output{i + 1}" for i in range(len(result or ()))]
    )
    return [Output(name, wire.path) for name, wire in zip(names, result or (), strict=True)]


# the input


def _inputs(document: Document, variables: dict[str, Any]) -> tuple[Input, ...]:
    span = document.tree.value_spans.get("input", document.span)
    raw = document.input
    if not isinstance(raw, Mapping):
        return (Input("input", _shape(raw, variables, span)),)
    if "shape" in raw:
        return (_described("input", raw, variables, span),)
    inputs = []
    for name, each in raw.items():
        check_name(name, raw.key_spans[name], numbers=False)
        place = raw.value_spans[name]
        described = isinstance(each, Mapping)
        inputs.append(
            _described(name, each, variables, place) if described else Input(name, _shape(each, variables, place))
        )
    if not inputs:
        raise fault("NS0215", "`input` names no input", span, help="as in `input: [3, 224, 224]`")
    return tuple(inputs)


def _described(name: str, raw: Mapping, variables: dict[str, Any], span: Span) -> Input:
    for key in raw:
        if key not in INPUT_KEYS:
            help_text = nearest(key, INPUT_KEYS) or f"it takes {', '.join(INPUT_KEYS)}"
            raise fault("NS0215", f"an input has no '{key}'", raw.key_spans[key], help=help_text)
    dtype = raw.get("dtype", "float")
    if dtype not in ("float", "int64"):
        raise fault(
            "NS0215",
            f"an input's dtype is `float` or `int64`, not {show_value(dtype)}",
            raw.value_spans["dtype"],
            help="`int64` is for the numbers that `embedding` looks up",
        )
    shape = _shape(raw.get("shape"), variables, raw.value_spans.get("shape", span))
    return Input(name, shape, dtype, _high(raw, variables))


def _high(raw: Mapping, variables: dict[str, Any]) -> int | None:
    if raw.get("high") is None:
        return None
    span = raw.value_spans["high"]
    high = evaluate(raw["high"], variables, span)
    if isinstance(high, bool) or not isinstance(high, int) or high < 1:
        message = f"an input's `high` is a whole number of at least 1, not {show_value(high)}"
        raise fault("NS0215", message, span, help="the numbers that enter are smaller than it")
    return high


def _shape(raw: Any, variables: dict[str, Any], span: Span) -> tuple[int, ...]:
    value = evaluate(raw, variables, span)
    sizes = value if isinstance(value, list) else [value]
    if not sizes or any(isinstance(size, bool) or not isinstance(size, int) or size < 1 for size in sizes):
        message = f"an input's shape is a list of whole numbers of at least 1, not {show_value(value)}"
        raise fault("NS0215", message, span, help="channels first, without the batch: `[3, 224, 224]`")
    if len(sizes) > 4 or elements(tuple(sizes)) > LARGEST_INPUT:
        message = f"an input of shape {show(tuple(sizes))} is too large"
        raise LimitError([Diagnostic("NS0703", message, span, help="at most 4 axes and 2**40 elements")])
    return tuple(sizes)


# documents inside documents


def _check_settings(document: Document, arguments: Mapping) -> None:
    """Raise SpecError when a used document is given an argument that it does not have."""
    for name in arguments:
        if name not in document.parameters:
            help_text = nearest(name, document.parameters) or f"it has {', '.join(document.parameters) or 'none'}"
            raise fault(
                "NS0214", f"{document.name} has no argument '{name}'", arguments.key_spans[name], help=help_text
            )


@lowers("use")
def lower_use(step: Step, fields: Use, flow: Flow, context: Context) -> Flow:
    """Expand another document as a sub-module; its declared input gives way to the value that enters."""
    context.builder.check_depth(context, step.span)
    path = refer(fields.spec, Path(step.span.file), step.place("spec"))
    document = load(path)
    arguments = step.arguments.get("args") or Mapping(step.span.file)
    _check_settings(document, arguments)
    variables = bind(
        document.parameters,
        arguments,
        context.variables,
        context.namespace,
        document.name,
        step.span,
        document.namespace,
    )
    name, place, module = scope_place(step, document.name, context)
    scope = context.builder.open_scope(context, "block", document.name, name, step.span, variables, place, module)
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
    _enter(document, step, variables, flow, inner)
    pinned, context.builder.pinned = context.builder.pinned, False
    result = lower_body(document.network, flow, inner)
    context.builder.pinned = pinned
    if document.outputs:
        result = tuple(wire for label in document.outputs for wire in labelled(label, result, inner, document.span))
    context.builder.close_scope(scope, flow, result)
    return result


def _enter(document: Document, step: Step, variables: dict[str, Any], flow: Flow, inner: Context) -> None:
    """Give a used document the values that enter, under the names of its inputs."""
    declared = document.input
    names = list(declared) if isinstance(declared, Mapping) and "shape" not in declared else []
    if flow is None:
        raise Unknown
    if len(flow) != max(len(names), 1):
        message = f"{document.name} takes {count_values(max(len(names), 1))}, and {count_entering(flow)}"
        help_text = f"name them, as in `from: [{', '.join(names)}]`" if names else "take one with `from`"
        raise fault("NS0314", message, step.span, help=help_text)
    inner.variables = {**variables, "input": Value(flow[0].shape)}
    inner.labels = {"input": flow}
    for name, wire in zip(names, flow, strict=False):
        inner.label(name, (wire,))

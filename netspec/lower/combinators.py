"""How the combinators are expanded, but for ``residual``, which has a file of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from netspec.errors import Span, fault
from netspec.graph import Output
from netspec.lower.arguments import Unknown, fill
from netspec.lower.context import Context, Flow, lowers
from netspec.lower.flows import single
from netspec.lower.naming import check_name
from netspec.lower.placing import add_joint, add_plain, has_place
from netspec.lower.steps import lower_body
from netspec.lower.units import is_single, lower_branch, lower_unit, within
from netspec.ops import OPS
from netspec.ops.base import axis_index
from netspec.shape import show
from netspec.spec.combinators import Dense, Foreach, Head, Repeat, Sequential, Split
from netspec.spec.model import Body, Step


@lowers("sequential")
def lower_sequential(step: Step, fields: Sequential, flow: Flow, context: Context) -> Flow:
    """Expand the body in a scope of its own; without a name, and not in a numbered list, it is just its steps."""
    if not has_place(step, context):
        return lower_body(fields.body, flow, context.inner())
    return within(step, "group", flow, context, lambda inner: lower_body(fields.body, flow, inner))


@lowers("repeat")
def lower_repeat(step: Step, fields: Repeat, flow: Flow, context: Context) -> Flow:
    """Expand the body as often as asked."""
    context.builder.count_steps(context, step.span, fields.times)
    return _list(step, fields.body, ({"index": index} for index in range(fields.times)), flow, context)


@lowers("foreach")
def lower_foreach(step: Step, fields: Foreach, flow: Flow, context: Context) -> Flow:
    """Expand the body once per element of the lists, walked in step."""
    lengths = {name: len(elements) for name, elements in fields.lists.items()}
    if len(set(lengths.values())) > 1:
        written = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        message = f"the lists of foreach differ in length: {written}"
        raise fault("NS0317", message, step.span, help="give all of them the same length")
    context.builder.count_steps(context, step.span, max(lengths.values(), default=0))
    rows = (dict(zip(fields.lists, row, strict=True)) for row in zip(*fields.lists.values(), strict=True))
    return _list(step, fields.body, rows, flow, context)


def _list(step: Step, body: Body, rows: Iterable[dict[str, Any]], flow: Flow, context: Context) -> Flow:
    """Expand a body once per row of variables; under a name, each becomes a numbered sub-module."""
    if step.name is None and step.share is None:
        for row in rows:
            flow = _iteration(body, row, flow, context)
        return flow
    return within(step, "group", flow, context, lambda inner: _units(body, rows, flow, inner, step))


def _units(body: Body, rows: Iterable[dict[str, Any]], flow: Flow, context: Context, step: Step) -> Flow:
    for row in rows:
        flow = _unit(body, row, flow, context, step)
    return flow


def _iteration(body: Body, row: dict[str, Any], flow: Flow, context: Context) -> Flow:
    inner = context.inner()
    inner.variables.update(row)
    return lower_body(body, flow, inner)


def _unit(body: Body, row: dict[str, Any], flow: Flow, context: Context, step: Step) -> Flow:
    """Expand one repetition as a sub-module; a single step keeps its own name if it has one."""
    if len(body) == 1 and (body.steps[0].name is not None or body.steps[0].kind not in ("merge", "combinator")):
        return _iteration(body, row, flow, context)
    inner = context.inner()
    inner.variables.update(row)
    return lower_unit(body, context.namer.invent(step.key, step.span), step.span, flow, inner)


@lowers("dense")
def lower_dense(step: Step, fields: Dense, flow: Flow, context: Context) -> Flow:
    """Expand the layers, each on the concatenation of everything before it."""
    if not has_place(step, context):
        return _dense_layers(step, fields, flow, context)
    return within(step, "dense", flow, context, lambda inner: _dense_layers(step, fields, flow, inner))


def _dense_layers(step: Step, fields: Dense, flow: Flow, context: Context) -> Flow:
    concat = OPS["concat"]()
    current = single(flow, step)
    context.builder.count_steps(context, step.span, fields.layers)
    for index in range(fields.layers):
        context.see((current,))
        expand = _unit if context.scope.kind == "dense" else _plain_unit
        layer = single(expand(fields.body, {"index": index}, (current,), context, step), step)
        current = add_joint(concat, (current, layer), step, context)
    return (current,)


def _plain_unit(body: Body, row: dict[str, Any], flow: Flow, context: Context, step: Step) -> Flow:
    return _iteration(body, row, flow, context)


@lowers("output")
def lower_output(step: Step, fields: Head, flow: Flow, context: Context) -> Flow:
    """Expand a side head and hand on the value from before it."""
    if not context.heads:
        return flow
    name = fill(fields.name, context, step.place("name"))
    check_name(name, step.place("name"), numbers=False)
    taken = ["output", *(each.name for each in context.builder.outputs)]
    check_output_name(name, taken, step.place("name"), "give each head its own name")
    if fields.body is None and step.share is not None:
        help_text = "it brings no module; give the head a body"
        raise fault(
            "NS0324", "`share` means nothing beside an output without a body", step.place("share"), help=help_text
        )
    result = flow if fields.body is None else _head(replace(step, name=name), fields.body, flow, context)
    if result is None:
        raise Unknown
    wire = single(result, step)
    context.builder.outputs.append(Output(name, wire.path, fields.train_only, fields.loss_weight))
    return flow


def _head(step: Step, body: Body, flow: Flow, context: Context) -> Flow:
    """Expand a head's body under the head's name, or as the module that it shares with other heads."""
    if step.share is None:
        return lower_branch(body, str(step.name), step.place("name"), flow, context, "output")
    if is_single(body, "output") and body.steps[0].share is None:
        alone = replace(body.steps[0], name=step.name, share=step.share)
        return lower_body(Body((alone,), body.span), flow, context.inner())
    return within(step, "output", flow, context, lambda inner: lower_body(body, flow, inner), numbered=False)


def check_output_name(name: str, taken: Iterable[str], span: Span, help_text: str) -> None:
    """Raise SpecError NS0318 when another output has the name, NS0310 when no output can have it."""
    if name == "Tensor":
        # The outputs are the fields of a named tuple, of which this is the type: a field of that name would hide it.
        message = "'Tensor' cannot name an output: it is the type of all outputs in Python"
        raise fault("NS0310", message, span, help="'tensor' would do")
    if name in taken:
        help_text = "the network's own result has that name" if name == "output" else help_text
        raise fault("NS0318", f"two outputs are called '{name}'", span, help=help_text)


@lowers("split")
def lower_split(step: Step, fields: Split, flow: Flow, context: Context) -> Flow:
    """Cut a value into slices."""
    wire = single(flow, step)
    total = wire.shape[axis_index("split", fields.axis, wire.shape)]
    sizes = list(fields.sizes)
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = total - sum(size for size in sizes if size != -1)
    if sum(sizes) != total or any(size < 1 for size in sizes):
        message = f"cannot split {show(wire.shape)} along axis {fields.axis} into {fields.sizes}"
        help_text = f"make them add up to {total}, all at least 1; one may be -1, which is the rest"
        raise fault("NS0507", message, step.place("sizes"), help=help_text)
    pieces, start = [], 0
    for size in sizes:
        stop = {"stop": start + size} if start + size < total else {}
        piece = OPS["slice"].model_validate({"axis": fields.axis, "start": start, **stop})
        pieces.append(add_plain(piece, (wire,), step, context, "slice"))
        start += size
    return tuple(pieces)

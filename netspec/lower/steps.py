"""One step after the other: the walk that expands a body and infers every shape on its way."""

from __future__ import annotations

from collections.abc import Sequence as Items
from typing import Any

from netspec.errors import Frame, Span, SpecError, fault, nearest
from netspec.expr import Value
from netspec.graph import ScopeKind
from netspec.lower.arguments import BlockReference, Evaluated, Unknown, bind, evaluate, fill, make_op, validate
from netspec.lower.builder import join
from netspec.lower.context import LOWERINGS, Context, Flow, Shared, Wire
from netspec.lower.initialization import initializers
from netspec.lower.naming import Namer
from netspec.ops import OPS, Op
from netspec.shape import show
from netspec.reader import Mapping
from netspec.spec.combinators import COMBINATORS
from netspec.spec.model import Block, Body, Operand, Step
from netspec.spec.parsing import Parser, field_words, show_value


def lower_body(body: Body, flow: Flow, context: Context) -> Flow:
    """Expand a chain of steps and return what its last one gives."""
    for step in body:
        flow = lower_step(step, flow, context)
    return flow


def lower_step(step: Step, flow: Flow, context: Context) -> Flow:
    """Expand one step; its faults are recorded, and what follows goes on with an unknown value."""
    context.builder.count_step(context, step.span)
    context.see(flow)
    try:
        if not _is_there(step, context):
            return flow
        result = _dispatch(step, _entering(step, flow, context), _placed(step, context))
        _check_shape(step, result, context)
    except Unknown:
        result = None
    except SpecError as error:
        if error.exit_code != 1:
            raise
        context.builder.record(error, context)
        result = None
    _label(step, result, context)
    return result


def _is_there(step: Step, context: Context) -> bool:
    if step.when is None:
        return True
    value = evaluate(step.when, context.variables, step.place("when"))
    if not isinstance(value, (bool, int, float)) and value is not None:
        raise fault("NS0312", f"`when` is true or false, not {show_value(value)}", step.place("when"))
    return bool(value)


def _entering(step: Step, flow: Flow, context: Context) -> Flow:
    if not step.origin:
        return flow
    wires: list[Wire] = []
    for label in step.origin:
        wires.extend(labelled(label, flow, context, step.place("from")))
    context.see(tuple(wires))
    return tuple(wires)


def labelled(label: str, flow: Flow, context: Context, span: Span) -> tuple[Wire, ...]:
    """Return the value behind a label; ``x`` is the current one.

    Raises: SpecError NS0313 for an unknown label; Unknown when an earlier fault left the value unknown.
    """
    known = flow if label == "x" else context.labels.get(label, ())
    if known is None:
        raise Unknown
    if not known:
        names = [*(name for name in context.labels), "x"]
        help_text = nearest(label, names) or f"labels here: {', '.join(names)}"
        raise fault("NS0313", f"no earlier step of this body is labelled '{label}'", span, help=help_text)
    return known


def _placed(step: Step, context: Context) -> Context:
    if step.device is None:
        return context
    device = evaluate(step.device, context.variables, step.place("device"))
    if isinstance(device, bool) or not isinstance(device, int) or not 0 <= device < 1024:
        raise fault("NS0309", f"`device` is the number of a device, not {show_value(device)}", step.place("device"))
    # Names and labels stay those of the body that the step stands in.
    placed = context.inner(device=device)
    placed.variables, placed.labels = context.variables, context.labels
    return placed


def _label(step: Step, result: Flow, context: Context) -> None:
    if not step.label:
        return
    if len(step.label) == 1:
        context.label(step.label[0], result)
        return
    if result is not None and len(result) != len(step.label):
        message = f"{len(step.label)} labels for {_values(result)}"
        error = fault("NS0314", message, step.place("as"), help="give one label per value")
        context.builder.record(error, context)
        result = None
    for position, label in enumerate(step.label):
        context.label(label, None if result is None else (result[position],))


def _values(flow: Items[Wire]) -> str:
    return "1 value" if len(flow) == 1 else f"{len(flow)} values"


def _check_shape(step: Step, result: Flow, context: Context) -> None:
    if step.expect is None or result is None:
        return
    expected = evaluate(step.expect, context.variables, step.place("expect"))
    shapes = [list(wire.shape) for wire in result]
    if expected != (shapes[0] if len(shapes) == 1 else shapes):
        found = " and ".join(show(wire.shape) for wire in result)
        wanted = show(tuple(expected)) if isinstance(expected, list) and expected else show_value(expected)
        if context.builder.pinned:
            raise fault("NS0601", f"expected {wanted}, and the step gives {found}", step.place("expect"))


def single(flow: Flow, step: Step) -> Wire:
    """Return the one value of a flow.

    Raises: SpecError NS0314 for several; Unknown when an earlier fault left it unknown.
    """
    if flow is None:
        raise Unknown
    if len(flow) != 1:
        help_text = "label the values with `as: [a, b]` and take one with `from: a`"
        raise fault("NS0314", f"{step.key} takes one value, and {_values(flow)} enter", step.span, help=help_text)
    return flow[0]


def _dispatch(step: Step, flow: Flow, context: Context) -> Flow:
    if step.init is not None and step.kind not in ("op", "argument"):
        help_text = "write it beside the op inside, or per op under the document's `init:`"
        raise fault(
            "NS0316", f"`init` starts an op's parameters, and {step.key} is none", step.place("init"), help=help_text
        )
    match step.kind:
        case "op":
            return _lower_op(step, flow, context)
        case "merge":
            return _lower_merge(step, flow, context)
        case "block":
            return lower_block(step, context.namespace[step.key], step.arguments, flow, context)
        case "argument":
            return _lower_argument(step, flow, context)
    combinator = COMBINATORS[step.key]
    return LOWERINGS[step.key](step, validate(combinator, _fields(step, context), step), flow, context)


def _fields(step: Step, context: Context) -> dict[str, Any]:
    combinator = COMBINATORS[step.key]
    values: dict[str, Any] = {}
    for name, raw in step.arguments.items():
        is_plain = isinstance(raw, Body) or name in combinator.texts or (combinator.key == "use" and name == "args")
        words = field_words(combinator, name)
        values[name] = raw if is_plain else evaluate(raw, context.variables, step.place(name), words)
    return values


# ops


def _lower_op(step: Step, flow: Flow, context: Context) -> Flow:
    op = make_op(OPS[step.key], step, context)
    wires = flow if flow and op.operands[1] != 1 else (single(flow, step),)
    return (add_op(op, wires, step, context),)


def add_op(op: Op, wires: tuple[Wire, ...], step: Step, context: Context) -> Wire:
    """Add the op of a step under the step's name, or under the module it shares."""
    init = initializers(step, op, context) or context.init.get(op.name, ())
    label = step.label[0] if len(step.label) == 1 else ""
    shared = _shared(step, context)
    if shared and shared.uses > 1:
        path = f"{join(context.scope.path, shared.module.rpartition('.')[2])}@{shared.uses}"
        return context.builder.add(op, wires, context, "", step.span, path=path, module=shared.module, named=True)
    name = name_of(step, op.name, context)
    if shared:
        shared.module = join(context.scope.module, name)
    named = step.name is not None or shared is not None
    return context.builder.add(op, wires, context, name, step.span, init=init, named=named, label=label)


def add_plain(op: Op, wires: tuple[Wire, ...], step: Step, context: Context, word: str = "") -> Wire:
    """Add an op that a combinator brings, under an invented name."""
    name = context.namer.invent(word or op.name, step.span)
    return context.builder.add(op, wires, context, name, step.span)


def name_of(step: Step, word: str, context: Context) -> str:
    """Return the step's name: its own with expressions filled in, or the next free one."""
    if step.name is None:
        return context.namer.invent(word, step.span)
    place = step.place("name")
    return context.namer.claim(fill(step.name, context, place), place)


def _shared(step: Step, context: Context) -> Shared | None:
    """Return the module that the step shares, counting this use; a first use starts it."""
    if step.share is None:
        return None
    key = fill(step.share, context, step.place("share"))
    known = context.shares.get(key)
    if known is None:
        known = context.shares[key] = Shared("")
    else:
        known.uses += 1
    return known


# merges


def _lower_merge(step: Step, flow: Flow, context: Context) -> Flow:
    op = make_op(OPS[step.key], step, context)
    holds_bodies = any(isinstance(operand.value, Body) for operand in step.operands)
    if step.name is not None and holds_bodies:
        return within(step, "group", flow, context, lambda inner: (_merged(op, step, flow, inner, named=False),))
    return (_merged(op, step, flow, context, named=True),)


def _merged(op: Op, step: Step, flow: Flow, context: Context, named: bool) -> Wire:
    wires = [_operand(operand, step, flow, context) for operand in step.operands]
    if not step.operands and flow is not None:
        wires = list(flow)
    if any(wire is None for wire in wires) or not wires:
        raise Unknown
    known = tuple(wire for wire in wires if wire is not None)
    return add_op(op, known, step, context) if named else add_plain(op, known, step, context)


def _operand(operand: Operand, step: Step, flow: Flow, context: Context) -> Wire | None:
    try:
        result = operand_flow(operand, flow, context)
    except Unknown:
        return None
    if result is None:
        return None
    if len(result) != 1:
        raise fault("NS0314", f"an operand is one value, and this one is {_values(result)}", operand.span)
    return result[0]


def operand_flow(operand: Operand, flow: Flow, context: Context) -> Flow:
    """Return the value of an operand: a label's, or what a body makes of the current value."""
    if isinstance(operand.value, str):
        return labelled(operand.value, flow, context, operand.span)
    if operand.name is None:
        return lower_body(operand.value, flow, context.inner())
    return lower_branch(operand.value, operand.name, operand.span, flow, context)


def lower_branch(body: Body, name: str, span: Span, flow: Flow, context: Context, kind: ScopeKind = "group") -> Flow:
    """Expand a body as a sub-module of that name; a single unnamed op or block becomes that sub-module itself."""
    claimed = context.namer.claim(name, span)
    return lower_unit(body, claimed, span, flow, context, kind)


def lower_unit(body: Body, name: str, span: Span, flow: Flow, context: Context, kind: ScopeKind = "group") -> Flow:
    """Expand a body under a name that is already taken for it."""
    if is_single(body) and (kind == "group" or body.steps[0].kind == "block"):
        alone = context.inner(namer=_Given(name))
        return lower_body(body, flow, alone)
    scope = context.builder.open_scope(context, kind, "", name, span)
    inner = context.inner(scope=scope, namer=Namer(numbered=kind != "output"))
    result = lower_body(body, flow, inner)
    context.builder.close_scope(scope, flow, result)
    return result


def is_single(body: Body) -> bool:
    """Return whether a body is one unnamed op or block."""
    return len(body) == 1 and body.steps[0].name is None and body.steps[0].kind in ("op", "block", "argument")


class _Given(Namer):
    """Gives out one name, which was taken before."""

    def __init__(self, name: str) -> None:
        super().__init__(numbered=False)
        self._name = name

    def invent(self, word: str, span: Span) -> str:
        return self._name


def within(step: Step, kind: ScopeKind, flow: Flow, context: Context, expand: Any) -> Flow:
    """Expand something inside a scope that has the step's name."""
    name = name_of(step, step.key, context)
    scope = context.builder.open_scope(context, kind, "", name, step.span)
    result: Flow = expand(context.inner(scope=scope, namer=Namer(numbered=True)))
    context.builder.close_scope(scope, flow, result)
    return result


# blocks


def _lower_argument(step: Step, flow: Flow, context: Context) -> Flow:
    """Expand ``$name``: the op or block that an argument holds; nothing at all when it holds null."""
    name = step.key[1:]
    if name not in context.variables:
        help_text = nearest(name, context.variables)
        raise fault("NS0402", f"unknown argument '${name}'", step.span, help=help_text)
    value = context.variables[name]
    if value is None:
        return flow
    if not isinstance(value, str):
        message = f"`{step.key}` is {show_value(value)}, not an op or block"
        raise fault("NS0315", message, step.span, help="declare the argument as `block`")
    resolved = _resolved(step, value, context)
    if not isinstance(value, BlockReference):
        return _dispatch(resolved, flow, context)
    if resolved.kind == "block":
        return lower_block(resolved, value.namespace[value], resolved.arguments, flow, context)
    return _dispatch(resolved, flow, context)


def _resolved(step: Step, value: str, context: Context) -> Step:
    """Return the step with the argument's word in place of ``$name``, parsed as if it had been written so."""
    namespace = value.namespace if isinstance(value, BlockReference) else context.namespace
    parser = Parser(namespace)
    raw = step.arguments[""]
    bound = value.bound if isinstance(value, BlockReference) else {}
    if bound:
        raw = _with_bound(raw, bound, step.span)
    resolved = parser.keyed_step(str(value), step.places, raw, step.span, step.arguments.value_spans[""])
    if resolved is None or parser.diagnostics:
        raise SpecError(parser.diagnostics)
    return resolved


def _with_bound(raw: Any, bound: dict[str, Any], span: Span) -> Mapping:
    merged = Mapping(span.file)
    for name, value in bound.items():
        merged[name] = value if isinstance(value, str) else Evaluated(value)
        merged.key_spans[name] = merged.value_spans[name] = span
    if isinstance(raw, Mapping):
        merged.update(raw)
        merged.key_spans.update(raw.key_spans)
        merged.value_spans.update(raw.value_spans)
    return merged


def lower_block(step: Step, block: Block, arguments: Mapping, flow: Flow, context: Context) -> Flow:
    """Expand a call of a block: bind its arguments, open its scope, expand its body."""
    context.builder.check_depth(context, step.span)
    values = bind(
        block.parameters, arguments, context.variables, context.namespace, block.name, step.span, block.namespace
    )
    if flow is None:
        raise Unknown
    if len(flow) != max(len(block.inputs), 1):
        wanted = _values([flow[0]] * max(len(block.inputs), 1))
        raise fault("NS0314", f"{block.name} takes {wanted}, and {_values(flow)} enter", step.span)
    shared = _shared(step, context)
    name, path, module = _block_place(step, block, shared, context)
    scope = context.builder.open_scope(context, "block", block.name, name, step.span, values, path, module)
    scope.input_names = block.inputs
    inner = context.inner(
        scope=scope,
        namer=Namer(numbered=False),
        namespace=block.namespace,
        frames=(*context.frames, Frame(scope.path, block.name, step.span)),
        shares={},
    )
    result = _block_result(block, flow, _entered(inner, values, flow, block))
    context.builder.close_scope(scope, flow, result)
    return result


def _block_place(step: Step, block: Block, shared: Shared | None, context: Context) -> tuple[str, str, str]:
    if shared and shared.uses > 1:
        name = shared.module.rpartition(".")[2]
        return name, f"{join(context.scope.path, name)}@{shared.uses}", shared.module
    name = name_of(step, block.name, context)
    if shared:
        shared.module = join(context.scope.module, name)
    return name, "", ""


def _entered(inner: Context, values: dict[str, Any], flow: tuple[Wire, ...], block: Block) -> Context:
    inner.variables = dict(values)
    inner.labels = {}
    inner.variables["input"] = Value(flow[0].shape)
    inner.labels["input"] = flow
    for label, wire in zip(block.inputs, flow, strict=False):
        inner.label(label, (wire,))
    return inner


def _block_result(block: Block, flow: Flow, inner: Context) -> Flow:
    if block.body is None:
        raise Unknown
    result = lower_body(block.body, flow, inner)
    if not block.outputs:
        return result
    wires: list[Wire] = []
    for label in block.outputs:
        wires.extend(labelled(label, result, inner, block.span))
    return tuple(wires)

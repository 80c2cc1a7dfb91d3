"""Putting ops into the graph: under the step's name, an invented one, or that of a module which steps share."""

from __future__ import annotations

from netspec.errors import SpecError
from netspec.lower.arguments import fill, make_op
from netspec.lower.builder import join
from netspec.lower.context import Context, Flow, Shared, Wire, lowers_kind
from netspec.lower.flows import single
from netspec.lower.initialization import check_parameter, initializers
from netspec.ops import OPS, Op
from netspec.spec.model import Step


@lowers_kind("op")
def lower_op(step: Step, flow: Flow, context: Context) -> Flow:
    """Add the op of a step."""
    op = make_op(OPS[step.key], step, context)
    wires = flow if flow and op.operands[1] != 1 else (single(flow, step),)
    return (add_op(op, wires, step, context),)


def add_op(op: Op, wires: tuple[Wire, ...], step: Step, context: Context) -> Wire:
    """Add the op of a step under the step's name, or under the module it shares."""
    own = initializers(step, op, context)
    init = own or context.init.get(op.name, ())
    label = step.label[0] if len(step.label) == 1 else ""
    shared = shared_module(step, context)
    if shared and shared.uses > 1:
        path = f"{join(context.scope.path, shared.module.rpartition('.')[2])}@{shared.uses}"
        return context.builder.add(op, wires, context, "", step.span, path=path, module=shared.module, named=True)
    name = name_of(step, op.name, context)
    if shared:
        shared.module = join(context.scope.module, name)
    named = step.name is not None or shared is not None
    wire = context.builder.add(op, wires, context, name, step.span, init=init, named=named, label=label)
    taken = [parameter for parameter, _ in context.builder.nodes[wire.path].init]
    for parameter in (parameter for parameter, _ in own if parameter not in taken):
        check_parameter(parameter, op.list_parameters(*(each.shape for each in wires)), op.name, step.place("init"))
    return wire


def add_plain(op: Op, wires: tuple[Wire, ...], step: Step, context: Context, word: str = "") -> Wire:
    """Add an op that a combinator brings, under an invented name."""
    name = context.namer.invent(word or op.name, step.span)
    return context.builder.add(op, wires, context, name, step.span)


def name_of(step: Step, word: str, context: Context) -> str:
    """Return the step's name: its own with expressions filled in, or the next free one."""
    if step.name is None:
        return context.namer.invent(word, step.span)
    place = step.place("name")
    try:
        return context.namer.claim(fill(step.name, context, place), place)
    except SpecError as error:
        # What the step computes is known in spite of its name.
        context.builder.record(error, context)
        return context.namer.invent(word, step.span)


def scope_place(step: Step, word: str, context: Context) -> tuple[str, str, str]:
    """Return the name, path and module of a step's scope; path and module are empty where they follow the name."""
    shared = shared_module(step, context)
    if shared and shared.uses > 1:
        name = shared.module.rpartition(".")[2]
        return name, f"{join(context.scope.path, name)}@{shared.uses}", shared.module
    name = name_of(step, word, context)
    if shared:
        shared.module = join(context.scope.module, name)
    return name, "", ""


def has_place(step: Step, context: Context) -> bool:
    """Return whether a combinator's step is a sub-module of its own rather than just its steps."""
    return step.name is not None or step.share is not None or context.namer.numbered


def shared_module(step: Step, context: Context) -> Shared | None:
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

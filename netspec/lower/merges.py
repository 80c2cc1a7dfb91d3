"""Merges: every operand is a label or a body that starts from the current value."""

from __future__ import annotations

from netspec.errors import fault
from netspec.lower.arguments import Unknown, make_op
from netspec.lower.context import Context, Flow, Wire, lowers_kind
from netspec.lower.flows import count_values, labelled
from netspec.lower.placing import add_op, add_plain
from netspec.lower.steps import lower_body
from netspec.lower.units import lower_branch, within
from netspec.ops import OPS, Op
from netspec.spec.model import Body, Operand, Step


@lowers_kind("merge")
def lower_merge(step: Step, flow: Flow, context: Context) -> Flow:
    """Expand the operands, then add the op that joins them."""
    op = make_op(OPS[step.key], step, context)
    holds_bodies = any(isinstance(operand.value, Body) for operand in step.operands)
    if holds_bodies and (step.name is not None or step.share is not None):
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
        message = f"an operand is one value, and this one is {count_values(len(result))}"
        raise fault("NS0314", message, operand.span, help="label the values and name one of them")
    return result[0]


def operand_flow(operand: Operand, flow: Flow, context: Context) -> Flow:
    """Return the value of an operand: a label's, or what a body makes of the current value."""
    if isinstance(operand.value, str):
        return labelled(operand.value, flow, context, operand.span)
    if operand.name is None:
        return lower_body(operand.value, flow, context.inner())
    return lower_branch(operand.value, operand.name, operand.span, flow, context)

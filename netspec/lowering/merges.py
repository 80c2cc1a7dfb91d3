"""Merges: every operand is a label or a body that starts from the current value."""

from __future__ import annotations

from netspec.diagnostics import Code, SpecError
from netspec.language.messages import show_count
from netspec.language.model import Body, Operand, Step
from netspec.lowering.arguments import AlreadyReported, make_op
from netspec.lowering.body import lower_body
from netspec.lowering.context import Context
from netspec.lowering.insertion import add_joint, add_op
from netspec.lowering.operands import count_values, labelled
from netspec.lowering.registry import lowers_kind
from netspec.lowering.units import lower_branch, within
from netspec.lowering.values import Flow, Wire
from netspec.ops import OPS, Op


@lowers_kind("merge")
def lower_merge(step: Step, flow: Flow, context: Context) -> Flow:
    """Expand the operands, then add the op that joins them."""
    op = make_op(OPS[step.key], step, context)
    holds_bodies = any(isinstance(operand.value, Body) for operand in step.operands)
    if holds_bodies and (step.name is not None or step.share is not None):
        return within(step, "group", flow, context, lambda inner: (_merged(op, step, flow, inner, named=False),))
    return (_merged(op, step, flow, context, named=True),)


def _merged(op: Op, step: Step, flow: Flow, context: Context, named: bool) -> Wire:
    flows = [_operand(operand, flow, context) for operand in step.operands] or [flow]
    if any(each is None for each in flows):
        raise AlreadyReported
    wires = tuple(wire for each in flows for wire in each or ())
    _check_count(op, wires, step)
    return add_op(op, wires, step, context) if named else add_joint(op, wires, step, context)


def _check_count(op: Op, wires: tuple[Wire, ...], step: Step) -> None:
    # The parser has counted the operands, but a label may stand for several values, or the chain may bring them.
    least, most = op.operands
    if len(wires) < least or (most is not None and len(wires) > most):
        message = f"{op.name} takes {show_count(least, most)}, not {len(wires)}"
        raise SpecError.of(
            Code.INVALID_OPERANDS, message, step.span, help="label the values apart, as in `as: [a, b]`, and name them"
        )


def _operand(operand: Operand, flow: Flow, context: Context) -> Flow:
    """Return the operand's values; only a label may stand for several."""
    try:
        result = operand_flow(operand, flow, context)
    except AlreadyReported:
        return None
    if result is not None and len(result) != 1 and not isinstance(operand.value, str):
        message = f"an operand is one value, and this one is {count_values(len(result))}"
        raise SpecError.of(Code.WRONG_VALUE_COUNT, message, operand.span, help="label the values and name one of them")
    return result


def operand_flow(operand: Operand, flow: Flow, context: Context) -> Flow:
    """Return the value of an operand: a label's, or what a body makes of the current value."""
    if isinstance(operand.value, str):
        return labelled(operand.value, flow, context, operand.span)
    if operand.name is None:
        return lower_body(operand.value, flow, context.inner())
    return lower_branch(operand.value, operand.name, operand.span, flow, context)

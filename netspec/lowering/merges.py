"""Merges: every operand is a label, or a body applied to the current value."""

from __future__ import annotations

from netspec.diagnostics import Code, Note, SpecError
from netspec.language.messages import show_count
from netspec.language.model import Body, Operand, Step
from netspec.lowering.body import lower_body
from netspec.lowering.context import Context
from netspec.lowering.insertion import add_join, add_op
from netspec.lowering.operands import count_values, labelled
from netspec.lowering.registry import lowers_kind
from netspec.lowering.units import CHAIN, Unit, lower_named_unit, within
from netspec.lowering.validation import make_op
from netspec.lowering.values import NullValue, Value, Values
from netspec.ops import OPS, Op
from netspec.syntax import expr

ABSENT: tuple[Value, ...] = ()
"""The values of an operand that is left out."""


@lowers_kind("merge")
def lower_merge(step: Step, values: Values, context: Context) -> Values:
    """Expand the operands, then add the op that joins them."""
    op = make_op(OPS[step.key], step, context)
    # Bodies hold modules, so the step's name is that of a sub-module; with labels only, it is the op's own.
    holds_bodies = any(isinstance(operand.value, Body) for operand in step.operands)
    if holds_bodies and (step.name is not None or step.share is not None):
        return within(step, CHAIN, values, context, lambda inner: _merged(op, step, values, inner, named=False))
    return _merged(op, step, values, context, named=True)


def _merged(op: Op, step: Step, values: Values, context: Context, named: bool) -> tuple[Value, ...]:
    context.builder.budget.count_operands(len(step.operands), context.frames, step.span)
    parts = [_operand(operand, values, context) for operand in step.operands] or [values]
    if any(each is None for each in parts):
        raise expr.AlreadyReported
    operands = tuple(value for each in parts for value in each or ())
    context.builder.budget.count_operands(len(operands) - len(step.operands), context.frames, step.span)
    absent = [operand for operand, part in zip(step.operands, parts, strict=False) if part == ABSENT]
    if absent and len(operands) == 1 and op.operands[1] is None:
        return operands  # the sum, the mean or the row of one value is that value
    _check_count(op, operands, step, absent)
    if any(operand.name for operand in step.operands):
        present = [each.name for each in step.operands if each not in absent]
        op = op.with_optional(*(name for name in present if name in op.optional_operands))
    return add_op(op, operands, step, context) if named else (add_join(op, operands, step, context),)


def _check_count(op: Op, operands: tuple[Value, ...], step: Step, absent: list[Operand]) -> None:
    # The parser has counted the operands, but a label may name several values, and without any operand all current
    # values are joined.
    least, most = op.operands
    if len(operands) < least or (most is not None and len(operands) > most):
        message = f"{op.name} takes {show_count(least, most)}, not {len(operands)}"
        help_text = "label the values apart, as in `as: [a, b]`, and name them"
        if absent:
            help_text = "put `when` on the merge, or give the steps an `else`"
        notes = [Note(each.span, _absence(each)) for each in absent]
        raise SpecError.of(Code.INVALID_OPERANDS, message, step.span, help=help_text, notes=notes)


def _absence(operand: Operand) -> str:
    return "null in this call" if isinstance(operand.value, str) else "every step of this operand is left out"


def _operand(operand: Operand, values: Values, context: Context) -> Values:
    """Return the values of an operand: one, those of a label, or none where all of its steps are left out."""
    try:
        result = operand_values(operand, values, context)
    except expr.AlreadyReported:
        context.builder.collector.expect_error()
        return None
    if result is values and isinstance(operand.value, Body) and _is_left_out(operand.value, context):
        return ABSENT
    if result is not None and len(result) != 1 and not isinstance(operand.value, str) and not operand.is_loop:
        message = f"an operand is one value, not {count_values(len(result))}"
        raise SpecError.of(Code.WRONG_VALUE_COUNT, message, operand.span, help="label the values and name one of them")
    return result


def _is_left_out(body: Body, context: Context) -> bool:
    """Return whether a body that returns what enters it has steps, of which none is expanded."""
    return len(body) > 0 and all(step.when is not None or _is_null(step, context) for step in body)


def _is_null(step: Step, context: Context) -> bool:
    return step.kind == "argument" and context.variables.get(step.key[1:]) is None


def operand_values(operand: Operand, values: Values, context: Context) -> Values:
    """Return the value of an operand: that of a label, or of a body applied to the current value."""
    if isinstance(operand.value, str):
        if isinstance(context.labels.get(operand.value), NullValue):
            return ABSENT
        return labelled(operand.value, values, context, operand.span)
    if operand.name is None:
        return lower_body(operand.value, values, context.inner())
    return lower_named_unit(Unit(operand.value, operand.name, operand.span), values, context)

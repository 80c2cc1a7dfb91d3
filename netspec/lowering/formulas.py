"""Formulas: what is left of an expression over values, as one op on those that it reads."""

from __future__ import annotations

from netspec.diagnostics import Code, Note, SpecError
from netspec.language.model import Step
from netspec.lowering.context import Context
from netspec.lowering.evaluation import evaluate_formula
from netspec.lowering.insertion import Marks, add_op
from netspec.lowering.operands import labelled_values
from netspec.lowering.registry import lowers_kind
from netspec.lowering.validation import validate
from netspec.lowering.values import Value, Values
from netspec.ops import OPS
from netspec.ops.formula_text import count_leaves, values_of
from netspec.sizes.shape import show


@lowers_kind("formula")
def lower_formula(step: Step, values: Values, context: Context) -> Values:
    """Add the op of a formula; one of which nothing is left but a value computes nothing."""
    field = str(OPS[step.key].operands_from)
    place = step.place(field)
    evaluated = evaluate_formula(step.arguments[field], context.variables, place)
    if evaluated.value is not None:
        return labelled_values([evaluated.value], values, context, place)
    op = validate(OPS[step.key], {field: evaluated.text}, step)
    operands = labelled_values(values_of(evaluated.text), values, context, place)
    _check_numbers(operands, context, step)
    # The text has each value as often as the formula reads it.
    context.builder.budget.count_operands(count_leaves(evaluated.text) - len(operands), context.frames, place)
    written = tuple((f"number{place}", text) for place, text in enumerate(evaluated.numbers, 1) if text is not None)
    return add_op(op, operands, step, context, Marks(written))


def _check_numbers(operands: tuple[Value, ...], context: Context, step: Step) -> None:
    """Raise SpecError for one number of each example beside values with axes, of which torch would take it for one."""
    numbers = [value for value in operands if not value.shape]
    whole = next((value for value in operands if value.shape), None)
    builder = context.builder
    wrong = next((value for value in numbers if value.path not in builder.batchless.values), None)
    if whole is None or wrong is None:
        return
    message = f"formula needs operands with the same number of axes: {show(whole.shape)} and {show(wrong.shape)}"
    notes = [Note(builder.place(value), f"{value.path} is {show(value.shape)}") for value in (whole, wrong)]
    help_text = "`reshape` gives a number the axes it lacks"
    raise SpecError.of(Code.SHAPE_MISMATCH, message, step.span, help=help_text, notes=notes)

"""Steps that are an op: its arguments, the weights that it takes from elsewhere, and its operands."""

from __future__ import annotations

from netspec.language.model import Step
from netspec.lowering.context import Context
from netspec.lowering.insertion import Marks, add_op
from netspec.lowering.operands import single
from netspec.lowering.registry import lowers_kind
from netspec.lowering.validation import make_op
from netspec.lowering.values import Values
from netspec.lowering.weights import check_ties, weights_of
from netspec.ops import OPS


@lowers_kind("op")
def lower_op(step: Step, values: Values, context: Context) -> Values:
    """Add the op of a step."""
    kind = OPS[step.key]
    if not kind.weight_names or step.arguments.keys().isdisjoint(kind.weight_names):
        op = make_op(kind, step, context)
        operands = values if values and op.operands[1] != 1 else (single(values, step),)
        return add_op(op, operands, step, context)
    operand = single(values, step)
    weights = weights_of(kind, step, values, context)
    op = make_op(kind, step, context, weights)
    check_ties(op, weights, operand, step)
    ties = tuple((name, tie.key) for name, tie in weights.tied.items())
    return add_op(op, (operand, *weights.given.values()), step, context, Marks(ties=ties))

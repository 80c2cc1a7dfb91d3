"""The expansion of ``dense``: each layer on the concatenation of everything before it."""

from __future__ import annotations

from typing import Any

from netspec.language.combinators import Dense
from netspec.language.model import Body, Step
from netspec.lowering.combinators.loops import lower_iteration, lower_repetition
from netspec.lowering.context import Context
from netspec.lowering.insertion import add_join, is_submodule
from netspec.lowering.operands import single
from netspec.lowering.registry import lowers
from netspec.lowering.units import DENSE, within
from netspec.lowering.values import Values
from netspec.ops import OPS


@lowers("dense")
def lower_dense(step: Step, fields: Dense, values: Values, context: Context) -> Values:
    """Expand the layers, each on the concatenation of everything before it."""
    if not is_submodule(step, context):
        return _dense_layers(step, fields, values, context)
    return within(step, DENSE, values, context, lambda inner: _dense_layers(step, fields, values, inner))


def _dense_layers(step: Step, fields: Dense, values: Values, context: Context) -> Values:
    # One object for all layers: the builder looks facts up by op, and an identical object needs no comparison of
    # fields.
    concat = OPS["concat"]()
    current = single(values, step)
    context.builder.budget.count_steps(context.frames, step.span, fields.layers)
    for index in range(fields.layers):
        # Set here and not in lower_step: all layers are one step, but each has another value as its `x`.
        context.set_current((current,))
        expand = lower_repetition if context.scope.kind == "dense" else _plain_unit
        layer = single(expand(fields.body, {"index": index}, (current,), context, step), step)
        current = add_join(concat, (current, layer), step, context)
    return (current,)


def _plain_unit(body: Body, row: dict[str, Any], values: Values, context: Context, step: Step) -> Values:
    return lower_iteration(body, row, values, context)

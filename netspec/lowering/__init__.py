"""From a document to its graph: one ordered traversal that expands, names, checks and infers shapes.

Expressions are evaluated here, since they read shapes. A node without shape, cost and place never exists, and limits
stop a document that expands without end. The function that expands a step is registered by the kind of step or by the
combinator.

    document.py        the whole document
    inputs.py          its declared inputs
    body.py            bodies, step by step
    blocks.py          calls of blocks
    op_steps.py        steps that are an op
    weights.py         the weights that they take from elsewhere
    merges.py          steps with several operands
    tensors.py         the tensors that are declared beside bodies; constants.py, those computed from indices
    formulas.py        steps that compute by an expression over values
    combinators/       one file per family of combinators
    insertion.py       ops under their name, or in the module that they share
    units.py           sub-modules that are no blocks
    naming.py          the names inside one module
    schedule.py        the numbers of calls, which `defaults` may read
    evaluation.py      the values of expressions
    validation.py      ops and combinators from their arguments
    binding.py         the arguments of blocks and documents
    initialization.py  ``init:``
    operands.py        values by label
    values.py          operands and results of steps
    context.py         the scope, names and variables of a step
    layers.py          variables and labels of nested bodies
    builder.py         the graph under construction
    budget.py          what it may ask for, counted before it is done
    sharing.py         what steps that share a module must have in common
    size_inputs.py     the values that sizes among arguments are computed from
    exceeded.py        the errors for documents beyond the limits
    registry.py        the expansion of each kind of step
    integers.py        the bounds of integers, against those of ops
    unused.py          warnings about values that are never used
    layout.py          warnings about inputs in another library's layout
"""

from __future__ import annotations

from netspec.lowering import (  # noqa: F401  (they register how steps are expanded)
    blocks,
    combinators,
    formulas,
    merges,
    op_steps,
)
from netspec.lowering.document import lower

__all__ = ["lower"]

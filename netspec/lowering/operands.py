"""The operands of steps: by label, or the current value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from netspec.diagnostics import Code, Note, Span, SpecError
from netspec.language.messages import show_value
from netspec.language.model import Block, Step
from netspec.language.scope import LABEL, label_left_out, null_value, unknown_label
from netspec.lowering.context import Context
from netspec.lowering.evaluation import evaluate
from netspec.lowering.values import LeftOut, NullValue, Value, Values, values_in
from netspec.syntax import expr


def labelled(label: str, values: Values, context: Context, span: Span) -> tuple[Value, ...]:
    """Return the values of a label, or of an expression over labels; ``x`` is the current one.

    Raises: SpecError NS0313 for an unknown label; AlreadyReported when an earlier error left the value unknown.
    """
    if not LABEL.match(label):
        return _picked(label, context, span)
    if label != "x" and label not in context.labels:
        raise SpecError([unknown_label(label, context.labels, span)])
    known = values if label == "x" else context.labels[label]
    if known is None:
        raise expr.AlreadyReported
    if isinstance(known, NullValue):
        raise SpecError([null_value(label, known.span, span)])
    if isinstance(known, LeftOut):
        raise SpecError([label_left_out(label, known.span, span)])
    return known


def _picked(text: str, context: Context, span: Span) -> tuple[Value, ...]:
    """Return the values that an expression picks, as in ``levels[1:]``."""
    held = evaluate(text, context.variables, span)
    found = values_in(held)
    if found is None:
        message = f"`{text}` is {show_value(held)}, not a value or a list of values"
        help_text = "pick from labels, as in `levels[0]` or `levels[1:]`"
        raise SpecError.of(Code.INVALID_OPERANDS, message, span, help=help_text)
    return found


def labelled_values(labels: Sequence[str], values: Values, context: Context, span: Span) -> tuple[Value, ...]:
    """Return the values of several labels, one after another; each of the values counts as an operand."""
    taken: list[Value] = []
    for label in labels:
        found = labelled(label, values, context, span)
        context.builder.budget.count_operands(len(found), context.frames, span)
        taken.extend(found)
    return tuple(taken)


def single(values: Values, step: Step) -> Value:
    """Return the only value.

    Raises: SpecError NS0314 for several; AlreadyReported when an earlier error left it unknown.
    """
    if values is None:
        raise expr.AlreadyReported
    if len(values) != 1:
        help_text = "label the values with `as: [a, b]` and take one with `from: a`"
        raise SpecError.of(
            Code.WRONG_VALUE_COUNT,
            f"{step.key} takes one value, got {len(values)}",
            step.span,
            help=help_text,
        )
    return values[0]


class Entrance(NamedTuple):
    """What enters a block or document: one value for each name, or a single one where there are no names."""

    name: str
    """That of the block or document."""
    inputs: Sequence[str]
    takes_rest: bool = False
    """True where the last name stands for any number of values."""


def check_entering(entrance: Entrance, values: Values, step: Step, notes: Iterable[Note] = ()) -> tuple[Value, ...]:
    """Check the number of values that are passed to a block or document.

    Raises: SpecError NS0314 for another number of values; AlreadyReported when an earlier error left them unknown.
    """
    if values is None:
        raise expr.AlreadyReported
    name, inputs, takes_rest = entrance
    least = max(len(inputs), 1)
    if len(values) != least and not (takes_rest and len(values) > least):
        message = f"{name} takes {'at least ' if takes_rest else ''}{count_values(least)}, got {len(values)}"
        help_text = f"name them, as in `from: [{', '.join(inputs)}]`" if inputs else "take one with `from`"
        raise SpecError.of(Code.WRONG_VALUE_COUNT, message, step.span, help=help_text, notes=notes)
    return values


def numbered_inputs(block: Block, values: tuple[Value, ...]) -> tuple[str, ...]:
    """Return a name for each value that enters a block, of which the last input may have several."""
    if not block.takes_rest:
        return block.inputs
    *first, rest = block.inputs
    return (*first, *(f"{rest}{number}" for number in range(1, len(values) - len(first) + 1)))


def count_values(count: int) -> str:
    """Return a number of values in words."""
    return "1 value" if count == 1 else f"{count} values"

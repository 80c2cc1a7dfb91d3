"""The operands of steps: by label, or the current value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from netspec.diagnostics import Code, Note, Span, SpecError
from netspec.language.model import Step
from netspec.language.scope import unknown_label
from netspec.lowering.context import Context
from netspec.lowering.values import Value, Values
from netspec.syntax import expr


def labelled(label: str, values: Values, context: Context, span: Span) -> tuple[Value, ...]:
    """Return the values of a label; ``x`` is the current one.

    Raises: SpecError NS0313 for an unknown label; AlreadyReported when an earlier error left the value unknown.
    """
    known = values if label == "x" else context.labels.get(label, ())
    if known is None:
        raise expr.AlreadyReported
    if not known:
        raise SpecError([unknown_label(label, context.labels, span)])
    return known


def labelled_values(labels: Sequence[str], values: Values, context: Context, span: Span) -> tuple[Value, ...]:
    """Return the values of several labels, one after another; each of the values counts as an operand."""
    taken: list[Value] = []
    for label in labels:
        found = labelled(label, values, context, span)
        context.builder.count_operands(len(found), context.frames, span)
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


def check_entering(
    name: str, inputs: Sequence[str], values: Values, step: Step, notes: Iterable[Note] = ()
) -> tuple[Value, ...]:
    """Check the number of values that are passed to a block or document with these inputs; without names it has one.

    Raises: SpecError NS0314 for another number of values; AlreadyReported when an earlier error left them unknown.
    """
    if values is None:
        raise expr.AlreadyReported
    if len(values) != max(len(inputs), 1):
        message = f"{name} takes {count_values(max(len(inputs), 1))}, got {len(values)}"
        help_text = f"name them, as in `from: [{', '.join(inputs)}]`" if inputs else "take one with `from`"
        raise SpecError.of(Code.WRONG_VALUE_COUNT, message, step.span, help=help_text, notes=notes)
    return values


def count_values(count: int) -> str:
    """Return a number of values in words."""
    return "1 value" if count == 1 else f"{count} values"

"""The expansion of ``sequential``, ``repeat`` and ``foreach``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from netspec.diagnostics import Code, SpecError
from netspec.language.combinators import Foreach, Repeat, Sequential
from netspec.language.messages import show_value
from netspec.language.model import Body, Step
from netspec.language.shorthand import variable_names
from netspec.lowering.body import lower_body
from netspec.lowering.context import Context
from netspec.lowering.insertion import is_submodule
from netspec.lowering.operands import single
from netspec.lowering.registry import lowers
from netspec.lowering.units import CHAIN, Unit, lower_unit, within
from netspec.lowering.values import Values, values_in
from netspec.syntax import expr


@lowers("sequential")
def lower_sequential(step: Step, fields: Sequential, values: Values, context: Context) -> Values:
    """Expand the body in a scope of its own; without a name, and outside of a numbered list, without a scope."""
    if not is_submodule(step, context):
        return lower_body(fields.body, values, context.inner(is_done=context.is_done))
    return within(step, CHAIN, values, context, lambda inner: lower_body(fields.body, values, inner))


@lowers("repeat")
def lower_repeat(step: Step, fields: Repeat, values: Values, context: Context) -> Values:
    """Expand the body several times in sequence."""
    # Counted before the first round: an empty body has no steps to count, and `repeat: 10**9` of it would run for
    # hours.
    context.builder.budget.count_steps(context.frames, step.span, fields.times)
    return _list(step, fields.body, ({"index": index} for index in range(fields.times)), values, context)


@lowers("foreach")
def lower_foreach(step: Step, fields: Foreach, values: Values, context: Context) -> Values:
    """Expand the body once per element of the lists, in parallel."""
    lengths = {name: len(elements) for name, elements in fields.lists.items()}
    if len(set(lengths.values())) > 1:
        written = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        message = f"the lists of foreach differ in length: {written}"
        raise SpecError.of(Code.UNEQUAL_LISTS, message, step.span, help="give all of them the same length")
    context.builder.budget.count_steps(context.frames, step.span, max(lengths.values(), default=0))
    # A generator: the number of rounds is limited, but their elements may be large lists.
    columns = _columns(step, fields.lists)
    rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    return _list(step, fields.body, rows, values, context)


def _columns(step: Step, lists: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Return a list per name; if a key has several names, each gets its column of the rows.

    Raises: SpecError NS0317 for a row that has another number of items than there are names.
    """
    columns: dict[str, list[Any]] = {}
    for key, elements in lists.items():
        names = variable_names(key)
        if len(names) == 1:
            columns[key] = elements
            continue
        for position, element in enumerate(elements):
            if not isinstance(element, list) or len(element) != len(names):
                message = f"`{key}` takes rows of {len(names)}, and element {position} is {show_value(element)}"
                raise SpecError.of(Code.UNEQUAL_LISTS, message, step.span, help="give every row an item per name")
        columns |= {name: [row[place] for row in elements] for place, name in enumerate(names)}
    return columns


def _list(step: Step, body: Body, rows: Iterable[dict[str, Any]], values: Values, context: Context) -> Values:
    """Expand a body once per row of variables; under a name, each becomes a numbered sub-module."""
    rounds: list[Values] = []
    is_list = step.name is not None or step.share is not None

    def expand(inner: Context) -> Values:
        # Operands of a numbered list are numbered one by one, and not step by step.
        numbers = is_list or (step.is_operands and inner.namer.numbered)
        current = values
        for row in rows:
            entered = values if step.is_operands else current
            lowered = (
                lower_repetition(body, row, entered, inner, step)
                if numbers
                else lower_iteration(body, row, entered, inner)
            )
            current = lowered
            rounds.append(current)
            if context.is_done and context.is_done():
                break
        return _operands(rounds, step) if step.is_operands else current

    result = within(step, CHAIN, values, context, expand) if is_list else expand(context)
    if step.collected:
        context.collect(step.collected, rounds)
    return result


def _operands(rounds: list[Values], step: Step) -> Values:
    """Return the value of each round, all of which are operands."""
    known = [single(values, step) for values in rounds if values is not None]
    return tuple(known) if len(known) == len(rounds) else None


def lower_iteration(body: Body, row: dict[str, Any], values: Values, context: Context) -> Values:
    """Expand one iteration of a body, with the loop variables of its row."""
    return lower_body(body, values, _inside_round(row, context))


def _inside_round(row: dict[str, Any], context: Context) -> Context:
    """Return the context of a round; a variable that stands for values is a label too."""
    inner = context.inner(counter=next(iter(row), ""), is_done=context.is_done)
    inner.variables.update(row)
    for name, held in row.items():
        found = values_in(held) if isinstance(held, (expr.Value, list)) else None
        if found:
            inner.labels[name] = found
    return inner


def lower_repetition(body: Body, row: dict[str, Any], values: Values, context: Context, step: Step) -> Values:
    """Expand one repetition as a sub-module; a single step keeps its own name if it has one."""
    if len(body) == 1 and (body.steps[0].name is not None or body.steps[0].kind not in ("merge", "combinator")):
        return lower_iteration(body, row, values, context)
    inner = _inside_round(row, context)
    return lower_unit(Unit(body, context.namer.invent(step.key, step.span), step.span), values, inner)

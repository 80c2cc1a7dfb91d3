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
from netspec.lowering.registry import lowers
from netspec.lowering.units import CHAIN, Unit, lower_unit, within
from netspec.lowering.values import Values


@lowers("sequential")
def lower_sequential(step: Step, fields: Sequential, values: Values, context: Context) -> Values:
    """Expand the body in a scope of its own; without a name, and outside of a numbered list, without a scope."""
    if not is_submodule(step, context):
        return lower_body(fields.body, values, context.inner())
    return within(step, CHAIN, values, context, lambda inner: lower_body(fields.body, values, inner))


@lowers("repeat")
def lower_repeat(step: Step, fields: Repeat, values: Values, context: Context) -> Values:
    """Expand the body several times in sequence."""
    # Counted before the first round: an empty body has no steps to count, and `repeat: 10**9` of it would run for
    # hours.
    context.builder.count_steps(context.frames, step.span, fields.times)
    return _list(step, fields.body, ({"index": index} for index in range(fields.times)), values, context)


@lowers("foreach")
def lower_foreach(step: Step, fields: Foreach, values: Values, context: Context) -> Values:
    """Expand the body once per element of the lists, in parallel."""
    lengths = {name: len(elements) for name, elements in fields.lists.items()}
    if len(set(lengths.values())) > 1:
        written = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        message = f"the lists of foreach differ in length: {written}"
        raise SpecError.of(Code.UNEQUAL_LISTS, message, step.span, help="give all of them the same length")
    context.builder.count_steps(context.frames, step.span, max(lengths.values(), default=0))
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
    if step.name is None and step.share is None:
        for row in rows:
            values = lower_iteration(body, row, values, context)
        return values
    return within(step, CHAIN, values, context, lambda inner: _units(body, rows, values, inner, step))


def _units(body: Body, rows: Iterable[dict[str, Any]], values: Values, context: Context, step: Step) -> Values:
    for row in rows:
        values = lower_repetition(body, row, values, context, step)
    return values


def lower_iteration(body: Body, row: dict[str, Any], values: Values, context: Context) -> Values:
    """Expand one iteration of a body, with the loop variables of its row."""
    inner = context.inner(counter=next(iter(row), ""))
    inner.variables.update(row)
    return lower_body(body, values, inner)


def lower_repetition(body: Body, row: dict[str, Any], values: Values, context: Context, step: Step) -> Values:
    """Expand one repetition as a sub-module; a single step keeps its own name if it has one."""
    if len(body) == 1 and (body.steps[0].name is not None or body.steps[0].kind not in ("merge", "combinator")):
        return lower_iteration(body, row, values, context)
    inner = context.inner(counter=next(iter(row), ""))
    inner.variables.update(row)
    return lower_unit(Unit(body, context.namer.invent(step.key, step.span), step.span), values, inner)

"""The traversal of a body: steps are expanded in their order, and every shape is inferred on the way."""

from __future__ import annotations

from typing import Any

from netspec.diagnostics import Code, Diagnostic, SpecError
from netspec.language.combinators import COMBINATORS
from netspec.language.messages import show_value
from netspec.language.model import Body, Step
from netspec.language.shorthand import field_words
from netspec.lowering.binding import Environment, elements
from netspec.lowering.context import Context
from netspec.lowering.evaluation import closed, evaluate
from netspec.lowering.operands import count_values, labelled_values
from netspec.lowering.registry import KINDS, LOWERINGS, lowers_kind
from netspec.lowering.validation import validate
from netspec.lowering.values import Value, Values
from netspec.ops import ShapeError
from netspec.sizes import Dim, Ratio, Reason, at_stated_sizes
from netspec.sizes.shape import show, stated_shape
from netspec.syntax import expr
from netspec.syntax.yaml import Mapping


def lower_body(body: Body, values: Values, context: Context) -> Values:
    """Expand a chain of steps and return the values of the last one."""
    builder = context.builder
    builder.budget.check_nesting(context.frames, body.span)
    builder.budget.depth += 1
    try:
        for step in body.steps:
            values = lower_step(step, values, context)
            if context.is_done and context.is_done():
                break
    finally:
        builder.budget.depth -= 1
    return values


def lower_step(step: Step, values: Values, context: Context) -> Values:
    """Expand one step; its errors are collected, and later steps continue with an unknown value."""
    # Before anything else: a step that `when` disables costs time too, and recursion consists of such steps.
    context.builder.budget.count_steps(context.frames, step.span)
    if values is not None and len(values) > 1:
        # Each of them is shown to the step's expressions.
        context.builder.budget.count_operands(len(values), context.frames, step.span)
    context.set_current(values)
    deciding = context.builder.deciding
    frozen = context.builder.frozen
    # Comparisons between ops, as in `when`, decide the structure of the network; ops have reasons of their own.
    around, deciding.reason = deciding.reason, Reason(step.span, "chosen", context.scope.path)
    try:
        # Most steps have none of these keys, and a network has thousands of steps.
        chosen = step if step.when is None or _is_enabled(step, context) else step.otherwise
        if chosen is None:
            _leave_out(step, context)
            return values
        if step.train is not None:
            context.builder.frozen = not _is_trained(step, context)
        taken = _taken_values(step, values, context) if step.origin else values
        result = dispatch(chosen, taken, context if step.device is None else _on_device(step, context))
        if step.expect is not None and result is not None:
            _check_shape(step, result, context)
        if result is not None and result is not taken:
            context.builder.results.append((step, result))
    except expr.AlreadyReported:
        context.builder.collector.expect_error()
        result = None
    except (ShapeError, SpecError) as error:
        _keep(error, step, context)
        result = None
    finally:
        deciding.reason, context.builder.frozen = around, frozen
    if step.label:
        # After an error too: otherwise each use of the label would be another error.
        _label(step, result, context)
    return result


def _leave_out(step: Step, context: Context) -> None:
    """Remember the labels of a step that is left out."""
    for label in step.label:
        context.leave_out(label, step.place("as"))
    if step.collected:
        context.leave_out(step.collected, step.place("collect"))


def _keep(error: ShapeError | SpecError, step: Step, context: Context) -> None:
    """Collect an error; one of a shape alone is about the step."""
    if isinstance(error, ShapeError):
        diagnostic = Diagnostic(error.code, error.message, step.span, help=error.help)
        context.builder.collector.add([diagnostic], context.frames)
    else:
        context.builder.collector.keep(error, context.frames)


def _is_enabled(step: Step, context: Context) -> bool:
    value = evaluate(step.when, context.variables, step.place("when"))
    if not isinstance(value, (bool, int, float, Dim, Ratio)) and value is not None:
        message = f"`when` is true or false, not {show_value(value)}"
        raise SpecError.of(Code.INVALID_CONDITION, message, step.place("when"), help="as in `when: i > 0`")
    return bool(value)


def _is_trained(step: Step, context: Context) -> bool:
    value = evaluate(step.train, context.variables, step.place("train"))
    if not isinstance(value, bool):
        message = f"`train` is true or false, not {show_value(value)}"
        raise SpecError.of(Code.INVALID_STEP_KEY, message, step.place("train"), help="as in `train: false`")
    return value


def _taken_values(step: Step, values: Values, context: Context) -> Values:
    taken = labelled_values(step.origin, values, context, step.place("from"))
    context.set_current(taken)
    return taken


def _on_device(step: Step, context: Context) -> Context:
    device = closed(evaluate(step.device, context.variables, step.place("device")))
    if isinstance(device, bool) or not isinstance(device, int) or not 0 <= device < 1024:
        message = f"`device` is the number of a device, not {show_value(device)}"
        raise SpecError.of(Code.INVALID_STEP_KEY, message, step.place("device"), help="a whole number from 0 to 1023")
    # Names and labels stay those of the body that the step stands in.
    placed = context.inner(device=device)
    placed.variables, placed.labels = context.variables, context.labels
    return placed


def _label(step: Step, result: Values, context: Context) -> None:
    if len(step.label) == 1:
        context.label(step.label[0], result)
        return
    if result is not None and len(result) != len(step.label):
        message = f"{len(step.label)} labels for {count_values(len(result))}"
        diagnostic = Diagnostic(Code.WRONG_VALUE_COUNT, message, step.place("as"), help="give one label per value")
        context.builder.collector.add([diagnostic], context.frames)
        result = None
    for position, label in enumerate(step.label):
        context.label(label, None if result is None else (result[position],))


def _check_shape(step: Step, result: tuple[Value, ...], context: Context) -> None:
    # A pin states the authors' shapes at their size, and does not restrict other sizes.
    expected = at_stated_sizes(evaluate(step.expect, context.variables, step.place("expect")))
    shapes = [list(stated_shape(value.shape)) for value in result]
    if expected != (shapes[0] if len(shapes) == 1 else shapes):
        found = " and ".join(show(value.shape) for value in result)
        shown = _expected(expected)
        # A variant or `--set` may change any size: a pin holds for the document without them.
        if context.builder.pinned:
            message = f"expected {shown}, got {found}"
            raise SpecError.of(
                Code.UNEXPECTED_SHAPE,
                message,
                step.place("expect"),
                help="correct the pin, or the steps that lead to it",
            )


def _expected(value: Any) -> str:
    if not isinstance(value, list) or not value:
        return show_value(value)
    return " and ".join(map(_expected, value)) if isinstance(value[0], list) else show(tuple(value))


def dispatch(step: Step, values: Values, context: Context) -> Values:
    """Expand a step by its kind.

    Raises: SpecError NS0323 for ``init`` at a merge or combinator: it would be unclear which parameters it means.
    """
    if step.init is not None and step.kind not in ("op", "block", "argument"):
        help_text = "write it at the op inside, or per op under the document's `init:`"
        raise SpecError.of(
            Code.MISPLACED_INIT,
            f"`init` initializes an op's parameters, and {step.key} is not an op",
            step.place("init"),
            help=help_text,
        )
    return KINDS[step.kind](step, values, context)


@lowers_kind("values")
def lower_values(step: Step, values: Values, context: Context) -> Values:
    """Return the values that the step selects."""
    return values


@lowers_kind("combinator")
def lower_combinator(step: Step, values: Values, context: Context) -> Values:
    """Expand a combinator, once its arguments are evaluated and checked."""
    values_of_fields = _defaults(step, context) | _fields(step, context)
    fields = validate(COMBINATORS[step.key], values_of_fields, step, context.defaults.get(step.key))
    return LOWERINGS[step.key](step, fields, values, context)


def _defaults(step: Step, context: Context) -> dict[str, Any]:
    """Return the values of the document's ``defaults`` for a combinator."""
    defaults = context.defaults.get(step.key)
    if not isinstance(defaults, Mapping):
        return {}
    combinator = COMBINATORS[step.key]
    variables = context.schedule.variables(step.key, context.constants)
    return {
        name: closed(evaluate(defaults[name], variables, defaults.value_spans[name], field_words(combinator, name)))
        for name in combinator.default_fields()
        if name in defaults
    }


def _fields(step: Step, context: Context) -> dict[str, Any]:
    combinator = COMBINATORS[step.key]
    values: dict[str, Any] = {}
    for name, raw in step.arguments.items():
        is_plain = isinstance(raw, Body) or name in (
            *combinator.verbatim,
            *combinator.forwarded,
            combinator.defined_field,
        )
        words = field_words(combinator, name)
        if is_plain:
            values[name] = raw
            continue
        if name == combinator.variables_field:
            # A loop may iterate over open sizes; counts and positions of cuts are fixed, as the network's structure.
            values[name] = elements(raw, Environment(context.variables, context.namespace), step.place(name))
        else:
            values[name] = closed(evaluate(raw, context.variables, step.place(name), words))
    return values

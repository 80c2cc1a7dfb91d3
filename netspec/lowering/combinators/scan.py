"""``scan``: a loop over a sequence that is computed as one, with states that go from round to round."""

from __future__ import annotations

from typing import NamedTuple

from netspec.diagnostics import Code, Collector, Note, Span, SpecError, nearest
from netspec.language.combinators import Scan
from netspec.language.messages import show_value
from netspec.language.model import Step
from netspec.language.scope import LABEL
from netspec.language.shorthand import as_list, named_values, sizes_of_zeros
from netspec.lowering.body import lower_body
from netspec.lowering.context import Context
from netspec.lowering.evaluation import evaluate, is_size
from netspec.lowering.insertion import inside, scope_point
from netspec.lowering.naming import Namer
from netspec.lowering.operands import count_values, labelled, single
from netspec.lowering.registry import lowers
from netspec.lowering.values import Value, Values
from netspec.ops import Op
from netspec.ops.scan import Collected, Element, NextState, State
from netspec.sizes import Size, stated
from netspec.sizes.shape import MOST_AXES, show
from netspec.syntax import expr


class Entering(NamedTuple):
    """A value that enters a scan, with its name in the body and the place where the step names it."""

    name: str
    value: Value
    span: Span
    outside: str = ""
    """The name with which it enters the scan: of a sequence that of the whole, of a state its own."""
    zeros: tuple[Size, ...] | None = None
    """The shape of a state that begins with zeros, for as many examples as the value has."""


@lowers("scan")
def lower_scan(step: Step, fields: Scan, values: Values, context: Context) -> Values:
    """Expand the body once, as what a round computes, in a scope that stands for all rounds."""
    sequences = _entering(step, "over", values, context)
    rounds = stated(_length(step, sequences))
    states = _entering(step, "carry", values, context, sequences)
    entering = [*sequences, *(each for each in states if each.zeros is None)]
    names = tuple(each.outside for each in entering)
    point = scope_point(step, "scan", context)._replace(rounds=rounds)
    scope = context.builder.open_scope(point, "scan", input_names=names)
    # Keys of shared modules end at the scan: outside, a module is used once, and inside once a round.
    inner = context.inner(scope=scope, namer=Namer(numbered=False), shares={}, in_scan=True)
    elements = [_begin(Element(), each, inner) for each in sequences]
    first = [_begin(State(zeros=each.zeros), each, inner) for each in states]
    result = lower_body(fields.body, (*elements, *first), inner)
    if result is None:
        raise expr.AlreadyReported
    new = _new_states(step, states, first, result, inner)
    last = tuple(
        _add(NextState(), (after, before), each, inner) for each, before, after in zip(states, first, new, strict=True)
    )
    for each, value in zip(states, new, strict=True):
        inner.label(each.name, (value,))
    outputs = _outputs(step, result, inner)
    stacked = [_add(Collected(), (value.value, sequences[0].value, *last), value, inner) for value in outputs]
    leaving = (*stacked, *_final(step, states, last))
    context.builder.close_scope(scope, tuple(each.value for each in entering), leaving)
    return leaving


def _entering(
    step: Step, field: str, values: Values, context: Context, sequences: list[Entering] | None = None
) -> list[Entering]:
    """Return the values that a field names, each with its name in the body; ``sequences`` say how states begin."""
    found: list[Entering] = []
    given = step.arguments.get(field)
    for name, text, span in named_values(given, step.place(field)) if given is not None else ():
        zeros = sizes_of_zeros(text)
        if sequences and zeros is not None:
            like = next((each.value for each in sequences if each.value.dtype == "float"), None)
            found.append(Entering(name, _floats(like, span), span, name, _sizes(zeros, span, context)))
            continue
        taken = labelled(text, values, context, span)
        if len(taken) != 1:
            message = f"scan: `{field}` takes one value by each name, got {len(taken)}"
            raise SpecError.of(Code.WRONG_VALUE_COUNT, message, span, help="pick one, as in `{level: levels[0]}`")
        outside = text if LABEL.match(text) and field == "over" else name
        found.append(Entering("" if name == text == "x" else name, taken[0], span, outside))
    return found


def _floats(like: Value | None, span: Span) -> Value:
    if like is None:
        message = "zeros have the dtype of a sequence of floats, and the scan goes over none"
        raise SpecError.of(Code.DTYPE_MISMATCH, message, span, help="begin with a tensor or the value of a step")
    return like


def _sizes(text: str, span: Span, context: Context) -> tuple[Size, ...]:
    sizes = evaluate(text, context.variables, span)
    if not 1 <= len(sizes) <= MOST_AXES or not all(map(is_size, sizes)):
        message = f"zeros takes whole numbers of at least 1, not {show_value(sizes)}"
        raise SpecError.of(Code.INVALID_ARGUMENT, message, span, help="as in `zeros(64)` or `zeros(x.features, 16)`")
    return tuple(sizes)


def _length(step: Step, sequences: list[Entering]) -> Size:
    """Return the number of rounds; raise SpecError when the sequences have none, or different ones."""
    if not sequences:
        help_text = "as in `over: words`"
        raise SpecError.of(Code.MISSING_ARGUMENT, "scan goes over a sequence", step.place("over"), help=help_text)
    first = sequences[0]
    for each in sequences:
        if not each.value.shape or each.value.shape[0] != first.value.shape[0]:
            message = f"scan goes over the first axis of values of one length, got {show(each.value.shape)}"
            if each is not first:
                message += f" beside {show(first.value.shape)}"
            help_text = "give both the same length, or scan over one and read the other from outside"
            raise SpecError.of(Code.SHAPE_MISMATCH, message, each.span, help=help_text)
    return first.value.shape[0]


def _begin(op: Op, entering: Entering, inner: Context) -> Value:
    """Add what a round begins with, and label it."""
    value = _add(op, (entering.value,), entering, inner)
    if entering.name:
        inner.label(entering.name, (value,))
    return value


def _add(op: Op, operands: tuple[Value, ...], named: Entering, inner: Context) -> Value:
    """Add an edge of the scan, which is called by its word and a number."""
    name = inner.namer.invent(op.name, named.span)
    (value,) = inner.builder.add(op, operands, inside(inner.scope, name, named.span, None, named.name))
    return value


def _new_states(
    step: Step, states: list[Entering], first: list[Value], result: tuple[Value, ...], inner: Context
) -> list[Value]:
    """Return what a round hands on: the values that have the states' labels at its end, or those of its last step.

    Raises: SpecError NS0314 for another number of values, NS0501 for a state that changes its shape or dtype.
    """
    if not states:
        return []
    labels = [inner.labels[each.name] for each in states]
    if any(values is None for values in labels):
        raise expr.AlreadyReported
    if labels == [(value,) for value in first]:
        if len(result) != len(states):
            message = f"scan carries {count_values(len(states))}, and the last step of its body gives {len(result)}"
            help_text = f"label what the next round begins with, as in `as: {states[0].name}`"
            raise SpecError.of(Code.WRONG_VALUE_COUNT, message, step.place("carry"), help=help_text)
        new = list(result)
    else:
        new = [single(values, step) for values in labels]
    collector = Collector()
    for each, before, after in zip(states, first, new, strict=True):
        with collector.catch():
            _check_state(each, before, after, inner)
    collector.raise_errors()
    return new


def _check_state(state: Entering, before: Value, after: Value, inner: Context) -> None:
    if after.type == before.type:
        return
    message = f"the state '{state.name}' is {before.type} as it enters a round, and {after.type} as it leaves it"
    note = Note(inner.builder.place(after), f"{after.path} is {after.type}")
    help_text = "give the body a result of the shape with which the state begins"
    raise SpecError.of(Code.SHAPE_MISMATCH, message, state.span, help=help_text, notes=[note])


def _outputs(step: Step, result: tuple[Value, ...], inner: Context) -> list[Entering]:
    """Return the values of the body that the scan stacks, each with the name of its label."""
    if "output" not in step.arguments and "last" in step.arguments:
        return []
    if "output" not in step.arguments:
        return [Entering("", value, step.span) for value in result]
    found = []
    for name, text, span in named_values(step.arguments["output"], step.place("output")):
        taken = labelled(text, result, inner, span)
        found += [Entering(name if len(taken) == 1 and name != "x" else "", value, span) for value in taken]
    return found


def _final(step: Step, states: list[Entering], last: tuple[Value, ...]) -> list[Value]:
    """Return the states after the last round that the scan gives."""
    known = {each.name: value for each, value in zip(states, last, strict=True)}
    names = as_list(step.arguments.get("last") or [])
    for name in names:
        if name not in known:
            help_text = nearest(name, known) or f"it carries {', '.join(known) or 'nothing'}"
            raise SpecError.of(Code.UNKNOWN_LABEL, f"scan has no state '{name}'", step.place("last"), help=help_text)
    return [known[name] for name in names]

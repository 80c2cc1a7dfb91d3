"""Calls of blocks, by name or through an argument whose value is one."""

from __future__ import annotations

from typing import Any

from netspec.diagnostics import Code, Frame, Note, SpecError
from netspec.language.combinators import COMBINATORS
from netspec.language.loading.files import suggest_network
from netspec.language.messages import show_value
from netspec.language.model import Block, Step
from netspec.language.other_names import suggest_step
from netspec.language.parsing.op_arguments import Call
from netspec.language.parsing.parser import Parser
from netspec.language.scope import unknown_argument
from netspec.language.shorthand import is_callable
from netspec.lowering.binding import BlockReference, Defaults, Environment, bind, by_name
from netspec.lowering.body import dispatch, lower_body
from netspec.lowering.context import Context
from netspec.lowering.evaluation import expressions
from netspec.lowering.insertion import rules_inside, scope_point
from netspec.lowering.naming import Namer
from netspec.lowering.operands import Entrance, check_entering, labelled_values, numbered_inputs
from netspec.lowering.registry import lowers_kind
from netspec.lowering.tensors import add_tensors
from netspec.lowering.values import NullValue, Value, Values, values_in
from netspec.ops import OPS
from netspec.syntax import expr
from netspec.syntax.yaml import Mapping, merged


@lowers_kind("block")
def lower_named_block(step: Step, values: Values, context: Context) -> Values:
    """Expand a call of the block that the step names."""
    return lower_block(step, context.namespace[step.key], values, context)


@lowers_kind("argument")
def lower_argument(step: Step, values: Values, context: Context) -> Values:
    """Expand ``$name``: the op or block that is the value of an argument; null expands to nothing."""
    name = step.key[1:]
    if name not in context.variables:
        raise SpecError([unknown_argument(name, context.variables, step.span)])
    held = context.variables[name]
    if held is None:
        return values
    if held is expr.UNKNOWN:
        raise expr.AlreadyReported
    if not isinstance(held, str) or held.startswith("$"):
        message = f"`{step.key}` is {show_value(held)}, not an op or block"
        is_computed = name in context.labels or name in ("x", "input")
        begins = f"a step begins with a value as in `from: {name}`"
        help_text = begins if is_computed else f"give `{name}` the name of an op or block, such as `relu`"
        raise SpecError.of(Code.NOT_CALLABLE, message, step.span, help=help_text)
    reference = held if isinstance(held, BlockReference) else BlockReference(held, context.namespace)
    if reference not in COMBINATORS and not is_callable(reference, reference.namespace):
        raise _not_callable(name, step, reference, context)
    resolved = _resolved(step, reference, context)
    if resolved.kind != "block":
        return dispatch(resolved, values, context)
    # The word is looked up in the namespace of the caller: this body may have another block of that name, or none.
    return lower_block(resolved, reference.namespace[resolved.key], values, context)


def _not_callable(name: str, step: Step, word: BlockReference, context: Context) -> SpecError:
    """Return the error of a word that names no op or block, at the place where it is given."""
    span, notes = step.span, []
    while context.caller is not None:
        call, around = context.caller
        if name not in call.arguments:
            break
        span, notes = call.place(name), [Note(step.span, "called here")]
        given = call.arguments[name]
        if not (isinstance(given, str) and given.startswith("$")):
            is_argument = word in around.variables
            help_text = f"the argument's value is `${word}`" if is_argument else ""
            break
        name, context = given[1:], around
    else:
        help_text = ""
    message = f"unknown op, block or combinator '{word}'"
    help_text = help_text or suggest_network(word) or suggest_step(word, [*OPS, *word.namespace])
    help_text = help_text or "`netspec ops` lists all of them"
    return SpecError.of(Code.UNKNOWN_STEP, message, span, help=help_text, notes=notes)


def _resolved(step: Step, reference: BlockReference, context: Context) -> Step:
    """Return the step that replaces ``$name``; it is parsed once per word, however often it is expanded."""
    # Everything that parsing depends on is kept with the result, since an id is unique only while its object lives.
    sources = (step, reference.namespace, reference.bound, context.defaults)
    key = (str(reference), *map(id, sources))
    known = context.builder.resolved.get(key)
    if known is None:
        known = context.builder.resolved[key] = (sources, _parsed(step, reference, context.defaults))
    return known[1]


def _parsed(step: Step, reference: BlockReference, defaults: Mapping) -> Step:
    """Return the step with the argument's word in place of ``$name``, and the arguments bound to it."""
    (raw,) = step.arguments.values()
    (span,) = step.arguments.value_spans.values()
    if reference.bound is not None:
        given = by_name(reference, raw, reference.namespace, step.span, span)
        raw = merged(reference.bound, given)
    parser = Parser(reference.namespace, defaults)
    # The words of `else` are those of the caller, and its steps are parsed already.
    beside = Mapping(step.span.file)
    beside.take(step.places, *(key for key in step.places if key != "else"))
    parsed = parser.call(Call(str(reference), raw, step.span, span, beside))
    parser.collector.raise_errors()
    assert parsed is not None, "a word that is no step has been reported"
    return parsed


def lower_block(step: Step, block: Block, values: Values, context: Context) -> Values:
    """Expand a call of a block: bind its arguments, open its scope, expand its body."""
    context.builder.budget.check_depth(context.frames, step.span)
    # A call costs as much as two steps.
    context.builder.budget.count_steps(context.frames, step.span)
    # Before the values, so that errors in arguments are reported even if no value is known.
    caller = Environment(context.variables, context.namespace)
    bound = bind(block, step.arguments, caller, step.span, _defaults_of(block, context))
    declared = [Note(block.span, "declared here")]
    entered = check_entering(Entrance(block.name, block.inputs, block.takes_rest), values, step, declared)
    point = scope_point(step, block.name, context, expressions(step.arguments, context))
    given = _given_values(block, bound)
    settings = {name: value for name, value in bound.items() if block.parameters[name].type != "value"}
    names = numbered_inputs(block, entered) or (("x",) if given else ())
    scope = context.builder.open_scope(point, "block", block.name, settings, (*names, *given))
    if block.inputs:
        context.builder.calls.append((block, entered, scope))
    inner = context.enter(
        bound,
        entered,
        block.inputs,
        scope=scope,
        namer=Namer(numbered=False),
        namespace=block.namespace,
        frames=(*context.frames, Frame(scope.path, block.name, step.span)),
        # Every call has modules of its own: modules are shared only within one call.
        shares={},
        init=rules_inside(step, block, context),
        counter="",
        caller=(step, context),
    )
    if block.takes_rest:
        inner.collect(block.inputs[-1], [entered[len(block.inputs) - 1 :]])
    _label_arguments(block, given, inner)
    result = _block_result(block, entered, inner)
    context.builder.close_scope(scope, (*entered, *given.values()), result)
    return result


def _given_values(block: Block, bound: dict[str, Any]) -> dict[str, Value]:
    """Return the arguments of a call that are values of steps, which enter the block as its inputs do."""
    given = {name: values_in(bound[name]) for name, each in block.parameters.items() if each.type == "value"}
    return {name: found[0] for name, found in given.items() if found}


def _label_arguments(block: Block, given: dict[str, Value], inner: Context) -> None:
    for name, each in block.parameters.items():
        if each.type == "value":
            inner.labels[name] = (given[name],) if name in given else NullValue(each.span)


def _defaults_of(block: Block, context: Context) -> Defaults | None:
    """Return what the document's ``defaults`` say of a block; another one of that name is not meant."""
    given = context.defaults.get(block.name)
    if not isinstance(given, Mapping) or context.document.get(block.name) is not block:
        return None
    variables = context.schedule.variables(block.name, context.constants)
    return Defaults(given, Environment(variables, context.document))


def _block_result(block: Block, values: Values, inner: Context) -> Values:
    if block.body is None:
        raise expr.AlreadyReported
    add_tensors(block.tensors, inner)
    result = lower_body(block.body, values, inner)
    if not block.outputs:
        return result
    return labelled_values(block.outputs, result, inner, block.span)

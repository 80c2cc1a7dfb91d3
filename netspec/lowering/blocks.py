"""Calls of blocks, by name or through an argument that holds one."""

from __future__ import annotations

from typing import Any

from netspec.diagnostics import Code, Frame, Note, SpecError
from netspec.language.messages import show_value
from netspec.language.model import Block, Step
from netspec.language.parsing.arguments import Call
from netspec.language.parsing.parser import Parser
from netspec.language.scope import unknown_argument
from netspec.lowering.binding import BlockReference, Environment, bind, by_name
from netspec.lowering.body import dispatch, lower_body
from netspec.lowering.context import Context
from netspec.lowering.evaluation import AlreadyReported, expressions
from netspec.lowering.insertion import scope_point
from netspec.lowering.naming import Namer
from netspec.lowering.operands import count_entering, count_values, labelled
from netspec.lowering.registry import lowers_kind
from netspec.lowering.values import Value, Values
from netspec.syntax import expr
from netspec.syntax.yaml import Mapping, merged


@lowers_kind("block")
def lower_named_block(step: Step, values: Values, context: Context) -> Values:
    """Expand a call of the block that the step names."""
    return lower_block(step, context.namespace[step.key], step.arguments, values, context)


@lowers_kind("argument")
def lower_argument(step: Step, values: Values, context: Context) -> Values:
    """Expand ``$name``: the op or block that an argument holds; nothing at all when it holds null."""
    name = step.key[1:]
    if name not in context.variables:
        raise SpecError([unknown_argument(name, context.variables, step.span)])
    value = context.variables[name]
    if value is None:
        return values
    if not isinstance(value, str) or value.startswith("$"):
        message = f"`{step.key}` is {show_value(value)}, not an op or block"
        raise SpecError.of(Code.NOT_CALLABLE, message, step.span, help="declare the argument as `block`")
    resolved = _resolved(step, value, context)
    if not isinstance(value, BlockReference):
        return dispatch(resolved, values, context)
    if resolved.kind == "block":
        return lower_block(resolved, value.namespace[value], resolved.arguments, values, context)
    return dispatch(resolved, values, context)


def _resolved(step: Step, value: str, context: Context) -> Step:
    """Return the step with the argument's word in place of ``$name``, parsed as if it had been written so."""
    namespace = value.namespace if isinstance(value, BlockReference) else context.namespace
    parser = Parser(namespace, context.defaults)
    raw = step.arguments[""]
    if isinstance(value, BlockReference) and value.bound:
        written = by_name(value, raw, value.namespace, step.span, step.arguments.value_spans[""])
        raw = merged(value.bound, written)
    resolved = parser.call(Call(str(value), raw, step.span, step.arguments.value_spans[""], step.places))
    parser.collector.raise_errors()
    assert resolved is not None, "a word that is no step has been reported"
    return resolved


def lower_block(step: Step, block: Block, arguments: Mapping, values: Values, context: Context) -> Values:
    """Expand a call of a block: bind its arguments, open its scope, expand its body."""
    context.builder.check_depth(context.frames, step.span)
    # A call takes as long as two steps.
    context.builder.count_steps(context.frames, step.span)
    bound = bind(block, arguments, Environment(context.variables, context.namespace), step.span)
    if values is None:
        raise AlreadyReported
    if len(values) != max(len(block.inputs), 1):
        wanted = count_values(max(len(block.inputs), 1))
        message = f"{block.name} takes {wanted}, and {count_entering(values)}"
        help_text = f"name them, as in `from: [{', '.join(block.inputs)}]`" if block.inputs else "take one with `from`"
        raise SpecError.of(
            Code.WRONG_VALUE_COUNT, message, step.span, help=help_text, notes=[Note(block.span, "declared here")]
        )
    point = scope_point(step, block.name, context, expressions(arguments, context))
    scope = context.builder.open_scope(point, "block", block.name, bound, block.inputs)
    if block.inputs:
        context.builder.calls.append((block, values, scope))
    inner = context.inner(
        scope=scope,
        namer=Namer(numbered=False),
        namespace=block.namespace,
        frames=(*context.frames, Frame(scope.path, block.name, step.span)),
        shares={},
    )
    result = _block_result(block, values, _entered(inner, bound, values, block))
    context.builder.close_scope(scope, values, result)
    return result


def _entered(inner: Context, bound: dict[str, Any], values: tuple[Value, ...], block: Block) -> Context:
    inner.variables = dict(bound)
    inner.labels = {}
    inner.variables["input"] = expr.Value(values[0].shape)
    inner.labels["input"] = values
    for label, value in zip(block.inputs, values, strict=False):
        inner.label(label, (value,))
    return inner


def _block_result(block: Block, values: Values, inner: Context) -> Values:
    if block.body is None:
        raise AlreadyReported
    result = lower_body(block.body, values, inner)
    if not block.outputs:
        return result
    leaving: list[Value] = []
    for label in block.outputs:
        leaving.extend(labelled(label, result, inner, block.span))
    return tuple(leaving)

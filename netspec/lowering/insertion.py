"""Inserting ops into the graph: under the step's name, a generated one, or that of a shared module."""

from __future__ import annotations

from collections.abc import Collection
from itertools import count
from typing import Any, NamedTuple

from netspec.diagnostics import Code, Span, SpecError
from netspec.ir import Expressions, Initializers, Scope, Ties
from netspec.language.model import Block, Step
from netspec.lowering.builder import InsertionPoint, join
from netspec.lowering.context import Context, Shared
from netspec.lowering.evaluation import expressions, fill
from netspec.lowering.initialization import block_rules, check_fit, check_parameter, initializers
from netspec.lowering.values import Value
from netspec.ops import Op


class Marks(NamedTuple):
    """What a node records of its step, beside the step's arguments."""

    written: Expressions | None = None
    """Its arguments as expressions, where these are not the step's."""
    ties: Ties = ()


NO_MARKS = Marks()


def add_op(
    op: Op, operands: tuple[Value, ...], step: Step, context: Context, marks: Marks = NO_MARKS
) -> tuple[Value, ...]:
    """Add the op of a step under the step's name, or under the module it shares."""
    context.builder.labels = (context.labels, *context.outer_labels)
    own = initializers(step, op, context)
    init = _over(own, context.init.get(op.name, ()))
    label = step.label[0] if len(step.label) == 1 else ""
    shared = shared_module(step, context)
    if shared and shared.uses > 1:
        _check_start(step, own, shared, shared.init)
        _check_ties(step, marks.ties, shared)
        return context.builder.add(op, operands, _showing_pattern(_reuse_point(shared, step, context), op, step))
    named = step.name is not None or shared is not None
    written = expressions(step.arguments, context) if marks.written is None else marks.written
    name = name_of(step, op.name, context)
    point = inside(context.scope, name, step.span, context.device, label, named, False, written)
    point = _showing_pattern(point, op, step)
    if marks.ties:
        point = point._replace(ties=marks.ties)
    if shared:
        shared.module, shared.init, shared.ties = point.module, own, marks.ties
    results = context.builder.add(op, operands, point, init)
    if not init:
        return results
    shapes = tuple(each.shape for each in operands)
    try:
        # Only the step's own rules: the inherited ones are for all such ops, some of which lack the parameter.
        for parameter, _ in own:
            check_parameter(parameter, op.list_parameters(*shapes), op.name, step.place("init"))
        check_fit(init, op, shapes, step.place("init"))
    except SpecError as error:
        # The shape is valid even if the initializer is not.
        context.builder.collector.keep(error, context.frames)
    return results


def _showing_pattern(point: InsertionPoint, op: Op, step: Step) -> InsertionPoint:
    return point._replace(pattern=step.arguments.value_spans.get("pattern")) if op.verbatim else point


def _over(own: Initializers, around: Initializers) -> Initializers:
    """Return a step's own rules, and the inherited ones for its other parameters."""
    return tuple({**dict(around), **dict(own)}.items()) if own and around else own or around


def add_unnamed(op: Op, operands: tuple[Value, ...], step: Step, context: Context) -> Value:
    """Add an op that a combinator needs, under a generated name."""
    point = inside(context.scope, context.namer.invent(op.name, step.span), step.span, context.device)
    (value,) = context.builder.add(op, operands, point, context.init.get(op.name, ()))
    return value


def add_join(op: Op, operands: tuple[Value, ...], step: Step, context: Context) -> Value:
    """Add an op that joins values, under a name that leaves the numbering of its siblings unchanged."""
    if not context.namer.numbered:
        return add_unnamed(op, operands, step, context)
    return add_part(op, operands, step, context, Part(op.name))


class Part(NamedTuple):
    """What a step needs beside its own op: the word after which it is named, and the label of its value."""

    word: str
    label: str = ""


def add_part(op: Op, operands: tuple[Value, ...], step: Step, context: Context, part: Part) -> Value:
    """Add an op that a step needs, under a name that leaves the numbering of its siblings unchanged."""
    if context.namer.numbered:
        context.namer.ordinals[part.word] = ordinal = context.namer.ordinals.get(part.word, 0) + 1
        name = f"{part.word}{ordinal}"
    else:
        name = context.namer.invent(part.word, step.span)
    point = inside(context.scope, name, step.span, context.device, part.label)
    (value,) = context.builder.add(op, operands, point)
    return value


def name_of(step: Step, word: str, context: Context) -> str:
    """Return the step's name: its own with expressions evaluated, or the next free one."""
    if step.name is None:
        return context.namer.invent(word, step.span)
    place = step.place("name")
    try:
        return context.namer.claim(fill(step.name, context, place), place, context.counter)
    except SpecError as error:
        # The shape is valid even if the name is not.
        context.builder.collector.keep(error, context.frames)
        return context.namer.invent(word, step.span)


def scope_point(step: Step, word: str, context: Context, written: Expressions = ()) -> InsertionPoint:
    """Return the insertion point of a step's scope; ``written`` are its arguments that are expressions."""
    shared = shared_module(step, context)
    if shared and shared.uses > 1:
        return _reuse_point(shared, step, context)
    point = inside(context.scope, name_of(step, word, context), step.span, None, "", False, False, written)
    if shared:
        shared.module = point.module
    return point


def is_submodule(step: Step, context: Context) -> bool:
    """Return whether a combinator's step becomes a sub-module of its own."""
    return step.name is not None or step.share is not None or context.namer.numbered


def shared_module(step: Step, context: Context) -> Shared | None:
    """Return the module that the step shares, counting this use; a first use creates it."""
    if step.share is None:
        return None
    key = fill(step.share, context, step.place("share"))
    known = context.shares.get(key)
    if known is None:
        known = context.shares[key] = Shared("")
    elif known.enclosed:
        message = f"'{key}' is the key of a module inside '{known.enclosed}', which is shared itself"
        raise SpecError.of(
            Code.INVALID_SHARING,
            message,
            step.place("share"),
            help="use another key, or move its first step outside",
        )
    else:
        known.uses += 1
    return known


def rules_inside(step: Step, block: Block, context: Context) -> dict[str, Initializers]:
    """Return the rules inside a call of a block; further uses of a shared one have those of the first.

    What the call says wins over what the document says of the block, and that over what is said around.

    Raises: SpecError NS0506 for a further use that declares others.
    """
    try:
        own = block_rules(step, context)
    except SpecError as error:
        # The shapes inside are valid even if the initializers are not.
        context.builder.collector.keep(error, context.frames)
        return context.init
    if step.share is not None:
        shared = context.shares[fill(step.share, context, step.place("share"))]
        if shared.uses == 1:
            shared.rules = own
        _check_start(step, own, shared, shared.rules)
        own = shared.rules
    rules = context.init
    if block.name in context.block_init and context.document.get(block.name) is block:
        rules = _nested(context.block_init[block.name], rules)
    return _nested(own, rules)


def _nested(own: dict[str, Initializers], around: dict[str, Initializers]) -> dict[str, Initializers]:
    """Return the rules of an inner place over those around it, op by op and parameter by parameter."""
    return {**around, **{op: _over(rules, around.get(op, ())) for op, rules in own.items()}} if own else around


def _check_start(step: Step, own: Collection[Any], shared: Shared, declared: Collection[Any]) -> None:
    """Raise SpecError when a further use of a module would initialize it in another way than the first."""
    if own and own != declared:
        message = f"'{shared.module}' is shared by steps that initialize it in different ways"
        raise SpecError.of(
            Code.INVALID_SHARING, message, step.place("init"), help="write `init` at the first of them alone"
        )


def _check_ties(step: Step, ties: Ties, shared: Shared) -> None:
    """Raise SpecError when a further use of a module would tie its weights to others than the first."""
    if ties != shared.ties:
        message = f"'{shared.module}' is shared by steps with the weights of different steps"
        raise SpecError.of(
            Code.INVALID_SHARING, message, step.place("share"), help="name the same weights in all of them"
        )


def inside(scope: Scope, name: str, span: Span, *marks: Any) -> InsertionPoint:
    """Return the insertion point of a name inside a scope; ``marks`` are its further fields."""
    path = join(scope.path, name)
    module = path if scope.module == scope.path else join(scope.module, name)
    return InsertionPoint(scope, path, module, span, *marks)


def _reuse_point(shared: Shared, step: Step, context: Context) -> InsertionPoint:
    """Return the insertion point of a further use of a shared module, numbered among the uses of that name."""
    place = join(context.scope.path, shared.module.rpartition(".")[2])
    known = (context.builder.graph.nodes, context.builder.graph.scopes)
    paths = (f"{place}@{number}" for number in count(shared.uses))
    path = next(path for path in paths if not any(path in each for each in known))
    return InsertionPoint(context.scope, path, shared.module, step.span, context.device, named=True, shares=True)

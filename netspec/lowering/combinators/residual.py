"""``residual``: a body added to its own input, with every kind of shortcut."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any

from netspec.diagnostics import Code, Note, SpecError
from netspec.language.combinators import Residual
from netspec.language.model import Body, Step
from netspec.lowering.body import lower_body
from netspec.lowering.combinators.strides import product_of_strides
from netspec.lowering.context import Context
from netspec.lowering.evaluation import AlreadyReported
from netspec.lowering.insertion import add_plain, has_place, inside
from netspec.lowering.naming import Namer
from netspec.lowering.operands import single
from netspec.lowering.registry import lowers
from netspec.lowering.units import RESIDUAL, Unit, lower_unit, within
from netspec.lowering.validation import evaluated_defaults, validate, validated_op
from netspec.lowering.values import Value, Values
from netspec.ops import OPS
from netspec.ops.fields import LARGEST
from netspec.sizes.shape import show

SHORTCUT = "downsample"
"""What the shortcut's sub-module is called, as in torchvision."""


@dataclass(frozen=True, slots=True)
class Ends:
    """What enters a body and what it gives; ``before`` is how many nodes there were when it began."""

    entered: Value
    branch: Value
    before: int

    def strides(self, context: Context) -> tuple[int | Fraction | None, ...]:
        """Return the product of the strides of the body's steps per axis; None where there is no such number."""
        nodes = context.builder.graph.nodes
        body = list(islice(reversed(nodes.values()), len(nodes) - self.before))[::-1]
        outside = {value.path: value.shape for values in context.labels.values() for value in values or ()}
        outside[self.entered.path] = self.entered.shape
        return product_of_strides(
            self.entered, self.branch, body, lambda path: nodes[path].shape if path in nodes else outside[path]
        )


@lowers("residual")
def lower_residual(step: Step, fields: Residual, values: Values, context: Context) -> Values:
    """Expand ``after(shortcut(x) + scale * body(x))``, in a sub-module of its own where the step has a name."""
    if not has_place(step, context):
        return _residual(step, fields, values, context)
    return within(step, RESIDUAL, values, context, lambda inner: _residual(step, fields, values, inner))


def _residual(step: Step, fields: Residual, values: Values, context: Context) -> Values:
    entered, before = single(values, step), len(context.builder.graph.nodes)
    branch = single(_scaled(step, fields, lower_body(fields.body, values, context.inner()), context), step)
    context.see(values)
    shortcut = _shortcut(step, fields.shortcut, Ends(entered, branch, before), context)
    if shortcut.shape != branch.shape:
        raise _mismatch(step, shortcut, branch, context)
    total: Values = (add_plain(OPS["add"](), (shortcut, branch), step, context),)
    return lower_body(fields.after, total, context.inner()) if fields.after else total


def _mismatch(step: Step, shortcut: Value, branch: Value, context: Context) -> Exception:
    return SpecError.of(
        Code.SHAPE_MISMATCH,
        f"add needs equal shapes: the body gives {show(branch.shape)}, the shortcut {show(shortcut.shape)}",
        step.span,
        notes=[_end(branch, context)],
        help="give the shortcut the body's stride and channels, or use `shortcut: auto`",
    )


def _end(branch: Value, context: Context) -> Note:
    return Note(context.builder.place(branch), f"the body ends here with {show(branch.shape)}")


def _scaled(step: Step, fields: Residual, branch: Values, context: Context) -> Values:
    value = single(branch, step)
    if fields.scale != 1:
        value = add_plain(OPS["scale"].model_validate({"by": fields.scale}), (value,), step, context)
    if fields.survival != 1:
        op = OPS["stochastic_depth"].model_validate({"survival": fields.survival})
        value = add_plain(op, (value,), step, context)
    return (value,)


def _shortcut(step: Step, kind: str | Body, ends: Ends, context: Context) -> Value:
    if isinstance(kind, Body):
        return _by_body(step, kind, ends.entered, context)
    if kind == "identity":
        return ends.entered
    moves = ends.strides(context)
    if kind == "auto" and ends.entered.shape == ends.branch.shape and all(stride in (1, None) for stride in moves):
        return ends.entered
    strides = _fitting(step, ends, moves, context)
    if kind in ("auto", "project"):
        return _projected(step, ends, strides, context)
    return _padded(step, kind, ends, strides, context)


def _by_body(step: Step, body: Body, entered: Value, context: Context) -> Value:
    # A body without steps, or whose steps are all left out by `when`, is the identity and needs no module.
    taken = dict(context.namer.taken)
    name = context.namer.claim_next(SHORTCUT, step.place("shortcut"))
    result = lower_unit(Unit(body, name, step.place("shortcut")), (entered,), context)
    if result is None:
        raise AlreadyReported
    if result == (entered,):
        context.namer.taken = taken
    return single(result, step)


def _fitting(step: Step, ends: Ends, strides: tuple[int | Fraction | None, ...], context: Context) -> tuple[int, ...]:
    """Return the strides with which a shortcut comes to the body's sizes."""
    entered, branch = ends.entered.shape, ends.branch.shape
    if len(entered) != len(branch):
        raise _no_shortcut("a shortcut keeps the number of axes", step, ends, context)
    # Where nothing moves along an axis, it can be followed only if it stays as it is.
    known = [
        1 if stride is None and old == new else stride
        for stride, old, new in zip(strides, entered[1:], branch[1:], strict=True)
    ]
    whole = tuple(int(stride) for stride in known if stride is not None and stride == int(stride) <= LARGEST)
    if len(whole) < len(known) or 0 in whole:
        raise _no_shortcut("no stride follows the body", step, ends, context)
    led = tuple(-(-old // stride) for old, stride in zip(entered[1:], whole, strict=True))
    if led != branch[1:]:
        shown = show(whole) if len(set(whole)) > 1 else whole[0]
        reason = f"a shortcut with the body's stride of {shown} would lead to {show((branch[0], *led))}"
        raise _no_shortcut(reason, step, ends, context)
    return whole


def _no_shortcut(reason: str, step: Step, ends: Ends, context: Context) -> Exception:
    return SpecError.of(
        Code.NO_SHORTCUT,
        f"{reason}: {show(ends.entered.shape)} enters, and the body gives {show(ends.branch.shape)}",
        step.span,
        help="write the shortcut as a body",
        notes=[_end(ends.branch, context)],
    )


def _projected(step: Step, ends: Ends, strides: tuple[int, ...], context: Context) -> Value:
    entered, branch = ends.entered, ends.branch
    name = context.namer.claim_next(SHORTCUT, step.place("shortcut"))
    scope = context.builder.open_scope(inside(context.scope, name, step.span), "group")
    inner = context.inner(scope=scope, namer=Namer(numbered=True))
    op: Any
    if len(entered.shape) == 1:
        op = OPS["linear"].model_validate({"out": branch.shape[0], "bias": False})
    else:
        op = validate(OPS["conv"], {"out": branch.shape[0], "kernel": 1, "stride": _one(strides), "bias": False}, step)
    value = add_plain(op, (entered,), step, inner)
    norm = validated_op(OPS["bn"], evaluated_defaults(OPS["bn"], context), context, step)
    value = add_plain(norm, (value,), step, inner)
    context.builder.close_scope(scope, (entered,), (value,))
    return value


def _padded(step: Step, kind: str, ends: Ends, strides: tuple[int, ...], context: Context) -> Value:
    """Return the shortcut without parameters: every stride-th element or their mean, zeros for new channels."""
    value, branch = ends.entered, ends.branch
    if any(stride > 1 for stride in strides):
        kernel = _one(strides) if kind == "pool_pad" else 1
        pool = OPS["avgpool"].model_validate({"kernel": kernel, "stride": _one(strides), "ceil": kind == "pool_pad"})
        value = add_plain(pool, (value,), step, context)
    missing = branch.shape[0] - ends.entered.shape[0]
    if missing < 0:
        message = f"a padded shortcut cannot drop channels: {show(ends.entered.shape)} to {show(branch.shape)}"
        help_text = "use `shortcut: project`"
        raise SpecError.of(Code.NO_SHORTCUT, message, step.span, help=help_text, notes=[_end(branch, context)])
    if missing == 0:
        return value
    return add_plain(OPS["pad"].model_validate({"channels": [0, missing]}), (value,), step, context)


def _one(strides: tuple[int, ...]) -> int | tuple[int, ...]:
    return strides[0] if len(set(strides)) == 1 else strides

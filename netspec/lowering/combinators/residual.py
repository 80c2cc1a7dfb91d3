"""``residual``: a body added to its own input, with every kind of shortcut."""

from __future__ import annotations

from typing import Any

from netspec.diagnostics import Code, Note, SpecError
from netspec.language.combinators import Residual
from netspec.language.model import Body, Step
from netspec.lowering.arguments import AlreadyReported, evaluated_defaults, validate, validated_op
from netspec.lowering.body import lower_body
from netspec.lowering.context import Context
from netspec.lowering.insertion import add_plain, has_place, inside
from netspec.lowering.naming import Namer
from netspec.lowering.operands import single
from netspec.lowering.registry import lowers
from netspec.lowering.units import lower_unit, within
from netspec.lowering.values import Flow, Wire
from netspec.ops import OPS
from netspec.sizes.shape import show

SHORTCUT = "downsample"
"""What the shortcut's sub-module is called, as in torchvision."""


@lowers("residual")
def lower_residual(step: Step, fields: Residual, flow: Flow, context: Context) -> Flow:
    """Expand ``after(shortcut(x) + scale * body(x))``, in a sub-module of its own where the step has a name."""
    if not has_place(step, context):
        return _residual(step, fields, flow, context)

    def expand(inner: Context) -> Flow:
        return _residual(step, fields, flow, inner)

    return within(step, "group", flow, context, expand, numbered=False)


def _residual(step: Step, fields: Residual, flow: Flow, context: Context) -> Flow:
    entered = single(flow, step)
    branch = single(_scaled(step, fields, lower_body(fields.body, flow, context.inner()), context), step)
    context.see(flow)
    shortcut = _shortcut(step, fields.shortcut, entered, branch, context)
    if shortcut.shape != branch.shape:
        raise _mismatch(step, shortcut, branch, context)
    total: Flow = (add_plain(OPS["add"](), (shortcut, branch), step, context),)
    return lower_body(fields.after, total, context.inner()) if fields.after else total


def _mismatch(step: Step, shortcut: Wire, branch: Wire, context: Context) -> Exception:
    return SpecError.of(
        Code.SHAPE_MISMATCH,
        f"add needs equal shapes: the body gives {show(branch.shape)}, the shortcut {show(shortcut.shape)}",
        step.span,
        notes=[_end(branch, context)],
        help="give the shortcut the body's stride and channels, or use `shortcut: auto`",
    )


def _end(branch: Wire, context: Context) -> Note:
    return Note(context.builder.place(branch), f"the body ends here with {show(branch.shape)}")


def _scaled(step: Step, fields: Residual, branch: Flow, context: Context) -> Flow:
    wire = single(branch, step)
    if fields.scale != 1:
        wire = add_plain(OPS["scale"].model_validate({"by": fields.scale}), (wire,), step, context)
    if fields.survival != 1:
        op = OPS["stochastic_depth"].model_validate({"survival": fields.survival})
        wire = add_plain(op, (wire,), step, context)
    return (wire,)


def _shortcut(step: Step, kind: str | Body, entered: Wire, branch: Wire, context: Context) -> Wire:
    if isinstance(kind, Body):
        return _by_body(step, kind, entered, context)
    if kind == "auto":
        kind = "identity" if entered.shape == branch.shape else "project"
    if kind == "identity":
        return entered
    strides = _strides(step, entered, branch, context)
    if kind == "project":
        return _projected(step, entered, branch, strides, context)
    return _padded(step, kind, entered, branch, strides, context)


def _by_body(step: Step, body: Body, entered: Wire, context: Context) -> Wire:
    # A body without steps, or whose steps are all left out by `when`, is the identity and needs no module.
    taken = dict(context.namer.taken)
    name = context.namer.claim_next(SHORTCUT, step.place("shortcut"))
    result = lower_unit(body, name, step.place("shortcut"), (entered,), context)
    if result is None:
        raise AlreadyReported
    if result == (entered,):
        context.namer.taken = taken
    return single(result, step)


def _strides(step: Step, entered: Wire, branch: Wire, context: Context) -> tuple[int, ...]:
    """Return the stride per axis that takes the input's size to the body's, rounding up."""
    before, after = entered.shape[1:], branch.shape[1:]
    strides = tuple(-(-old // new) for old, new in zip(before, after, strict=False))
    fits = len(before) == len(after) and all(
        -(-old // stride) == new for old, new, stride in zip(before, after, strides, strict=True)
    )
    if not fits:
        message = f"no stride takes the shortcut from {show(entered.shape)} to the body's {show(branch.shape)}"
        help_text = "write the shortcut as a body"
        raise SpecError.of(Code.NO_SHORTCUT, message, step.span, help=help_text, notes=[_end(branch, context)])
    return strides


def _projected(step: Step, entered: Wire, branch: Wire, strides: tuple[int, ...], context: Context) -> Wire:
    name = context.namer.claim_next(SHORTCUT, step.place("shortcut"))
    scope = context.builder.open_scope(inside(context.scope, name, step.span), "group")
    inner = context.inner(scope=scope, namer=Namer(numbered=True))
    op: Any
    if len(entered.shape) == 1:
        op = OPS["linear"].model_validate({"out": branch.shape[0], "bias": False})
    else:
        op = validate(OPS["conv"], {"out": branch.shape[0], "kernel": 1, "stride": _one(strides), "bias": False}, step)
    wire = add_plain(op, (entered,), step, inner)
    norm = validated_op(OPS["bn"], evaluated_defaults(OPS["bn"], context), context, step)
    wire = add_plain(norm, (wire,), step, inner)
    context.builder.close_scope(scope, (entered,), (wire,))
    return wire


def _padded(step: Step, kind: str, entered: Wire, branch: Wire, strides: tuple[int, ...], context: Context) -> Wire:
    """Return the shortcut without parameters: every stride-th element or their mean, zeros for new channels."""
    wire = entered
    if any(stride > 1 for stride in strides):
        kernel = _one(strides) if kind == "pool_pad" else 1
        pool = OPS["avgpool"].model_validate({"kernel": kernel, "stride": _one(strides), "ceil": kind == "pool_pad"})
        wire = add_plain(pool, (wire,), step, context)
    missing = branch.shape[0] - entered.shape[0]
    if missing < 0:
        message = f"a padded shortcut cannot drop channels: {show(entered.shape)} to {show(branch.shape)}"
        help_text = "use `shortcut: project`"
        raise SpecError.of(Code.NO_SHORTCUT, message, step.span, help=help_text, notes=[_end(branch, context)])
    if missing == 0:
        return wire
    return add_plain(OPS["pad"].model_validate({"channels": [0, missing]}), (wire,), step, context)


def _one(strides: tuple[int, ...]) -> int | tuple[int, ...]:
    return strides[0] if len(set(strides)) == 1 else strides

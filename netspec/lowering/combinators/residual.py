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
from netspec.lowering.insertion import add_unnamed, inside, is_submodule
from netspec.lowering.naming import Namer
from netspec.lowering.operands import single
from netspec.lowering.registry import lowers
from netspec.lowering.units import RESIDUAL, Unit, lower_unit, within
from netspec.lowering.validation import evaluated_defaults, validate, validated_op
from netspec.lowering.values import Value, Values
from netspec.ops import OPS
from netspec.ops.fields import LARGEST
from netspec.sizes.shape import show
from netspec.syntax import expr

SHORTCUT = "downsample"
"""The name of the shortcut's sub-module, as in torchvision."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The operand and the result of a body; ``before`` is the number of nodes before its first."""

    entered: Value
    branch: Value
    before: int

    def strides(self, context: Context) -> tuple[int | Fraction | None, ...]:
        """Return the product of the strides of the body's steps per axis; None where there is no such number."""
        nodes = context.builder.graph.nodes
        body = list(islice(reversed(nodes.values()), len(nodes) - self.before))[::-1]
        return product_of_strides(self.entered, self.branch, body, context.builder.shape_of)


@lowers("residual")
def lower_residual(step: Step, fields: Residual, values: Values, context: Context) -> Values:
    """Expand ``after(shortcut(x) + scale * body(x))``, in a sub-module of its own where the step has a name."""
    if not is_submodule(step, context):
        return _residual(step, fields, values, context)
    return within(step, RESIDUAL, values, context, lambda inner: _residual(step, fields, values, inner))


def _residual(step: Step, fields: Residual, values: Values, context: Context) -> Values:
    # The body is expanded first, since the shortcut depends on its result's shape. Nodes are in the order of insertion,
    # so those after the first `before` are the body's.
    entered, before = single(values, step), len(context.builder.graph.nodes)
    branch = single(_scaled(step, fields, lower_body(fields.body, values, context.inner()), context), step)
    shortcut = _shortcut(step, fields.shortcut, Endpoints(entered, branch, before), context)
    if shortcut.shape != branch.shape:
        raise _mismatch(step, shortcut, branch, context)
    total: Values = (add_unnamed(OPS["add"](), (shortcut, branch), step, context),)
    return lower_body(fields.after, total, context.inner()) if fields.after else total


def _mismatch(step: Step, shortcut: Value, branch: Value, context: Context) -> Exception:
    return SpecError.of(
        Code.SHAPE_MISMATCH,
        f"add needs equal shapes: the body is {show(branch.shape)}, the shortcut {show(shortcut.shape)}",
        step.span,
        notes=[_branch_note(branch, context)],
        help="give the shortcut the body's stride and channels, or use `shortcut: auto`",
    )


def _branch_note(branch: Value, context: Context) -> Note:
    return Note(context.builder.place(branch), f"the body ends here with {show(branch.shape)}")


def _scaled(step: Step, fields: Residual, branch: Values, context: Context) -> Values:
    value = single(branch, step)
    if fields.scale != 1:
        value = add_unnamed(OPS["scale"].model_validate({"by": fields.scale}), (value,), step, context)
    if fields.survival != 1:
        by_row = {"mode": "row", "rescale": True} if fields.mode == "row" else {}
        op = OPS["stochastic_depth"].model_validate({"survival": fields.survival, **by_row})
        value = add_unnamed(op, (value,), step, context)
    return (value,)


def _shortcut(step: Step, kind: str | Body, endpoints: Endpoints, context: Context) -> Value:
    if isinstance(kind, Body):
        return _body_shortcut(step, kind, endpoints.entered, context)
    if kind == "identity":
        return endpoints.entered
    # Equal shapes do not make an identity valid: at 1x1 a stride of two keeps the shape, but not at 2x2.
    moves = endpoints.strides(context)
    if (
        kind == "auto"
        and all(stride in (1, None) for stride in moves)
        and endpoints.entered.shape == endpoints.branch.shape
    ):
        return endpoints.entered
    strides = _matching_strides(step, endpoints, moves, context)
    if kind in ("auto", "project"):
        return _project(step, endpoints, strides, context)
    return _pad(step, kind, endpoints, strides, context)


def _body_shortcut(step: Step, body: Body, entered: Value, context: Context) -> Value:
    # A body without steps, or with all steps disabled by `when`, is the identity and needs no module.
    taken = dict(context.namer.taken)
    name = context.namer.claim_next(SHORTCUT, step.place("shortcut"))
    result = lower_unit(Unit(body, name, step.place("shortcut")), (entered,), context)
    if result is None:
        raise expr.AlreadyReported
    if result == (entered,):
        context.namer.taken = taken
    return single(result, step)


def _matching_strides(
    step: Step, endpoints: Endpoints, strides: tuple[int | Fraction | None, ...], context: Context
) -> tuple[int, ...]:
    """Return the strides at which a shortcut has the same output size as the body."""
    entered, branch = endpoints.entered.shape, endpoints.branch.shape
    if len(entered) != len(branch):
        raise _shortcut_error("a shortcut keeps the number of axes", step, endpoints, context)
    # An axis along which the body has no stride is possible only if its size is unchanged.
    known = [
        1 if stride is None and old == new else stride
        for stride, old, new in zip(strides, entered[1:], branch[1:], strict=True)
    ]
    whole = tuple(int(stride) for stride in known if stride is not None and stride == int(stride) <= LARGEST)
    if len(whole) < len(known) or 0 in whole:
        raise _shortcut_error("no stride follows the body", step, endpoints, context)
    reached = tuple(-(-old // stride) for old, stride in zip(entered[1:], whole, strict=True))
    if reached != branch[1:]:
        shown = show(whole) if len(set(whole)) > 1 else whole[0]
        reason = f"a shortcut with the body's stride of {shown} would give {show((branch[0], *reached))}"
        raise _shortcut_error(reason, step, endpoints, context)
    return whole


def _shortcut_error(reason: str, step: Step, endpoints: Endpoints, context: Context) -> Exception:
    return SpecError.of(
        Code.NO_SHORTCUT,
        f"{reason}: the body turns {show(endpoints.entered.shape)} into {show(endpoints.branch.shape)}",
        step.span,
        help="write the shortcut as a body; a body keeps its size by padding, as in `padding: 1`"
        if endpoints.entered.shape[1:] != endpoints.branch.shape[1:]
        else "write the shortcut as a body",
        notes=[_branch_note(endpoints.branch, context)],
    )


def _project(step: Step, endpoints: Endpoints, strides: tuple[int, ...], context: Context) -> Value:
    entered, branch = endpoints.entered, endpoints.branch
    name = context.namer.claim_next(SHORTCUT, step.place("shortcut"))
    scope = context.builder.open_scope(inside(context.scope, name, step.span), "group")
    inner = context.inner(scope=scope, namer=Namer(numbered=True))
    op: Any
    # Batch normalization follows, which adds a bias of its own.
    if len(entered.shape) == 1:
        op = OPS["linear"].model_validate({"out": branch.shape[0], "bias": False})
    else:
        op = validate(
            OPS["conv"], {"out": branch.shape[0], "kernel": 1, "stride": _uniform(strides), "bias": False}, step
        )
    value = add_unnamed(op, (entered,), step, inner)
    norm = validated_op(OPS["bn"], evaluated_defaults(OPS["bn"], context), context, step)
    value = add_unnamed(norm, (value,), step, inner)
    context.builder.close_scope(scope, (entered,), (value,))
    return value


def _pad(step: Step, kind: str, endpoints: Endpoints, strides: tuple[int, ...], context: Context) -> Value:
    """Return the shortcut without parameters: subsampled or averaged by the stride, with zeros for new channels."""
    value, branch = endpoints.entered, endpoints.branch
    if any(stride > 1 for stride in strides):
        # A window of one element subsamples; `ceil` keeps the elements at the edge that do not fill a window.
        kernel = _uniform(strides) if kind == "pool_pad" else 1
        pool = OPS["avgpool"].model_validate(
            {"kernel": kernel, "stride": _uniform(strides), "ceil": kind == "pool_pad"}
        )
        value = add_unnamed(pool, (value,), step, context)
    missing = branch.shape[0] - endpoints.entered.shape[0]
    if missing < 0:
        message = f"a padded shortcut cannot drop channels: {show(endpoints.entered.shape)} to {show(branch.shape)}"
        help_text = "use `shortcut: project`"
        raise SpecError.of(Code.NO_SHORTCUT, message, step.span, help=help_text, notes=[_branch_note(branch, context)])
    if missing == 0:
        return value
    return add_unnamed(OPS["pad"].model_validate({"channels": [0, missing]}), (value,), step, context)


def _uniform(strides: tuple[int, ...]) -> int | tuple[int, ...]:
    return strides[0] if len(set(strides)) == 1 else strides

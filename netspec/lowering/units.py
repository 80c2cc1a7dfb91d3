"""Sub-modules that are no blocks: named branches, shortcuts, heads and the repetitions of a named list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from netspec.diagnostics import Span
from netspec.ir import Scope, ScopeKind
from netspec.language.model import Body, Step
from netspec.lowering.body import lower_body
from netspec.lowering.context import Context, Shared
from netspec.lowering.insertion import inside, scope_point
from netspec.lowering.naming import Namer
from netspec.lowering.values import Values


def lower_branch(
    body: Body, name: str, span: Span, values: Values, context: Context, kind: ScopeKind = "group"
) -> Values:
    """Expand a body as a sub-module of that name; a single unnamed op or block becomes that sub-module itself."""
    claimed = context.namer.claim(name, span)
    return lower_unit(body, claimed, span, values, context, kind)


def lower_unit(
    body: Body, name: str, span: Span, values: Values, context: Context, kind: ScopeKind = "group"
) -> Values:
    """Expand a body under a name that is already taken for it."""
    if is_single(body, kind):
        alone = context.inner(namer=_Given(name))
        return lower_body(body, values, alone)
    scope = context.builder.open_scope(inside(context.scope, name, span), kind)
    inner = context.inner(scope=scope, namer=Namer(numbered=kind != "output"))
    result = lower_body(body, values, inner)
    context.builder.close_scope(scope, values, result)
    return result


def is_single(body: Body, kind: ScopeKind = "group") -> bool:
    """Return whether a body is one unnamed op or block; a head is a sub-module unless it is one block."""
    alone = ("op", "block", "argument") if kind == "group" else ("block",)
    return len(body) == 1 and body.steps[0].name is None and body.steps[0].kind in alone


class _Given(Namer):
    """Gives out one name, which was taken before."""

    def __init__(self, name: str) -> None:
        super().__init__(numbered=False)
        self._name = name

    def invent(self, word: str, span: Span) -> str:
        return self._name


def within(
    step: Step,
    kind: ScopeKind,
    values: Values,
    context: Context,
    expand: Callable[[Context], Values],
    *,
    numbered: bool = True,
) -> Values:
    """Expand something inside a scope that has the step's name, where unnamed steps have a number or a word."""
    scope = context.builder.open_scope(scope_point(step, step.key, context), kind)
    shares = context.shares if step.share is None else _outer(context.shares, scope)
    result: Values = expand(context.inner(scope=scope, namer=Namer(numbered=numbered), shares=shares))
    if step.share is not None:
        _enclose(shares, scope, context.shares)
    context.builder.close_scope(scope, values, result)
    return result


def _outer(shares: dict[str, Shared], scope: Scope) -> dict[str, Shared]:
    """Return the shared modules that the steps of a shared sub-module can use; its own start anew with every use."""
    return {key: shared for key, shared in shares.items() if shared.enclosed != scope.module}


def _enclose(inner: dict[str, Shared], scope: Scope, shares: dict[str, Shared]) -> None:
    """Keep which modules were first used inside a shared sub-module, where no step outside can use them."""
    for key in inner.keys() - shares.keys():
        shares[key] = replace(inner[key], enclosed=scope.module)

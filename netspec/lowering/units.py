"""Sub-modules that are no blocks: named branches, shortcuts, outputs and the repetitions of a named list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from netspec.diagnostics import Span
from netspec.ir import Scope, ScopeKind
from netspec.language.model import Body, Step
from netspec.lowering.body import lower_body
from netspec.lowering.context import Context, Shared
from netspec.lowering.insertion import inside, scope_point
from netspec.lowering.naming import Namer
from netspec.lowering.values import Values


class Unit(NamedTuple):
    """A body that becomes a named sub-module."""

    body: Body
    name: str
    span: Span
    kind: ScopeKind = "group"

    @property
    def is_single(self) -> bool:
        """Whether the body is one unnamed op or block; an output is a sub-module unless it is one block."""
        steps = self.body.steps
        # An output of one op has a scope too, so that its weights keep their keys when it gets a second step.
        alone = ("op", "block", "argument") if self.kind == "group" else ("block",)
        (first,) = steps if len(steps) == 1 else (None,)
        return first is not None and first.name is None and first.otherwise is None and first.kind in alone


def lower_named_unit(unit: Unit, values: Values, context: Context) -> Values:
    """Expand a unit with a name of the document; a single unnamed op or block becomes that sub-module itself."""
    claimed = context.namer.claim(unit.name, unit.span, context.counter)
    return lower_unit(unit._replace(name=claimed), values, context)


def lower_unit(unit: Unit, values: Values, context: Context) -> Values:
    """Expand a unit under a name that was claimed for it."""
    if unit.is_single:
        return lower_body(unit.body, values, context.inner(namer=_FixedName(unit.name)))
    scope = context.builder.open_scope(inside(context.scope, unit.name, unit.span), unit.kind)
    inner = context.inner(scope=scope, namer=Namer(numbered=unit.kind != "output"))
    result = lower_body(unit.body, values, inner)
    context.builder.close_scope(scope, values, result)
    return result


class _FixedName(Namer):
    """Assigns a single name, which was claimed before."""

    def __init__(self, name: str) -> None:
        super().__init__(numbered=False)
        self._name = name

    def invent(self, word: str, span: Span) -> str:
        return self._name


class Submodule(NamedTuple):
    """The kind of a scope, and whether its unnamed steps have a number as in ``nn.Sequential`` or a word."""

    kind: ScopeKind
    numbered: bool


CHAIN = Submodule("group", numbered=True)
DENSE = Submodule("dense", numbered=True)
RESIDUAL = Submodule("group", numbered=False)
OUTPUT = Submodule("output", numbered=False)


def within(
    step: Step, submodule: Submodule, values: Values, context: Context, expand: Callable[[Context], Values]
) -> Values:
    """Expand something inside a scope that has the step's name."""
    scope = context.builder.open_scope(scope_point(step, step.key, context), submodule.kind)
    shares = context.shares if step.share is None else _outer_shares(context.shares, scope)
    result = expand(context.inner(scope=scope, namer=Namer(submodule.numbered), shares=shares))
    if step.share is not None:
        _enclose(shares, scope, context.shares)
    context.builder.close_scope(scope, values, result)
    return result


def _outer_shares(shares: dict[str, Shared], scope: Scope) -> dict[str, Shared]:
    """Return the outer shared modules that a shared sub-module can use; its own ones are new in every use."""
    return {key: shared for key, shared in shares.items() if shared.enclosed != scope.module}


def _enclose(inner: dict[str, Shared], scope: Scope, shares: dict[str, Shared]) -> None:
    """Record the modules that were first used inside a shared sub-module, which no step outside can use."""
    for key in inner.keys() - shares.keys():
        shares[key] = replace(inner[key], enclosed=scope.module)

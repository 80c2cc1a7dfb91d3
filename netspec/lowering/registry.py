"""The function that expands each kind of step, and each combinator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from netspec.language.model import Step, StepKind
from netspec.lowering.context import Context
from netspec.lowering.values import Values

Lowering = Callable[[Step, Any, Values, Context], Values]
LOWERINGS: dict[str, Lowering] = {}
"""The expansion of each combinator, by its key."""


def lowers(key: str) -> Callable[[Lowering], Lowering]:
    """Register the function that expands a combinator."""

    def register(function: Lowering) -> Lowering:
        LOWERINGS[key] = function
        return function

    return register


Expansion = Callable[[Step, Values, Context], Values]
KINDS: dict[StepKind, Expansion] = {}
"""The expansion of each kind of step."""


def lowers_kind(kind: StepKind) -> Callable[[Expansion], Expansion]:
    """Register the function that expands a kind of step."""

    def register(function: Expansion) -> Expansion:
        KINDS[kind] = function
        return function

    return register

"""Guards: recorded conditions on the open sizes, with their reasons, and the legal sizes that follow."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from typing import Any, Literal, NamedTuple

from netspec.sizes.domain import Domain
from netspec.sizes.form import Form, Symbol
from netspec.sizes.printing import condition
from netspec.sizes.solver import Relation, solve

Kind = Literal["needs", "fixes", "chosen"]
"""Why a size is limited: an op cannot work otherwise (needs), a weight or another number of the module was computed
from it (fixes), or the structure of the network was chosen by it, as by ``when`` (chosen)."""
Phase = Literal["evaluation", "training"]
"""When a limit applies: always, or only in training, for parts that evaluation does not compute."""


class Reason(NamedTuple):
    """The reason for which sizes are compared.

    ``span`` is the place in the document and ``subject`` its origin (a node's path, say); both are opaque here.
    ``expression`` is the expression of the document that compares them, if any.
    """

    span: Any = None
    kind: Kind = "needs"
    subject: Hashable = None
    expression: str = ""


class Guard:
    """One condition on the open sizes, with all the reasons for which it was asked, the first of them first.

    The condition is that the relation of ``difference`` to zero holds, or that it does not, as at the stated sizes.
    """

    __slots__ = ("difference", "holds", "phase", "reasons", "relation")

    def __init__(self, difference: Form, relation: Relation, holds: bool, reason: Reason) -> None:
        self.difference, self.relation, self.holds = difference, relation, holds
        self.reasons = [reason]
        self.phase: Phase = "evaluation"

    @property
    def reason(self) -> Reason:
        """The first reason in the guard's phase."""
        return self.reasons[0]

    @property
    def kind(self) -> Kind:
        """The kind of the limit, by the first reason."""
        return self.reason.kind

    @property
    def symbols(self) -> frozenset[Symbol]:
        """The open sizes that the condition is about."""
        return self.difference.symbols

    @property
    def domain(self) -> Domain | None:
        """The sizes of its only symbol at which the condition holds; None if there are several, or it is not solved."""
        # The condition was decided at the stated sizes: if it was false there, its opposite is required.
        solved = solve(self.difference, self.relation)
        return solved if solved is None or self.holds else ~solved

    def met(self, sizes: Mapping[str, int]) -> bool:
        """Return whether the condition is met at those sizes."""
        value = self.difference.value(sizes)
        return (value == 0 if self.relation == "==" else value >= 0) is self.holds

    def settle(self, training: Collection[Hashable]) -> None:
        """Set the phase, given the subjects of training only: a guard of no other subject applies only there."""
        # Evaluation must not be limited by what only training computes. That is known once the graph is complete, since
        # it follows from the outputs.
        always = [each for each in self.reasons if each.subject not in training]
        self.phase = "evaluation" if always else "training"
        self.reasons = always or self.reasons

    def __str__(self) -> str:
        """The condition as a comparison of formulas."""
        return condition(self.difference, self.relation, self.holds)

    def __repr__(self) -> str:
        return f"Guard({self}, {self.kind}, {self.phase})"

"""What a target is: a language that graphs are written in, as a table from ops to rules.

The torch target keeps its text on the ops themselves, which makes an op one file. Every further target is such a table,
in a folder of its own, so that ops need not know of it:

    @EQUATIONS.implements(Linear)
    def linear(op: Linear, call: Call) -> Equation: ...

    EQUATIONS.declines(LSTM, "a recurrence is no single sum")

A test goes over all ops and fails for one that a target neither implements nor declines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from netspec.ops import Op

Rule = TypeVar("Rule", bound=Callable[..., object])


class Target(Generic[Rule]):
    """The ops that a target can write, each with its rule, and those that it declines, each with a reason."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rules: dict[type[Op], Rule] = {}
        self.declined: dict[type[Op], str] = {}

    def implements(self, *ops: type[Op]) -> Callable[[Rule], Rule]:
        """Register the rule for ops, and for the ops derived from them that have none of their own.

        Raises: TypeError when an op has a rule already.
        """

        def register(rule: Rule) -> Rule:
            for op in ops:
                if op in self.rules or op in self.declined:
                    raise TypeError(f"the target {self.name} has a rule for {op.__name__} already")
                self.rules[op] = rule
            return rule

        return register

    def declines(self, *ops: type[Op], reason: str) -> None:
        """Record why the target cannot write ops."""
        self.declined.update(dict.fromkeys(ops, reason))

    def rule_for(self, op: type[Op]) -> Rule | None:
        """Return the rule of an op, its own before those of its bases, or None where the target has none."""
        # A plugin's op is often derived from one of these, and computes what that one does.
        for base in op.__mro__:
            if base in self.declined:
                return None
            if base in self.rules:
                return self.rules[base]
        return None

    def reason_for(self, op: type[Op]) -> str:
        """Return why the target cannot write an op."""
        return next((self.declined[base] for base in op.__mro__ if base in self.declined), "it has no rule")

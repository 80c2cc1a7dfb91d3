"""What a target is: a language that graphs are compiled to, as a table from ops to rules.

The torch target keeps its code on the ops themselves, so that an op is one file. Every other target is such a table, in
a folder of its own, so that ops are independent of it:

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
    """The ops that a target supports, each with its rule, and those that it declines, each with a reason."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rules: dict[type[Op], Rule] = {}
        self.declined: dict[type[Op], str] = {}

    def implements(self, *ops: type[Op]) -> Callable[[Rule], Rule]:
        """Register the rule for ops, and for their subclasses without rules of their own.

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
        """Record the reason why the target does not support ops."""
        self.declined.update(dict.fromkeys(ops, reason))

    def rule_for(self, op: type[Op]) -> Rule | None:
        """Return the rule of an op, its own before those of its base classes, or None."""
        # An op of a plugin is often a subclass of a built-in one, and computes the same.
        for base in op.__mro__:
            if base in self.declined:
                return None
            if base in self.rules:
                return self.rules[base]
        return None

    def reason_for(self, op: type[Op]) -> str:
        """Return the reason why the target does not support an op."""
        return next((self.declined[base] for base in op.__mro__ if base in self.declined), "it has no rule")

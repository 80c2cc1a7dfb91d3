"""Checks of names, labels and expressions that need no values."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping as Namespace
from typing import Any

from netspec.diagnostics import Code, Collector, Span
from netspec.language.combinators import COMBINATORS
from netspec.language.messages import show_value
from netspec.language.model import Block, StepKind
from netspec.language.names import wrong_name
from netspec.language.scope import LABEL, RESERVED, Scope, expression_errors, unknown_label
from netspec.ops import OPS
from netspec.syntax.yaml import Mapping, Sequence


class Checker:
    """Checks calls and expressions of a file against the names in scope.

    ``namespace`` holds the blocks that steps may call beside ops and combinators, ``defaults`` the arguments per op
    that no call needs to pass. ``scope`` is that of the current body; without one, names are not checked.
    """

    def __init__(
        self,
        namespace: Namespace[str, Block],
        defaults: Namespace[str, Any] | None = None,
        collector: Collector | None = None,
    ) -> None:
        self.namespace = namespace
        self.defaults = {} if defaults is None else defaults
        self.collector = collector or Collector()
        self.report = self.collector.report
        self.scope: Scope | None = None

    def kind_of(self, key: str) -> StepKind | None:
        """Return the op, combinator or block of a step's word, or None."""
        if key.startswith("$"):
            return "argument"
        if key in self.namespace:
            return "block"
        if key in OPS:
            if OPS[key].operands_from:
                return "formula"
            return "merge" if OPS[key].family == "merge" else "op"
        return "combinator" if key in COMBINATORS else None

    def callables(self) -> list[str]:
        """Return the words of all ops, combinators and blocks."""
        return [*OPS, *COMBINATORS, *self.namespace]

    def check_variable(self, name: str, span: Span, what: str) -> bool:
        """Return whether a name is valid for a variable in expressions, and report it if not."""
        if name in RESERVED:
            message = f"'{name}' cannot name {what}: it has a meaning of its own"
            self.report(Code.INVALID_VARIABLE_NAME, message, span, "choose another name")
        elif not LABEL.match(name):
            self.report(Code.INVALID_VARIABLE_NAME, f"{show_value(name)} cannot name {what}", span, wrong_name(name))
        return name not in RESERVED and bool(LABEL.match(name))

    def check_label(self, label: str, span: Span) -> None:
        """Report a label that no earlier step of the body has, or an error in an expression over labels."""
        if not LABEL.match(label):
            self.check_expression(label, span, (), self.scope)
        # `x` is the current value, which every body has.
        elif self.scope and label != "x" and label not in self.scope.labels:
            self.collector.add([unknown_label(label, self.scope.labels, span, label in self.scope.named)])

    def check_expressions(
        self, value: Any, holder: Mapping, key: str, words: Collection[str] = (), span: Span | None = None
    ) -> None:
        """Report errors in all expressions of a value."""
        if isinstance(value, Sequence):
            for item, place in zip(value, value.item_spans, strict=True):
                self.check_expressions(item, holder, key, words, place)
        if isinstance(value, str) and value not in words:
            self.check_expression(value, span or holder.value_spans[key], words, self.scope)

    def check_expression(self, text: str, span: Span, words: Collection[str] = (), scope: Scope | None = None) -> None:
        """Report the errors of an expression in a scope."""
        self.collector.add(expression_errors(text, span, scope, words))

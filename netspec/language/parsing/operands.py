"""The operands of merges: labels, what picks from them, bodies, and loops that give one operand a round."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from netspec.diagnostics import Code, Span
from netspec.language.combinators import COMBINATORS
from netspec.language.messages import show_count
from netspec.language.model import Body, Operand
from netspec.language.parsing.checks import Checker
from netspec.language.scope import Variables
from netspec.ops import OPS, Op
from netspec.syntax.yaml import Mapping, Sequence


class OperandParser(Checker):
    """Parses operands."""

    @abstractmethod
    def body(self, tree: Any, span: Span, variables: Variables | None = None) -> Body:
        """Parse a chain of steps with these variables in scope."""

    def holds_options(self, op: type[Op], operands: Mapping) -> bool:
        """Return whether an option is among the operands instead of a branch, and report it."""
        found = [
            name for name in operands if name in op.model_fields and not isinstance(operands[name], (str, list, dict))
        ]
        for name in found:
            help_text = f"options go next to `of`: `{op.name}: {{of: [...], {name}: ...}}`"
            self.report(
                Code.INVALID_OPERANDS,
                f"`{name}` is an option of {op.name}, not an operand",
                operands.key_spans[name],
                help_text,
            )
        return bool(found)

    def operands(self, op: type[Op], value: Any, span: Span) -> tuple[Operand, ...]:
        """Parse the operands of a merge, a list or a mapping of them."""
        if value is None:
            return ()
        wrong = self._wrong_operands(op, value)
        if wrong:
            self.report(Code.INVALID_OPERANDS, *wrong)
            return ()
        if self.is_loop(value):
            operands = [self._operand(value, span)]
        elif isinstance(value, Mapping):
            operands = [self._operand(item, value.value_spans[name], name) for name, item in value.items()]
        elif isinstance(value, Sequence):
            operands = [self._operand(item, place) for item, place in zip(value, value.item_spans, strict=True)]
        else:
            message = f"{op.name} takes a list or a mapping of operands"
            self.report(Code.INVALID_OPERANDS, message, span, self._operands_help(op, value))
            return ()
        return self._ordered(op, operands, span)

    def _operands_help(self, op: type[Op], value: Any) -> str:
        if isinstance(value, str) and self.scope and value in self.scope.labels:
            several = f"; a label of several values stands alone in the list: `[{value}]`"
            return f"as in `{op.name}: [x, {value}]`{several}"
        if self._is_reduction(op, [value]):
            return f"over axes it is `reduce: {{{op.name}: {value}}}`"
        if op.operand_names:
            return f"as in `{op.name}: {{{', '.join(f'{name}: x' for name in op.operand_names)}}}`"
        return f"as in `{op.name}: [x, skip]`"

    @staticmethod
    def _is_reduction(op: type[Op], values: Collection[Any]) -> bool:
        """Return whether what a merge is given are the axes of a reduction of its name."""
        if not all(isinstance(each, (int, str)) for each in values):
            return False
        return op.name in OPS["reduce"].model_fields and all(
            (isinstance(each, int) and not isinstance(each, bool)) or each in OPS["reduce"].words(op.name)
            for each in values
        )

    def _wrong_operands(self, op: type[Op], value: Any) -> tuple[str, Span, str] | None:
        """Return what is said of operands that are none of netspec: axes, numbers of layers, and options among them."""
        if not isinstance(value, Sequence) or not value:
            return None
        if self._is_reduction(op, value) and not (self.scope and self.scope.labels.keys() & set(value)):
            shown = ", ".join(map(str, value))
            message = f"{op.name} takes operands, not axes"
            return message, value.item_spans[0], f"over axes it is `reduce: {{{op.name}: [{shown}]}}`"
        for item, place in zip(value, value.item_spans, strict=True):
            if isinstance(item, int) and not isinstance(item, bool):
                return f"an operand is a label, not {item}", place, "steps have no numbers: label one by `as: here`"
            if isinstance(item, Mapping) and len(item) == 1 and item.keys() <= op.model_fields.keys():
                (name,) = item
                help_text = f"options go next to `of`: `{op.name}: {{of: [...], {name}: ...}}`"
                return f"`{name}` is an option of {op.name}, not an operand", item.key_spans[name], help_text
        return None

    def _ordered(self, op: type[Op], operands: list[Operand], span: Span) -> tuple[Operand, ...]:
        """Return operands in the op's own order; report where their names or their number do not fit."""
        by_name = {operand.name: operand for operand in operands}
        names = (*op.operand_names, *op.optional_operands)
        is_named = not op.optional_operands or any(by_name)
        if is_named and not set(op.operand_names) <= by_name.keys() <= set(names or by_name):
            self._report_names(op, span)
            return ()
        # The operands as written: whether a label names several values is known only in lowering.
        least, most = op.operands
        is_known = not any(each.is_loop for each in operands)
        if is_known and (len(operands) < least or (most is not None and len(operands) > most)):
            message = f"{op.name} takes {show_count(least, most)}, not {len(operands)}"
            self.report(Code.INVALID_OPERANDS, message, span, "an operand is a label, `x` or a list of steps")
        return tuple(by_name[name] for name in names if name in by_name) if names and is_named else tuple(operands)

    def _report_names(self, op: type[Op], span: Span) -> None:
        names = ", ".join(op.operand_names)
        shown = ", ".join(f"{name}: {'[...]' if place else 'x'}" for place, name in enumerate(op.operand_names))
        further = f", and {' and '.join(op.optional_operands)} if it has them" if op.optional_operands else ""
        message = f"{op.name} takes the operands {names} by name{further}"
        self.report(Code.INVALID_OPERANDS, message, span, f"as in `{op.name}: {{{shown}}}`")

    def _operand(self, tree: Any, span: Span, name: str | None = None) -> Operand:
        if self.is_loop(tree):
            body = self.body(tree, span)
            return Operand(replace(body, steps=tuple(replace(each, is_operands=True) for each in body)), span, name)
        if not isinstance(tree, str):
            return Operand(self.body(tree, span), span, name)
        # A label shadows an op or block of its name, as a variable shadows a function.
        if self.kind_of(tree) and self.scope and tree not in self.scope.labels:
            message = f"an operand is a label or a list of steps, and '{tree}' is a step"
            self.report(Code.INVALID_OPERANDS, message, span, f"write `[{tree}]`")
        else:
            self.check_label(tree, span)
        return Operand(tree, span, name)

    @staticmethod
    def is_loop(tree: Any) -> bool:
        """Return whether operands, or one of them, are the rounds of a loop."""
        return (
            isinstance(tree, Mapping)
            and "body" in tree
            and any(COMBINATORS[key].beside for key in tree if key in COMBINATORS)
        )

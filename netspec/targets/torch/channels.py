"""The number of channels of each value of a ``forward``, in the constructor's terms, from one statement to the next.

The input channels of a layer are those of an earlier result, so they have an expression already; the channels of a
concatenation are the sum of those of its operands.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from netspec.targets.torch.document import literal
from netspec.targets.torch.layout import Layout
from netspec.targets.torch.plan import Attribute, ClassPlan, Construct, Sequential, Statement
from netspec.targets.torch.translate import Derived, all_alike

_TERM = re.compile(r"(?:(\d+) \* )?([A-Za-z_]\w*)|(\d+)")
"""A name with or without a factor, or a number."""
MOST_TERMS = 6
"""A longer sum is harder to read than an argument of its own."""


class Channels:
    """The expressions for the channels of a class's values, by the number of the value; None if there is none."""

    def __init__(self, plans: Sequence[ClassPlan], layout: Layout, entering: Derived | None) -> None:
        self._plans = plans
        self._constructs = {member.attribute: member.construct for member in plans[0].members}
        self._columns: list[tuple[Any, ...] | None] = []
        self._texts: list[Derived | None] = []
        self._lines = 0
        paths = (layout.live[plan.scope.path].live_ins for plan in plans)
        for number, column in enumerate(zip(*paths, strict=True)):
            values = channels_of([layout.graph.shape_of(path) for path in column])
            self._add(values, entering if number == 0 else None)

    def _add(self, values: tuple[Any, ...] | None, text: Derived | None) -> None:
        if values is not None and all_alike(values):
            text = Derived(literal(values[0]), ())
        self._columns.append(values)
        self._texts.append(text)

    def find(self, value: int, values: tuple[Any, ...], slots: Sequence[Derived]) -> Derived | None:
        """Return the expression for a value's channels, if these are its numbers; ``slots`` are those resolved."""
        while value >= len(self._texts):
            self._follow(self._lines, slots)
            self._lines += 1
        return self._texts[value] if self._columns[value] == values else None

    def _follow(self, line: int, slots: Sequence[Derived]) -> None:
        """Add the results of a statement."""
        statement = self._plans[0].statements[line]
        values = channels_of([plan.statements[line].shape for plan in self._plans])
        text = self._result(statement, values, slots) if values is not None else None
        for _ in statement.results:
            self._add(values, text)

    def _result(self, statement: Statement, values: tuple[Any, ...], slots: Sequence[Derived]) -> Derived | None:
        """Return the expression for the channels of a result: an argument of the layer, or those of its operands."""
        # The channels of a convolution's result are its own argument, which has an expression already.
        for position in self._positions(statement):
            if tuple(plan.slots[position].value for plan in self._plans) == values:
                return slots[position]
        # Most other layers keep the channels of their operand, and concatenations add those of all operands.
        columns = [self._columns[operand] for operand in statement.operands]
        if values in columns:
            return self._texts[statement.operands[columns.index(values)]]
        texts = [self._texts[operand] for operand in statement.operands]
        if len(texts) < 2 or None in texts or None in columns:
            return None
        if values != tuple(map(sum, zip(*columns, strict=True))):
            return None
        return _total([text for text in texts if text is not None])

    def _positions(self, statement: Statement) -> list[int]:
        """Return the positions of the slots that count channels in the layer of a statement, the last ones first."""
        called = statement.called
        construct = self._constructs.get(called) if isinstance(called, Attribute) else called
        found = _slots(construct) if construct is not None else []
        return [position for position in reversed(found) if self._plans[0].slots[position].counts]


def _slots(construct: Construct) -> list[int]:
    if isinstance(construct, Sequential):
        return [position for part in construct.parts for position in _slots(part)]
    return list(construct.slots)


def channels_of(shapes: Sequence[Sequence[Any]]) -> tuple[Any, ...] | None:
    """Return the first size of each shape, or None if one is a scalar."""
    return tuple(shape[0] for shape in shapes) if all(shapes) else None


def _total(terms: list[Derived]) -> Derived | None:
    """Return the sum of expressions, with a factor in place of equal terms; None for one that is too long."""
    factors: Counter[str] = Counter()
    for term in terms:
        for factor, text in _terms(term.text):
            factors[text] += factor
    number = factors.pop("", 0)
    parts = [_times(factor, text) for text, factor in factors.items()] + ([str(number)] if number else [])
    parameters = dict.fromkeys(parameter for term in terms for parameter in term.parameters)
    return Derived(" + ".join(parts), tuple(parameters)) if len(parts) <= MOST_TERMS else None


def _terms(text: str) -> list[tuple[int, str]]:
    """Return the terms of a sum, each with its factor; that of a number has no text.

    Example:
        >>> _terms("in_channels + 3 * width + 64"), _terms("(out + width) // 2")
        ([(1, 'in_channels'), (3, 'width'), (64, '')], [(1, '(out + width) // 2')])
    """
    found = [_TERM.fullmatch(part) for part in text.split(" + ")]
    if None in found:
        return [(1, text)]
    return [(int(each[1] or 1) * int(each[3] or 1), each[2] or "") for each in found if each]


def _times(factor: int, text: str) -> str:
    if factor == 1:
        return text
    return f"{factor} * {text}" if text.isidentifier() else f"{factor} * ({text})"

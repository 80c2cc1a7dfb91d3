"""The operands and results of steps, and their counterparts in expressions."""

from __future__ import annotations

from typing import NamedTuple

from netspec.diagnostics import Span
from netspec.dtypes import Dtype
from netspec.ops import TensorType
from netspec.sizes.shape import Shape
from netspec.syntax import expr


class Value(NamedTuple):
    """One value while the graph is built: its name, which is the path of the node that produces it, and its type."""

    path: str
    type: TensorType

    @property
    def shape(self) -> Shape:
        """The shape of one example."""
        return self.type.shape

    @property
    def dtype(self) -> Dtype:
        """The dtype of its elements."""
        return self.type.dtype


Values = tuple[Value, ...] | None
"""The operands or results of a step, usually one; None if unknown after an earlier error."""


class LeftOut(tuple[Value, ...]):
    """What a label stands for whose step is left out: no values, and the place of the label."""

    span: Span

    def __new__(cls, span: Span) -> LeftOut:
        left_out = super().__new__(cls)
        left_out.span = span
        return left_out


def visible(values: Values) -> expr.Value | list[expr.Value] | expr.Unknown:
    """Return the representation of values in expressions: a single one, or a list."""
    if values is None:
        return expr.UNKNOWN
    if len(values) == 1:
        return expr.Value(*values[0].type, source=values[0])
    return visible_list(values)


def visible_list(values: tuple[Value, ...]) -> list[expr.Value]:
    """Return the representation of values in expressions where even one of them is a list."""
    return [expr.Value(*value.type, source=value) for value in values]


def values_in(held: object) -> tuple[Value, ...] | None:
    """Return the values that an expression's result stands for, one or a list of them; None if it is no value."""
    items = held if isinstance(held, list) else [held]
    found = [item.source for item in items if isinstance(item, expr.Value)]
    return tuple(each for each in found if isinstance(each, Value)) if len(found) == len(items) else None

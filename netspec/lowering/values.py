"""The operands and results of steps, and their counterparts in expressions."""

from __future__ import annotations

from dataclasses import dataclass

from netspec.diagnostics import Span
from netspec.ops import TensorType
from netspec.syntax import expr

_NUMBER = TensorType(())


@dataclass(frozen=True, slots=True)
class Value(expr.Value):
    """One value while the graph is built, as expressions see it: its name is the path of the node that produces it."""

    path: str = ""
    type: TensorType = _NUMBER
    """Shape and dtype in one, which ops ask for."""

    @classmethod
    def of(cls, path: str, type_: TensorType) -> Value:
        """Return the value of that name and type."""
        return cls(*type_, path, type_)


Values = tuple[Value, ...] | None
"""The operands or results of a step, usually one; None if unknown after an earlier error."""


class LeftOut(tuple[Value, ...]):
    """What a label stands for whose step is left out: no values, and the place of the label."""

    span: Span

    def __new__(cls, span: Span) -> LeftOut:
        left_out = super().__new__(cls)
        left_out.span = span
        return left_out


class NullValue(LeftOut):
    """What an argument stands for that is a value elsewhere and null in this call; its place is the declaration."""


def visible(values: Values) -> expr.Value | list[expr.Value] | expr.Unknown:
    """Return the representation of values in expressions: a single one, or a list."""
    if values is None:
        return expr.UNKNOWN
    return values[0] if len(values) == 1 else list(values)


def values_in(held: object) -> tuple[Value, ...] | None:
    """Return the values that an expression's result stands for, one or a list of them; None if it is no value."""
    items = held if isinstance(held, list) else [held]
    found = tuple(item for item in items if isinstance(item, Value))
    return found if len(found) == len(items) else None

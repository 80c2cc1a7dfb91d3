"""The operands and results of steps, and their counterparts in expressions."""

from __future__ import annotations

from typing import NamedTuple

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


def visible(values: Values) -> expr.Value | list[expr.Value] | expr.Unknown:
    """Return the representation of values in expressions: a single one, or a list."""
    if values is None:
        return expr.UNKNOWN
    if len(values) == 1:
        return expr.Value(*values[0].type)
    return [expr.Value(*value.type) for value in values]

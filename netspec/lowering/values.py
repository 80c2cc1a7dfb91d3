"""The values that steps take and give, and what expressions see of them."""

from __future__ import annotations

from typing import NamedTuple

from netspec.dtypes import Dtype
from netspec.ops import TensorType
from netspec.sizes.shape import Shape
from netspec.syntax import expr


class Value(NamedTuple):
    """One value while the graph is built: its name, which is the path of the node that computes it, and its type."""

    path: str
    type: TensorType

    @property
    def shape(self) -> Shape:
        """The shape of one example."""
        return self.type.shape

    @property
    def dtype(self) -> Dtype:
        """What its elements are."""
        return self.type.dtype


Values = tuple[Value, ...] | None
"""What a step takes and gives: usually one. None stands for values unknown because of an earlier error."""


class UnknownValue:
    """What expressions would see of a value that is unknown because of an earlier error."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN = UnknownValue()


def visible(values: Values) -> expr.Value | list[expr.Value] | UnknownValue:
    """Return what expressions see of values: one, or a list of several."""
    if values is None:
        return UNKNOWN
    shown = [expr.Value(value.shape) for value in values]
    return shown[0] if len(shown) == 1 else shown

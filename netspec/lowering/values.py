"""The values that steps take and give, and what expressions see of them."""

from __future__ import annotations

from dataclasses import dataclass

from netspec.ir import Dtype
from netspec.sizes.shape import Shape
from netspec.syntax import expr


@dataclass(frozen=True, slots=True)
class Value:
    """One value while the graph is built: the path of the node that computes it, its shape and dtype."""

    path: str
    shape: Shape
    dtype: Dtype = "float"


Values = tuple[Value, ...] | None
"""What a step takes and gives: usually one. None stands for values unknown because of an earlier error."""


class UnknownValue:
    """What expressions would see of a value that is unknown because of an earlier error."""


UNKNOWN = UnknownValue()


def visible(values: Values) -> expr.Value | list[expr.Value] | UnknownValue:
    """Return what expressions see of values: one, or a list of several."""
    if values is None:
        return UNKNOWN
    shown = [expr.Value(value.shape) for value in values]
    return shown[0] if len(shown) == 1 else shown

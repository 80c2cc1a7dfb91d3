"""The values that steps take and give, and what expressions see of them."""

from __future__ import annotations

from dataclasses import dataclass

from netspec.ir import Dtype
from netspec.sizes.shape import Shape
from netspec.syntax.expr import Value


@dataclass(frozen=True, slots=True)
class Wire:
    """One value on its way: the path of the node that computes it, its shape and dtype."""

    path: str
    shape: Shape
    dtype: Dtype = "float"


Flow = tuple[Wire, ...] | None
"""What a step takes and gives: usually one value. None stands for a value unknown because of an earlier error."""


class UnknownValue:
    """What expressions would see of a value that is unknown because of an earlier error."""


UNKNOWN = UnknownValue()


def shown(flow: Flow) -> Value | list[Value] | UnknownValue:
    """Return what expressions see of a flow: one value, or a list of several."""
    if flow is None:
        return UNKNOWN
    values = [Value(wire.shape) for wire in flow]
    return values[0] if len(values) == 1 else values

"""What becomes of a convolution or a pooling of whose results some are left out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tests.support.matcher.canonical import Node, Value

if TYPE_CHECKING:
    from tests.support.matcher.axes import Builder


def without_results(builder: Builder, node: Node, around: tuple[int, int, int], start: int, stop: int) -> Value | None:
    """The results from start to stop of an axis, as a convolution or pooling with other padding or of less input.

    The axis is given as the sizes before it, its own and behind it. Nothing where windows do not go along it, or where
    padding counts in a mean.
    """
    attributes: dict[str, Any] = dict(node.attributes)
    if node.op not in ("convolution", "max_pool", "mean_pool") or attributes.get("ceil"):
        return None
    if attributes.get("padding_counts") or attributes.get("divisor") is not None:
        return None
    if len(attributes["input"]) != len(attributes["stride"]) + 2:
        return None
    shape, padding, stride = (list(attributes[name]) for name in ("input", "padding", "stride"))
    extents = _extents(attributes)
    results = [
        (length + sum(sides) - extent) // step + 1
        for length, sides, extent, step in zip(shape[2:], padding, extents, stride, strict=True)
    ]
    places = [(math.prod(results[:axis]), length) for axis, length in enumerate(results)]
    channels = attributes["weight"][0] if node.op == "convolution" else shape[1]
    channels *= shape[0]
    axis = next((i for i, (ahead, length) in enumerate(places) if (channels * ahead, length) == around[:2]), None)
    if axis is None:
        return None
    length = shape[axis + 2]
    before = padding[axis][0] - start * stride[axis]
    after = (stop - start - 1) * stride[axis] + extents[axis] - before - length
    ahead, behind = math.prod(shape[: axis + 2]), math.prod(shape[axis + 3 :])
    entering = builder.slice(node.operands[0].value, ahead, length, behind, max(-before, 0), length - max(-after, 0))
    shape[axis + 2] = length - max(-before, 0) - max(-after, 0)
    padding[axis] = (max(before, 0), max(after, 0))
    operands = [("input", entering), *((each.label, each.value) for each in node.operands[1:])]
    return builder.emit(node.op, operands, **{**attributes, "input": tuple(shape), "padding": tuple(padding)})


def _extents(attributes: dict[str, Any]) -> list[int]:
    """How many elements of each axis a window spans."""
    kernel = attributes["weight"][2:] if "weight" in attributes else attributes["kernel"]
    dilation = attributes.get("dilation", (1,) * len(kernel))
    return [gap * (width - 1) + 1 for width, gap in zip(kernel, dilation, strict=True)]

"""Receptive fields: how many elements of the input one element of a value depends on, per axis."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil
from types import MappingProxyType
from typing import NamedTuple

from netspec.ir import Graph, Node, analysis
from netspec.sizes.shape import Shape


class Sight(NamedTuple):
    """Per axis of the input: how far one element sees, and how far apart neighbours look."""

    extent: tuple[int | Fraction, ...]
    jump: tuple[int | Fraction, ...]


@analysis
def receptive_fields(graph: Graph) -> Mapping[str, tuple[int, ...] | None]:
    """Return the receptive field of each node by its path: elements per axis, or None where it sees everything.

    Formula: ``extent += (window - 1) * jump`` and ``jump *= stride``, op by op; of several operands the largest.
    Padding does not cut it, so it may be larger than the input.
    """
    sights: dict[str, Sight | None] = {}
    shapes: dict[str, Shape] = {each.name: each.shape for each in graph.inputs}
    for each in graph.inputs:
        ones = (1,) * (len(each.shape) - 1)
        sights[each.name] = Sight(ones, ones)
    for node in graph:
        sights[node.path] = _after(node, shapes[node.inputs[0]], [sights[path] for path in node.inputs])
        shapes[node.path] = node.shape
    return MappingProxyType({node.path: _rounded(sights[node.path]) for node in graph})


def _after(node: Node, shape: Shape, operands: list[Sight | None]) -> Sight | None:
    sight = operands[0] if len(operands) == 1 else _widest(operands)
    if sight is None:
        return None
    windows = node.op.receptive_window(shape)
    if windows is None:
        return None
    if not windows:
        return sight
    if len(windows) != len(sight.extent):
        return None
    return Sight(
        tuple(
            extent + (window.extent - 1) * jump
            for extent, jump, window in zip(sight.extent, sight.jump, windows, strict=True)
        ),
        tuple(jump * window.stride for jump, window in zip(sight.jump, windows, strict=True)),
    )


def _widest(operands: list[Sight | None]) -> Sight | None:
    known = [sight for sight in operands if sight is not None]
    if len(known) < len(operands) or len({len(sight.extent) for sight in known}) > 1:
        return None
    return Sight(
        tuple(map(max, zip(*(sight.extent for sight in known), strict=True))),
        tuple(map(max, zip(*(sight.jump for sight in known), strict=True))),
    )


def _rounded(sight: Sight | None) -> tuple[int, ...] | None:
    return None if sight is None else tuple(map(ceil, sight.extent))

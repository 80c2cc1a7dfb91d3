"""Two permutations as one, over the finest axes that both have in common."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

Order = tuple[tuple[int, ...], tuple[int, ...]]
"""The sizes of what enters a permutation, and which of its axes each one is that leaves."""


def one_order(first: Order, second: Order) -> tuple[list[int], list[int]] | None:
    """Return the sizes of what enters the first and their order after both; nothing where axes have no common parts."""
    (before, earlier), (sizes, moved) = first, second
    between = [before[axis] for axis in earlier]
    edges = sorted({*_edges(between), *_edges(sizes)}, reverse=True)
    if not earlier or any(wide % narrow for wide, narrow in pairwise(edges)):
        return None
    parts = [wide // narrow for wide, narrow in pairwise(edges)]
    left, right = _split(between, parts), _split(sizes, parts)
    entering = [part for axis in range(len(before)) for part in left[earlier.index(axis)]]
    order = [entering.index(part) for axis in moved for part in right[axis]]
    return [parts[part] for part in entering], order


def _edges(sizes: Sequence[int]) -> list[int]:
    """Return how many elements an axis and those behind it have, for each, and the one element behind the last."""
    return [math.prod(sizes[axis:]) for axis in range(len(sizes) + 1)]


def _split(sizes: Sequence[int], parts: Sequence[int]) -> list[list[int]]:
    """Return which of the finer axes each axis is."""
    groups: list[list[int]] = []
    numbers = iter(range(len(parts)))
    for size in sizes:
        group: list[int] = []
        while math.prod(parts[number] for number in group) < size:
            group.append(next(numbers))
        groups.append(group)
    return groups

"""Aligning two lists: which entries of the one are which of the other, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Key = tuple[str, ...]
Affinity = Callable[[int, int], int]

REACH = 48
"""How far from the diagonal partners are looked for, so that the cost grows with the length and not its square."""


def align(first: Sequence[Key], second: Sequence[Key], affinity: Affinity) -> list[tuple[int, int]]:
    """Return the pairs of places that belong together, ascending in both lists, with the greatest sum of affinities.

    Equal keys at both ends are paired at once. ``affinity`` gives what a pair is worth, and 0 for one that must not be.
    Turning the lists round turns the pairs round.

    Example:
        >>> keys = [[(letter,) for letter in word] for word in ("xaby", "xacby")]
        >>> align(*keys, lambda i, j: keys[0][i] == keys[1][j])
        [(0, 0), (1, 1), (2, 3), (3, 4)]
    """
    head = _equal(first, second)
    tail = _equal(first[head:][::-1], second[head:][::-1])
    ends = len(first) - tail, len(second) - tail
    rows, columns = range(head, ends[0]), range(head, ends[1])
    # Of equally good alignments the same must be found in both directions.
    if (len(rows), first) < (len(columns), second):
        middle = [(i, j) for j, i in _best(columns, rows, lambda j, i: affinity(i, j))]
    else:
        middle = _best(rows, columns, affinity)
    return [
        *((place, place) for place in range(head)),
        *middle,
        *((ends[0] + place, ends[1] + place) for place in range(tail)),
    ]


def _equal(first: Sequence[Key], second: Sequence[Key]) -> int:
    """Return how many entries at the beginning are equal."""
    count = 0
    for left, right in zip(first, second, strict=False):
        if left != right:
            break
        count += 1
    return count


def _best(rows: range, columns: range, affinity: Affinity) -> list[tuple[int, int]]:
    """Return the best pairs of a longer list and a shorter one, of equally good ones those that come first."""
    if not columns:
        return []
    bands = [_band(row, len(rows), len(columns)) for row in range(len(rows))]
    sums = _sums(rows, columns, bands, affinity)
    pairs, i, j = [], 0, 0
    while i < len(rows) and j < len(columns):
        here, below = sums[i].get(j, 0), sums[i + 1]
        worth = affinity(rows[i], columns[j])
        if j in bands[i] and worth and here == worth + below.get(j + 1, 0):
            pairs.append((rows[i], columns[j]))
            i, j = i + 1, j + 1
        elif here == below.get(j, 0):
            i += 1
        else:
            j += 1
    return pairs


def _band(row: int, height: int, width: int) -> range:
    middle = row * width // height
    return range(max(0, middle - REACH), min(width, middle + REACH + 1))


def _sums(rows: range, columns: range, bands: list[range], affinity: Affinity) -> list[dict[int, int]]:
    """Return for each pair of places near the diagonal the most that the rest of both lists is worth."""
    sums: list[dict[int, int]] = [{} for _ in range(len(rows) + 1)]
    for i in reversed(range(len(rows))):
        here, below, right = sums[i], sums[i + 1].get, 0
        for j in reversed(bands[i]):
            most = max(right, below(j, 0))
            worth = affinity(rows[i], columns[j])
            if worth:
                most = max(most, worth + below(j + 1, 0))
            here[j] = right = most
    return sums

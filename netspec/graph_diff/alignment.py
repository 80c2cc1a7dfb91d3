"""Sequence alignment: which entries of two lists correspond, in order.

This is global alignment by dynamic programming (Needleman and Wunsch 1970) without a gap penalty: of all pairings
without crossings, one with the greatest sum of affinities. Equal entries at both ends are paired first, since most
lists are alike, and the rest is searched in a band around the diagonal only (as Sakoe and Chiba 1978 do), so that the
cost grows with the length and not with its square.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

Key = tuple[str, ...]
Affinity = Callable[[int, int], int]

REACH = 48
"""The half width of the band around the diagonal."""


def align(first: Sequence[Key], second: Sequence[Key], affinity: Affinity) -> list[tuple[int, int]]:
    """Return the pairs of corresponding positions, ascending in both lists, with the greatest sum of affinities.

    ``affinity`` returns the weight of a pair, and 0 for one that is not allowed. Swapping the lists swaps the pairs.

    Example:
        >>> keys = [[(letter,) for letter in word] for word in ("xaby", "xacby")]
        >>> align(*keys, lambda i, j: keys[0][i] == keys[1][j])
        [(0, 0), (1, 1), (2, 3), (3, 4)]
    """
    prefix = _common_prefix(first, second)
    suffix = _common_prefix(first[prefix:][::-1], second[prefix:][::-1])
    ends = len(first) - suffix, len(second) - suffix
    rows, columns = range(prefix, ends[0]), range(prefix, ends[1])
    # Several alignments may be equally good: the longer list is always that of the rows, so that both orders of the
    # lists lead to the same one.
    if (len(rows), first) < (len(columns), second):
        middle = [(i, j) for j, i in _best_pairs(columns, rows, lambda j, i: affinity(i, j))]
    else:
        middle = _best_pairs(rows, columns, affinity)
    return [
        *((place, place) for place in range(prefix)),
        *middle,
        *((ends[0] + place, ends[1] + place) for place in range(suffix)),
    ]


def _common_prefix(first: Sequence[Key], second: Sequence[Key]) -> int:
    """Return how many entries at the beginning are equal."""
    count = 0
    for left, right in zip(first, second, strict=False):
        if left != right:
            break
        count += 1
    return count


def _best_pairs(rows: range, columns: range, affinity: Affinity) -> list[tuple[int, int]]:
    """Return the best pairs of a longer list and a shorter one, of equally good ones those that come first."""
    if not columns:
        return []
    bands = [_band(row, len(rows), len(columns)) for row in range(len(rows))]
    sums = _best_sums(rows, columns, bands, affinity)
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
    """Return the columns near the diagonal in a row."""
    middle = row * width // height
    return range(max(0, middle - REACH), min(width, middle + REACH + 1))


def _best_sums(rows: range, columns: range, bands: list[range], affinity: Affinity) -> list[dict[int, int]]:
    """Return by row and column the greatest sum that the entries from there on can have.

    With ``w`` for the affinity: ``sums[i][j] = max(sums[i + 1][j], sums[i][j + 1], w(i, j) + sums[i + 1][j + 1])``,
    from the last row and column to the first; places outside of the band count as 0.
    """
    sums: list[dict[int, int]] = [{} for _ in range(len(rows) + 1)]
    # From the end, so that the pairs are traced from the beginning, and the first of equally good ones is chosen.
    for i in reversed(range(len(rows))):
        here, below, right = sums[i], sums[i + 1].get, 0
        for j in reversed(bands[i]):
            most = max(right, below(j, 0))
            worth = affinity(rows[i], columns[j])
            if worth:
                most = max(most, worth + below(j + 1, 0))
            here[j] = right = most
    return sums

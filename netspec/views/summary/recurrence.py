"""Recurring parts of scopes: runs of units, and patterns of several steps."""

from __future__ import annotations

from collections.abc import Iterator

from netspec.ir import Graph, Node, Scope
from netspec.ir.equality import Agreement, GraphEquivalence, Structure

Item = Node | Scope
Column = list[Item]
"""The same step of several identical units; usually there is only one."""

LONGEST_PERIOD = 12
FEWEST_REPEATS = 4
"""The repeats from which a pattern of several steps is shown once; a single unit needs only two."""


class Recurrence:
    """Finds recurring steps of scopes: those that are equal, whatever their input channels."""

    def __init__(self, graph: Graph) -> None:
        self._structure = Structure(GraphEquivalence(graph, Agreement(names="numbered", sizes="axes")))

    def columns(self, scopes: list[Scope]) -> Iterator[tuple[str, Column]]:
        """Yield the columns of identical scopes with the names to show, in order."""
        kinds = [self._structure[item] for item in scopes[0].items]
        for start, period, repeats in recurring(kinds):
            for first in range(start, start + period):
                places = range(first, first + period * repeats, period)
                name = _span(scopes[0].items[places[0]], scopes[0].items[places[-1]])
                yield name, [scope.items[place] for scope in scopes for place in places]


def _span(first: Item, last: Item) -> str:
    return first.name if first.name == last.name else f"{first.name}..{last.name}"


def recurring(kinds: list[int]) -> Iterator[tuple[int, int, int]]:
    """Cut a list into runs and yield the first place, the period and the repeats of each.

    Example:
        >>> list(recurring([7, 1, 2, 1, 2, 1, 2, 1, 2, 5, 5]))
        [(0, 1, 1), (1, 2, 4), (9, 1, 2)]
    """
    # One pass per period, each of linear time: lists of steps may have many thousand entries.
    matches = [_matches(kinds, period) for period in range(1, LONGEST_PERIOD + 1)]
    start = 0
    while start < len(kinds):
        period, repeats = _longest(matches, start)
        if start + 1 < len(kinds):
            next_period, next_repeats = _longest(matches, start + 1)
            if next_period * next_repeats > period * repeats:
                # A run from here would cut into the longer one that begins with the next entry.
                period, repeats = 1, 1
        yield start, period, repeats
        start += period * repeats


def _longest(matches: list[list[int]], start: int) -> tuple[int, int]:
    """Return period and repeats of the pattern that covers most from a place on."""
    best = (1, 1)
    for period, lengths in enumerate(matches, 1):
        repeats = lengths[start] // period + 1
        enough = repeats >= (2 if period == 1 else FEWEST_REPEATS)
        if enough and period * repeats > best[0] * best[1]:
            best = (period, repeats)
    return best


def _matches(kinds: list[int], period: int) -> list[int]:
    """Return for each place how many entries from there on equal the one a period later."""
    lengths = [0] * len(kinds)
    for place in range(len(kinds) - period - 1, -1, -1):
        if kinds[place] == kinds[place + period]:
            lengths[place] = lengths[place + 1] + 1
    return lengths

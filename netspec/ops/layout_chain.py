"""How torch lays a value out as a pattern says: the few calls that a person would chain.

Names that stay next to each other, in order and in one axis, move as one, so that ``c h w -> (h w) c`` flattens and
transposes, and never takes anything apart.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

Names = tuple[str, ...]
Groups = tuple[Names, ...]


class Link(NamedTuple):
    """One call of the chain; ``copies`` is whether its result takes memory of its own."""

    text: str
    copies: bool = False


def chain(left: Groups, right: Groups, holes: Mapping[str, str]) -> tuple[Link, ...]:
    """Return the calls that turn axes into others; a size of which there is no hole follows from the rest.

    Names that are on the right alone are new axes, along which the value is repeated.

    Example:
        >>> tokens = chain((("c",), ("h",), ("w",)), (("h", "w"), ("c",)), {})
        >>> "".join(link.text for link in tokens)
        '.flatten(2).transpose(1, 2)'
    """
    return tuple(_Chain(left, right, holes).links)


class _Chain:
    """The axes as they are after the links so far, each as the names that it holds."""

    def __init__(self, left: Groups, right: Groups, holes: Mapping[str, str]) -> None:
        self.links: list[Link] = []
        self._axes: list[Names] = list(left)
        self._holes = holes
        known = {name for group in left for name in group}
        self._right = [group for group in right if group]
        self._follows = {pair for group in right for pair in pairwise(group)}
        self._left = set(pairwise(name for group in left for name in group))
        self._new = [name for group in right for name in group if name not in known]
        self._together = _stay_together(left, self._right)
        self._drop_ones()
        self._take_apart([names for names in self._axes if not self._is_run(names) and names not in self._together])
        self._join_neighbours()
        self._reorder()
        self._take_apart(self._together)
        self._repeat()
        self._join()
        for place, group in enumerate(right, start=1):
            if not group:
                self._add(f".unsqueeze({place})")

    def _add(self, text: str, copies: bool = False) -> None:
        self.links.append(Link(text, copies))

    def _drop_ones(self) -> None:
        for place in reversed(range(len(self._axes))):
            if not self._axes[place]:
                del self._axes[place]
                self._add(f".squeeze({place + 1})")

    def _take_apart(self, groups: Sequence[Names]) -> None:
        """Give each name of some axes its own."""
        for place in reversed(range(len(self._axes))):
            names = self._axes[place]
            if len(names) > 1 and names in groups:
                sizes = ", ".join(self._holes.get(name, "-1") for name in names)
                self._add(f".unflatten({place + 1}, ({sizes}))")
                self._axes[place : place + 1] = [(name,) for name in names]

    def _is_run(self, names: Names) -> bool:
        return all(pair in self._follows for pair in pairwise(names))

    def _join_neighbours(self) -> None:
        """Make one axis of neighbours that stay next to each other in one axis of the result."""
        if [name for axis in self._axes for name in axis] == self._old_order():
            return  # nothing moves, so that joining them is the end of it
        for place in reversed(range(1, len(self._axes))):
            stop = place + 1
            if self._is_run(self._axes[place - 1] + self._axes[place]):
                continue
            self._flatten(place, self._run_from(place, stop))
        self._flatten(0, self._run_from(0, 1))

    def _run_from(self, place: int, stop: int) -> int:
        while stop < len(self._axes) and self._is_run(self._axes[stop - 1] + self._axes[stop]):
            stop += 1
        return stop

    def _old_order(self) -> list[str]:
        return [name for group in self._right for name in group if name not in self._new]

    def _flatten(self, start: int, stop: int) -> None:
        if stop - start < 2:
            return
        end = "" if stop == len(self._axes) else f", {stop}"
        names = tuple(name for axis in self._axes[start:stop] for name in axis)
        # Axes that were next to each other are still so in memory; others are copied.
        self._add(f".flatten({start + 1}{end})", copies=not self._left.issuperset(pairwise(names)))
        self._axes[start:stop] = [names]

    def _reorder(self) -> None:
        """Put the axes into the order of the result."""
        order = self._old_order()
        target = sorted(range(len(self._axes)), key=lambda place: order.index(self._axes[place][0]))
        moved = [place for place, source in enumerate(target) if place != source]
        if len(moved) == 2:
            self._add(f".transpose({moved[0] + 1}, {moved[1] + 1})")
        elif moved:
            self._add(f".permute({', '.join(map(str, [0, *(source + 1 for source in target)]))})")
        self._axes = [self._axes[source] for source in target]

    def _repeat(self) -> None:
        """Add new axes, along which the value is repeated."""
        if not self._new:
            return
        if len(self._new) == 1 and self._interleaved(self._new[0]):
            return
        flat = [name for group in self._right for name in group]
        for name in self._new:
            before = flat.index(name)
            place = sum(flat.index(axis[0]) < before for axis in self._axes)
            self._axes.insert(place, (name,))
            self._add(f".unsqueeze({place + 1})")
        sizes = [self._holes[axis[0]] if axis[0] in self._new else "-1" for axis in self._axes]
        self._add(f".expand({', '.join(['-1', *sizes])})")

    def _interleaved(self, name: str) -> bool:
        """Repeat each element of an axis in its place, where that is all that a new name means."""
        group = next(group for group in self._right if name in group)
        place = next((place for place, axis in enumerate(self._axes) if axis == group[:-1]), None)
        if group[-1] != name or place is None:
            return False
        self._add(f".repeat_interleave({self._holes[name]}, {place + 1})", copies=True)
        self._axes[place] = group
        return True

    def _join(self) -> None:
        """Make one axis of those that the result has as one."""
        starts: list[tuple[int, int]] = []
        place = 0
        for group in self._right:
            count = self._count(group, place)
            starts.append((place, place + count))
            place += count
        for start, stop in reversed(starts):
            self._flatten(start, stop)

    def _count(self, group: Names, place: int) -> int:
        """Return how many axes from that place on make up a group."""
        names, count = 0, 0
        while names < len(group):
            names += len(self._axes[place + count])
            count += 1
        return count


def _stay_together(left: Groups, right: Sequence[Names]) -> list[Names]:
    """Return the axes whose names become axes next to each other, so that they move as one and part at the end."""
    alone = [group[0] if len(group) == 1 else "" for group in right]
    return [
        names
        for names in left
        if len(names) > 1 and any(tuple(alone[start : start + len(names)]) == names for start in range(len(alone)))
    ]


def text_of(links: Sequence[Link]) -> str:
    """Return the links as one text."""
    return "".join(link.text for link in links)

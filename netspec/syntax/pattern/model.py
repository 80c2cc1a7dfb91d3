"""A pattern as it is after reading: sides of axes, each of them names with their places."""

from __future__ import annotations

from typing import NamedTuple

ELLIPSIS = "..."
"""Stands for any number of axes, the same on both sides."""


class Axis(NamedTuple):
    """One axis: a name, several names in brackets, of which the last runs fastest, or none for a size of 1."""

    names: tuple[str, ...]
    offset: int
    length: int


class Side(NamedTuple):
    """The axes of an operand or of the result, and the place of all of them."""

    axes: tuple[Axis, ...]
    offset: int
    length: int

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in order."""
        return tuple(name for axis in self.axes for name in axis.names)

    def groups(self, between: int) -> tuple[tuple[str, ...], ...]:
        """Return the names of each axis where the ellipsis stands for that many axes.

        Example:
            >>> from netspec.syntax.pattern import read
            >>> read("... (h d) -> h ... d").result.groups(2)
            (('h',), ('...0',), ('...1',), ('d',))
        """
        spread = tuple(f"{ELLIPSIS}{number}" for number in range(between))
        groups: list[tuple[str, ...]] = []
        for axis in self.axes:
            if axis.names == (ELLIPSIS,) and not self.has_brackets(axis):
                groups.extend((name,) for name in spread)
            else:
                groups.append(tuple(each for name in axis.names for each in (spread if name == ELLIPSIS else (name,))))
        return tuple(groups)

    @staticmethod
    def has_brackets(axis: Axis) -> bool:
        """Return whether an axis is written in brackets; those around ``...`` make one axis of all of them."""
        return axis.length > sum(map(len, axis.names)) and bool(axis.names)

    def has_ellipsis(self) -> bool:
        """Return whether some axes have no names."""
        return ELLIPSIS in self.names


class Pattern(NamedTuple):
    """The axes of each operand, and those of the result; ``places`` are the offsets at which names stand first."""

    text: str
    operands: tuple[Side, ...]
    result: Side
    places: dict[str, int]
    """The first place of each name."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of axes, each once; the ellipsis is none."""
        return tuple(name for name in self.places if name != ELLIPSIS)

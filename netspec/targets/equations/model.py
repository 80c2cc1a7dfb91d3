"""Equations: one element of a result as a formula over elements of operands and weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from netspec.sizes import Size
from netspec.sizes.shape import Shape
from netspec.targets.base import Target

AXES = ("c", "i", "j", "k")
"""The index names of a value's axes: its channels, then its positions."""


@dataclass(frozen=True, slots=True)
class Operand:
    """A value that an op reads, by the name of its node or of the network's input."""

    name: str
    shape: Shape
    rounds: tuple[str, ...] = ()
    """The numbers of the rounds of scans in which it has a value each."""

    def at(self, *indices: object) -> str:
        """Return the text of one element."""
        at = ", ".join(map(str, (*self.rounds, *indices)))
        return f"{self.name}[{at}]" if at else self.name

    def in_round(self, number: str, other: str) -> Operand:
        """Return the value with another round in place of one of that number; as it is if it has none there."""
        return replace(self, rounds=tuple(other if each == number else each for each in self.rounds))


@dataclass(frozen=True, slots=True)
class Call:
    """One op at one place: its operands, the shape of its result, and the path of its weights."""

    operands: tuple[Operand, ...]
    shape: Shape
    module: str
    given: Mapping[str, Operand] = field(default_factory=dict)
    """The operands that are weights, by the name of that."""

    @property
    def x(self) -> Operand:
        """The first operand, for most ops the only one."""
        return self.operands[0]

    @property
    def axes(self) -> tuple[str, ...]:
        """The indices of an element of the result."""
        return indices(len(self.shape))

    def weight(self, name: str, *at: object) -> str:
        """Return the text of one element of a weight, by its key in the ``state_dict``, or of a tensor in its place."""
        if name in self.given:
            return self.given[name].at(*at)
        return f"{self.module}.{name}[{', '.join(map(str, at))}]"


@dataclass(frozen=True, slots=True)
class Equation:
    """The element at ``indices`` of a result. ``where`` defines the names that the formula uses more than once."""

    indices: tuple[str, ...]
    formula: str
    where: tuple[tuple[str, str], ...] = ()


EQUATIONS: Target[Callable[[Any, Call], Equation | None]] = Target("equations")
"""The rules, registered by the other files of this package. One returns None for arguments without a formula."""


def indices(rank: int) -> tuple[str, ...]:
    """Return the indices of a value with that many axes.

    Example:
        >>> indices(3), indices(5)
        (('c', 'i', 'j'), ('c', 'i', 'j', 'k', 'l4'))
    """
    return (*AXES, *(f"l{axis}" for axis in range(len(AXES), rank)))[:rank]


def over(function: str, term: str, ranges: Mapping[str, object]) -> str:
    """Return a reduction of a term over ranges that begin with 0.

    Example:
        >>> over("sum", "w[u] * x[i + u]", {"u": 3})
        'sum(w[u] * x[i + u] for u < 3)'
    """
    return f"{function}({term} for {', '.join(f'{name} < {size}' for name, size in ranges.items())})"


def affine(index: str, factor: Size, offset: str, shift: Size) -> str:
    """Return ``factor * index + offset + shift`` without neutral terms.

    Example:
        >>> affine("i", 2, "u", -3), affine("i", 1, "2 * u", 0)
        ('2 * i + u - 3', 'i + 2 * u')
    """
    text = index if factor == 1 else f"{factor} * {index}"
    text = f"{text} + {offset}" if offset else text
    if shift == 0:
        return text
    return f"{text} {'-' if shift < 0 else '+'} {abs(shift)}"

"""The search for the expression of a slot that the document does not determine: equal numbers, multiples, sums."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from math import gcd
from typing import Any

from netspec.targets.torch.plan import Parameter, Slot
from netspec.targets.torch.translate import Derived

WINDOW = frozenset({"kernel_size", "stride", "padding", "dilation", "output_padding"})
MEANINGS = WINDOW | {"kernel", "groups"}
"""Names with a fixed meaning, from which no other argument is derived."""

LARGEST_FACTOR = 16
MOST_TERMS = 12
"""Among more parameters than these, two may have the right sum by chance."""


class Search:
    """Finds an expression for a slot over the parameters known so far."""

    def __init__(self, bases: Iterable[Parameter]) -> None:
        self._order: dict[str, int] = {}
        self._equal: dict[str, list[Parameter]] = {}
        self._proportional: dict[tuple[int, ...], list[Parameter]] = {}
        self._derived: dict[str, Derived] = {}
        """The derived numbers of channels, by their values."""
        self._counting: list[Parameter] = []
        """The first parameters in use that count channels."""
        for base in bases:
            self._index(base)

    def _index(self, parameter: Parameter) -> None:
        if parameter.name in self._order:
            return
        # Earlier parameters are preferred, since the block's own arguments come first.
        self._order[parameter.name] = len(self._order)
        self._equal.setdefault(repr(parameter.values), []).append(parameter)
        ratio = _ratio(parameter.values) if parameter.counts else ()
        if ratio:
            self._proportional.setdefault(ratio, []).append(parameter)

    def add(self, slot: Slot, values: tuple[Any, ...], derived: Derived) -> None:
        """Add the expression of a slot, for slots that follow."""
        for parameter in derived.parameters:
            self._index(parameter)
            if parameter.counts and len(self._counting) < MOST_TERMS and parameter not in self._counting:
                self._counting.append(parameter)
        if slot.counts:
            self._derived.setdefault(repr(values), derived)

    def find(self, slot: Slot, values: tuple[Any, ...]) -> Derived | None:
        """Return the expression of the values, preferring the simplest."""
        found = self._same(slot, values)
        if found or not slot.counts:
            return found
        return self._derived.get(repr(values)) or self._multiple(slot, values) or self._sum(values)

    def _same(self, slot: Slot, values: tuple[Any, ...]) -> Derived | None:
        for base in self._preferred(slot, self._equal.get(repr(values), ())):
            return Derived(base.name, (base,))
        return None

    def _multiple(self, slot: Slot, values: tuple[Any, ...]) -> Derived | None:
        """Return the values as a small multiple or quotient of a parameter."""
        for base in self._preferred(slot, self._proportional.get(_ratio(values), ())):
            factor, rest = divmod(values[0], base.values[0])
            if not rest and 2 <= factor <= LARGEST_FACTOR:
                return Derived(f"{factor} * {base.name}", (base,))
            divisor, rest = divmod(base.values[0], values[0])
            if not rest and 2 <= divisor <= LARGEST_FACTOR:
                return Derived(f"{base.name} // {divisor}", (base,))
        return None

    def _sum(self, values: tuple[Any, ...]) -> Derived | None:
        """Return the values as the difference or the sum of two parameters."""
        if len(values) < 3:
            return None  # with only two scopes, unrelated numbers often have the right sum
        for left, right in itertools.permutations(self._counting, 2):
            rows = list(zip(values, left.values, right.values, strict=True))
            if all(value == a - b for value, a, b in rows):
                return Derived(f"{left.name} - {right.name}", (left, right))
            if all(value == a + b for value, a, b in rows):
                return Derived(f"{left.name} + {right.name}", (left, right))
        return None

    def _preferred(self, slot: Slot, found: Iterable[Parameter]) -> Iterator[Parameter]:
        """Yield the candidate parameters for a slot, the likeliest first."""
        for base in sorted(found, key=lambda base: self._rank(slot, base)):
            # A stride that equals a number of channels is a coincidence.
            is_free = slot.counts and slot.name not in WINDOW
            if is_free or base.name == slot.name or not (base.is_in_channels or base.name in MEANINGS):
                yield base

    def _rank(self, slot: Slot, base: Parameter) -> tuple[int, int]:
        """Return a rank, smaller for better candidates: a layer's input channels follow from those of the class."""
        if base.is_in_channels:
            likely = 0 if slot.is_in_channels else 2
        else:
            likely = 0 if base.name == slot.name else 1
        return likely, self._order[base.name]


def _ratio(values: tuple[Any, ...]) -> tuple[int, ...]:
    """Return the values divided by their greatest common divisor; empty unless all are positive integers."""
    if not all(type(value) is int and value > 0 for value in values):
        return ()
    divisor = gcd(*values)
    return tuple(value // divisor for value in values)

"""A size in terms of other values' sizes, from which generated code computes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations

from netspec.sizes.dim import Dim, Size, size_of
from netspec.sizes.form import Symbol, atom, form
from netspec.sizes.printing import formula

DIVISORS = (2, 3, 4, 6, 8, 16, 32, 64)
"""The usual divisors of maps; any other is computed from the sizes of the network's inputs."""


def express(size: Dim, known: Mapping[str, Size]) -> str | None:
    """Return a size as an expression over the names of known sizes, or None if it does not follow from them.

    The simplest is preferred: a known size itself, one with a number added, multiplied or divided, and sums and
    differences of two. Any other is written over the open sizes themselves, if all of them are known.

    Example:
        >>> from netspec.sizes import symbol
        >>> height = symbol("H", 224)
        >>> express((height + 3) // 4, {"x": (height + 1) // 2}), express(height - 2, {"x": height})
        ('(x + 1) // 2', 'x - 2')
        >>> express(2 * height - 1, {"x": height})
        '2 * x - 1'
        >>> express((height - height // 2) // 2, {"x": height, "y": height // 2})
        '(x - y) // 2'
    """
    names: dict[int, str] = {}
    for name, each in known.items():
        # Sizes that depend on other open sizes are useless, and of two equal ones the first suffices. Equal formulas
        # are one object; comparing them with == could record a guard.
        if isinstance(each, Dim) and each.symbols <= size.symbols:
            names.setdefault(id(each), name)
    sizes = {name: each for name, each in known.items() if isinstance(each, Dim) and names.get(id(each)) == name}
    return next(_candidates(size, sizes), None) or _over_symbols(size, sizes)


def _candidates(size: Dim, known: Mapping[str, Dim]) -> Iterator[str]:
    """Yield expressions over known sizes that are the size, the simplest first."""
    yield from (name for name, each in known.items() if each is size)
    for name, each in known.items():
        times_at_stated = size.stated // each.stated if each.stated else 1
        for times in sorted({1, times_at_stated, times_at_stated + 1}):  # the latter of 2 * x - 1
            shift = size - times * each
            if isinstance(shift, int):
                yield _shifted(name if times == 1 else f"{times} * {name}", shift)
    for name, each in known.items():
        yield from _divided(size, name, each, DIVISORS)
    halves = {f"{name} // 2": half for name, each in known.items() if isinstance(half := each // 2, Dim)}
    terms = {**known, **halves}
    for (one, first), (two, second) in permutations(terms.items(), 2):
        for text, both in ((f"{one} - {two}", first - second), (f"{one} + {two}", first + second)):
            if isinstance(both, Dim):
                if isinstance(shift := size - both, int):
                    yield _shifted(text, shift)
                yield from _divided(size, text, both, DIVISORS[:1])


def _divided(size: Dim, text: str, each: Dim, divisors: Sequence[int]) -> Iterator[str]:
    for divisor in divisors:
        for added in range(divisor):
            shift = size - (each + added) // divisor
            if isinstance(shift, int):
                # One division does both: (x + 1) // 2 + 1 is (x + 3) // 2.
                inner = _shifted(text, added + shift * divisor)
                yield f"({inner}) // {divisor}" if " " in inner else f"{inner} // {divisor}"


def _shifted(text: str, number: int) -> str:
    return text if not number else f"{text} {'+' if number > 0 else '-'} {abs(number)}"


def _over_symbols(size: Dim, known: Mapping[str, Dim]) -> str | None:
    """Return the normal form of a size, with the names of known sizes for the open sizes."""
    names: dict[str, str] = {}
    for name, each in known.items():
        for symbol in each.form.symbols:
            if each is size_of(form(0, ((atom(Symbol, symbol.name, symbol.stated), 1),))):
                names.setdefault(symbol.name, name)
    if not size.symbols <= names.keys():
        return None
    text = formula(size.form).replace("floor(", "int(")
    return re.sub(r"[A-Za-z_]\w*", lambda match: names.get(match[0], match[0]), text)

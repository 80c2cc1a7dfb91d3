"""Exact solutions of conditions on one symbol: the sizes at which a form is zero, or not negative."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from netspec.sizes.algebra import add, constant, is_zero, scale
from netspec.sizes.domain import Domain, Row
from netspec.sizes.form import Form

Relation = Literal["==", ">="]
"""A relation of a form to zero: equal, or at least."""

LONGEST_PERIOD = 4096
"""A condition with a longer period is not solved but evaluated."""
MOST_WORK = 1 << 17
"""Likewise a condition whose evaluation over a whole period needs more steps than that."""

EVERY_SIZE = Domain.between(1)


@lru_cache(maxsize=1 << 14)
def always(difference: Form, relation: Relation) -> bool | None:
    """Return True or False if the relation holds at all sizes or at none, and None if it depends on them.

    None may also mean unknown, as for some conditions on several symbols.
    """
    # Bounds first: they decide nearly every comparison of a network, for any number of symbols.
    low, high = difference.range({})
    if relation == ">=":
        if low is not None and low >= 0:
            return True
        if high is not None and high < 0:
            return False
    else:
        if (low is not None and low > 0) or (high is not None and high < 0):
            return False
        if is_zero(difference):
            return True
    solved = solve(difference, relation)
    if solved is None:
        return None
    return True if not ~solved else None if solved else False


@lru_cache(maxsize=1 << 12)
def solve(difference: Form, relation: Relation) -> Domain | None:
    """Return the sizes at which the relation holds for a form of one symbol, or None if it is not solvable.

    Example:
        >>> from netspec.sizes.algebra import floor_divide
        >>> from netspec.sizes.form import Symbol, atom, form
        >>> height = form(0, [(atom(Symbol, "H", 224), 1)])
        >>> solve(add(floor_divide(height, 2), constant(7), -1), "==").members(9)
        [14, 15]
    """
    if len(difference.symbols) != 1:
        return None
    if difference.monotone:
        return _solve_monotone(difference, relation)
    # f >= 0 is not -f >= 1, as long as f is whole.
    if (falling := scale(difference, -1)).monotone:
        if relation == "==":
            return _solve_monotone(falling, "==")
        return ~_solve_monotone(add(falling, constant(1), -1), ">=")
    return _solve_by_residue(difference, relation)


def _solve_monotone(difference: Form, relation: Relation) -> Domain:
    first = _first_reached(difference, 0)
    if relation == ">=":
        return Domain.between(first)
    return Domain.between(first, _first_reached(difference, 1) - 1)


def _first_reached(monotone: Form, value: int) -> int:
    """Return the first size at which an increasing form is at least the value."""
    (symbol,) = monotone.symbols
    low, high = 0, 1
    # The forms here grow without bound, as every coefficient is positive: doubling ends.
    while monotone.value({symbol.name: high}) < value:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if monotone.value({symbol.name: middle}) < value:
            low = middle
        else:
            high = middle
    return high


def _solve_by_residue(difference: Form, relation: Relation) -> Domain | None:
    """Solve a form that is linear within each residue class of its period."""
    line = difference.line()
    if line is None or line[0] > LONGEST_PERIOD or line[0] * difference.weight > MOST_WORK:
        return None
    period, rise = line
    (symbol,) = difference.symbols
    rows: dict[int, Row] = {}
    for residue in range(period):
        # Sizes start at 1, so the class of 0 starts with the period itself.
        first = residue or period
        row = _solve_line(first, difference.value({symbol.name: first}), period, rise, relation)
        if row:
            rows[residue] = row
    return Domain(period, rows)._reduced()


def _solve_line(first: int, value: int, period: int, rise: int, relation: Relation) -> Row:
    """Solve ``value + t * rise`` for ``t >= 0``, with sizes ``first + t * period``."""
    if rise == 0:
        return ((first, None),) if (value == 0 if relation == "==" else value >= 0) else ()
    if relation == "==":
        steps, rest = divmod(-value, rise)
        return ((first + steps * period, first + steps * period),) if not rest and steps >= 0 else ()
    if rise > 0:
        return ((first + max(0, -(value // rise)) * period, None),)
    return ((first, first + value // -rise * period),) if value >= 0 else ()

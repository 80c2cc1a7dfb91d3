"""Descriptions of legal sizes: ``H >= 29, any``, ``H % 32 == 0``, and the guard behind each limit."""

from __future__ import annotations

from collections.abc import Iterable
from math import gcd
from typing import NamedTuple

from netspec.sizes.algebra import add, constant, scale
from netspec.sizes.context import SizeContext
from netspec.sizes.dim import Dim, Size, size_of
from netspec.sizes.domain import Domain, runs
from netspec.sizes.form import Floor, Symbol, form
from netspec.sizes.guard import Guard, Phase
from netspec.sizes.printing import formula
from netspec.sizes.solver import EVERY_SIZE

MOST_RUNS = 24
"""A finite set with at most this many runs of neighbours is listed."""


class Limit(NamedTuple):
    """One limit of a symbol, such as ``H >= 29``, and the guard behind it: the last one that changed it."""

    text: str
    guard: Guard


def describe(domain: Domain, *names: str) -> str:
    """Return the description of a domain, for one symbol or for several with the same domain.

    Example:
        >>> describe(Domain.between(29), "H", "W"), describe(Domain.between(32, 35), "H")
        ('H, W >= 29, any', 'H in 32..35')
        >>> describe(Domain(32, {0: ((32, None),)}), "H"), describe(Domain.between(224, 224), "H", "W")
        ('H % 32 == 0', 'H = W = 224')
    """
    name = ", ".join(names)
    if not domain:
        return f"no legal {name}"
    if domain.maximum is not None:
        return _describe_finite(domain, names)
    residues, period = _rule(domain)
    start = domain.minimum or 1
    rule = _repeating(residues, period)
    if period == 1:
        text = f"{name} any" if start == 1 else f"{name} >= {start}, any"
    else:
        text = f"{name} % {period} {_among(residues)}" + (f", {name} >= {start}" if start != rule.minimum else "")
    missing, extra = rule & Domain.between(start) & ~domain, domain & ~rule
    text += f", except {_listed(missing)}" if missing else ""
    return text + (f", and {_listed(extra)}" if extra else "")


def _describe_finite(domain: Domain, names: tuple[str, ...]) -> str:
    first, last = domain.minimum or 1, domain.maximum or 1
    if first == last:
        return " = ".join((*names, str(first)))
    name = ", ".join(names)
    residues, step = _rule(domain)
    if Domain.between(first, last) & _repeating(residues, step) == domain:
        return f"{name} in {first}..{last}" + (f", {name} % {step} {_among(residues)}" if step > 1 else "")
    return f"{name} in {_listed(domain)}"


def _rule(domain: Domain) -> tuple[list[int], int]:
    """Return the shortest period and the residues of all members, or of all large ones if there is no maximum."""
    # If a set has no maximum, its finite part is an exception to the rule.
    if domain.endless:
        return _shortest(domain.endless, domain.period)
    first = domain.minimum or 1
    step = 0
    for row in domain.rows.values():
        for low, high in row:
            step = gcd(step, low - first, 0 if high == low else domain.period)
    return [first % (step or 1)], step or 1


def _repeating(residues: Iterable[int], period: int) -> Domain:
    return Domain(period, {each: ((each or period, None),) for each in residues})


def _shortest(residues: Iterable[int], period: int) -> tuple[list[int], int]:
    """Return the same set of residues with the shortest period."""
    # A guard's period is that of its formula; `H % 2 == 0` may have a period of 32.
    for short in range(1, period + 1):
        if period % short == 0:
            few = {each % short for each in residues}
            if len(few) * (period // short) == len(set(residues)):
                return sorted(few), short
    raise AssertionError("the period itself is such a period")


def _among(numbers: list[int]) -> str:
    return f"== {numbers[0]}" if len(numbers) == 1 else f"in {_written(runs(numbers))}"


def _listed(domain: Domain) -> str:
    found = runs(domain.members(64 * MOST_RUNS))
    more = ", ..." if len(found) > MOST_RUNS or domain.members(64 * MOST_RUNS + 1)[64 * MOST_RUNS :] else ""
    return _written(found[:MOST_RUNS]) + more


def _written(intervals: Iterable[tuple[int, int | None]]) -> str:
    return ", ".join(_between(low, high) for low, high in intervals)


def _between(low: int, high: int | None) -> str:
    return str(low) if high == low else f"{low}, {high}" if high == low + 1 else f"{low}..{high}"


def limits(context: SizeContext, name: str, phase: Phase = "evaluation") -> tuple[Limit, ...]:
    """Return the limits of one symbol with the guard behind each: minimum, maximum and divisor.

    Example:
        >>> from netspec.sizes import Reason, symbol
        >>> height, context = symbol("H", 224), SizeContext({"H": 224})
        >>> with context.deciding(Reason(span="line 7")):
        ...     assert height // 16 >= 1 and height % 4 == 0
        >>> [limit.text for limit in limits(context, "H")]
        ['H >= 16', 'H % 4 == 0']
    """
    behind: dict[str, Limit] = {}
    before: dict[str, str] = {}
    for guard, domain in context.narrowed(name, phase):
        after = _limits_of(domain, name)
        moved = [what for what in after if after[what] != before.get(what)]
        behind = {what: behind[what] for what in after if what not in moved} | {
            what: Limit(after[what], guard) for what in moved
        }
        before = after
    return tuple(behind[what] for what in before)


def _limits_of(domain: Domain, name: str) -> dict[str, str]:
    """Return the limits of a domain: a single value, or its minimum, maximum, rule and exceptions, if any."""
    if domain.minimum == domain.maximum:
        return {"fixed": f"{name} = {domain.minimum}"}
    found = {}
    residues, period = _rule(domain)
    rule = _repeating(residues, period)
    if domain.minimum != rule.minimum:
        found["least"] = f"{name} >= {domain.minimum}"
    if domain.maximum is not None:
        found["most"] = f"{name} <= {domain.maximum}"
    if period > 1:
        found["rule"] = f"{name} % {period} {_among(residues)}"
    if rule & Domain.between(domain.minimum or 1, domain.maximum) != domain:
        found["exceptions"] = describe(domain, name)
    return found


def describe_sizes(context: SizeContext, phase: Phase = "evaluation") -> list[str]:
    """Return the legal sizes in words: a line for all symbols with the same domain, and one per further condition.

    A size that must equal a formula of others is written as that. If sizes depend on each other in another way, a last
    line is about equal sizes, as of square images.

    Example:
        >>> from netspec.sizes import Reason, symbol
        >>> context = SizeContext({"H": 224, "W": 224})
        >>> with context.deciding(Reason()):
        ...     assert symbol("H", 224) > 28 and symbol("W", 224) > 28
        >>> describe_sizes(context)
        ['H, W >= 29, any']
        >>> context = SizeContext({"image_H": 224, "mask_H": 112})
        >>> with context.deciding(Reason()):
        ...     assert symbol("mask_H", 112) == -(-symbol("image_H", 224) // 2)
        >>> describe_sizes(context)
        ['image_H any', 'mask_H = image_H/2 rounded up']
    """
    followed = following(context, phase)
    alike: dict[Domain, list[str]] = {}
    for name in context.stated:
        domain = context.domain(name, phase)
        if name not in followed or domain != EVERY_SIZE:
            alike.setdefault(domain, []).append(name)
    lines = [describe(domain, *names) for domain, names in alike.items()]
    lines += [f"{name} = {phrase(size)}" for name, (_, size) in followed.items()]
    given = {guard for guard, _ in followed.values()}
    conditions = [guard for guard in context.conditions(phase) if guard not in given]
    lines += dict.fromkeys(map(str, conditions))
    related = sorted({symbol.name for guard in conditions for symbol in guard.symbols})
    equal = context.domain_of_equal(related, phase) if len(related) > 1 else None
    return lines if equal is None else [*lines, f"where {' = '.join(related)}: {describe(equal, related[0])}"]


def following(context: SizeContext, phase: Phase = "evaluation") -> dict[str, tuple[Guard, Size]]:
    """Return the sizes that follow from those of earlier inputs and axes, with their formulas and the guards behind.

    Example:
        >>> from netspec.sizes import Reason, symbol
        >>> context = SizeContext({"H": 224, "W": 224})
        >>> with context.deciding(Reason()):
        ...     assert symbol("H", 224) == symbol("W", 224)
        >>> following(context)
        {'W': (Guard(H == W, needs, evaluation), H)}
    """
    found: dict[str, tuple[Guard, Size]] = {}
    order = list(context.stated)
    for guard in context.conditions(phase):
        last = max(guard.symbols, key=lambda each: order.index(each.name), default=None)
        if last is None or last.name in found or guard.relation != "==" or not guard.holds:
            continue
        times = dict(guard.difference.terms).get(last)
        if times not in (1, -1):
            continue
        # What is left must not have the size in it once more, as in H == W + H // 2.
        rest = add(guard.difference, form(0, ((last, 1),)), -times)
        if last not in rest.symbols:
            found[last.name] = guard, size_of(scale(rest, -times))
    return found


def phrase(size: Size) -> str:
    """Return a size as text: ``H/32 rounded up`` if it is one symbol divided, else its formula.

    Example:
        >>> from netspec.sizes import symbol
        >>> height = symbol("H", 224)
        >>> phrase(-(-height // 32)), phrase(height // 4), phrase(2 * height - 1), phrase(7)
        ('H/32 rounded up', 'H/4 rounded down', '2 * H - 1', '7')
        >>> phrase((height + 1) // 2 - 2)
        '(H - 3) // 2'
    """
    if isinstance(size, Dim) and len(size.form.terms) == 1 and not size.form.constant:
        ((each, times),) = size.form.terms
        if times == 1 and isinstance(each, Floor) and len(each.inner.terms) == 1:
            ((inner, count),) = each.inner.terms
            if count == 1 and isinstance(inner, Symbol) and each.inner.constant in (0, each.divisor - 1):
                return f"{inner.name}/{each.divisor} rounded {'up' if each.inner.constant else 'down'}"
    if isinstance(size, Dim) and len(size.form.terms) == 1 and size.form.constant:
        ((each, times),) = size.form.terms
        if times == 1 and isinstance(each, Floor):
            # The normal form keeps the summand outside; one division includes it.
            added = add(each.inner, constant(size.form.constant * each.divisor))
            return f"({formula(added)}) // {each.divisor}"
    return str(size)

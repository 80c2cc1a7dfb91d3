"""Arithmetic of forms, each result in its normal form.

Two chains of strides and poolings that compute the same size mostly reach the same form, because a division pulls out
what it divides, cancels common factors, and swallows a division within it: a ResNet's ``H / 2 / 2 / 2 / 2 / 2``,
each rounded up, is the one floor ``(H + 31) // 32``. Different forms may still be equal; ``decide`` determines that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import chain
from math import floor, gcd, prod

from netspec.sizes.form import Atom, Floor, Form, Product, Scaled, Symbol, atom, form, ordered

_memo = lru_cache(maxsize=1 << 15)
"""A table of results, bounded so that a long-running process does not keep every size."""

LARGEST_EXACT = 1 << 16
"""Numerator and denominator up to which a float is converted to its exact fraction."""


@_memo
def constant(number: int) -> Form:
    """Return the form of a plain number."""
    return ordered(int(number), ())


@_memo
def add(left: Form, right: Form, times: int = 1) -> Form:
    """Return ``left + times * right``."""
    if not right.terms:
        return ordered(left.constant + times * right.constant, left.terms)
    terms = dict(left.terms)
    # Terms that cancel have coefficient 0 here; `form` drops them.
    for each, count in right.terms:
        terms[each] = terms.get(each, 0) + times * count
    return form(left.constant + times * right.constant, terms.items())


@_memo
def scale(left: Form, number: int) -> Form:
    """Return ``left * number``."""
    if not number:
        return constant(0)
    return ordered(left.constant * number, tuple((each, times * number) for each, times in left.terms))


@_memo
def multiply(left: Form, right: Form) -> Form:
    """Return ``left * right``; a product of two open sizes stays factored."""
    if not right.terms:
        return scale(left, right.constant)
    if not left.terms:
        return scale(right, left.constant)
    number, factors = factor(left)
    other, others = factor(right)
    # In order, so that H * W and W * H are one atom.
    product = atom(Product, *sorted((*factors, *others), key=lambda each: each.key))
    return ordered(0, ((product, number * other),))


def factor(whole: Form) -> tuple[int, tuple[Form, ...]]:
    """Factor a form that is not constant into a number and forms.

    The number takes the sign if all terms share it, so that ``-H * W`` and ``H * -W`` have the same factors.
    """
    if len(whole.terms) == 1 and not whole.constant and isinstance(whole.terms[0][0], Product):
        return whole.terms[0][1], whole.terms[0][0].factors
    number = gcd(whole.constant, *(times for _, times in whole.terms))
    if whole.terms[0][1] < 0:
        number = -number
    if number == 1:
        return 1, (whole,)
    terms = tuple((each, times // number) for each, times in whole.terms)
    return number, (ordered(whole.constant // number, terms),)


@_memo
def floor_divide(left: Form, divisor: int) -> Form:
    """Return ``left // divisor``, rounded down as Python does.

    Raises:
        ZeroDivisionError: the divisor is 0.
    """
    if divisor < 0:
        left, divisor = scale(left, -1), -divisor
    if left.terms and left.terms[0][1] < 0:
        # floor(-X / d) is -floor((X + d - 1) / d). So -(-H // 2), which is how Python rounds up, becomes (H + 1) // 2,
        # and two ways to round up become equal. The other normal form, H - H // 2, would not swallow a later floor.
        return scale(floor_divide(add(constant(divisor - 1), left, -1), divisor), -1)
    # floor((a * d + r) / d) is a + floor(r / d) for whole a: multiples of d leave the floor.
    whole = {each: times // divisor for each, times in left.terms}
    rest = {each: times % divisor for each, times in left.terms if times % divisor}
    outside, inside = left.constant, 0
    if rest:
        common = gcd(divisor, *rest.values())
        # floor((common * X + k) / (common * d)) is floor((X + floor(k / common)) / d)
        divisor //= common
        outside, inside = divmod(left.constant // common, divisor)
        # neither division has changed the order of the terms
        inner = ordered(inside, tuple((each, times // common) for each, times in rest.items()))
        kept = ordered(outside, tuple(term for term in whole.items() if term[1]))
        return add(kept, _divided(inner, divisor))
    return ordered(outside // divisor, tuple(whole.items()))


def _divided(inner: Form, divisor: int) -> Form:
    """Return a floor with reduced coefficients, merged with a floor that is its only term."""
    for each, times in inner.terms:
        if times == 1 and isinstance(each, Floor):
            # floor((floor(X / b) + R) / d) is floor((X + b * R) / (b * d)), for whole R
            rest = add(inner, ordered(0, ((each, 1),)), -1)
            return floor_divide(add(each.inner, rest, each.divisor), each.divisor * divisor)
    return ordered(0, ((atom(Floor, inner, divisor), 1),))


def scaled(left: Form, number: float) -> Form:
    """Return the form times a positive float, rounded down, as torch does it in floating point."""
    exact = exact_fraction(number)
    # size * 0.75 is exact in floating point for every size below 2 ** 37, so that this is what torch computes too.
    if exact is not None:
        return floor_divide(scale(left, exact[0]), exact[1])
    if not left.terms:
        return constant(floor(left.constant * number))
    return ordered(0, ((atom(Scaled, left, number), 1),))


def exact_fraction(number: float) -> tuple[int, int] | None:
    """Return a float as a fraction where products with sizes are exact in floating point too; else None.

    Example:
        >>> exact_fraction(0.75), exact_fraction(0.7)
        ((3, 4), None)
    """
    above, below = number.as_integer_ratio()
    return (above, below) if below <= LARGEST_EXACT and abs(above) <= LARGEST_EXACT else None


def round_half_even(left: Form, divisor: int) -> Form:
    """Return ``left / divisor`` rounded to the nearest whole number and halves to the even one, as Python rounds."""
    # floor(x + 1/2) rounds halves up.
    nearest = floor_divide(add(scale(left, 2), constant(divisor)), 2 * divisor)
    if divisor % 2:
        return nearest
    # halves that were rounded up to an odd number are one too large: left = divisor / 2 modulo 2 * divisor
    half = constant(divisor // 2)
    odd = add(
        floor_divide(add(left, half, -1), 2 * divisor),
        floor_divide(add(left, add(half, constant(1)), -1), 2 * divisor),
        -1,
    )
    return add(nearest, odd, -1)


def substitute(whole: Form, sizes: Mapping[str, Form]) -> Form:
    """Return the form with some symbols replaced by forms."""
    if not any(each.name in sizes for each in whole.symbols):
        return whole
    total = constant(whole.constant)
    for each, times in whole.terms:
        total = add(total, _substituted(each, sizes), times)
    return total


def _substituted(each: Atom, sizes: Mapping[str, Form]) -> Form:
    if isinstance(each, Floor):
        return floor_divide(substitute(each.inner, sizes), each.divisor)
    if isinstance(each, Scaled):
        return scaled(substitute(each.inner, sizes), each.factor)
    if isinstance(each, Product):
        total = constant(1)
        for part in each.factors:
            total = multiply(total, substitute(part, sizes))
        return total
    if isinstance(each, Symbol) and each.name in sizes:
        return sizes[each.name]
    return ordered(0, ((each, 1),))


@_memo
def is_zero(whole: Form) -> bool:
    """Return whether the form is zero once its products are multiplied out: ``H * (W + 1) - H * W - H`` is.

    Products of many sums are not expanded: False then means unknown.
    """
    products = [each for each, _ in whole.terms if isinstance(each, Product)]
    # Expanding n sums of m terms yields m ** n terms: a hostile document must not cause that with one line.
    if any(prod(len(part.terms) + 1 for part in each.factors) > 256 for each in products):
        return False
    return not any(_expand(whole).values())


Monomials = dict[tuple[Atom, ...], int]


def _expand(whole: Form) -> Monomials:
    total: Monomials = {(): whole.constant}
    for each, times in whole.terms:
        factors: Iterable[Form] = each.factors if isinstance(each, Product) else ()
        part: Monomials = {() if factors else (each,): times}
        for one in factors:
            part = _multiply_out(part, _expand(one))
        for atoms, count in part.items():
            total[atoms] = total.get(atoms, 0) + count
    return total


def _multiply_out(left: Monomials, right: Monomials) -> Monomials:
    total: Monomials = {}
    for (atoms, times), (others, count) in ((one, other) for one in left.items() for other in right.items()):
        both = tuple(sorted(chain(atoms, others), key=lambda each: each.key))
        total[both] = total.get(both, 0) + times * count
    return total

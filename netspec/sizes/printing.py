"""The text of a form, in the arithmetic of documents: ``16 * ((H + 4) // 16) - 188``.

The normal form is printed, which ``reading`` parses into the same form. It may differ from what the author wrote: ``(H
- 1) // 2 + 1`` is printed as ``(H + 1) // 2``.
"""

from __future__ import annotations

from math import gcd

from netspec.sizes.algebra import add, constant
from netspec.sizes.form import Atom, Floor, Form, Product, Scaled, Symbol, form


def formula(whole: Form) -> str:
    """Return the form as an expression of whole numbers, with positive terms first."""
    terms = [(times, _term(each, abs(times))) for each, times in whole.terms]
    if whole.constant or not terms:
        terms.append((whole.constant, str(abs(whole.constant))))
    # `H - 1` and not `-1 + H`.
    terms.sort(key=lambda term: term[0] < 0)
    text = "".join(f" {'-' if times < 0 else '+'} {term}" for times, term in terms)
    times, first = terms[0]
    if times >= 0:
        return text[3:]
    # a minus sign binds tighter than //, so a floor after it needs parentheses
    return f"-({first})" + text[3 + len(first) :] if "//" in first else "-" + text[3:]


def condition(difference: Form, relation: str, holds: bool = True) -> str:
    """Return ``difference >= 0`` or ``== 0``, or its opposite, as a comparison without negative terms.

    Example:
        >>> from netspec.sizes import symbol
        >>> condition((symbol("H", 9) // 2 - symbol("W", 9) - 3).form, "=="), condition((5 - symbol("H", 9)).form, ">=")
        ('H // 2 == W + 3', 'H <= 5')
        >>> condition((256 * symbol("H", 9) * symbol("W", 9) - 2048).form, "==")
        'H * W == 8'
    """
    # What sizes are compared for often multiplies both sides by the channels.
    common = gcd(difference.constant, *(times for _, times in difference.terms)) or 1
    difference = form(difference.constant // common, ((each, times // common) for each, times in difference.terms))
    left = form(0, (term for term in difference.terms if term[1] > 0))
    right = form(0, ((each, -times) for each, times in difference.terms if times < 0))
    number = constant(abs(difference.constant))
    if left.terms and (difference.constant <= 0 or not right.terms):
        right = add(right, number, 1 if difference.constant <= 0 else -1)
    else:
        left = add(left, number, 1 if difference.constant >= 0 else -1)
    if relation == "==":
        sign = "==" if holds else "!="
    else:
        sign = ">=" if holds else "<"
    if not left.terms:
        # a number reads better on the right
        left, right, sign = right, left, {">=": "<=", "<": ">"}.get(sign, sign)
    if not right.terms and sign in ("<", ">"):
        right, sign = constant(right.constant + (1 if sign == ">" else -1)), sign + "="
    return f"{formula(left)} {sign} {formula(right)}"


def _term(each: Atom, times: int) -> str:
    if times == 1:
        return _written(each)
    return f"{times} * {_factor(each)}"


def _factor(each: Atom) -> str:
    return f"({_written(each)})" if isinstance(each, Floor) else _written(each)


def _written(each: Atom) -> str:
    if isinstance(each, Symbol):
        return each.name
    if isinstance(each, Floor):
        return f"{_operand(each.inner)} // {each.divisor}"
    if isinstance(each, Scaled):
        inner = formula(each.inner)
        return f"floor({inner if inner.isidentifier() else f'({inner})'} * {each.factor!r})"
    assert isinstance(each, Product)
    return " * ".join(_operand(part) for part in each.factors)


def _operand(whole: Form) -> str:
    """Return a form as an operand of ``//`` or ``*``: in parentheses unless it is a product."""
    text = formula(whole)
    return text if len(whole.terms) == 1 and not whole.constant and "//" not in text and text[0] != "-" else f"({text})"

"""Shapes over open sizes as papers write them: ``64 × ⌈H/4⌉ × ⌈W/4⌉``."""

from __future__ import annotations

from netspec.sizes import Dim, Size
from netspec.sizes.algebra import add, constant
from netspec.sizes.dim import form_of
from netspec.sizes.form import Atom, Floor, Form, Product, Scaled, Symbol, atom, form
from netspec.sizes.shape import Shape, show

_MINUS = "\N{MINUS SIGN}"


def show_open(shape: Shape) -> str:
    """Return a shape with formulas for its open sizes; one that has none is shown as elsewhere.

    Example:
        >>> from netspec.sizes import symbol
        >>> show_open((64, -(-symbol("H", 224) // 4), symbol("W", 224) // 2 - 1)), show_open((3, 8, 8))
        ('64 × ⌈H/4⌉ × ⌊(W − 2)/2⌋', '3x8x8')
    """
    if not any(isinstance(size, Dim) for size in shape):
        return show(shape)
    return " × ".join(_bracketed(size) if len(shape) > 1 else notation(size) for size in shape)


def notation(size: Size) -> str:
    """Return a size in mathematical notation.

    Example:
        >>> from netspec.sizes import symbol
        >>> height, width = symbol("H", 572), symbol("W", 572)
        >>> notation(16 * ((height + 4) // 16) - 188), notation(height * width), notation(7)
        ('16⌊(H + 4)/16⌋ − 188', 'H·W', '7')
    """
    return _sum(size.form) if isinstance(size, Dim) else str(size)


def _bracketed(size: Size) -> str:
    text = notation(size)
    whole = _joined(form_of(size))
    # What stands between ⌊ and ⌋ needs no brackets.
    return f"({text})" if len(whole.terms) + bool(whole.constant) > 1 else text


def _joined(whole: Form) -> Form:
    """Return a single floor with a number beside it as one floor: what is added goes under the fraction."""
    if len(whole.terms) == 1 and whole.constant:
        ((each, times),) = whole.terms
        if times == 1 and isinstance(each, Floor):
            inner = add(each.inner, constant(whole.constant * each.divisor))
            return form(0, ((atom(Floor, inner, each.divisor), 1),))
    return whole


def _sum(whole: Form) -> str:
    whole = _joined(whole)
    terms = [(times, _term(each, abs(times))) for each, times in whole.terms]
    if whole.constant or not terms:
        terms.append((whole.constant, str(abs(whole.constant))))
    # `H − 1` and not `−1 + H`.
    terms.sort(key=lambda term: term[0] < 0)
    text = "".join(f" {_MINUS if times < 0 else '+'} {term}" for times, term in terms)
    return text[3:] if terms[0][0] >= 0 else _MINUS + text[3:]


def _term(each: Atom, times: int) -> str:
    text = _atom(each)
    if times == 1:
        return text
    return f"{times}·{text}" if text[0].isdigit() else f"{times}{text}"


def _atom(each: Atom) -> str:
    if isinstance(each, Symbol):
        return each.name
    if isinstance(each, Floor):
        terms = each.inner.terms
        if len(terms) == 1 and each.inner.constant == each.divisor - 1:
            return f"⌈{_term(*terms[0])}/{each.divisor}⌉"
        inner = _sum(each.inner)
        return f"⌊{f'({inner})' if len(terms) > 1 or each.inner.constant else inner}/{each.divisor}⌋"
    if isinstance(each, Scaled):
        return f"⌊{each.factor:g}·({_sum(each.inner)})⌋"
    assert isinstance(each, Product)
    parts = (_sum(part) for part in each.factors)
    return "·".join(part if part.isidentifier() else f"({part})" for part in parts)

"""The text of a form, in the arithmetic of documents, and back: ``16 * ((H + 4) // 16) - 188``.

What is printed is the normal form, which reads back to the same form. It is not what somebody wrote: what was
``(H - 1) // 2 + 1`` is printed ``(H + 1) // 2``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from netspec.sizes.algebra import add, constant, floor_divide, multiply, scale, scaled
from netspec.sizes.form import Atom, Floor, Form, Product, Scaled, Symbol, form


def formula(whole: Form) -> str:
    """Return the form as an expression of whole numbers, with positive terms first."""
    terms = [(times, _term(each, abs(times))) for each, times in whole.terms]
    if whole.constant or not terms:
        terms.append((whole.constant, str(abs(whole.constant))))
    terms.sort(key=lambda term: term[0] < 0)
    text = "".join(f" {'-' if times < 0 else '+'} {term}" for times, term in terms)
    times, first = terms[0]
    if times >= 0:
        return text[3:]
    # a minus sign binds closer than //, so a floor that it stands before needs brackets
    return f"-({first})" + text[3 + len(first) :] if "//" in first else "-" + text[3:]


def condition(difference: Form, relation: str, holds: bool = True) -> str:
    """Return ``difference >= 0`` or ``== 0``, or its opposite, as a comparison without negative terms.

    Example:
        >>> from netspec.sizes import symbol
        >>> condition((symbol("H", 9) // 2 - symbol("W", 9) - 3).form, "=="), condition((5 - symbol("H", 9)).form, ">=")
        ('H // 2 == W + 3', 'H <= 5')
    """
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
    """Return a form as it stands left of ``//`` or beside ``*``: in brackets unless it is a product."""
    text = formula(whole)
    return text if len(whole.terms) == 1 and not whole.constant and "//" not in text and text[0] != "-" else f"({text})"


_TOKEN = re.compile(r"\s*(//|\d+\.\d+(?:e[+-]?\d+)?|\d+(?:e[+-]?\d+)?|[A-Za-z_]\w*|[-+*%()])")


class FormulaError(ValueError):
    """A text that is not a formula of sizes."""


def read_formula(text: str, symbols: Mapping[str, Form]) -> Form:
    """Return the form that a text stands for; ``symbols`` has the open sizes by name.

    Raises:
        FormulaError: the text is not such a formula, or names a size that is not among the symbols.
    """
    return _Reader(text, symbols).read()


class _Reader:
    """A parser by recursive descent: sums of products of brackets, names, numbers and ``floor(a * 0.7)``."""

    def __init__(self, text: str, symbols: Mapping[str, Form]) -> None:
        self.text, self.symbols = text, symbols
        self.tokens = self._split()

    def _split(self) -> list[str]:
        tokens, place, text = [], 0, self.text.rstrip()
        while place < len(text):
            found = _TOKEN.match(text, place)
            if found is None:
                raise self._error(f"{text[place:].strip()[0]!r} has no meaning")
            tokens.append(found[1])
            place = found.end()
        return tokens[::-1]

    def _error(self, message: str) -> FormulaError:
        return FormulaError(f"{self.text!r} is not a formula of sizes: {message}")

    def read(self) -> Form:
        try:
            total = self._sum()
        except RecursionError:
            raise self._error("its brackets are too deep") from None
        if self.tokens:
            raise self._error(f"unexpected {self.tokens[-1]!r}")
        return total

    def _take(self, *wanted: str) -> str:
        """Return the next token and go on, if it is one of those wanted; else return nothing and stay."""
        return self.tokens.pop() if self.tokens and self.tokens[-1] in wanted else ""

    def _need(self, wanted: str) -> None:
        if not self._take(wanted):
            raise self._error(f"{wanted!r} is missing")

    def _sum(self) -> Form:
        total = self._product()
        while sign := self._take("+", "-"):
            total = add(total, self._product(), 1 if sign == "+" else -1)
        return total

    def _product(self) -> Form:
        total = self._sign()
        while operator := self._take("*", "//", "%"):
            if operator == "*":
                total = multiply(total, self._sign())
            else:
                total = self._divide(total, self._sign(), operator)
        return total

    def _divide(self, left: Form, right: Form, operator: str) -> Form:
        if right.terms or not right.constant:
            raise self._error("sizes are divided by numbers other than 0 only")
        whole = floor_divide(left, right.constant)
        return whole if operator == "//" else add(left, scale(whole, right.constant), -1)

    def _sign(self) -> Form:
        if self._take("-"):
            return scale(self._sign(), -1)
        return self._operand()

    def _operand(self) -> Form:
        if self._take("("):
            total = self._sum()
            self._need(")")
            return total
        if not self.tokens:
            raise self._error("it ends too early")
        token = self.tokens.pop()
        if token.isdigit():
            return constant(int(token))
        if token == "floor" and self._take("("):
            return self._scaled()
        if token in self.symbols:
            return self.symbols[token]
        raise self._error(f"{token!r} is no open size")

    def _scaled(self) -> Form:
        total = self._sign()
        self._need("*")
        try:
            factor = float(self.tokens.pop())
        except (IndexError, ValueError):
            raise self._error("floor scales a size by a number") from None
        self._need(")")
        return scaled(total, factor)

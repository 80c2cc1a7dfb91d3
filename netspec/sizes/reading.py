"""Parsing sizes: the inverse of ``printing``.

Only the text form of graphs contains formulas, so that nothing else imports this.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from netspec.sizes.algebra import add, constant, floor_divide, multiply, scale, scaled
from netspec.sizes.dim import Dim, Size, keep_open
from netspec.sizes.form import Form

_TOKEN = re.compile(r"\s*(//|\d+\.\d+(?:e[+-]?\d+)?|\d+(?:e[+-]?\d+)?|[A-Za-z_]\w*|[-+*%()])")


class FormulaError(ValueError):
    """A text that is not a formula of sizes."""


def read_size(text: str, symbols: Mapping[str, Dim]) -> Size:
    """Return the size of a text, as ``str`` of a size returns it.

    Raises:
        FormulaError: the text is no formula of sizes, or names an unknown size.

    Example:
        >>> from netspec.sizes import symbol
        >>> read_size("16 * ((H + 4) // 16) - 188", {"H": symbol("H", 572)}).stated
        388
    """
    return keep_open(read_formula(text, {name: size.form for name, size in symbols.items()}))


def read_formula(text: str, symbols: Mapping[str, Form]) -> Form:
    """Return the form of a text; ``symbols`` are the open sizes by name.

    Raises:
        FormulaError: the text is no formula of sizes, or names an unknown size.
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
        # A formula comes from a file, and a hostile one may be nested deeply.
        except RecursionError:
            raise self._error("its brackets are too deep") from None
        if self.tokens:
            raise self._error(f"unexpected {self.tokens[-1]!r}")
        return total

    def _take(self, *wanted: str) -> str:
        """Consume and return the next token if it is one of those wanted; else return nothing."""
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
            # As in documents, a quotient of two open sizes is decided, and has no formula.
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

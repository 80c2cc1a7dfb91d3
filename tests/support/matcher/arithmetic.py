"""Sums and products in normal form: flat, unordered, with one coefficient for each operand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.support.matcher.canonical import FULL, Emitter, Value, number


class Term(NamedTuple):
    """A value in a sum (weight is its coefficient) or in a product (weight is its exponent)."""

    value: Value
    weight: float = 1.0
    pattern: str = FULL


@dataclass
class Arithmetic(Emitter):
    """Makes sums and products; each remembers its terms, so that one inside another can be opened."""

    _sums: dict[int, tuple[list[Term], float]] = field(default_factory=dict)
    _products: dict[int, list[Term]] = field(default_factory=dict)

    def affine(self, terms: Iterable[Term], constant: float, size: int) -> Value:
        """The weighted sum of values plus a constant."""
        weights: dict[tuple[Value, str], float] = {}
        for term, extra in self._addends(terms):
            constant += extra
            if term is not None:
                weights[term.value, term.pattern] = weights.get((term.value, term.pattern), 0.0) + term.weight
        kept = [Term(value, weight, runs) for (value, runs), weight in weights.items() if weight != 0]
        if not kept:
            return self.fill(constant, size)
        if len(kept) == 1 and constant == 0 and number(kept[0].weight) == "1":
            return self.broadcast(kept[0].value, kept[0].pattern, size)
        common = self._common_factors(kept) if constant == 0 else []
        if common:
            rest = [self._divided(term, common, size) for term in kept]
            return self.product([*common, Term(self.affine(rest, 0.0, size))], 1.0, size)
        labelled = sorted((_label(number(term.weight) + " x", "1 x", term), term.value) for term in kept)
        result = self.emit("sum", labelled, constant=number(constant))
        self._sums[result.node] = (kept, constant)
        return result

    def scaled(self, value: Value) -> Term:
        """A value as a number times another one, which it is without a scale too."""
        terms, constant = self._sums.get(value.node, ([], 0.0))
        alone = len(terms) == 1 and constant == 0 and terms[0].pattern == FULL
        return terms[0] if alone else Term(value)

    def product(self, factors: Iterable[Term], coefficient: float, size: int) -> Value:
        """The product of powers of values, times a coefficient."""
        kept: list[Term] = []
        for factor, extra in self._factors(factors):
            coefficient *= extra
            if factor is not None:
                kept.append(factor)
        if coefficient == 0 or not kept:
            return self.fill(coefficient, size)
        if len(kept) == 1 and kept[0].weight == 1:
            return self.affine([kept[0]._replace(weight=coefficient)], 0.0, size)
        labelled = sorted(
            (_label("power " + number(factor.weight), "power 1", factor), factor.value) for factor in kept
        )
        result = self.emit("product", labelled)
        self._products[result.node] = kept
        return self.affine([Term(result, coefficient)], 0.0, size)

    def _common_factors(self, terms: Sequence[Term]) -> list[Term]:
        """What can be taken out of a sum of several terms, so that x + x * y is x * (1 + y)."""
        if len(terms) < 2 or any(term.pattern != FULL for term in terms):
            return []
        factors = [self._products.get(term.value.node, [Term(term.value)]) for term in terms]
        if any(factor.pattern != FULL for each in factors for factor in each):
            return []
        return [factor for factor in factors[0] if factor.weight == 1 and all(factor in each for each in factors[1:])]

    def _divided(self, term: Term, common: Sequence[Term], size: int) -> Term:
        factors = self._products.get(term.value.node, [Term(term.value)])
        return Term(self.product([each for each in factors if each not in common], term.weight, size))

    def _addends(self, terms: Iterable[Term]) -> Iterator[tuple[Term | None, float]]:
        for term in map(self._unwrapped, terms):
            constant = self.filled_with(term.value)
            if constant is not None:
                yield None, term.weight * constant
                continue
            inner, offset = self._sums.get(term.value.node, ([], 0.0))
            if not inner or not _nests(inner, term):
                yield term, 0.0
                continue
            yield None, term.weight * offset
            for part in inner:
                yield Term(part.value, part.weight * term.weight, part.pattern or term.pattern), 0.0

    def _factors(self, factors: Iterable[Term]) -> Iterator[tuple[Term | None, float]]:
        pending = list(factors)[::-1]
        while pending:
            factor = self._unwrapped(pending.pop())
            constant = self.filled_with(factor.value)
            if constant is not None and (constant or factor.weight > 0):
                yield None, constant**factor.weight
                continue
            inner, offset = self._sums.get(factor.value.node, ([], 0.0))
            if len(inner) == 1 and offset == 0 and _nests(inner, factor):
                yield None, inner[0].weight ** factor.weight
                pending.append(Term(inner[0].value, factor.weight, inner[0].pattern or factor.pattern))
                continue
            parts = self._products.get(factor.value.node, [])
            if parts and _nests(parts, factor):
                pending += [Term(p.value, p.weight * factor.weight, p.pattern or factor.pattern) for p in parts[::-1]]
                continue
            yield factor, 1.0

    def _unwrapped(self, term: Term) -> Term:
        node = self.node(term.value)
        if node.op != "broadcast" or term.pattern != FULL:
            return term
        return Term(node.operands[0].value, term.weight, str(node.attribute("pattern")))


def _label(text: str, plain: str, term: Term) -> str:
    name = "operand" if text == plain else text
    return f"{name} over {term.pattern}" if term.pattern else name


def _nests(inner: Sequence[Term], outer: Term) -> bool:
    """Whether the operands of a nested sum or product can stand in the outer one."""
    return outer.pattern == FULL or all(part.pattern == FULL for part in inner)

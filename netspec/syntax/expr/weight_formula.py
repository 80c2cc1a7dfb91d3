"""Formulas of weights: over tensors, which they may also join, as in ``concat(q_bias, zeros(dim), v_bias)``."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from netspec.syntax.expr.elementwise import ELEMENTWISE
from netspec.syntax.expr.error import MAX_CHARACTERS
from netspec.syntax.expr.formula import Formula
from netspec.syntax.expr.formula_builder import FormulaBuilder
from netspec.syntax.expr.function import CALLS, Function
from netspec.syntax.expr.value import Value


def _misplaced(*parts: Any) -> Any:
    raise AssertionError("these calls are taken out of a formula before it is evaluated")


MAKING: dict[str, Function] = {
    "concat": Function(_misplaced, 1, MAX_CHARACTERS, "concat(a, b, ...): tensors one behind the other"),
    "zeros": Function(_misplaced, 1, 8, "zeros(n, ...): a tensor of zeros of these sizes"),
    "ones": Function(_misplaced, 1, 8, "ones(n, ...): a tensor of ones of these sizes"),
}
"""The functions that make tensors, which are computed before the elements of a formula."""


class WeightFormula(Formula):
    """A text that is computed of tensors; ``parse_weight_formula`` makes and caches them.

    Example:
        >>> formula = parse_weight_formula("2 * concat(a, zeros(3), b)")
        >>> [text.strip() for text in formula.parts()], formula.around(["_1"]).strip()
        (['concat(a, zeros(3), b)'], '2 * _1')
    """

    __slots__ = ()

    @staticmethod
    def _builder(text: str) -> FormulaBuilder:
        return _WeightBuilder(text)

    def is_over_values(self, scope: Mapping[str, object]) -> bool:
        """Return whether the text reads elements of values, rather than numbers and sizes alone."""
        if any(self._calls()):
            return True
        sizes = {id(node.value) for node in ast.walk(self.tree) if isinstance(node, ast.Attribute)}
        names = (node for node in ast.walk(self.tree) if isinstance(node, ast.Name) and id(node) not in sizes)
        return any(isinstance(scope.get(node.id), Value) for node in names)

    def parts(self) -> list[str]:
        """Return the calls of functions that make tensors, each as a text in which offsets stay true."""
        return [self._padded(node) for node in self._calls()]

    def around(self, names: list[str]) -> str:
        """Return the text with names in place of these calls; a name is no longer than what it stands for."""
        text = self.text
        for node, name in zip(self._calls(), names, strict=True):
            start, stop = self._ends(node)
            text = text[:start] + name.ljust(stop - start) + text[stop:]
        return text

    def call(self) -> tuple[str, list[str]] | None:
        """Return the function and the arguments of a text that is nothing but a call that makes a tensor."""
        match self.tree:
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in MAKING:
                return name, [self._padded(each) for each in arguments]
        return None

    def _calls(self) -> Iterator[ast.expr]:
        """Yield the outermost calls of functions that make tensors, in the order of the text."""
        pending: list[ast.AST] = [self.tree]
        found: list[ast.Call] = []
        for node in pending:  # it grows meanwhile
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKING:
                found.append(node)
            else:
                pending.extend(ast.iter_child_nodes(node))
        return iter(sorted(found, key=lambda node: node.col_offset))

    def _ends(self, node: ast.expr) -> tuple[int, int]:
        blanks = len(self.text) - len(self.text.lstrip())
        return blanks + node.col_offset, blanks + (node.end_col_offset or 0)

    def _padded(self, node: ast.expr) -> str:
        start, stop = self._ends(node)
        return " " * start + self.text[start:stop]


@lru_cache(maxsize=1024)
def parse_weight_formula(text: str) -> WeightFormula:
    """Return the formula that the text spells, from the cache if it was seen before.

    Raises:
        ExpressionError: the text is no formula, leaves the alphabet, or is too long or too deep.
    """
    return WeightFormula(text)


class _WeightBuilder(FormulaBuilder):
    calls: Mapping[str, Function] = {**CALLS, **ELEMENTWISE, **MAKING}

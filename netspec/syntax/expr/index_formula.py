"""Formulas over indices: what a constant tensor holds at each place, such as ``0 if k <= q else -inf``.

They are written as formulas over values are, and their names are the indices of the tensor's axes, beside arguments.
An element is what the expression gives for its indices, which are whole numbers from 0.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

from netspec.limits import spend
from netspec.sizes import Dim, at_stated_sizes, stated
from netspec.syntax.expr.builder import Builder, Scope, Thunk
from netspec.syntax.expr.error import ExpressionError
from netspec.syntax.expr.formula import Formula
from netspec.syntax.expr.formula_builder import FormulaBuilder
from netspec.syntax.expr.operation import Operation
from netspec.syntax.expr.term import Term, numbers_in, open_sizes_in, tree_of
from netspec.syntax.expr.value import NUMBERS, Value, mismatch, plain

MOST_PLACES = 256
"""The elements of a constant that are computed to see whether it has values: of a small one, all of them."""


class Index:
    """What a scope holds for the index of an axis."""

    def __repr__(self) -> str:
        return "index"


class EvaluatedIndexFormula(NamedTuple):
    """A formula in which only indices and open sizes are left."""

    text: str
    numbers: tuple[str | None, ...]
    """Each number of the text as the document writes it, where it is more than a number there."""
    sizes: dict[str, Dim]
    """The open sizes, by the names that stand for them in the text."""


class IndexFormula(Formula):
    """A text that is computed for each place of a tensor; ``parse_index_formula`` makes and caches them.

    Example:
        >>> formula = parse_index_formula("t * 10000 ** (-2 * i / head)")
        >>> formula.evaluate_at({"t": 8, "i": 4}, {"head": 8}).text
        't * 10000 ** (-2 * i / 8)'
    """

    __slots__ = ("_known_at",)

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._known_at: dict[Hashable, EvaluatedIndexFormula] = {}

    @staticmethod
    def _builder(text: str) -> FormulaBuilder:
        return _IndexBuilder(text)

    def evaluate_at(self, axes: Mapping[str, int | Dim], scope: Scope) -> EvaluatedIndexFormula:
        """Return what is left to compute for each place of a tensor with these axes.

        Raises:
            ExpressionError: a name is unknown, or an element has no value.
            LimitExceededError: the formulas and lists of the network are too many.
        """
        known = self._key({**{name: scope.get(name) for name in self.reads}, **dict.fromkeys(axes, 0)})
        key = None if known is None or any(type(each) is Dim for each in axes.values()) else (known, *axes.items())
        return self._remembered(self._known_at, key, lambda: self._evaluated_at(axes, scope))

    def _evaluated_at(self, axes: Mapping[str, int | Dim], scope: Scope) -> EvaluatedIndexFormula:
        self._compute_some(axes, scope)
        result = self._thunk({**{name: scope[name] for name in self.reads if name in scope}, **_indices(axes)})
        tree = _tree_of(result, self.tree)
        sizes: dict[str, Dim] = {}
        numbers = tuple(None if hasattr(each, "size") else getattr(each, "written", None) for each in numbers_in(tree))
        for constant, size in open_sizes_in(tree):
            constant.value = _name(size, sizes, axes)
        return EvaluatedIndexFormula(ast.unparse(_Named().visit(tree)), numbers, sizes)

    def _compute_some(self, axes: Mapping[str, int | Dim], scope: Scope) -> None:
        """Compute elements as an expression of numbers does; raise the error of the first that has no value."""
        known = {name: _stated(scope[name]) for name in self.reads if name in scope}
        for place in _places([stated(size) for size in axes.values()]):
            spend(self._length)
            indices = dict(zip(axes, place, strict=True))
            try:
                self._thunk({**known, **indices})
            except ExpressionError as error:
                read = [f"{name} = {index}" for name, index in indices.items() if name in self.reads]
                error.message += f" where {' and '.join(read)}" if read else ""
                raise


@lru_cache(maxsize=1024)
def parse_index_formula(text: str) -> IndexFormula:
    """Return the formula that the text spells, from the cache if it was seen before.

    Raises:
        ExpressionError: the text is no formula, leaves the alphabet, or is too long or too deep.
    """
    return IndexFormula(text)


def _indices(axes: Mapping[str, object]) -> dict[str, Index]:
    return {name: Index() for name in axes}


def _places(sizes: list[int]) -> Iterator[tuple[int, ...]]:
    """Yield evenly spaced places, the first and the last of each axis among them."""
    per_axis = max(2, int(MOST_PLACES ** (1 / len(sizes)))) if len(sizes) <= 8 else 1
    return product(*(sorted({(size - 1) * step // max(per_axis - 1, 1) for step in range(per_axis)}) for size in sizes))


def _stated(value: Any) -> Any:
    return Value(tuple(map(stated, value.shape))) if isinstance(value, Value) else at_stated_sizes(value)


def _tree_of(result: Any, node: ast.expr) -> ast.expr:
    if isinstance(result, Term):
        return result.tree
    if type(result) not in NUMBERS:
        raise mismatch("a constant holds numbers and booleans", result)
    return ast.Name(str(result).lower()) if type(result) is bool else tree_of(result, node)


def _name(size: Dim, sizes: dict[str, Dim], axes: Mapping[str, object]) -> str:
    """Return the name of an open size, the same for equal ones."""
    known = next((name for name, each in sizes.items() if each is size), None)
    if known is None:
        free = (f"size{number}" for number in range(1, len(sizes) + len(axes) + 2))
        known = next(name for name in free if name not in sizes and name not in axes)
        sizes[known] = size
    return known


class _Named(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return ast.Name(node.value) if isinstance(node.value, str) else node


class _IndexBuilder(FormulaBuilder):
    """Builds closures that compute with numbers as in any expression, and make trees of what depends on indices."""

    def name(self, node: ast.Name, convert: Callable[[object], Any]) -> Thunk:
        if node.id == "inf":
            return super().name(node, convert)
        # Values are here for their sizes, which are numbers.
        lookup = Builder.name(self, node, plain)

        def element(scope: Scope) -> Any:
            found = lookup(scope)
            return Term("value", ast.Name(node.id)) if isinstance(found, Index) else found

        return element

    def _applied(self, node: ast.expr, operate: Operation, operands: Sequence[Thunk], usage: str = "") -> Thunk:
        match node:
            case ast.Call(func=ast.Name(id="float" | "int" as name)):
                (operand,) = operands
                on_number = self._guarded(node, operate, usage)

                def converted(scope: Scope) -> Any:
                    part = operand(scope)
                    if isinstance(part, Term) and part.kind == "value":
                        return Term("value", ast.Call(ast.Name(name), [part.tree], []))
                    return on_number(part)

                return converted
        return super()._applied(node, operate, operands, usage)

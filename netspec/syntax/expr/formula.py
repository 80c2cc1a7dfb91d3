"""Formulas: expressions over values, which are computed element by element.

A formula is written in the language of all expressions. Evaluating one gives what is left for the network to compute:
everything that depends on arguments and plain sizes alone is a number by then, and conditions on them are decided.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Hashable
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from netspec.limits import spend
from netspec.syntax.expr.builder import Scope, unknown_name
from netspec.syntax.expr.error import MAX_CHARACTERS, ExpressionError
from netspec.syntax.expr.formula_builder import FormulaBuilder
from netspec.syntax.expr.syntax import read
from netspec.syntax.expr.term import (
    Term,
    is_number,
    numbers_in,
    open_sizes_in,
)
from netspec.syntax.expr.value import Value

Result = TypeVar("Result")

ITEMS_PER_NODE = 60
"""Evaluating a node of a formula takes as long as going over so many items of a list: its tree is made and written."""
MOST_KNOWN = 64
"""The most evaluations that a formula keeps."""
MAX_EVALUATED = 8192
"""The characters of a formula whose numbers are written out: the operators of its text bound how many there are."""


class Evaluated(NamedTuple):
    """What is left of a formula for the network to compute."""

    text: str
    """A formula over values, numbers, and sizes that stay open."""
    numbers: tuple[str | None, ...]
    """Each number of the text as the document writes it, where it is more than a number there."""
    value: str | None = None
    """The name of a value, where nothing is left to compute of it."""


class Formula:
    """A text that is computed element by element; ``parse_formula`` makes and caches them.

    ``reads`` are the names that it looks up in a scope: values and arguments. ``leaves`` is how many names and numbers
    it has, however often it has one.

    Example:
        >>> formula = parse_formula("x * (1 + scale ** 2)")
        >>> formula.reads, formula.evaluate({"x": Value((8, 4)), "scale": 3}).text
        (('x', 'scale'), 'x * 10')
    """

    __slots__ = ("_known", "_length", "_places", "_reads_sizes", "_thunk", "leaves", "reads", "text", "tree")

    def __init__(self, text: str, limit: int = MAX_CHARACTERS) -> None:
        self.text = text
        self.tree = read(text, limit)
        builder = self._builder(text)
        self._thunk = builder.build(self.tree, 1)
        self._places = builder.names
        self.reads = tuple(sorted(self._places, key=lambda name: self._places[name]))
        nodes = list(ast.walk(self.tree))
        self._length = len(nodes)
        self.leaves = sum(isinstance(node, (ast.Name, ast.Constant)) for node in nodes)
        self._reads_sizes = any(isinstance(node, ast.Attribute) for node in nodes)
        self._known: dict[Hashable, Evaluated] = {}

    @staticmethod
    def _builder(text: str) -> FormulaBuilder:
        return FormulaBuilder(text)

    def unknown(self, known: Collection[str]) -> list[ExpressionError]:
        """Return the errors that ``evaluate`` would raise in a scope of no other names than these."""
        return [unknown_name(name, known).at(*self._places[name]) for name in self.reads if name not in known]

    def evaluate(self, scope: Scope) -> Evaluated:
        """Return what is left to compute in a scope of values, numbers and lists.

        Raises:
            ExpressionError: a name is unknown, a part has no value, or nothing depends on a value.
            LimitExceededError: the formulas and lists of the network are too many.
        """
        return self._remembered(self._known, self._key(scope), lambda: self._evaluated(scope))

    def _remembered(self, known: dict[Hashable, Result], key: Hashable, evaluate: Callable[[], Result]) -> Result:
        """Return what was evaluated for a key before, or else evaluate it; nothing is kept for None."""
        if key is None or key not in known:
            spend(self._length * ITEMS_PER_NODE)
            evaluated = evaluate()
            if key is None:
                return evaluated
            if len(known) == MOST_KNOWN:
                known.clear()
            known[key] = evaluated
        return known[key]

    def number(self, scope: Scope) -> Any:
        """Return what the formula is in a scope of numbers alone."""
        spend(self._length)
        return self._thunk(scope)

    def _key(self, scope: Scope) -> Hashable:
        """Return all that the result depends on in a scope; None where that is more than dtypes and numbers."""
        if self._reads_sizes:
            return None  # conditions on sizes are recorded for each step
        known: list[Hashable] = []
        for name in self.reads:
            held = scope.get(name)
            if isinstance(held, Value):
                known.append(held.dtype)
            elif type(held) in (int, float, bool):
                known.append((type(held), held))
            else:
                return None
        return tuple(known)

    def _evaluated(self, scope: Scope) -> Evaluated:
        result = self._thunk(scope)
        if not isinstance(result, Term) or result.kind == "number":
            raise ExpressionError("the formula reads no value", 0, len(self.text), "it computes on `x`, or on a label")
        for _, size in open_sizes_in(result.tree):
            int(size)  # its numbers are part of the text
        if isinstance(result.tree, ast.Name):
            return Evaluated(result.tree.id, (), value=result.tree.id)
        numbers = tuple(getattr(each, "written", None) for each in numbers_in(result.tree))
        evaluated = Evaluated(ast.unparse(result.tree), numbers)
        # Of two numbers, the dtype of what is chosen is that of the first value.
        first = scope[parse_evaluated(evaluated.text).reads[0]]
        is_float = isinstance(first, Value) and first.dtype == "float"
        if not is_float and any(map(_is_choice_of_numbers, ast.walk(result.tree))):
            message = "a formula that chooses between two numbers reads a float first"
            raise ExpressionError(message, 0, len(self.text), "as in `where(mask, x, 0)`")
        return evaluated


@lru_cache(maxsize=1024)
def parse_formula(text: str) -> Formula:
    """Return the formula that the text spells, from the cache if it was seen before.

    Raises:
        ExpressionError: the text is no formula, leaves the alphabet, or is too long or too deep.
    """
    return Formula(text)


@lru_cache(maxsize=1024)
def parse_evaluated(text: str) -> Formula:
    """Return the formula of a text that evaluating another one gave, in which all names are values."""
    return Formula(text, MAX_EVALUATED)


def _is_choice_of_numbers(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="where"), args=[_, *branches]):
            return all(map(is_number, branches))
    return False

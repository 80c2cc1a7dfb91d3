"""Formulas: expressions over values, which are computed element by element.

A formula is written in the language of all expressions. Evaluating one gives what is left for the network to compute:
everything that depends on arguments and plain sizes alone is a number by then, and conditions on them are decided.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, Literal, NamedTuple

from netspec.limits import spend
from netspec.sizes.shape import axis_named
from netspec.syntax.expr.builder import Builder, Scope, Thunk, unknown_name
from netspec.syntax.expr.elementwise import ELEMENTWISE
from netspec.syntax.expr.error import MAX_CHARACTERS, ExpressionError
from netspec.syntax.expr.function import CALLS, Function
from netspec.syntax.expr.operation import RELATIONS, Operation, attribute_of, truth
from netspec.syntax.expr.syntax import SYMBOLS, read
from netspec.syntax.expr.term import (
    Term,
    arithmetic,
    condition_of,
    fixed,
    is_number,
    numbers_in,
    open_number,
    open_sizes_in,
    refuse_condition,
    tree_of,
    trees_of,
)
from netspec.syntax.expr.value import OPEN, Value, plain

ITEMS_PER_NODE = 60
"""Evaluating a node of a formula takes as long as going over so many items of a list: its tree is made and written."""
MOST_KNOWN = 64
"""The most evaluations that a formula keeps."""
MAX_EVALUATED = 8192
"""The characters of a formula whose numbers are written out: the operators of its text bound how many there are."""


_KINDS: Mapping[str, Literal["condition", "integer"]] = {"bool": "condition", "int64": "integer"}
"""What the elements of a dtype are; all others are numbers."""


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
        key = self._key(scope)
        if key is None or key not in self._known:
            spend(self._length * ITEMS_PER_NODE)
            evaluated = self._evaluated(scope)
            if key is None:
                return evaluated
            if len(self._known) == MOST_KNOWN:
                self._known.clear()
            self._known[key] = evaluated
        return self._known[key]

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


class FormulaBuilder(Builder):
    """Builds closures that compute with numbers as in any expression, and make trees of what depends on values."""

    calls: Mapping[str, Function] = {**CALLS, **ELEMENTWISE}

    def name(self, node: ast.Name, convert: Callable[[object], Any]) -> Thunk:
        if node.id == "inf":
            infinite = Term("number", ast.Name("inf"), size=lambda: math.inf)
            return lambda scope: infinite
        lookup = super().name(node, plain)
        several = self._guarded(node, _refuse_several)

        def element(scope: Scope) -> Any:
            found = lookup(scope)
            if isinstance(found, Value):
                return Term(_KINDS.get(found.dtype, "value"), ast.Name(node.id), found)
            return several(found) if type(found) is list else found

        return element

    def _applied(self, node: ast.expr, operate: Operation, operands: Sequence[Thunk], usage: str = "") -> Thunk:
        on_numbers = self._guarded(node, operate, usage)
        on_terms = self._guarded(node, partial(_combine, node, operate), usage)

        def applied(scope: Scope) -> Any:
            parts = [operand(scope) for operand in operands]
            return (on_terms if any(isinstance(each, Term) for each in parts) else on_numbers)(*parts)

        return applied

    def _boolean(self, node: ast.BoolOp, depth: int) -> Thunk:
        self._count(node, len(node.values) - 1)
        decisive = isinstance(node.op, ast.Or)
        links = [
            (self.build(value, depth + 1), self._guarded(value, truth), self._guarded(value, condition_of))
            for value in node.values
        ]

        def boolean(scope: Scope) -> Any:
            terms = []
            for operand, true, condition in links:
                part = operand(scope)
                if isinstance(part, Term):
                    terms.append(condition(part))
                elif true(part) is decisive:
                    return decisive
            return _joined(terms, node.op) if terms else not decisive

        return boolean

    def _comparison(self, node: ast.Compare, depth: int) -> Thunk:
        self._count(node, len(node.ops))
        nodes = [node.left, *node.comparators]
        operands = self._all(nodes, depth)
        relations = [
            self._guarded(
                node, partial(_related, kind, self._operation(node, kind, RELATIONS), nodes[place : place + 2])
            )
            for place, kind in enumerate(node.ops)
        ]

        def comparison(scope: Scope) -> Any:
            terms, left = [], operands[0](scope)
            for relation, operand in zip(relations, operands[1:], strict=True):
                right = operand(scope)
                holds = relation(left, right)
                if isinstance(holds, Term):
                    terms.append(holds.tree)
                elif not holds:
                    return False
                left = right
            return _joined(terms, ast.And()) if terms else True

        return comparison

    def _conditional(self, node: ast.IfExp, depth: int) -> Thunk:
        test, then, other = self._all([node.test, node.body, node.orelse], depth)
        decided = self._guarded(node.test, _decided)
        chosen = self._guarded(node, lambda *parts: _choice(parts, (node.test, node.body, node.orelse)))

        def conditional(scope: Scope) -> Any:
            condition = test(scope)
            if isinstance(condition, Term) and condition.kind != "number":
                return chosen(condition, then(scope), other(scope))
            return then(scope) if decided(condition) else other(scope)

        return conditional


def _refuse_several(found: list[Any]) -> list[Any]:
    if any(isinstance(each, Value) for each in found):
        help = "label each of them, as in `as: [a, b]`"
        raise ExpressionError("a formula takes values one by one, and this names several", help=help)
    return found


def _combine(node: ast.expr, operate: Operation, *parts: Any) -> Any:
    """Return what an operation gives where at least one operand is no plain number."""
    match node:
        case ast.BinOp():
            return arithmetic(ast.BinOp(*trees_of(parts, (node.left, node.right), node.op)), operate, parts)
        case ast.UnaryOp(op=ast.Not()):
            return Term("condition", ast.UnaryOp(ast.Not(), condition_of(parts[0])))
        case ast.UnaryOp():
            tree = tree_of(parts[0], node.operand)
            if isinstance(node.op, ast.UAdd):
                return parts[0]
            return arithmetic(ast.UnaryOp(node.op, tree), operate, parts)
        case ast.Attribute():
            return _attribute(node, parts[0])
        case ast.Call(func=ast.Name()):
            return _call(node, operate, parts)
    # Lists and indices: their elements are numbers.
    return operate(*[fixed(open_number(each)) for each in parts])


def _attribute(node: ast.Attribute, part: Any) -> Any:
    if part.value is None:
        help = f"read it of a label, as in `x.{node.attr}`"
        raise ExpressionError(f"what a formula computes has no .{node.attr}", help=help)
    found = attribute_of(node.attr, part.value)
    if type(found) is list:
        return [_size(each, part, axis) for axis, each in enumerate(found)]
    return _size(found, part, axis_named(node.attr, part.value.shape) or 0)


def _size(size: Any, part: Term, axis: int) -> Any:
    if type(size) not in OPEN:
        return size
    shape = ast.Attribute(part.tree, "shape")
    return Term("number", ast.Subscript(shape, ast.Constant(axis)), size=lambda: size)


def _call(node: ast.Call, operate: Operation, parts: Sequence[Any]) -> Any:
    assert isinstance(node.func, ast.Name)
    name = node.func.id
    if name == "where":
        return _choice(parts, node.args)
    if all(each.kind == "number" for each in parts if isinstance(each, Term)):
        return _of_sizes(name, node, operate, parts)
    if name not in ELEMENTWISE:
        raise ExpressionError(
            f"{name}() takes numbers, not values", help="of elements a formula computes " + " ".join(ELEMENTWISE)
        )
    if name in ("min", "max") and len(parts) == 1:
        raise ExpressionError(f"{name}() of one value")
    if name == "clamp" and any(isinstance(each, Term) and each.kind != "number" for each in parts[1:]):
        raise ExpressionError("clamp() has numbers for its bounds", help="of values, min() and max() choose")
    return Term("value", ast.Call(ast.Name(name), list(map(tree_of, parts, node.args)), []))


def _of_sizes(name: str, node: ast.Call, operate: Operation, parts: Sequence[Any]) -> Any:
    """Return a function of open sizes: roots stay open, and for all others the sizes are fixed."""
    if name in ("sqrt", "rsqrt"):
        power = ast.Constant(0.5) if name == "sqrt" else ast.UnaryOp(ast.USub(), ast.Constant(0.5))
        tree = ast.BinOp(tree_of(parts[0], node.args[0]), ast.Pow(), power)
        return Term("number", tree, size=lambda: operate(open_number(parts[0])))
    return operate(*[fixed(open_number(each)) for each in parts])


def _joined(conditions: list[ast.expr], op: ast.boolop) -> Term:
    return Term("condition", conditions[0] if len(conditions) == 1 else ast.BoolOp(op, conditions))


def _is_choice_of_numbers(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="where"), args=[_, *branches]):
            return all(map(is_number, branches))
    return False


def _compared(part: Any, node: ast.expr) -> ast.expr:
    return part.tree if isinstance(part, Term) and part.kind == "integer" else tree_of(part, node)


def _related(kind: ast.cmpop, relate: Operation, nodes: Sequence[ast.expr], left: Any, right: Any) -> Any:
    parts = (left, right)
    terms = [each for each in parts if isinstance(each, Term)]
    if all(each.kind == "number" for each in terms):
        return relate(*map(open_number, parts))
    if SYMBOLS[type(kind)] in ("==", "!=", "is", "is not") and (None in parts):
        return SYMBOLS[type(kind)] in ("!=", "is not")
    if SYMBOLS[type(kind)] not in ("==", "!=", "<", "<=", ">", ">="):
        raise ExpressionError("elements are no items of a list", help="compare them with < <= > >= == and !=")
    return Term("condition", ast.Compare(_compared(left, nodes[0]), [kind], [_compared(right, nodes[1])]))


def _decided(condition: Any) -> bool:
    return truth(open_number(condition))


def _choice(parts: Sequence[Any], nodes: Sequence[ast.expr]) -> Any:
    """Return one of two parts where a condition is known, and else their choice for each element."""
    condition, then, other = parts
    if not isinstance(condition, Term) or condition.kind == "number":
        return then if _decided(condition) else other
    if condition.kind != "condition":
        refuse_condition(condition)
    chosen = [condition.tree, tree_of(then, nodes[1]), tree_of(other, nodes[2])]
    return Term("value", ast.Call(ast.Name("where"), chosen, []))

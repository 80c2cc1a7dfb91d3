"""The closures of formulas: with numbers they compute as in any expression, and of values they make trees."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

from netspec.sizes.shape import axis_named
from netspec.syntax.expr.builder import Builder, Scope, Thunk
from netspec.syntax.expr.elementwise import ELEMENTWISE
from netspec.syntax.expr.error import ExpressionError
from netspec.syntax.expr.function import CALLS, Function
from netspec.syntax.expr.operation import RELATIONS, Operation, attribute_of, truth
from netspec.syntax.expr.syntax import SYMBOLS
from netspec.syntax.expr.term import (
    Term,
    arithmetic,
    condition_of,
    fixed,
    open_number,
    refuse_condition,
    tree_of,
    trees_of,
)
from netspec.syntax.expr.value import OPEN, Value, plain

_KINDS: Mapping[str, Literal["condition", "integer"]] = {"bool": "condition", "int64": "integer"}
"""What the elements of a dtype are; all others are numbers."""


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

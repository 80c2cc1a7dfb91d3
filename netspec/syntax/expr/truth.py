"""The truth of conditions that is known whatever their names stand for."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from netspec.sizes.shape import AXIS_NAMES
from netspec.syntax.expr.error import ExpressionError
from netspec.syntax.expr.expression import parse
from netspec.syntax.expr.syntax import SYMBOLS, read

_OPPOSITES: dict[type[ast.cmpop], ast.cmpop] = {
    ast.Eq: ast.NotEq(),
    ast.NotEq: ast.Eq(),
    ast.Lt: ast.GtE(),
    ast.GtE: ast.Lt(),
    ast.Gt: ast.LtE(),
    ast.LtE: ast.Gt(),
    ast.In: ast.NotIn(),
    ast.NotIn: ast.In(),
}


_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_SIZES = AXIS_NAMES


def known_truth(text: str, least: Mapping[str, float] = MappingProxyType({})) -> bool | None:
    """Return the truth that a condition has whatever its names stand for; None where it depends on them.

    ``least`` has the smallest numbers that names can stand for.

    Example:
        >>> known_truth("deep or 1 > 0"), known_truth("n > 0 and n <= 0"), known_truth("deep or wide")
        (True, False, None)
        >>> known_truth("x.channels >= 1"), known_truth("n > 0", {"n": 1}), known_truth("n > 1", {"n": 1})
        (True, True, None)
    """
    try:
        return _truth(read(text), least)
    except ExpressionError:
        return None


def _truth(node: ast.expr, least: Mapping[str, float]) -> bool | None:
    if isinstance(node, ast.BoolOp):
        return _joined(node.values, least, decides=isinstance(node.op, ast.Or))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = _truth(node.operand, least)
        return None if inner is None else not inner
    if isinstance(node, ast.IfExp):
        taken, left = _truth(node.body, least), _truth(node.orelse, least)
        chosen = _truth(node.test, least)
        return (taken if taken == left else None) if chosen is None else taken if chosen else left
    try:
        return bool(_constant(node))
    except ExpressionError:
        return _above_bound(node, least)


def _above_bound(node: ast.expr, least: Mapping[str, float]) -> bool | None:
    """Return the truth of a comparison with a number, if it follows from the least value of its other side."""
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return None
    side, other, relation = node.left, node.comparators[0], SYMBOLS[type(node.ops[0])]
    if _number(side) is not None:
        side, other, relation = other, side, _MIRRORED.get(relation, "")
    bound, limit = _least(side, least), _number(other)
    if bound is None or limit is None:
        return None
    if limit < bound:
        return {">": True, ">=": True, "!=": True, "<": False, "<=": False, "==": False}.get(relation)
    return {">=": True, "<": False}.get(relation) if limit == bound else None


def _least(node: ast.expr, least: Mapping[str, float]) -> float | None:
    """Return the smallest number that a name or the size of a value can be."""
    if isinstance(node, ast.Attribute):
        return 1 if node.attr in _SIZES else None
    if isinstance(node, ast.Call):
        return 0 if isinstance(node.func, ast.Name) and node.func.id == "len" else None
    return least.get(node.id) if isinstance(node, ast.Name) else None


def _number(node: ast.expr) -> float | None:
    try:
        value = _constant(node)
    except ExpressionError:
        return None
    return value if type(value) in (int, float) else None


def _constant(node: ast.expr) -> Any:
    """Return the value of an expression that reads no name.

    Raises: ExpressionError for any other, and where there is no value.
    """
    expression = parse(ast.unparse(node))
    if expression.names:
        # Evaluating it would raise too, but only after a search for the known name nearest to the unknown one.
        raise ExpressionError("a name has no value here")
    return expression.evaluate({})


def _joined(parts: list[ast.expr], least: Mapping[str, float], decides: bool) -> bool | None:
    """Return the truth of parts of which a single one decides, when it is ``decides``."""
    known = [_truth(part, least) for part in parts]
    spelled = {ast.dump(part) for part in parts}
    if decides in known or any(ast.dump(_opposite(part)) in spelled for part in parts):
        return decides
    return None if None in known else not decides


def _opposite(node: ast.expr) -> ast.expr:
    """Return the condition that holds when another does not, as one would write it."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return node.operand
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _OPPOSITES:
        return ast.Compare(node.left, [_OPPOSITES[type(node.ops[0])]], node.comparators)
    return ast.UnaryOp(ast.Not(), node)

"""The truth of conditions that is known whatever their names stand for."""

from __future__ import annotations

import ast

from netspec.syntax.expr.error import ExpressionError
from netspec.syntax.expr.expression import evaluate
from netspec.syntax.expr.syntax import read

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


def known_truth(text: str) -> bool | None:
    """Return the truth that a condition has whatever its names stand for; None where it depends on them.

    Example:
        >>> known_truth("deep or 1 > 0"), known_truth("n > 0 and n <= 0"), known_truth("deep or wide")
        (True, False, None)
    """
    try:
        return _truth(read(text))
    except ExpressionError:
        return None


def _truth(node: ast.expr) -> bool | None:
    if isinstance(node, ast.BoolOp):
        return _joined(node.values, decides=isinstance(node.op, ast.Or))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = _truth(node.operand)
        return None if inner is None else not inner
    if isinstance(node, ast.IfExp):
        taken, left = _truth(node.body), _truth(node.orelse)
        chosen = _truth(node.test)
        return (taken if taken == left else None) if chosen is None else taken if chosen else left
    try:
        return bool(evaluate(ast.unparse(node), {}))  # what reads a name has no value here
    except ExpressionError:
        return None


def _joined(parts: list[ast.expr], decides: bool) -> bool | None:
    """Return the truth of parts of which a single one decides, when it is ``decides``."""
    known = [_truth(part) for part in parts]
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

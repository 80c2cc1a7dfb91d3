"""Formulas that are what another op computes, for comparing networks."""

import ast
from functools import lru_cache

from netspec.ops.base import OPS, Op
from netspec.syntax.expr.term import is_number

_FUNCTIONS = ("relu", "silu", "gelu", "sigmoid", "tanh", "softplus")


@lru_cache(maxsize=1024)
def op_of(text: str) -> Op | None:
    """Return the op that computes what a formula of values ``a1``, ``a2`` and so on does, if there is one.

    Example:
        >>> op_of("a1 + a2 + a3").name, op_of("a1 * 0.5"), op_of("a1 * a2 + a1")
        ('add', Scale(by=0.5), None)
    """
    # Ops by name: importing their modules here would change the order in which they are listed.
    match ast.parse(text, mode="eval").body:
        case ast.Call(func=ast.Name(id=name), args=[ast.Name()]) if name in _FUNCTIONS:
            return OPS[name]()
        case ast.BinOp(left=ast.Name(), op=ast.Mult(), right=number) if is_number(number):
            # Infinity and sizes that stay open are no factors of a `scale`.
            is_plain = "inf" not in text and "shape" not in text
            return OPS["scale"].model_validate({"by": ast.literal_eval(number)}) if is_plain else None
        case ast.BinOp(left=total, op=ast.Div(), right=ast.Constant(value=int(count))):
            # A single value is no mean.
            return OPS["mean"]() if count > 1 and _row(total, ast.Add) == count else None
        case ast.Call(func=ast.Name(id="max"), args=values):
            return OPS["max"]() if _are_values(values) else None
        case ast.BinOp(left=ast.Name(id="a1"), op=ast.Sub(), right=ast.Name(id="a2")):
            return OPS["sub"]()
        case tree:
            return OPS["add"]() if _row(tree, ast.Add) > 1 else OPS["mul"]() if _row(tree, ast.Mult) > 1 else None


def _row(tree: ast.expr, operator: type[ast.operator]) -> int:
    """Return of how many different values a tree is the sum or product, in their order; 0 where it is none."""
    values: list[ast.expr] = []
    while isinstance(tree, ast.BinOp) and isinstance(tree.op, operator):
        values.insert(0, tree.right)
        tree = tree.left
    values.insert(0, tree)
    return len(values) if _are_values(values) else 0


def _are_values(parts: list[ast.expr]) -> bool:
    return [each.id if isinstance(each, ast.Name) else "" for each in parts] == [
        f"a{place}" for place in range(1, len(parts) + 1)
    ]

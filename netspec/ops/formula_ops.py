"""Formulas that are what another op computes, for comparing networks."""

import ast
from functools import lru_cache

from netspec.ops.activation import GELU, ReLU, SiLU
from netspec.ops.base import Op
from netspec.ops.merge import Add, Maximum, Mean, Multiply, Subtract
from netspec.ops.scaling import Scale
from netspec.ops.squashing import Sigmoid, Softplus, Tanh
from netspec.syntax.expr.term import is_number

_FUNCTIONS: dict[str, type[Op]] = {
    "relu": ReLU,
    "silu": SiLU,
    "gelu": GELU,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "softplus": Softplus,
}


@lru_cache(maxsize=1024)
def op_of(text: str) -> Op | None:
    """Return the op that computes what a formula of values ``a1``, ``a2`` and so on does, if there is one.

    Example:
        >>> op_of("a1 + a2 + a3").name, op_of("a1 * 0.5"), op_of("a1 * a2 + a1")
        ('add', Scale(by=0.5), None)
    """
    match ast.parse(text, mode="eval").body:
        case ast.Call(func=ast.Name(id=name), args=[ast.Name()]) if name in _FUNCTIONS:
            return _FUNCTIONS[name]()
        case ast.BinOp(left=ast.Name(), op=ast.Mult(), right=number) if is_number(number):
            return Scale(by=ast.literal_eval(number)) if "inf" not in text and "shape" not in text else None
        case ast.BinOp(left=total, op=ast.Div(), right=ast.Constant(value=int(count))):
            # A single value is no mean.
            return Mean() if count > 1 and _row(total, ast.Add) == count else None
        case ast.Call(func=ast.Name(id="max"), args=values):
            return Maximum() if _are_values(values) else None
        case ast.BinOp(left=ast.Name(id="a1"), op=ast.Sub(), right=ast.Name(id="a2")):
            return Subtract()
        case tree:
            return Add() if _row(tree, ast.Add) > 1 else Multiply() if _row(tree, ast.Mult) > 1 else None


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

"""Formulas of a document, with the functions that equations lack written out."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from netspec.ops.constant import Constant
from netspec.ops.formula import Formula
from netspec.ops.formula_text import values_of
from netspec.sizes.shape import Shape
from netspec.syntax import expr
from netspec.syntax.expr.syntax import SYMBOLS
from netspec.targets.equations.elementwise import stretched
from netspec.targets.equations.model import EQUATIONS, Call, Equation


@EQUATIONS.implements(Formula)
def formula(op: Formula, call: Call) -> Equation:
    elements = dict(zip(values_of(op.expression), (stretched(each, call) for each in call.operands), strict=True))
    shapes = dict(zip(elements, (each.shape for each in call.operands), strict=True))
    return Equation(call.axes, _written(expr.parse_evaluated(op.expression).tree, elements, shapes))


@EQUATIONS.implements(Constant)
def constant(op: Constant, call: Call) -> Equation:
    names = tuple(name for name, _ in op.axes)
    elements = {name: str(size) for name, size in op.sizes}
    return Equation(names, _written(expr.parse_evaluated(op.value).tree, elements, {}))


_ELEMENT_FUNCTIONS = {
    "sigmoid": "1 / (1 + exp(-{0}))",
    "softplus": "log(1 + exp({0}))",
    "relu": "max(0, {0})",
    "silu": "{0} / (1 + exp(-{0}))",
    "gelu": "{0} / 2 * (1 + erf({0} / 1.4142135623730951))",
    "rsqrt": "1 / sqrt({0})",
    "clamp": "min(max({0}, {1}), {2})",
    "where": "{1} if {0} else {2}",
}


def _written(node: ast.expr, elements: Mapping[str, str], shapes: Mapping[str, Shape]) -> str:
    """Return a part of a formula over elements, with brackets around operations in it."""

    def inner(part: ast.expr) -> str:
        text = _written(part, elements, shapes)
        is_atom = isinstance(part, (ast.Name, ast.Constant, ast.Subscript))
        is_call = (
            isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id not in _ELEMENT_FUNCTIONS
        )
        return text if is_atom or is_call else f"({text})"

    match node:
        case ast.Name():
            return elements.get(node.id, node.id)
        case ast.Constant():
            return repr(node.value)
        case ast.Subscript(value=ast.Attribute(value=ast.Name(id=value)), slice=ast.Constant(value=int(axis))):
            return str(shapes[value][axis])
        case ast.Call(func=ast.Name(id=name)):
            if name in _ELEMENT_FUNCTIONS:
                return _ELEMENT_FUNCTIONS[name].format(*map(inner, node.args))
            return f"{name}({', '.join(_written(each, elements, shapes) for each in node.args)})"
        case ast.BinOp():
            return f"{inner(node.left)} {SYMBOLS[type(node.op)]} {inner(node.right)}"
        case ast.UnaryOp():
            symbol = SYMBOLS[type(node.op)]
            return f"{symbol}{' ' if symbol.isalpha() else ''}{inner(node.operand)}"
        case ast.Compare():
            return f"{inner(node.left)} {SYMBOLS[type(node.ops[0])]} {inner(node.comparators[0])}"
        case ast.BoolOp():
            return (" and " if isinstance(node.op, ast.And) else " or ").join(map(inner, node.values))
    raise AssertionError(f"a formula has no {type(node).__name__}")

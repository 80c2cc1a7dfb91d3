"""The last gate: a finished file may hold only what the emitter can write."""

from __future__ import annotations

import ast

STATEMENTS = (
    ast.Module,
    ast.Import,
    ast.ImportFrom,
    ast.ClassDef,
    ast.FunctionDef,
    ast.Assign,
    ast.AnnAssign,
    ast.Expr,
    ast.Return,
    ast.For,
    ast.If,
    ast.Raise,
    ast.AugAssign,
)
EXPRESSIONS = (
    ast.Name,
    ast.Attribute,
    ast.Call,
    ast.Constant,
    ast.Tuple,
    ast.List,
    ast.Subscript,
    ast.Slice,
    ast.BinOp,
    ast.UnaryOp,
    ast.Compare,
    ast.BoolOp,
    ast.IfExp,
    ast.keyword,
    ast.Starred,
    ast.GeneratorExp,
    ast.comprehension,
    ast.ListComp,
    ast.arguments,
    ast.arg,
    ast.alias,
    ast.expr_context,
    ast.operator,
    ast.unaryop,
    ast.cmpop,
    ast.boolop,
    ast.JoinedStr,
    ast.FormattedValue,
    ast.Dict,
    ast.DictComp,
)
MODULES = frozenset({"torch", "torch.nn", "typing"})
FORBIDDEN = frozenset(
    {"eval", "exec", "compile", "open", "__import__", "globals", "locals", "vars", "input", "breakpoint"}
)


def audit(source: str) -> None:
    """Raise AssertionError when a source holds a construct, an import or a name that the emitter never writes."""
    for node in ast.walk(ast.parse(source)):
        assert isinstance(node, STATEMENTS + EXPRESSIONS), f"unexpected {type(node).__name__}"
        if isinstance(node, ast.Import):
            assert all(alias.name in MODULES for alias in node.names), "unexpected import"
        if isinstance(node, ast.ImportFrom):
            assert node.module in MODULES and node.level == 0, "unexpected import"
        if isinstance(node, ast.Name):
            # A value may be called so, but none of these may be used.
            forbidden = node.id in FORBIDDEN and isinstance(node.ctx, ast.Load)
            assert not forbidden and not _is_dunder(node.id), f"unexpected name {node.id}"
        if isinstance(node, ast.Attribute):
            assert not _is_dunder(node.attr) or node.attr == "__init__", f"unexpected attribute {node.attr}"


def _is_dunder(name: str) -> bool:
    return name.startswith("__")

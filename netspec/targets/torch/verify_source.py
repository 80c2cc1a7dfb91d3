"""The last gate: a finished file may hold only what the emitter can write."""

from __future__ import annotations

import ast
from functools import lru_cache

from netspec.diagnostics import InternalError

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


class UnsafeSource(InternalError):
    """A generated file holds what the emitter never writes, or is no Python."""


@lru_cache(maxsize=4)
def verify_source(source: str) -> None:
    """Refuse a source that is no Python file of its own, or holds what the emitter never writes.

    It is compiled as a file of its own is, without the ``__future__`` features of this module.

    Raises: UnsafeSource that names the line and what is there.
    """
    try:
        tree = ast.parse(source)
        compile(tree, "<generated>", "exec", dont_inherit=True)
    except SyntaxError as error:
        raise UnsafeSource(f"line {error.lineno}: {error.msg}") from None
    for node in ast.walk(tree):
        unexpected = _unexpected(node)
        if unexpected:
            raise UnsafeSource(f"line {getattr(node, 'lineno', 0)}: unexpected {unexpected}")


def _unexpected(node: ast.AST) -> str:
    """Return what the emitter would never have written here, or an empty text."""
    match node:
        case ast.Import(names=names) if any(alias.name not in MODULES for alias in names):
            return "import"
        case ast.ImportFrom(module=module, level=level) if module not in MODULES or level:
            return "import"
        # A value may be called so, but none of these may be used.
        case ast.Name(id=name, ctx=ast.Load()) if name in FORBIDDEN:
            return f"name {name}"
        case ast.Name(id=name) if name.startswith("__"):
            return f"name {name}"
        case ast.Attribute(attr=name) if name.startswith("__") and name != "__init__":
            return f"attribute {name}"
    return "" if isinstance(node, STATEMENTS + EXPRESSIONS) else type(node).__name__

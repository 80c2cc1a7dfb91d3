"""An allow-list check: a generated file may contain only syntax that the emitter writes."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import lru_cache
from types import CodeType, NoneType
from typing import Any

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
# An allow-list, since a list of dangerous constructs would never be complete.
_KNOWN = frozenset(kind for base in STATEMENTS + EXPRESSIONS for kind in (base, *base.__subclasses__()))
"""These and their subclasses, as ``ast.Add`` of operators: a large file has a hundred thousand nodes to look up."""
_LEAVES = frozenset(
    {str, int, NoneType, ast.Constant, *ast.expr_context.__subclasses__(), *ast.operator.__subclasses__()}
)
"""What fields hold that is allowed and holds nothing itself."""

MODULES = frozenset({"torch", "torch.nn", "typing"})
FORBIDDEN = frozenset(
    {"eval", "exec", "compile", "open", "__import__", "globals", "locals", "vars", "input", "breakpoint"}
)


class UnsafeSource(InternalError):
    """A generated file contains what the emitter never writes, or is not valid Python."""


@lru_cache(maxsize=4)
def verify_source(source: str) -> CodeType:
    """Return the code of a source; refuse one that is not valid Python, or contains what the emitter never writes.

    It is compiled without the ``__future__`` features of this module.

    Raises: UnsafeSource with the line and its content.
    """
    try:
        tree = ast.parse(source)
        code: CodeType = compile(tree, "<generated>", "exec", dont_inherit=True)
    except SyntaxError as error:
        raise UnsafeSource(f"line {error.lineno}: {error.msg}") from None
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        unexpected = _unexpected(node)
        if unexpected:
            raise UnsafeSource(f"line {getattr(node, 'lineno', 0)}: unexpected {unexpected}")
        pending += _children(node)
    return code


def _children(node: ast.AST) -> list[ast.AST]:
    # ``ast.walk`` takes three times as long, and a large file has a million nodes, of which a third hold nothing.
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if type(value) is list:
            found += [each for each in value if type(each) not in _LEAVES and isinstance(each, ast.AST)]
        elif type(value) not in _LEAVES and isinstance(value, ast.AST):
            found.append(value)
    return found


def _unexpected(node: ast.AST) -> str:
    """Return a description of what the emitter never writes at this node, or an empty string."""
    check = _CHECKS.get(type(node))
    if check is not None:
        return check(node)
    return "" if type(node) in _KNOWN else type(node).__name__


def _unexpected_import(node: Any) -> str:
    return "import" if any(alias.name not in MODULES for alias in node.names) else ""


def _unexpected_origin(node: Any) -> str:
    return "import" if node.module not in MODULES or node.level else ""


def _unexpected_name(node: Any) -> str:
    # An output may have such a name, which is only assigned; reading one is refused.
    is_used = node.id in FORBIDDEN and isinstance(node.ctx, ast.Load)
    return f"name {node.id}" if is_used or node.id.startswith("__") else ""


def _unexpected_attribute(node: Any) -> str:
    return f"attribute {node.attr}" if node.attr.startswith("__") and node.attr != "__init__" else ""


_CHECKS: dict[type[ast.AST], Callable[[Any], str]] = {
    ast.Import: _unexpected_import,
    ast.ImportFrom: _unexpected_origin,
    ast.Name: _unexpected_name,
    ast.Attribute: _unexpected_attribute,
}
"""The checks of some kinds of nodes beyond their kind."""

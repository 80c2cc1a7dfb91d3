"""What a formula is made of while it is evaluated: parts that depend on values, as trees of their own."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from netspec.sizes import Dim
from netspec.syntax.expr.error import ExpressionError
from netspec.syntax.expr.value import KINDS, NUMBERS, OPEN, Value, kind_of, mismatch

CONDITION_HELP = "a condition chooses, as in `where(x > 0, x, 0)`"


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a formula that is no plain number.

    A ``value`` has elements; those of a ``condition`` are true or false, those of an ``integer`` can only be compared.
    A ``number`` is the same for all elements: a size that stays open, or something computed from it.
    """

    kind: Literal["value", "condition", "integer", "number"]
    tree: ast.expr
    value: Value | None = None
    """The value, where the part is nothing but its name."""
    size: Callable[[], Any] | None = None
    """The number with its open sizes, where the part is one."""


KINDS[Term] = "a value"


def fixed(number: Any) -> Any:
    """Return a number without open sizes."""
    if type(number) not in OPEN:
        return number
    return int(number) if type(number) is Dim else float(number)


def tree_of(part: Any, node: ast.expr) -> ast.expr:
    """Return the tree of a part; that of a plain number keeps the expression of which it is the value."""
    if isinstance(part, Term):
        if part.kind == "condition":
            raise ExpressionError("a condition is no number", help=CONDITION_HELP)
        if part.kind == "integer":
            help = "as in `tokens != 0`; `embedding` makes vectors of them, and `float(...)` floats of a constant's"
            raise ExpressionError("an int64 value is compared, not computed with", help=help)
        return part.tree
    if type(part) not in NUMBERS:
        raise mismatch("a formula computes with numbers and values", part)
    number = part.stated if type(part) is Dim else fixed(part)
    number = int(number) if type(number) is bool else number
    constant = ast.Constant(abs(number))
    constant.written = written(node)  # type: ignore[attr-defined]
    if type(part) is Dim:
        constant.size = part if number >= 0 else -part  # type: ignore[attr-defined]
    # Python reads no negative number: the sign is an operator.
    return constant if number >= 0 else ast.UnaryOp(ast.USub(), constant)


def numbers_in(tree: ast.expr) -> list[ast.Constant]:
    """Return the numbers of a formula, but for the axes of which it reads sizes."""
    found: list[ast.Constant] = []
    pending: list[ast.AST] = [tree]
    for node in pending:  # it grows meanwhile
        if isinstance(node, ast.Constant):
            found.append(node)
        elif not isinstance(node, ast.Subscript):
            pending.extend(ast.iter_child_nodes(node))
    return found


def open_sizes_in(tree: ast.expr) -> list[tuple[ast.Constant, Dim]]:
    """Return the numbers of a formula that are open sizes, with these."""
    return [(each, each.size) for each in numbers_in(tree) if hasattr(each, "size")]


def written(node: ast.expr) -> str | None:
    """Return the text of an expression that reads names, whose value is a number."""
    reads = any(isinstance(each, ast.Name) for each in ast.walk(node))
    return ast.unparse(node) if reads else None


def condition_of(part: Any) -> ast.expr:
    """Return the tree of a condition on elements."""
    if not isinstance(part, Term) or part.kind != "condition":
        refuse_condition(part)
    return part.tree


def refuse_condition(part: Any) -> NoReturn:
    """Raise the error for what is no condition."""
    raise ExpressionError(f"a condition compares elements, and this is {kind_of(part)}", help=CONDITION_HELP)


def kind_of_all(parts: list[Any]) -> Literal["value", "number"]:
    """Return what comes of arithmetic on parts."""
    return "value" if any(isinstance(each, Term) and each.kind == "value" for each in parts) else "number"


def trees_of(parts: Sequence[Any], nodes: Sequence[ast.expr], op: ast.operator) -> tuple[Any, Any, Any]:
    """Return what an operation of two parts is made of."""
    left, right = map(tree_of, parts, nodes)
    return left, op, right


def arithmetic(tree: ast.expr, operate: Callable[..., Any], parts: Sequence[Any]) -> Term:
    """Return the result of arithmetic, which is a number where all parts are."""
    if kind_of_all(list(parts)) == "value":
        return Term("value", tree)
    return Term("number", tree, size=lambda: operate(*map(open_number, parts)))


def open_number(part: Any) -> Any:
    """Return a number with its open sizes."""
    return part.size() if isinstance(part, Term) and part.size else part


def is_number(node: ast.expr) -> bool:
    """Return whether a part of a formula is the same number for all elements."""
    match node:
        case ast.Constant() | ast.Subscript() | ast.Name(id="inf"):
            return True
        case ast.UnaryOp():
            return is_number(node.operand)
        case ast.BinOp():
            return is_number(node.left) and is_number(node.right)
    return False

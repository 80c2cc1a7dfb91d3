"""Sizes as the document writes them: ``(x.height - height) // 2`` over the operands of a line.

A text of the document has the author's reason in it, and is the same in all uses of a block, where one that is found
from sizes may be shorter in some of them. It is evaluated on formulas and compared with the size that the graph has,
so that it cannot be wrong whatever the names in it mean.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from itertools import product

from netspec.ir import Node, Scope
from netspec.sizes import Dim, Size
from netspec.sizes.shape import Shape, axis_named
from netspec.syntax import expr
from netspec.syntax.expr.syntax import read

_Read = tuple[str, str]
"""A value that an expression reads: the path of the scope in which it has its name, and that name."""
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod)
_MOST_MEANINGS = 64


def write_size(node: Node, text: str, size: Size, shapes: Sequence[Shape]) -> str | None:
    """Return an expression of a step over what its node reads, or None where it does not give the size.

    ``shapes`` are those of the values that are read, with open sizes; ``{0}`` stands for the first of them.
    """
    inlined = _Inlined(node.scope)
    try:
        tree = inlined.visit(read(text))
    except _NotArithmeticError:
        return None
    # What a label means at the step is not known here. There are few values to choose from, and any that gives the
    # size will do.
    if len(shapes) ** len(inlined.reads) > _MOST_MEANINGS:
        return None
    for meaning in product(range(len(shapes)), repeat=len(inlined.reads)):
        values = dict(zip(inlined.reads, meaning, strict=True))
        written = _written(tree, inlined.places, values, shapes, size)
        if written is not None:
            return written
    return None


class _NotArithmeticError(Exception):
    """Part of an expression is not arithmetic over sizes and numbers."""


class _Inlined(ast.NodeVisitor):
    """Gives a tree with names in place of attributes of values, and the arguments of blocks as their callers say."""

    def __init__(self, scope: Scope) -> None:
        self.reads: dict[_Read, None] = {}
        self.places: dict[str, tuple[_Read, str]] = {}
        """What each name of the tree stands for: a value, and an attribute of it."""
        self._block = scope.enclosing_block

    def generic_visit(self, node: ast.AST) -> ast.expr:
        raise _NotArithmeticError

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return _number(node.value)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        block = self._block
        written = dict(block.expressions).get(node.id)
        if written is None or block.parent is None:
            return _number(block.arguments.get(node.id))
        # What a call gives is written around it, and names mean what they mean there.
        self._block = block.parent.enclosing_block
        tree: ast.expr = self.visit(read(written))
        self._block = block
        return tree

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if not isinstance(node.value, ast.Name) or node.attr in ("shape", "rank"):
            raise _NotArithmeticError
        value = (self._block.path, node.value.id)
        self.reads[value] = None
        name = f"size{len(self.places)}"
        self.places[name] = value, node.attr
        return ast.Name(name, ast.Load())

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        if not isinstance(node.op, _OPERATORS):
            raise _NotArithmeticError
        return ast.BinOp(self.visit(node.left), node.op, self.visit(node.right))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        if not isinstance(node.op, ast.USub):
            raise _NotArithmeticError
        return ast.UnaryOp(node.op, self.visit(node.operand))


def _number(value: object) -> ast.expr:
    if type(value) is not int:
        raise _NotArithmeticError
    return ast.Constant(value)


def _written(
    tree: ast.expr,
    places: Mapping[str, tuple[_Read, str]],
    values: Mapping[_Read, int],
    shapes: Sequence[Shape],
    size: Size,
) -> str | None:
    """Return the text of a tree where its names mean those values, if it then gives the size."""
    sizes: dict[str, Size] = {}
    texts: dict[str, str] = {}
    try:
        for name, (value, attribute) in places.items():
            shape = shapes[values[value]]
            sizes[name] = getattr(expr.Value(shape), attribute)
            axis = axis_named(attribute, shape)
            texts[name] = str(sizes[name])
            if axis is not None and isinstance(sizes[name], Dim):
                texts[name] = f"{{{values[value]}}}.shape[{axis + 1}]"
        text = ast.unparse(tree)
        found = expr.parse(text).evaluate(sizes)
    except expr.ExpressionError:
        return None
    # Equal formulas are one object.
    if not (found is size if isinstance(size, Dim) else type(found) is int and found == size):
        return None
    text = re.sub(r"size\d+", lambda match: texts[match[0]], text)
    return text if "{" in text else None

"""A document's expressions in terms of a generated constructor: ``out + 2 * grow`` is kept.

An expression of the document has the author's reason, where one found from numbers may be a coincidence. It is
evaluated for every scope of the class and compared with the values of the graph, so that it is right even if a name has
another meaning at its origin.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from netspec.syntax import expr
from netspec.syntax.expr.syntax import read
from netspec.targets.torch.plan import Parameter


class Derived(NamedTuple):
    """The expression of a slot, and the parameters that it uses."""

    text: str
    parameters: tuple[Parameter, ...]


def all_alike(values: tuple[Any, ...]) -> bool:
    """Return whether all values have the same text, which 1 and 1.0 do not."""
    return len(set(map(repr, values))) == 1


class Vocabulary:
    """The names of a block's expressions in terms of its class's constructor."""

    def __init__(self, bases: Iterable[Parameter], constants: Mapping[str, Any]) -> None:
        self.constants = constants
        """The block's arguments that are the same in all scopes of the class."""
        self.parameters = {argument: base for base in bases for argument in base.arguments}
        """The others, by their name in the document."""
        self.in_channels = next((base for base in bases if base.is_in_channels), None)
        """The parameter of ``x.channels`` or ``input.channels``."""

    def translate(self, expression: str, values: tuple[Any, ...]) -> Derived | None:
        """Return an expression of the block in the constructor's terms, or None if it does not evaluate to the values.

        Example:
            >>> width = Parameter("out", (8, 16), counts=True, arguments=("width",))
            >>> Vocabulary([width], {"groups": 1}).translate("(width // groups) * 4", (32, 64)).text
            '4 * out'
        """
        translation = _Translation(self)
        try:
            text = ast.unparse(translation.visit(read(expression)))
            formula = expr.parse(text)
            used = translation.used
            rows = zip(*(each.values for each in used.values()), strict=True)
            found = tuple(_frozen(formula.evaluate(dict(zip(used, row, strict=True)))) for row in rows)
        except (_NotArithmeticError, expr.ExpressionError):
            return None
        # As text, since 1 == 1.0 and their texts differ.
        return Derived(text, tuple(used.values())) if repr(found) == repr(values) else None


class _NotArithmeticError(Exception):
    """An expression is not arithmetic over the constructor's arguments."""


class _Translation(ast.NodeVisitor):
    """Replaces names in the tree by parameters, and by numbers where they are the same in all scopes."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.used: dict[str, Parameter] = {}
        self._vocabulary = vocabulary

    def generic_visit(self, node: ast.AST) -> ast.expr:
        raise _NotArithmeticError

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._vocabulary.constants:
            return _number(self._vocabulary.constants[node.id])
        return self._use(self._vocabulary.parameters.get(node.id))

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        is_value = node.attr == "channels" and isinstance(node.value, ast.Name)
        return self._use(self._vocabulary.in_channels if is_value else None)

    def _use(self, parameter: Parameter | None) -> ast.expr:
        if parameter is None:
            raise _NotArithmeticError
        self.used[parameter.name] = parameter
        return ast.Name(parameter.name, ast.Load())

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return _number(node.value)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        left: ast.expr = self.visit(node.left)
        right: ast.expr = self.visit(node.right)
        match left, node.op, right:
            case ast.Constant(), _, ast.Constant():
                return _number(expr.evaluate(ast.unparse(ast.BinOp(left, node.op, right)), {}))
            case (_, ast.Mult() | ast.FloorDiv(), ast.Constant(value=1)) | (_, ast.Add(), ast.Constant(value=0)):
                return left
            case (ast.Constant(value=1), ast.Mult(), _) | (ast.Constant(value=0), ast.Add(), _):
                return right
            case _, ast.Mult(), ast.Constant():
                # In the usual order, with the number first.
                return ast.BinOp(right, node.op, left)
        return ast.BinOp(left, node.op, right)


def _number(value: Any) -> ast.expr:
    # A negative number would need parentheses in most operations.
    if type(value) not in (int, float) or value < 0:
        raise _NotArithmeticError
    return ast.Constant(value)


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value

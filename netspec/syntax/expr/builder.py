"""From tree to closures: every node of a known kind becomes one closure over a scope.

Unknown nodes are refused, so the language is exactly what this file handles.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from netspec.diagnostics import Code, nearest
from netspec.syntax.expr.error import (
    CAUGHT,
    EVALUATION,
    FORBIDDEN,
    LIMIT,
    MAX_DEPTH,
    MAX_INTEGER,
    MAX_OPERATORS,
    NAMED,
    UNKNOWN,
    ExpressionError,
    explained,
)
from netspec.syntax.expr.function import CALLS, FUNCTIONS, Function
from netspec.syntax.expr.operation import BINARY, RELATIONS, UNARY, Operation, attribute_of, display, item_of, truth
from netspec.syntax.expr.other_names import (
    READ_OTHERWISE,
    SIZES,
    suggest_attribute,
    suggest_constant,
    suggest_function,
    suggest_method,
)
from netspec.syntax.expr.syntax import CONSTRUCTS, HABITS, SYMBOLS, indent, read
from netspec.syntax.expr.value import ATTRIBUTES, PLAIN, AlreadyReported, Missing, Unknown, passed, plain

Scope = Mapping[str, object]
Thunk = Callable[[Scope], Any]
Place = tuple[int, int]
"""The offset and length of a part of a text."""

_CONSTANTS = {"true": True, "false": False, "null": None}
CONSTANTS = frozenset({*_CONSTANTS, "True", "False", "None", "inf"})
"""The words that are values wherever an expression or formula is read, those that Python has among them."""

_MODULES = frozenset({"F", "K", "builtins", "jnp", "keras", "math", "nn", "np", "numpy", "operator", "tf", "torch"})

_ALPHABET = "use numbers, names, lists, arithmetic, comparisons, and/or/not, if-else, [] and " + " ".join(CALLS)


def build(text: str) -> tuple[Thunk, dict[str, Place]]:
    """Return the closure that evaluates the text in a scope, and the names that it looks up, with their offsets.

    Raises:
        ExpressionError: the text is no expression, leaves the alphabet, or is too long or too deep.
    """
    node = read(text)
    builder = Builder(text)
    # The value of a single name may be an object without operations, such as a block: it is returned unchanged.
    thunk = builder.name(node, passed) if isinstance(node, ast.Name) else builder.build(node, 1)
    return thunk, builder.names


def unknown_name(name: str, scope: Collection[str]) -> ExpressionError:
    """Return the error for a name that is not in scope."""
    if name in FUNCTIONS:
        return ExpressionError(f"'{name}' is a function and must be called", help=FUNCTIONS[name], code=UNKNOWN)
    known = sorted(map(str, scope))
    in_scope = "in scope: " + ", ".join(known[:12]) if known else "no names are in scope here"
    help = READ_OTHERWISE.get(name.lower()) or nearest(name, [*known, *FUNCTIONS]) or SIZES.get(name) or in_scope
    return ExpressionError(f"unknown name '{name}'", help=help, code=UNKNOWN)


def _is_null(node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return node.id == "null"
    return isinstance(node, ast.Constant) and node.value is None


class Builder:
    """Turns the nodes of one text into closures, collects its names and counts its operators."""

    calls: Mapping[str, Function] = CALLS
    """The functions that the text can call."""

    def __init__(self, text: str) -> None:
        self.names: dict[str, Place] = {}
        self._indent = indent(text)
        self._operators = 0

    def build(self, node: ast.expr, depth: int) -> Thunk:
        """Return the closure for a node and everything below it."""
        if depth > MAX_DEPTH:
            raise self._error_at(node, f"nested deeper than the {MAX_DEPTH} levels allowed", NAMED, LIMIT)
        # Two matches, since only operators count towards the limit: a list of a hundred numbers is allowed.
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name():
                return self.name(node, plain)
            case ast.List() | ast.Tuple():
                return self._applied(node, display, self._all(node.elts, depth))
            case ast.BoolOp():
                return self._boolean(node, depth)
            case ast.Compare():
                return self._comparison(node, depth)
        self._count(node)
        match node:
            case ast.BinOp():
                return self._binary(node, depth)
            case ast.UnaryOp():
                operation = self._operation(node, node.op, UNARY)
                return self._applied(node, operation, self._all([node.operand], depth))
            case ast.IfExp():
                return self._conditional(node, depth)
            case ast.Subscript():
                items = self.build(node.value, depth + 1)
                return self._applied(node, item_of, [items, self._index(node.slice, depth)])
            case ast.Attribute():
                return self._attribute(node, depth)
            case ast.Call():
                return self._call(node, depth)
        raise self._forbidden(node)

    def name(self, node: ast.Name, convert: Callable[[object], Any]) -> Thunk:
        """Return the closure that looks a name up and converts what it finds."""
        name, place = node.id, self._place(node)
        if name in _CONSTANTS:
            constant = _CONSTANTS[name]
            return lambda scope: constant
        self.names.setdefault(name, place)
        guarded = self._guarded(node, convert)

        def lookup(scope: Scope) -> Any:
            try:
                value = scope[name]
            except KeyError:
                raise unknown_name(name, scope).at(*place) from None
            # fast path: nearly all values are small integers
            if type(value) is int and -MAX_INTEGER <= value <= MAX_INTEGER:
                return value
            if isinstance(value, Unknown):
                raise AlreadyReported
            if isinstance(value, Missing):
                raise value.error.at(*place)
            return guarded(value)

        return lookup

    def _all(self, nodes: Iterable[ast.expr], depth: int) -> list[Thunk]:
        return [self.build(node, depth + 1) for node in nodes]

    def _count(self, node: ast.expr, operators: int = 1) -> None:
        self._operators += operators
        if self._operators > MAX_OPERATORS:
            raise self._error_at(node, f"more than the {MAX_OPERATORS} operators allowed", NAMED, LIMIT)

    def _place(self, node: ast.expr) -> Place:
        return self._indent + node.col_offset, (node.end_col_offset or 0) - node.col_offset

    def _error_at(self, node: ast.expr, message: str, help: str = "", code: Code = EVALUATION) -> ExpressionError:
        return ExpressionError(message, *self._place(node), help, code)

    def _forbidden(self, node: ast.expr) -> ExpressionError:
        construct = CONSTRUCTS.get(type(node), "this construct")
        help = "a name stands without braces" if isinstance(node, ast.Set) else _ALPHABET
        return self._error_at(node, f"{construct} is not allowed in an expression", help, FORBIDDEN)

    def _guarded(self, node: ast.expr, operate: Operation, usage: str = "") -> Operation:
        """Return the operation with its errors placed at the node; they explain the usage of a function."""
        place = self._place(node)

        def guarded(*values: Any) -> Any:
            try:
                return operate(*values)
            except CAUGHT as cause:
                error = explained(cause).at(*place)
                error.help = error.help if error.code == LIMIT else usage or error.help
                raise error from None

        return guarded

    def _applied(self, node: ast.expr, operate: Operation, operands: Sequence[Thunk], usage: str = "") -> Thunk:
        """Return the closure that evaluates the operands and applies the operation to them."""
        guarded = self._guarded(node, operate, usage)
        if len(operands) != 2:
            return lambda scope: guarded(*[operand(scope) for operand in operands])
        left, right = operands  # fast path: nearly all nodes are binary
        return lambda scope: guarded(left(scope), right(scope))

    def _constant(self, node: ast.Constant) -> Thunk:
        if type(node.value) not in PLAIN:
            raise self._forbidden(node)
        value = self._guarded(node, plain)(node.value)
        return lambda scope: value

    def _operation(self, node: ast.expr, kind: ast.AST, known: Mapping[str, Operation]) -> Operation:
        symbol = SYMBOLS[type(kind)]
        if symbol not in known:
            help = HABITS.get(symbol, "the operators are " + " ".join(BINARY))
            raise self._error_at(node, f"operator '{symbol}' is not allowed in an expression", help, FORBIDDEN)
        return known[symbol]

    def _binary(self, node: ast.BinOp, depth: int) -> Thunk:
        # a + b + c + d is a left-deep tree, but does not count as nested
        operands = [self.build(node.left, depth), self.build(node.right, depth + 1)]
        return self._applied(node, self._operation(node, node.op, BINARY), operands)

    def _boolean(self, node: ast.BoolOp, depth: int) -> Thunk:
        self._count(node, len(node.values) - 1)
        decisive = isinstance(node.op, ast.Or)
        links = [(self.build(value, depth + 1), self._guarded(value, truth)) for value in node.values]

        def boolean(scope: Scope) -> Any:
            for operand, true in links:
                value = operand(scope)
                if true(value) is decisive:
                    break
            return value

        return boolean

    def _comparison(self, node: ast.Compare, depth: int) -> Thunk:
        self._count(node, len(node.ops))
        first, *others = self._all([node.left, *node.comparators], depth)
        # `is` is allowed with null only: the identity of numbers depends on Python's caches.
        for kind, comparator in zip(node.ops, node.comparators, strict=True):
            if isinstance(kind, (ast.Is, ast.IsNot)) and not _is_null(comparator):
                raise self._error_at(node, "'is' is only for null", "compare with ==", FORBIDDEN)
        relations = [self._guarded(node, self._operation(node, kind, RELATIONS)) for kind in node.ops]
        links = list(zip(relations, others, strict=True))

        def comparison(scope: Scope) -> bool:
            left = first(scope)
            for relation, operand in links:
                right = operand(scope)
                if not relation(left, right):
                    return False
                left = right
            return True

        return comparison

    def _conditional(self, node: ast.IfExp, depth: int) -> Thunk:
        test, then, other = self._all([node.test, node.body, node.orelse], depth)
        true = self._guarded(node.test, truth)
        return lambda scope: then(scope) if true(test(scope)) else other(scope)

    def _index(self, node: ast.expr, depth: int) -> Thunk:
        if not isinstance(node, ast.Slice):
            return self.build(node, depth + 1)
        # A slice is not a value: it is built where its list is indexed, so that no expression returns one.
        bounds = [self.build(bound, depth + 1) if bound else None for bound in (node.lower, node.upper, node.step)]
        return lambda scope: slice(*[bound(scope) if bound else None for bound in bounds])

    def _attribute(self, node: ast.Attribute, depth: int) -> Thunk:
        if node.attr not in ATTRIBUTES:
            help = suggest_constant(node.attr) if self._is_module(node.value) else suggest_attribute(node.attr)
            raise self._error_at(node, f"unknown attribute '{node.attr}'", help, UNKNOWN)
        return self._applied(node, partial(attribute_of, node.attr), self._all([node.value], depth))

    def _method(self, call: ast.Call, node: ast.Attribute) -> ExpressionError:
        """Return the error for a call of what belongs to a module or a value, as in ``math.ceil(4.5)``."""
        if self._is_module(node.value):
            name = f"{ast.unparse(node.value)}.{node.attr}"
            known = f"write `{node.attr}` alone" if node.attr in self.calls else suggest_function(node.attr, self.calls)
            return self._error_at(call.func, f"unknown function '{name}'", known, UNKNOWN)
        help = suggest_method(node.attr, self.calls)
        return self._error_at(call, f"only functions can be called, not '.{node.attr}'", help, FORBIDDEN)

    @staticmethod
    def _is_module(node: ast.expr) -> bool:
        """Return whether a part is a module of Python's or torch's, as in ``math.pi`` or ``nn.functional.relu``."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id in _MODULES

    def _call(self, node: ast.Call, depth: int) -> Thunk:
        if isinstance(node.func, ast.Attribute):
            raise self._method(node, node.func)
        if not isinstance(node.func, ast.Name):
            raise self._error_at(node, "only functions can be called", _ALPHABET, FORBIDDEN)
        name = node.func.id
        if name not in self.calls:
            help = suggest_function(name, self.calls)
            raise self._error_at(node.func, f"unknown function '{name}'", help, UNKNOWN)
        function = self.calls[name]
        if node.keywords:
            raise self._error_at(node, f"{name}() takes no named arguments", function.doc, FORBIDDEN)
        if not function.least <= len(node.args) <= function.most:
            raise self._error_at(node, f"{name}() does not take {len(node.args)} arguments", function.doc)
        return self._applied(node, function.call, self._all(node.args, depth), function.doc)

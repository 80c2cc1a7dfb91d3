"""Formulas as torch writes them: operators as operators, and torch's functions of elements."""

import ast
import re
from collections.abc import Mapping
from functools import lru_cache, partial, reduce
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from netspec.dtypes import Dtype
from netspec.ops.torch_code import Torch
from netspec.syntax import expr
from netspec.syntax.expr.term import is_number, numbers_in

LARGEST_WHOLE = 2**53
"""Up to here a float with no fraction is that whole number."""
_PLACEHOLDER = re.compile(r"\b(?:operand|(?=number))(\w+)\b")
NEGATIVE_EXPONENT = re.compile(r"\*\* \((-\{\w+\})\)(?! \*\*)")
FUNCTIONS = {
    **{name: f"torch.{name}" for name in ("exp", "log", "sqrt", "rsqrt", "sin", "cos", "tanh", "sigmoid", "abs")},
    **{name: f"F.{name}" for name in ("softplus", "relu", "silu", "gelu")},
}


def _check(text: Any) -> str:
    # What a document says wrongly is reported where it stands; this is for the text of a graph.
    if not isinstance(text, str):
        raise ValueError("expected the text of a formula")
    try:
        expr.parse_evaluated(text)
    except expr.ExpressionError as error:
        raise ValueError(str(error)) from None
    return text


FormulaText = Annotated[str, PlainValidator(_check), WithJsonSchema({"type": "string"})]
"""The text of a formula, in which only values, numbers and sizes that stay open are left."""


@lru_cache(maxsize=1024)
def values_of(text: str) -> tuple[str, ...]:
    """Return the values that a formula reads, in their order.

    Example:
        >>> values_of("b * exp(a) + b * inf")
        ('b', 'a')
    """
    return expr.parse_evaluated(text).reads


def count_leaves(text: str) -> int:
    """Return how many names and numbers a formula has, however often it has one.

    Example:
        >>> count_leaves("b * exp(a) + b * 2")
        5
    """
    return expr.parse_evaluated(text).leaves


@lru_cache(maxsize=1024)
def numbers_of(text: str) -> dict[str, Any]:
    """Return the numbers of a formula, each by the name of its placeholder.

    Example:
        >>> numbers_of("2 * x + 0.5")
        {'number1': 0.5, 'number2': 2}
    """
    return {f"number{place}": each.value for place, each in enumerate(numbers_in(expr.parse_evaluated(text).tree), 1)}


@lru_cache(maxsize=1024)
def dtypes_of(text: str) -> tuple[tuple[Dtype, ...], ...]:
    """Return the dtypes that each value of a formula may have, in their order.

    Example:
        >>> dtypes_of("where(known and tokens != 0, x, 0)")
        (('bool',), ('float', 'int64'), ('float',))
    """
    found: dict[str, tuple[Dtype, ...]] = {}
    for node in ast.walk(expr.parse_evaluated(text).tree):
        for field, parts in ast.iter_fields(node):
            for part in parts if isinstance(parts, list) else [parts]:
                if isinstance(part, ast.Name):
                    # What is computed with, besides being compared, is float.
                    allowed = _allowed(node, field, part)
                    found[part.id] = min(found.get(part.id, allowed), allowed, key=len)
    return tuple(found.get(name, ("float",)) for name in values_of(text))


def _allowed(node: ast.AST, field: str, part: ast.Name) -> tuple[Dtype, ...]:
    """Return the dtypes of a value by what it is part of."""
    match node:
        case ast.Compare() | ast.Attribute():
            return ("float", "int64")
        case ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
            return ("bool",)
        case ast.Call(func=ast.Name(id="where"), args=[condition, *_]) if condition is part:
            return ("bool",)
    return ("float",)


def is_condition(text: str) -> bool:
    """Return whether a formula gives booleans.

    Example:
        >>> is_condition("a > 0 and b < 1"), is_condition("where(a > 0, a, 0)")
        (True, False)
    """
    match expr.parse_evaluated(text).tree:
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
            return True
    return False


@lru_cache(maxsize=1024)
def canonical_text(text: str) -> str:
    """Return a formula with its values named by their order and its numbers last, as equal formulas are equal texts.

    Example:
        >>> canonical_text("gate*x"), canonical_text("2.0 * x"), canonical_text("where(0 < max(0, x), x, 1)")
        ('a1 * a2', 'a1 * 2', 'where(max(a1, 0) > 0, a1, 1)')
    """
    return ast.unparse(
        _Canonical({name: f"a{place}" for place, name in enumerate(values_of(text), 1)}).visit(_tree(text))
    )


def canonical_index_text(text: str, names: Mapping[str, str]) -> str:
    """Return a formula over indices with other names for these; a whole number and a float have different dtypes.

    Example:
        >>> canonical_index_text("2.0 * t", {"t": "a1"})
        'a1 * 2.0'
    """
    return ast.unparse(_CanonicalIndices(names).visit(_tree(text)))


@lru_cache(maxsize=1024)
def torch_text(text: str) -> Torch:
    """Return a formula in torch, with placeholders for values and numbers.

    Example:
        >>> torch_text("x * max(g, 0)").template
        '{0} * torch.clamp({1}, min={number1})'
    """
    places = {id(each): f"number{place}" for place, each in enumerate(numbers_in(expr.parse_evaluated(text).tree), 1)}
    writer = TorchWriter({name: f"operand{place}" for place, name in enumerate(values_of(text))}, places)
    template = _PLACEHOLDER.sub(r"{\1}", ast.unparse(writer.write(expr.parse_evaluated(text).tree)))
    return Torch(NEGATIVE_EXPONENT.sub(r"** \1", template), calls=writer.calls)


def _tree(text: str) -> ast.expr:
    """Return a tree of the text that may be changed."""
    return ast.parse(text, mode="eval").body


_MIRRORED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.Gt: ast.Lt,
    ast.LtE: ast.GtE,
    ast.GtE: ast.LtE,
    ast.Eq: ast.Eq,
    ast.NotEq: ast.NotEq,
}


class _Canonical(ast.NodeTransformer):
    """Renames values, and puts numbers behind what they are added to, multiplied with and compared to."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self._names.get(node.id, node.id))

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        # Beside a value 2.0 is 2.
        is_whole = isinstance(node.value, float) and node.value.is_integer() and abs(node.value) < LARGEST_WHOLE
        return ast.Constant(int(node.value)) if is_whole else node  # type: ignore[arg-type]

    def visit_BinOp(self, node: ast.BinOp) -> ast.BinOp:
        left, right = self.visit(node.left), self.visit(node.right)
        if isinstance(node.op, (ast.Add, ast.Mult)) and is_number(left) and not is_number(right):
            left, right = right, left
        return ast.BinOp(left, node.op, right)

    def visit_Compare(self, node: ast.Compare) -> ast.Compare:
        left, (kind,), (right,) = self.visit(node.left), node.ops, map(self.visit, node.comparators)
        if is_number(left) and not is_number(right):
            return ast.Compare(right, [_MIRRORED[type(kind)]()], [left])
        return ast.Compare(left, [kind], [right])

    def visit_Call(self, node: ast.Call) -> ast.Call:
        parts = [self.visit(each) for each in node.args]
        if isinstance(node.func, ast.Name) and node.func.id in ("min", "max"):
            parts.sort(key=is_number)
        return ast.Call(node.func, parts, [])


class _CanonicalIndices(_Canonical):
    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return node


class TorchWriter:
    """Writes the tree of a formula as one of torch's; counts the functions of torch that it calls.

    ``values`` are the texts of its names, and ``numbers`` those of its numbers, by the identity of their nodes.
    """

    def __init__(self, values: Mapping[str, str], numbers: Mapping[int, str]) -> None:
        self.calls = 0
        self._values = values
        self._numbers = numbers

    def write(self, node: ast.expr) -> ast.expr:
        """Return the tree of a part."""
        self.calls += isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Compare)) and not is_number(node)
        match node:
            case ast.Constant():
                return ast.Name(self._numbers[id(node)])
            case ast.Name():
                return ast.Name("torch.inf" if node.id == "inf" else self._values[node.id])
            case ast.Subscript(value=ast.Attribute(value=ast.Name(id=value)), slice=ast.Constant(value=int(axis))):
                return ast.Name(f"{self._values[value]}.shape[{axis + 1}]")  # behind the batch
            case ast.BinOp():
                return ast.BinOp(self.write(node.left), node.op, self.write(node.right))
            case ast.UnaryOp():
                sign = ast.Invert() if isinstance(node.op, ast.Not) else node.op
                return ast.UnaryOp(sign, self.write(node.operand))
            case ast.Compare():
                return ast.Compare(self.write(node.left), node.ops, [self.write(node.comparators[0])])
            case ast.BoolOp():
                self.calls += len(node.values) - 1
                joint = ast.BitAnd() if isinstance(node.op, ast.And) else ast.BitOr()
                return reduce(lambda left, right: ast.BinOp(left, joint, right), map(self.write, node.values))
            case ast.Call(func=ast.Name(id=name)):
                return self._call(name, node.args)
        raise AssertionError(f"a formula has no {type(node).__name__}")

    def _call(self, name: str, arguments: list[ast.expr]) -> ast.expr:
        """Return the call of torch's function, or of several, for one of a formula."""
        parts = [self.write(each) for each in arguments]
        if name in ("min", "max"):
            self.calls += len(parts) - 1
            return _extreme(name, arguments, parts)
        self.calls += 1
        if name == "where":
            chosen = called("torch.where", *parts)
            # Of two numbers torch makes a tensor of its own choice.
            if not all(map(is_number, arguments[1:])):
                return chosen
            return called(ast.Attribute(chosen, "to"), ast.Name("operand0.dtype"))
        return called("torch.clamp" if name == "clamp" else FUNCTIONS[name], *parts)


def _extreme(name: str, arguments: list[ast.expr], parts: list[ast.expr]) -> ast.expr:
    """Return the smallest or largest of several parts; numbers bound what is chosen of the values."""
    values = [part for part, each in zip(parts, arguments, strict=True) if not is_number(each)]
    numbers = [part for part, each in zip(parts, arguments, strict=True) if is_number(each)]
    chosen = reduce(partial(called, f"torch.{name}imum"), values)
    bound = "max" if name == "min" else "min"
    for each in numbers:
        chosen = ast.Call(ast.Name("torch.clamp"), [chosen], [ast.keyword(bound, each)])
    return chosen


def called(function: str | ast.expr, *arguments: ast.expr) -> ast.Call:
    """Return the tree of a call."""
    return ast.Call(ast.Name(function) if isinstance(function, str) else function, list(arguments), [])

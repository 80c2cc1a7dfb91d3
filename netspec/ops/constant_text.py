"""Constants as torch writes them: a formula over ranges of indices, one for each axis.

In torch, an operation on integers and one on floats may differ where Python's do not: a power of integers stays one,
and some functions take floats alone. So each part has a dtype here, and what torch needs is written out.
"""

import ast
import math
import re
from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from itertools import product
from typing import Any

from netspec.dtypes import Dtype
from netspec.ops.formula_text import FUNCTIONS, NEGATIVE_EXPONENT, TorchWriter, called
from netspec.ops.torch_code import Torch
from netspec.syntax import expr
from netspec.syntax.expr.term import is_number, numbers_in

_FLOATS_ALONE = frozenset({"softplus", "relu", "silu", "gelu"})
"""The functions that torch does not have for integers, or whose result would be one."""
_KEEPING = frozenset({"abs", "min", "max", "clamp", "where"})
"""The functions of integers that give integers."""
_PLACEHOLDER = re.compile(r"\b(?:number\d+|size\d+|size_\w+|local_\w+|operand0)\b")
Bounds = tuple[float, float]
"""The least and the greatest that a part can be."""
ANY: Bounds = (-math.inf, math.inf)


@lru_cache(maxsize=1024)
def constant_dtype(text: str) -> Dtype:
    """Return the dtype of a formula over indices.

    Example:
        >>> constant_dtype("k <= q"), constant_dtype("i // 7 - j"), constant_dtype("where(k <= q, 0, -inf)")
        ('bool', 'int64', 'float')
    """
    return dtype_of(expr.parse_evaluated(text).tree)


def dtype_of(node: ast.expr) -> Dtype:
    """Return the dtype of a part: indices and sizes are integers."""
    match node:
        case ast.Name(id="true" | "false") | ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
            return "bool"
        case ast.Name():
            return "float" if node.id == "inf" else "int64"
        case ast.Constant():
            return "float" if isinstance(node.value, float) else "int64"
        case ast.UnaryOp():
            return dtype_of(node.operand)
        case ast.BinOp(op=ast.Div()):
            return "float"
        case ast.BinOp(op=ast.Pow()) if type(node.right) is not ast.Constant:
            return "float"  # of integers it is one only where no exponent is negative
        case ast.BinOp():
            return _common(node.left, node.right)
        case ast.Call(func=ast.Name(id="int")):
            return "int64"
        case ast.Call(func=ast.Name(id=name)) if name in _KEEPING:
            return _common(*node.args[name == "where" :])
    return "float"


def _common(*parts: ast.expr) -> Dtype:
    return "float" if "float" in map(dtype_of, parts) else "int64"


def bounds_of(text: str, axes: Mapping[str, int], sizes: Mapping[str, int]) -> Bounds:
    """Return bounds of a formula over the indices of axes, in which names of sizes may stand.

    Raises: ZeroDivisionError where integers are divided by what may be zero.

    Example:
        >>> bounds_of("(i // 7 - j // 7 + 6) * 13 + i % 7 - j % 7 + 6", {"i": 49, "j": 49}, {})
        (0, 168)
    """
    known: dict[str, Bounds] = {name: (0, size - 1) for name, size in axes.items()}
    known.update((name, (size, size)) for name, size in sizes.items())
    known["inf"], known["true"], known["false"] = (math.inf, math.inf), (1, 1), (0, 0)
    return _bounds(expr.parse_evaluated(text).tree, known)


@lru_cache(maxsize=64)
def extremes_of(text: str, axes: tuple[tuple[str, int], ...], sizes: tuple[tuple[str, int], ...]) -> tuple[int, int]:
    """Return the least and the greatest integer of a formula over the indices of axes.

    Example:
        >>> extremes_of("(i - j) ** 2", (("i", 3), ("j", 3)), ())
        (0, 4)
    """
    formula, names = expr.parse_evaluated(text), [name for name, _ in axes]
    places = product(*(range(size) for _, size in axes))
    found = [int(formula.number({**dict(sizes), **dict(zip(names, place, strict=True))})) for place in places]
    return min(found), max(found)


def _bounds(node: ast.expr, known: Mapping[str, Bounds]) -> Bounds:
    match node:
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
            for each in ast.iter_child_nodes(node):
                if isinstance(each, ast.expr):
                    _bounds(each, known)  # for what is divided inside
            return 0, 1
        case ast.Name():
            return known[node.id]
        case ast.Constant():
            return (node.value, node.value) if isinstance(node.value, (int, float)) else ANY
        case ast.UnaryOp():
            low, high = _bounds(node.operand, known)
            return -high, -low
        case ast.BinOp():
            return _operation_bounds(node, _bounds(node.left, known), _bounds(node.right, known))
        case ast.Call(func=ast.Name(id=name)):
            return _call_bounds(name, [_bounds(each, known) for each in node.args])
    raise AssertionError(f"a formula has no {type(node).__name__}")


def _operation_bounds(node: ast.BinOp, left: Bounds, right: Bounds) -> Bounds:
    op = node.op
    if isinstance(op, (ast.FloorDiv, ast.Mod, ast.Div)) and right[0] <= 0 <= right[1]:
        # Floats become infinite, which a formula may choose to leave out.
        if _common(node.left, node.right) == "int64" and not isinstance(op, ast.Div):
            raise ZeroDivisionError
        return ANY
    if isinstance(op, ast.Mod):
        last = 0 if dtype_of(node.right) == "float" else 1
        if right[0] > 0:
            return left if left[0] >= 0 and left[1] < right[0] else (0, right[1] - last)
        return right[0] + last, 0
    if isinstance(op, ast.Pow) and (left[0] < 0 or right[0] < 0):
        return ANY
    return _hull(_CORNERS[type(op)](a, b) for a, b in product(left, right))


def _power(base: float, exponent: float) -> float:
    try:
        return float(base**exponent)
    except OverflowError:
        return math.inf


_CORNERS: dict[type[ast.operator], Any] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b if a and b else 0,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b if math.isfinite(a) else a / b,
    ast.Pow: _power,
}


def _hull(corners: Any) -> Bounds:
    found = list(corners)
    return ANY if any(map(math.isnan, found)) else (min(found), max(found))


def _call_bounds(name: str, parts: list[Bounds]) -> Bounds:
    match name:
        case "where":
            return min(parts[1][0], parts[2][0]), max(parts[1][1], parts[2][1])
        case "min" | "max":
            choose = min if name == "min" else max
            return choose(low for low, _ in parts), choose(high for _, high in parts)
        case "clamp":
            return max(parts[0][0], parts[1][0]), min(max(parts[0][1], parts[1][0]), parts[2][1])
        case "abs":
            low, high = parts[0]
            return 0 if low <= 0 <= high else min(abs(low), abs(high)), max(abs(low), abs(high))
        case "int" | "float":
            return parts[0]
        case "sin" | "cos" | "tanh" | "sigmoid":
            return -1, 1
    return ANY


@lru_cache(maxsize=1024)
def constant_text(text: str, axes: tuple[str, ...], sizes: tuple[str, ...], in_forward: bool) -> Torch:
    """Return a formula over the indices of axes in torch, with placeholders for its sizes and numbers.

    What is computed in ``forward`` is on the device of the first value that is read, and has its dtype.

    Example:
        >>> torch = constant_text("where(k <= q, 0, -inf)", ("q", "k"), (), in_forward=False)
        >>> torch.template, dict(torch.locals)["q"]
        ('torch.where({local_k} <= {local_q}, {number1}, -torch.inf)', 'torch.arange({size_q})[:, None]')
    """
    tree = deepcopy(expr.parse_evaluated(text).tree)
    numbers = {id(each): f"number{place}" for place, each in enumerate(numbers_in(tree), 1)}
    tree = _SizesAsNumbers(sizes, numbers).visit(tree)
    read = [name for name in axes if any(isinstance(each, ast.Name) and each.id == name for each in ast.walk(tree))]
    writer = _ConstantWriter({name: f"local_{name}" for name in axes}, numbers)
    written = writer.write(tree)
    shape: list[ast.expr] = [ast.Name(f"size_{name}") for name in axes]
    device = [ast.keyword("device", ast.Name("operand0.device"))] if in_forward else []
    if not read:
        written = ast.Call(ast.Name("torch.full"), [ast.Tuple(shape), written], device)
    elif len(read) < len(axes):
        written = called(ast.Attribute(written, "expand"), *shape)
    if in_forward and dtype_of(tree) == "float":
        written = called(ast.Attribute(written, "to"), ast.Name("operand0.dtype"))
    ranges = {name: _range(name, len(axes) - 1 - axes.index(name), device) for name in read}
    template = NEGATIVE_EXPONENT.sub(r"** \1", _filled(written))
    calls = writer.calls + (len(read) < len(axes))
    return Torch(template, calls=calls, locals=tuple((name, _filled(each)) for name, each in ranges.items()))


def _range(name: str, behind: int, device: list[ast.keyword]) -> ast.expr:
    """Return the indices of an axis, laid out along it before those behind."""
    indices = ast.Call(ast.Name("torch.arange"), [ast.Name(f"size_{name}")], device)
    return ast.Subscript(indices, ast.Tuple([ast.Name(":"), *[ast.Constant(None)] * behind])) if behind else indices


def _filled(tree: ast.expr) -> str:
    """Return the text of a tree, with its names as placeholders."""
    return _PLACEHOLDER.sub(lambda found: f"{{{found[0].removeprefix('operand')}}}", ast.unparse(tree))


@lru_cache(maxsize=1024)
def floats_in(text: str) -> frozenset[str]:
    """Return the numbers, by their placeholders, that are floats beside others though they are written as integers.

    Example:
        >>> floats_in("where(k <= 2, 0, -inf)")
        frozenset({'number1'})
    """
    tree = expr.parse_evaluated(text).tree
    places = {id(each): f"number{place}" for place, each in enumerate(numbers_in(tree), 1)}
    choices = [each for each in ast.walk(tree) if isinstance(each, ast.Call) and ast.unparse(each.func) == "where"]
    branches = [branch for each in choices if dtype_of(each) == "float" for branch in each.args[1:]]
    return frozenset(places[id(each)] for branch in branches for each in numbers_in(branch) if branch is each)


class _Size(ast.Constant):
    """A size that stays open, in place of a number."""


class _SizesAsNumbers(ast.NodeTransformer):
    """Puts numbers in place of the names of sizes, so that they are written as these are."""

    def __init__(self, sizes: tuple[str, ...], numbers: dict[int, str]) -> None:
        self._sizes, self._numbers = sizes, numbers

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self._sizes:
            return node
        constant = _Size(1)
        self._numbers[id(constant)] = node.id
        return constant


class _ConstantWriter(TorchWriter):
    """Writes the tree of a formula over indices, of which torch makes what Python would."""

    def write(self, node: ast.expr) -> ast.expr:
        """Return the tree of a part."""
        match node:
            case ast.Name(id="true" | "false"):
                return ast.Name(node.id.title())
            case ast.BinOp(op=ast.Pow()) if dtype_of(node) == "float":
                base, exponent = self.write(node.left), self.write(node.right)
                self.calls += 1
                if dtype_of(node.left) == dtype_of(node.right) == "int64":
                    # torch has no negative powers of integers.
                    if is_number(node.right):
                        base = self._converted(base, "float")
                    else:
                        exponent = self._converted(exponent, "float")
                return ast.BinOp(base, node.op, exponent)
        return super().write(node)

    def _call(self, name: str, arguments: list[ast.expr]) -> ast.expr:
        first = arguments[0]
        if name in ("int", "float"):
            wanted = "int64" if name == "int" else "float"
            part = self.write(first)
            return part if dtype_of(first) == wanted else self._converted(part, "long" if name == "int" else "float")
        if name == "where" and all(map(is_number, arguments[1:])):
            self.calls += 1
            return called("torch.where", *map(self.write, arguments))
        if name in _FLOATS_ALONE and dtype_of(first) == "int64":
            self.calls += 1
            return called(FUNCTIONS[name], self._converted(self.write(first), "float"))
        return super()._call(name, arguments)

    def _converted(self, part: ast.expr, method: str) -> ast.expr:
        self.calls += 1
        return called(ast.Attribute(part, method))

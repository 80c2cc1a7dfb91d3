"""A second reading of a graph: each node computed by itself, with a module's own weights and nothing in place.

It shares no code with the emitter. It reads the graph as it is before any pass, so that passes are checked with it.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from itertools import product
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netspec.ir import Graph, Node, Scope

LOWEST = float("-inf")


@dataclass
class Call:
    """One node with what it needs: its op, its weights, and whether the network is in training."""

    node: Node
    module: nn.Module
    training: bool
    batch: int

    @property
    def op(self) -> Any:
        return self.node.op

    def weight(self, name: str) -> Tensor | None:
        """Return a parameter or buffer of the node's module, or None where it has none of that name."""
        return self.stored(f"{self.node.module}.{name}")

    def stored(self, key: str) -> Tensor | None:
        *path, last = key.split(".")
        owner: Any = self.module
        for part in path:
            owner = owner._modules[part]
        return getattr(owner, last, None)

    def taken(self, name: str, given: tuple[Tensor, ...]) -> Tensor | None:
        """Return a weight: one of those given for each example, which are equal, or one of the node's module."""
        names = [each for each in ("weight", "bias") if getattr(self.op, each, None) == "given"]
        if name in names:
            return given[names.index(name)][0]
        return None if "weight" in names else self.weight(name)  # an op without a weight of its own has no module

    def axes(self, value: Any, rank: int) -> tuple[Any, ...]:
        return tuple(value) if isinstance(value, (tuple, list)) else (value,) * rank


Rule = Callable[..., Tensor]
RULES: dict[str, Rule] = {}
EDGES = frozenset({"element", "state", "next_state", "collected"})
"""What enters and leaves the rounds of a scan: ``run`` computes these."""


def rule(*names: str) -> Callable[[Rule], Rule]:
    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return register


def interpret(graph: Graph, module: nn.Module, inputs: tuple[Tensor, ...], training: bool = False) -> dict[str, Tensor]:
    """Return the value of every node by path; without training, heads that exist only there are left out."""
    values = {each.name: value for each, value in zip(graph.inputs, inputs, strict=True)}
    run(graph.root, graph, values, lambda node: Call(node, module, training, batch=len(inputs[0])))
    return values


def run(scope: Scope, graph: Graph, values: dict[str, Tensor], call: Callable[[Node], Call]) -> None:
    """Compute all that is in a scope, in order; of a scan, once for each element, with what the round before left."""
    states: dict[str, Tensor] = {}
    kept: dict[str, list[Tensor]] = {}
    length = scope.rounds // (scope.parent.rounds if scope.parent else 1)
    for number in range(length):
        for item in scope.items:
            if isinstance(item, Scope):
                run(item, graph, values, call)
                continue
            operands = [values[path] for path in item.inputs if path in values]
            match item.op.name:
                case "element":
                    values[item.path] = operands[0].select(1, number)
                case "state":
                    begin = operands[0]
                    if item.op.zeros is not None:  # type: ignore[attr-defined]
                        begin = operands[0].new_zeros(len(operands[0]), *graph.shape_of(item.path))
                    values[item.path] = states.get(item.path, begin)
                case "next_state":
                    states[item.inputs[1]] = values[item.path] = operands[0]
                case "collected":
                    kept.setdefault(item.path, []).append(operands[0].unsqueeze(1))
                    values[item.path] = torch.cat(kept[item.path], 1)
                case name if call(item).training or item.path not in graph.training_only:
                    result = RULES[name](call(item), *operands)
                    values.update(zip(item.values, (result,) if isinstance(result, Tensor) else result, strict=True))


# element by element


def log_one_plus_exp(x: Tensor) -> Tensor:
    """Return ``log(1 + exp(x))``; written so, it would be infinite from 710 on, and its gradient no number."""
    return torch.logaddexp(x, torch.zeros_like(x))


ACTIVATIONS: dict[str, Callable[[Any, Tensor], Tensor]] = {
    "relu": lambda op, x: torch.where(x > 0, x, 0.0 * x),
    "relu6": lambda op, x: F.relu6(x),  # torch's choice of a gradient where the line bends
    "leaky_relu": lambda op, x: torch.where(x > 0, x, op.slope * x),
    "elu": lambda op, x: torch.where(x > 0, x, op.alpha * torch.expm1(x.clamp(max=0))),
    "selu": lambda op, x: F.selu(x),
    "gelu": lambda op, x: F.gelu(x, approximate=op.approximate),
    "silu": lambda op, x: x * torch.sigmoid(x),
    "hardswish": lambda op, x: F.hardswish(x),
    "hardsigmoid": lambda op, x: F.hardsigmoid(x),
    "mish": lambda op, x: x * torch.tanh(log_one_plus_exp(x)),
    "sigmoid": lambda op, x: torch.exp(-log_one_plus_exp(-x)),
    "tanh": lambda op, x: 2 * torch.exp(-log_one_plus_exp(-2 * x)) - 1,
    "softplus": lambda op, x: F.softplus(x, op.beta, op.threshold),
    "softmax": lambda op, x: torch.exp(x - x.logsumexp(op.axis, keepdim=True)),
    "log_softmax": lambda op, x: x - x.logsumexp(op.axis, keepdim=True),
    "scale": lambda op, x: op.by * x,
}
RULES.update({name: (lambda call, x, f=function: f(call.op, x)) for name, function in ACTIVATIONS.items()})


@rule("formula")
def formula(call: Call, *operands: Tensor) -> Tensor:
    tree = ast.parse(call.op.expression, mode="eval").body
    called = {id(each.func) for each in ast.walk(tree) if isinstance(each, ast.Call)}
    named = [
        each for each in ast.walk(tree) if isinstance(each, ast.Name) and each.id != "inf" and id(each) not in called
    ]
    names = dict.fromkeys(each.id for each in sorted(named, key=lambda each: each.col_offset))
    rank = max(each.dim() for each in operands)
    aligned = [each.reshape(-1, *(1,) * (rank - 1)) if each.dim() == 1 else each for each in operands]
    return evaluated(tree, dict(zip(names, aligned, strict=True)))


def evaluated(node: ast.expr, known: dict[str, Tensor]) -> Tensor:
    """Return a part of a formula; numbers are tensors without axes, which have the dtype of what they meet."""
    match node:
        case ast.Name(id="inf"):
            return -torch.tensor(LOWEST, dtype=torch.float64)
        case ast.Name():
            return known[node.id]
        case ast.Constant():
            return torch.tensor(float(node.value), dtype=torch.float64)  # type: ignore[arg-type]
        case ast.Subscript(value=ast.Attribute(value=ast.Name(id=name)), slice=ast.Constant(value=int(axis))):
            return torch.tensor(known[name].shape[1 + axis], dtype=torch.float64)
        case ast.Compare(left=left, ops=[kind], comparators=[right]):
            return COMPARISONS[type(kind)](evaluated(left, known), evaluated(right, known))
        case ast.BoolOp(op=kind, values=parts):
            join = torch.logical_and if isinstance(kind, ast.And) else torch.logical_or
            return reduce(join, [evaluated(each, known) for each in parts])
        case ast.UnaryOp(op=kind, operand=operand):
            inner = evaluated(operand, known)
            return inner.logical_not() if isinstance(kind, ast.Not) else 0 - inner
        case ast.BinOp(left=left, op=operator, right=right):
            return OPERATORS[type(operator)](evaluated(left, known), evaluated(right, known))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return FUNCTIONS[name](*(evaluated(each, known) for each in arguments))
    raise AssertionError(ast.dump(node))


COMPARISONS: dict[type, Callable[..., Tensor]] = {
    ast.Lt: torch.lt, ast.LtE: torch.le, ast.Gt: torch.gt, ast.GtE: torch.ge, ast.Eq: torch.eq, ast.NotEq: torch.ne
}  # fmt: skip
OPERATORS: dict[type, Callable[..., Tensor]] = {
    ast.Add: torch.add,
    ast.Sub: torch.sub,
    ast.Mult: torch.mul,
    ast.Div: torch.div,
    ast.Pow: torch.pow,
    ast.FloorDiv: lambda a, b: (a / b).floor(),
    ast.Mod: lambda a, b: a - (a / b).floor() * b,
}
FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    **{name: getattr(torch, name) for name in ("exp", "log", "sqrt", "sin", "cos", "abs", "where")},
    **{name: (lambda a, f=ACTIVATIONS[name]: f(None, a)) for name in ("tanh", "sigmoid", "relu", "silu")},
    "rsqrt": lambda a: 1 / a.sqrt(),
    "clamp": lambda a, low, high: torch.minimum(torch.maximum(a, low.to(a)), high.to(a)),
    "min": lambda *parts: reduce(torch.minimum, alike(parts)),
    "max": lambda *parts: reduce(torch.maximum, alike(parts)),
    "softplus": log_one_plus_exp,
    "gelu": lambda a: a * (1 + torch.erf(a / 2**0.5)) / 2,
}


def alike(parts: tuple[Tensor, ...]) -> list[Tensor]:
    """Return tensors, and then numbers of their dtype."""
    first, *others = sorted(parts, key=lambda each: -each.dim())
    return [first, *(each.to(first) for each in others)]


@rule("prelu")
def prelu(call: Call, x: Tensor) -> Tensor:
    return torch.where(x > 0, x, per_channel(call.weight("weight"), x) * x)


@rule("channel_affine")
def channel_affine(call: Call, x: Tensor) -> Tensor:
    return scaled(call, x)


def per_channel(weight: Tensor | None, x: Tensor) -> Tensor:
    assert weight is not None
    return weight.reshape(-1, *(1,) * (x.dim() - 2)) if weight.numel() > 1 else weight


def scaled(call: Call, x: Tensor) -> Tensor:
    """Multiply and add per channel, where there is something to multiply or add."""
    weight, bias = call.weight("weight"), call.weight("bias")
    x = x if weight is None else x * weight.reshape(-1, *(1,) * (x.dim() - 2))
    return x if bias is None else x + bias.reshape(-1, *(1,) * (x.dim() - 2))


# what differs between training and evaluation


@rule("dropout", "dropout2d", "alpha_dropout")
def dropout(call: Call, x: Tensor) -> Tensor:
    assert not call.training or call.op.p == 0
    return x


@rule("stochastic_depth")
def stochastic_depth(call: Call, x: Tensor) -> Tensor:
    assert not call.training or call.op.survival == 1
    return x if call.op.rescale else call.op.survival * x


@rule("swapout")
def swapout(call: Call, skip: Tensor, branch: Tensor) -> Tensor:
    assert not call.training
    return call.op.keep_skip * skip + call.op.keep_branch * branch


@rule("join")
def join(call: Call, *operands: Tensor) -> Tensor:
    assert not call.training or call.op.drop_path == 0
    return torch.stack(operands[:-1] if call.op.column else operands).mean(0)


@rule("draw_column")
def draw_column(call: Call, x: Tensor) -> Tensor:
    assert not call.training
    return torch.full((x.shape[0],), -1.0, dtype=torch.float32)


@rule("noise")
def noise(call: Call, x: Tensor) -> Tensor:
    return torch.normal(0.0, 1.0, x.shape, dtype=x.dtype)


@rule("parameter")
def parameter(call: Call) -> Tensor:
    """Return what is stored once for each example."""
    value = call.stored(call.node.module)
    assert value is not None
    return value.broadcast_to(call.batch, *call.node.shape)


@rule("constant")
def constant(call: Call, *sizes: Tensor) -> Tensor:
    """Return each element as Python computes it from its indices, once for each example."""
    op, known = call.op, {**PYTHON, **dict(call.op.sizes)}
    tree = ast.parse(f"({op.value})", mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            node.func.id += "()"  # an index may have the name of a function
    code = compile(tree, "<constant>", "eval")
    names, extents = zip(*op.axes, strict=True)
    elements = [
        eval(code, {**known, **dict(zip(names, place, strict=True))}) for place in product(*map(range, extents))
    ]
    dtype = {"float": torch.get_default_dtype()}.get(call.node.dtype) or getattr(torch, call.node.dtype)
    return torch.tensor(elements, dtype=dtype).view(extents).broadcast_to(call.batch, *extents)


OF_NUMBERS: dict[str, Any] = {
    **{name: getattr(math, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tanh")},
    **{each.__name__: each for each in (abs, min, max, int, float)},
    "where": lambda condition, then, other: then if condition else other,
    "clamp": lambda v, low, high: min(max(v, low), high),
    "sigmoid": lambda v: 1 / (1 + math.exp(-v)),
    "rsqrt": lambda v: v**-0.5,
    "relu": lambda v: max(v, 0.0),
    "silu": lambda v: v / (1 + math.exp(-v)),
    "gelu": lambda v: v * (1 + math.erf(v / 2**0.5)) / 2,
    "softplus": lambda v: math.log(1 + math.exp(v)),
}
PYTHON: dict[str, Any] = {
    **{f"{name}()": function for name, function in OF_NUMBERS.items()},
    "inf": math.inf,
    "true": True,
    "false": False,
    "__builtins__": {},
}
"""What the names of a formula over indices are in Python."""


# normalization


def normalized(x: Tensor, axes: list[int], eps: float) -> Tensor:
    mean = x.mean(axes, keepdim=True)
    return (x - mean) / torch.sqrt(((x - mean) ** 2).mean(axes, keepdim=True) + eps)


@rule("bn")
def batch_norm(call: Call, x: Tensor) -> Tensor:
    if call.training:
        return scaled(call, normalized(x, [0, *range(2, x.dim())], call.op.eps))
    mean, variance = call.weight("running_mean"), call.weight("running_var")
    return scaled(call, (x - per_channel(mean, x)) / torch.sqrt(per_channel(variance, x) + call.op.eps))


@rule("ln")
def layer_norm(call: Call, x: Tensor) -> Tensor:
    if call.op.axes == "channels":
        return scaled(call, normalized(x, [1], call.op.eps))
    y = normalized(x, list(range(-call.op.axes, 0)), call.op.eps)
    weight, bias = call.weight("weight"), call.weight("bias")
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


@rule("rms_norm")
def root_mean_square_norm(call: Call, x: Tensor) -> Tensor:
    axes = [1] if call.op.axes == "channels" else list(range(-call.op.axes, 0))
    size = torch.sqrt((x * x).mean(axes, keepdim=True) + call.op.eps)
    if call.op.axes == "channels":
        return scaled(call, x / size)
    weight = call.weight("weight")
    return x / size if weight is None else x / size * weight


@rule("gn")
def group_norm(call: Call, x: Tensor) -> Tensor:
    groups = x.reshape(x.shape[0], call.op.groups, -1)
    return scaled(call, normalized(groups, [2], call.op.eps).reshape(x.shape))


@rule("in")
def instance_norm(call: Call, x: Tensor) -> Tensor:
    return scaled(call, normalized(x, list(range(2, x.dim())), call.op.eps))


@rule("lrn")
def local_response_norm(call: Call, x: Tensor) -> Tensor:
    op, channels = call.op, x.shape[1]
    sums = []
    for channel in range(channels):
        first = channel - op.size // 2
        window = (x**2)[:, max(first, 0) : first + op.size]
        sums.append(window.sum(1))
    return x / (op.k + op.alpha / op.size * torch.stack(sums, 1)) ** op.beta


# windows


def pairs(call: Call, x: Tensor) -> tuple[tuple[int, int], ...]:
    """Return what is added before and after each axis."""
    op, rank = call.op, x.dim() - 2
    kernel, stride = call.axes(op.kernel, rank), call.axes(getattr(op, "stride", None) or op.kernel, rank)
    dilation = call.axes(getattr(op, "dilation", 1), rank)
    reach = [step * (extent - 1) for step, extent in zip(dilation, kernel, strict=True)]
    if op.padding == "valid":
        totals = [0] * rank
    elif op.padding in ("same", "auto"):
        totals = reach
    elif op.padding == "same_tf":
        sizes = zip(x.shape[2:], stride, reach, strict=True)
        totals = [max(0, ((size - 1) // step) * step + far + 1 - size) for size, step, far in sizes]
    else:
        sides = call.axes(op.padding, rank)
        return tuple(tuple(side) if isinstance(side, tuple) else (side, side) for side in sides)
    return tuple((total // 2, total - total // 2) for total in totals)


def padded(x: Tensor, sides: tuple[tuple[int, int], ...], mode: str = "constant", value: float | None = None) -> Tensor:
    flat = [number for pair in reversed(sides) for number in pair]
    return F.pad(x, flat, mode=mode, value=value) if any(flat) else x


@rule("conv")
def convolution(call: Call, x: Tensor, *given: Tensor) -> Tensor:
    op, rank = call.op, x.dim() - 2
    weight = call.taken("weight", given)
    assert weight is not None
    if op.binary:
        weight = torch.sign(weight) * weight.abs().flatten(1).mean(1).reshape(-1, *(1,) * (rank + 1))
    x = padded(x, pairs(call, x), "constant" if op.padding_mode == "zeros" else op.padding_mode)
    groups = op.groups if op.depth_multiplier is None else x.shape[1]
    function = (F.conv1d, F.conv2d, F.conv3d)[rank - 1]
    return function(x, weight, call.taken("bias", given), op.stride, 0, op.dilation, groups)


@rule("conv_transpose")
def transposed_convolution(call: Call, x: Tensor, *given: Tensor) -> Tensor:
    op, rank = call.op, x.dim() - 2
    function = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[rank - 1]
    weight, bias = call.taken("weight", given), call.taken("bias", given)
    return function(x, weight, bias, op.stride, op.padding, op.output_padding, op.groups, op.dilation)


@rule("maxpool")
def maximum_pool(call: Call, x: Tensor) -> Tensor:
    op, rank = call.op, x.dim() - 2
    x = padded(x, pairs(call, x), value=LOWEST)
    function = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[rank - 1]
    if not op.ceil:
        return function(x, op.kernel, op.stride or op.kernel, 0, op.dilation)
    assert not any(map(any, pairs(call, x))), "rounding up with padding is read by one rule only: torch's own"
    return function(x, op.kernel, op.stride or op.kernel, 0, op.dilation, True)


@rule("avgpool")
def average_pool(call: Call, x: Tensor) -> Tensor:
    op, rank = call.op, x.dim() - 2
    function = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[rank - 1]
    sides = pairs(call, x)
    if op.ceil:
        return function(x, op.kernel, op.stride or op.kernel, op.padding, True, op.count_include_pad)
    total = function(padded(x, sides), op.kernel, op.stride or op.kernel)
    if op.count_include_pad:
        return total
    return total / function(padded(torch.ones_like(x), sides), op.kernel, op.stride or op.kernel)


@rule("lp_pool")
def norm_pool(call: Call, x: Tensor) -> Tensor:
    op, rank = call.op, x.dim() - 2
    return (F.lp_pool1d, F.lp_pool2d, F.lp_pool3d)[rank - 1](x, op.norm, op.kernel, op.stride, op.ceil)


@rule("global_avgpool")
def global_average(call: Call, x: Tensor) -> Tensor:
    return x.mean(list(range(2, x.dim())), keepdim=True)


@rule("global_maxpool")
def global_maximum(call: Call, x: Tensor) -> Tensor:
    return x.amax(list(range(2, x.dim())), keepdim=True)


@rule("channel_avgpool")
def channel_average(call: Call, x: Tensor) -> Tensor:
    return x.sum(1, keepdim=True) / x.shape[1]


@rule("channel_maxpool")
def channel_maximum(call: Call, x: Tensor) -> Tensor:
    return x.sort(1, descending=True).values[:, :1]


@rule("adaptive_avgpool", "adaptive_maxpool")
def adaptive_pool(call: Call, x: Tensor) -> Tensor:
    rank, largest = x.dim() - 2, call.op.name == "adaptive_maxpool"
    for axis, out in enumerate(call.axes(call.op.out, rank), start=2):
        size = x.shape[axis]
        windows = [x.narrow(axis, i * size // out, -(-(i + 1) * size // out) - i * size // out) for i in range(out)]
        x = torch.cat([each.amax(axis, True) if largest else each.mean(axis, True) for each in windows], axis)
    return x


@rule("reduce")
def reduction(call: Call, x: Tensor) -> Tensor:
    (word,) = (name for name in REDUCTIONS if getattr(call.op, name) is not None)
    axes = [axis % x.dim() for axis in getattr(call.op, word)]
    y = REDUCTIONS[word](x, axes)
    return y if call.op.keep else y.squeeze(axes)


REDUCTIONS: dict[str, Callable[[Tensor, list[int]], Tensor]] = {
    "mean": lambda x, axes: x.sum(axes, keepdim=True) / prod(x.shape[axis] for axis in axes),
    "sum": lambda x, axes: x.sum(axes, keepdim=True),
    "max": lambda x, axes: x.amax(axes, keepdim=True),
    "min": lambda x, axes: -(-x).amax(axes, keepdim=True),
    # The root has no gradient at zero, where that of a norm is zero too.
    "norm": lambda x, axes: (x * x).sum(axes, keepdim=True).clamp_min(torch.finfo(x.dtype).tiny).sqrt(),
    "var": lambda x, axes: ((x - x.mean(axes, keepdim=True)) ** 2).mean(axes, keepdim=True),
}


# matrices


@rule("linear")
def linear(call: Call, x: Tensor, *given: Tensor) -> Tensor:
    weight, bias = call.taken("weight", given), call.taken("bias", given)
    assert weight is not None
    y = x @ weight.T
    return y if bias is None else y + bias


@rule("embedding")
def embedding(call: Call, x: Tensor, *given: Tensor) -> Tensor:
    weight = call.taken("weight", given)
    assert weight is not None
    return weight[x]


@rule("matmul")
def matmul(call: Call, left: Tensor, right: Tensor) -> Tensor:
    left = left.mT if call.op.transpose_a else left
    return left @ (right.mT if call.op.transpose_b else right)


@rule("einsum")
def summed_product(call: Call, *operands: Tensor) -> Tensor:
    """Multiply over all combinations of the names, and then sum."""
    left, result = call.op.pattern.split("->")
    sides = [side.split() for side in left.split(",")]
    order = [*result.split(), *dict.fromkeys(name for side in sides for name in side if name not in result.split())]
    product = torch.ones((), dtype=operands[0].dtype)
    for x, side in zip(operands, sides, strict=True):
        here = [name for name in order if name in side]
        x = x.permute(0, *(1 + side.index(name) for name in here))
        sizes = iter(x.shape[1:])
        product = product * x.reshape(-1, *(next(sizes) if name in side else 1 for name in order))
    extra = list(range(1 + len(result.split()), product.dim()))
    return product.sum(extra) if extra else product


# merges


@rule("concat")
def concat(call: Call, *operands: Tensor) -> Tensor:
    return torch.concatenate(operands, call.op.axis)


@rule("add")
def add(call: Call, *operands: Tensor) -> Tensor:
    return reduce(torch.add, operands)


@rule("sub")
def subtract(call: Call, left: Tensor, right: Tensor) -> Tensor:
    return torch.sub(left, right)


@rule("mul")
def multiply(call: Call, *operands: Tensor) -> Tensor:
    return reduce(torch.mul, operands)


@rule("mean")
def mean(call: Call, *operands: Tensor) -> Tensor:
    return reduce(torch.add, operands) / len(operands)


@rule("max")
def maximum(call: Call, *operands: Tensor) -> Tensor:
    return reduce(torch.maximum, operands)


@rule("lerp")
def lerp(call: Call, start: Tensor, end: Tensor, weight: Tensor) -> Tensor:
    return start + weight * (end - start)


# moving elements


@rule("flatten")
def flatten(call: Call, x: Tensor) -> Tensor:
    return x.reshape(x.shape[0], -1)


@rule("reshape")
def reshape(call: Call, x: Tensor) -> Tensor:
    return x.reshape(x.shape[0], *call.op.shape)


@rule("rearrange", "tile")
def lay_out(call: Call, x: Tensor) -> Tensor:
    """Compute the place of each element in the operand, name by name; nothing is moved."""
    (left, right), given = axis_names(call.op.pattern, x.dim() - 1), dict(call.op.sizes)
    for names, size in zip(left, x.shape[1:], strict=True):
        for name in names:
            given.setdefault(name, size // prod(given.get(each, 1) for each in names))
    order = [name for names in right for name in names]
    grids = torch.meshgrid(*(torch.arange(given[name]) for name in order), indexing="ij")
    place = dict(zip(order, grids, strict=True))
    flat = torch.zeros([given[name] for name in order], dtype=torch.int64)
    for name in (name for names in left for name in names):
        flat = flat * given[name] + place[name]
    return x.flatten(1)[:, flat.flatten()].reshape(-1, *(prod(given[name] for name in names) for names in right))


def axis_names(pattern: str, axes: int) -> list[list[list[str]]]:
    """Return the names of each axis, left and right of the arrow."""
    between = axes - len(re.findall(r"\([^)]*\)|[^\s()]+", pattern.partition("->")[0])) + 1
    spread = " ".join(f"_{number}" for number in range(between))
    sides = pattern.replace("...", spread).split("->")
    found = [re.findall(r"\(([^)]*)\)|([^\s()]+)", side) for side in sides]
    return [[[each for each in (many or one).split() if each != "1"] for many, one in side] for side in found]


@rule("permute")
def permute(call: Call, x: Tensor) -> Tensor:
    return x.permute(0, *call.op.axes)


@rule("slice")
def take(call: Call, x: Tensor) -> Tensor:
    op = call.op
    positions = torch.arange(x.shape[op.axis])[op.start : op.stop : op.step]
    return x.index_select(op.axis, positions)


@rule("pad")
def pad(call: Call, x: Tensor) -> Tensor:
    op, rank = call.op, x.dim() - 2
    sides = tuple(tuple(side) if isinstance(side, tuple) else (side, side) for side in call.axes(op.sides, rank))
    if op.mode != "constant":
        return padded(x, sides, op.mode)
    return padded(x, (op.channels, *sides), value=LOWEST if op.value == "lowest" else op.value)


@rule("upsample")
def upsample(call: Call, x: Tensor) -> Tensor:
    op, rank = call.op, x.dim() - 2
    mode = ("linear", "bilinear", "trilinear")[rank - 1] if op.mode == "linear" else op.mode
    return F.interpolate(x, op.size, op.scale, mode, op.align_corners or None)


@rule("channel_shuffle")
def channel_shuffle(call: Call, x: Tensor) -> Tensor:
    return x.unflatten(1, (call.op.groups, -1)).transpose(1, 2).flatten(1, 2)


@rule("gather")
def gather(call: Call, x: Tensor, *indices: Tensor) -> Tensor:
    """Choose by hand: each example, and each position of the index, by itself."""
    axis = call.op.axis % x.dim() - 1
    if call.op.positions is not None:
        return torch.stack([x.select(axis + 1, position) for position in call.op.positions], dim=axis + 1)
    (index,) = indices
    rows = []
    for example, places in zip(x, index, strict=True):
        chosen = [example.select(axis, int(place)) for place in places.flatten()]
        rows.append(torch.stack(chosen, axis).unflatten(axis, places.shape) if places.dim() else chosen[0])
    return torch.stack(rows)


@rule("roll")
def roll(call: Call, x: Tensor) -> Tensor:
    for axis, shift in zip(call.op.axes, call.axes(call.op.shift, len(call.op.axes)), strict=True):
        size = x.shape[axis]
        x = x.index_select(axis, torch.tensor([(place - shift) % size for place in range(size)]))
    return x


@rule("flip")
def flip(call: Call, x: Tensor) -> Tensor:
    for axis in call.op.axes:
        x = x.index_select(axis, torch.tensor(range(x.shape[axis])[::-1]))
    return x


@rule("detach")
def detach(call: Call, x: Tensor) -> Tensor:
    return x.detach()


@rule("cumsum")
def cumulative_sum(call: Call, x: Tensor) -> Tensor:
    parts = x.unbind(call.op.axis)
    return torch.stack([torch.stack(parts[: place + 1]).sum(0) for place in range(len(parts))], call.op.axis)


@rule("argmax")
def position_of_largest(call: Call, x: Tensor) -> Tensor:
    places = x.sort(dim=call.op.axis, descending=True, stable=True).indices.narrow(call.op.axis, 0, 1)
    return places if call.op.keep else places.squeeze(call.op.axis)


@rule("topk")
def largest(call: Call, x: Tensor) -> tuple[Tensor, ...]:
    ordered = x.sort(dim=call.op.axis, descending=call.op.largest, stable=True)
    return tuple(each.narrow(call.op.axis, 0, call.op.count) for each in ordered)


@rule("one_hot")
def one_hot(call: Call, x: Tensor) -> Tensor:
    return (x.unsqueeze(-1) == torch.arange(call.op.classes)).double()


@rule("unfold")
def unfold(call: Call, x: Tensor) -> Tensor:
    """Convolve with filters that each read one element."""
    op, (rows, columns) = call.op, call.axes(call.op.kernel, 2)
    filters = torch.eye(rows * columns, dtype=x.dtype).reshape(-1, 1, rows, columns)
    windows = F.conv2d(x, filters.repeat(x.shape[1], 1, 1, 1), None, op.stride, op.padding, op.dilation, x.shape[1])
    return windows.flatten(2)


@rule("rbf")
def radial_basis(call: Call, x: Tensor) -> Tensor:
    centers = call.weight("centers")
    return torch.stack([((x - center) ** 2).sum(-1) for center in centers], dim=-1)


@rule("pixel_shuffle")
def pixel_shuffle(call: Call, x: Tensor) -> Tensor:
    factor = call.op.factor
    y = x.unflatten(1, (-1, factor, factor)).permute(0, 1, 4, 2, 5, 3)
    return y.flatten(4, 5).flatten(2, 3)


@rule("pixel_unshuffle")
def pixel_unshuffle(call: Call, x: Tensor) -> Tensor:
    factor = call.op.factor
    parts = [x[:, :, row::factor, column::factor] for row in range(factor) for column in range(factor)]
    return torch.stack(parts, 2).flatten(1, 2)


# sequences


@rule("lstm", "gru", "rnn")
def recurrent(call: Call, x: Tensor) -> Tensor:
    op, last = call.op, []
    for layer in range(op.layers):
        results = []
        for suffix in ("", "_reverse")[: 2 if op.bidirectional else 1]:
            steps = list(x.unbind(1))
            states = _unrolled(call, steps[::-1] if suffix else steps, f"l{layer}{suffix}")
            last.append(states[-1])
            results.append(torch.stack(states[::-1] if suffix else states, 1))
        x = torch.cat(results, -1)
    if op.output == "sequence":
        return x
    return torch.cat(last[-2:], 1) if op.bidirectional else last[-1]


def _unrolled(call: Call, steps: list[Tensor], suffix: str) -> list[Tensor]:
    into, over = call.weight(f"layer.weight_ih_{suffix}"), call.weight(f"layer.weight_hh_{suffix}")
    bias, bias_over = call.weight(f"layer.bias_ih_{suffix}"), call.weight(f"layer.bias_hh_{suffix}")
    assert into is not None and over is not None
    hidden = steps[0].new_zeros(steps[0].shape[0], call.op.hidden)
    cell, states = hidden, []
    for step in steps:
        entering, kept = F.linear(step, into, bias), F.linear(hidden, over, bias_over)
        if call.op.name == "lstm":
            i, f, g, o = (entering + kept).chunk(4, 1)
            cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
            hidden = torch.sigmoid(o) * torch.tanh(cell)
        elif call.op.name == "gru":
            (r, z, n), (r2, z2, n2) = entering.chunk(3, 1), kept.chunk(3, 1)
            update = torch.sigmoid(z + z2)
            hidden = (1 - update) * torch.tanh(n + torch.sigmoid(r + r2) * n2) + update * hidden
        else:
            hidden = torch.tanh(entering + kept) if call.op.nonlinearity == "tanh" else torch.relu(entering + kept)
        states.append(hidden)
    return states


@rule("attend")
def attend(call: Call, query: Tensor, key: Tensor, value: Tensor, *masks: Tensor) -> Tensor:
    assert not call.training or call.op.dropout == 0
    if query.dim() > 3:
        groups = query.shape[-3] // key.shape[-3]
        key, value = (each.repeat_interleave(groups, -3) for each in (key, value))
    scores = torch.einsum("...ld,...sd->...ls", query, key) * (call.op.scale or query.shape[-1] ** -0.5)
    seen = torch.ones_like(scores)
    for mask in masks:
        scores, seen = (scores, seen * mask) if mask.dtype == torch.bool else (scores + mask, seen)
    if call.op.causal:
        rows, columns = (torch.arange(size) for size in scores.shape[-2:])
        seen = seen * (columns <= rows[:, None])
    weights = torch.exp(scores - scores.amax(-1, keepdim=True)) * seen
    total = weights.sum(-1, keepdim=True)
    return torch.einsum("...ls,...se->...le", weights / torch.where(total == 0, 1, total), value)

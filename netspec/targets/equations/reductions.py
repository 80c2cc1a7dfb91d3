"""Rules for reductions over channels, positions or features: linear layers, normalization, global pools, softmax."""

from __future__ import annotations

from netspec.ops import OPS, Op
from netspec.ops.accumulation import CumSum
from netspec.ops.attend import Attend
from netspec.ops.axes import axis_index
from netspec.ops.einsum import Einsum
from netspec.ops.layer_normalization import FeatureNorm, LayerNorm, RMSNorm
from netspec.ops.linear import Embedding, Linear, MatMul
from netspec.ops.normalization import BatchNorm, GroupNorm, InstanceNorm
from netspec.ops.radial_basis import RadialBasis
from netspec.ops.recurrent import GRU, LSTM, RNN
from netspec.ops.reduction import Reduce
from netspec.ops.response_normalization import LocalResponseNorm
from netspec.sizes import Size
from netspec.targets.equations.model import EQUATIONS, Call, Equation, indices, over


@EQUATIONS.implements(Linear)
def linear(op: Linear, call: Call) -> Equation:
    *before, last = call.axes
    term = f"{call.weight('weight', last, 'd')} * {call.x.at(*before, 'd')}"
    formula = over("sum", term, {"d": call.x.shape[-1]})
    return Equation(call.axes, f"{call.weight('bias', last)} + {formula}" if op.bias else formula)


@EQUATIONS.implements(Embedding)
def embedding(op: Embedding, call: Call) -> Equation:
    *before, last = call.axes
    return Equation(call.axes, call.weight("weight", call.x.at(*before), last))


@EQUATIONS.implements(MatMul)
def matmul(op: MatMul, call: Call) -> Equation:
    *before, row, column = call.axes
    left, right = call.operands
    inner = left.shape[-2] if op.transpose_a else left.shape[-1]
    a = left.at(*before, *(("d", row) if op.transpose_a else (row, "d")))
    b = right.at(*before, *((column, "d") if op.transpose_b else ("d", column)))
    return Equation(call.axes, over("sum", f"{a} * {b}", {"d": inner}))


@EQUATIONS.implements(Attend)
def attend(op: Attend, call: Call) -> Equation:
    *before, row, column = call.axes
    query, key, value, *masks = call.operands
    groups = op.groups(query.shape, key.shape)
    heads = before if groups == 1 else [*before[:-1], f"{before[-1]} // {groups}"]
    scale = f"{op.scale} * " if op.scale else ""
    product = over("sum", f"{query.at(*before, row, 'e')} * {key.at(*heads, 'd', 'e')}", {"e": query.shape[-1]})
    score = f"{scale}{product}" + ("" if op.scale else f" / sqrt({query.shape[-1]})")
    factor = f"(d <= {row}) * " if op.causal else ""
    for name, mask in zip(op.optional_names(), masks, strict=True):
        at = ("0" if size == 1 else index for index, size in zip((*before, row, "d"), mask.shape, strict=True))
        if name == "bias":
            score += f" + {mask.at(*at)}"
        else:
            factor += f"{mask.at(*at)} * "
    keys = {"d": key.shape[-2]}
    weight = f"{factor}exp({score})"
    weighted = over("sum", f"{weight} * {value.at(*heads, 'd', column)}", keys)
    total = over("sum", weight, keys)
    # Without a key, a query gives zero.
    return Equation(call.axes, f"{weighted} / {f'max({total}, 1e-38)' if 'mask' in op.optional_names() else total}")


@EQUATIONS.implements(Einsum)
def einsum(op: Einsum, call: Call) -> Equation:
    sizes, pattern = op.fit(tuple(each.shape for each in call.operands)), op.read(op.pattern)
    names = dict(zip(pattern.result.names, call.axes, strict=True))
    summed = [name for name in pattern.names if name not in names]
    names |= {name: f"d{place}" for place, name in enumerate(summed)}
    left, right = (
        operand.at(*(names[name] for name in side.names))
        for operand, side in zip(call.operands, pattern.operands, strict=True)
    )
    ranges = {names[name]: sizes[name] for name in summed}
    return Equation(call.axes, over("sum", f"{left} * {right}", ranges) if ranges else f"{left} * {right}")


# normalization


@EQUATIONS.implements(BatchNorm)
def batch_norm(op: BatchNorm, call: Call) -> Equation:
    """The running moments, which evaluation uses, are buffers of the module."""
    mean, variance = (call.weight(f"running_{name}", "c") for name in ("mean", "var"))
    formula = f"({call.x.at(*call.axes)} - {mean}) / sqrt({variance} + {op.eps})"
    return Equation(call.axes, _affine(formula, call, ("c",), op.affine))


@EQUATIONS.implements(LayerNorm)
def layer_norm(op: LayerNorm, call: Call) -> Equation:
    element, ranges, normalized = _feature_reads(op, call)
    formula = _affine(_normalized(op.eps, call), call, normalized, op.affine, op.affine and op.bias)
    return Equation(call.axes, formula, _moments(element, ranges))


@EQUATIONS.implements(RMSNorm)
def rms_norm(op: RMSNorm, call: Call) -> Equation:
    element, ranges, normalized = _feature_reads(op, call)
    formula = f"{call.x.at(*call.axes)} / sqrt({over('mean', f'{element} ** 2', ranges)} + {op.eps})"
    return Equation(call.axes, _affine(formula, call, normalized, op.affine, bias=False))


def _feature_reads(op: FeatureNorm, call: Call) -> tuple[str, dict[str, Size], tuple[str, ...]]:
    """Return an element that is summed over, its ranges, and the indices of the weights."""
    indices_of = op.indices(call.x.shape)
    at = [f"{name}2" if place in indices_of else name for place, name in enumerate(call.axes)]
    ranges = {at[place]: call.x.shape[place] for place in indices_of}
    return call.x.at(*at), ranges, tuple(call.axes[place] for place in indices_of)


@EQUATIONS.implements(InstanceNorm)
def instance_norm(op: InstanceNorm, call: Call) -> Equation:
    summed = {f"{name}2": size for name, size in zip(call.axes[1:], call.x.shape[1:], strict=True)}
    formula = _affine(_normalized(op.eps, call), call, ("c",), op.affine)
    return Equation(call.axes, formula, _moments(call.x.at("c", *summed), summed))


@EQUATIONS.implements(GroupNorm)
def group_norm(op: GroupNorm, call: Call) -> Equation:
    width = call.x.shape[0] // op.groups
    summed: dict[str, Size] = {"d": width}
    summed |= {f"{name}2": size for name, size in zip(call.axes[1:], call.x.shape[1:], strict=True)}
    first = "c" if width == 1 else f"{width} * (c // {width}) + d"
    formula = _affine(_normalized(op.eps, call), call, ("c",), op.affine)
    return Equation(call.axes, formula, _moments(call.x.at(first, *list(summed)[1:]), summed))


def _normalized(eps: float, call: Call) -> str:
    return f"({call.x.at(*call.axes)} - m) / sqrt(v + {eps})"


def _moments(element: str, ranges: dict[str, Size]) -> tuple[tuple[str, str], ...]:
    return ("m", over("mean", element, ranges)), ("v", over("mean", f"({element} - m) ** 2", ranges))


def _affine(formula: str, call: Call, at: tuple[str, ...], weight: bool, bias: bool | None = None) -> str:
    """Return a normalized element times a weight plus a bias, if there are any."""
    if weight:
        formula = f"{formula} * {call.weight('weight', *at)}"
    return f"{formula} + {call.weight('bias', *at)}" if (weight if bias is None else bias) else formula


@EQUATIONS.implements(LocalResponseNorm)
def local_response_norm(op: LocalResponseNorm, call: Call) -> Equation:
    _, *positions = call.axes
    square = f"{call.x.at(f'c + d - {op.size // 2}', *positions)} ** 2"
    energy = over("sum", square, {"d": op.size})
    formula = f"{call.x.at(*call.axes)} / ({op.k} + {op.alpha} / {op.size} * {energy}) ** {op.beta}"
    return Equation(call.axes, formula)


@EQUATIONS.implements(Reduce)
def reduction(op: Reduce, call: Call) -> Equation:
    reduced, kept = op.indices(call.x.shape), iter(call.axes)
    at, ranges = [], {}
    for place, size in enumerate(call.x.shape):
        name = next(kept) if op.keep or place not in reduced else ""
        if place in reduced:
            name = f"d{place}"
            ranges[name] = size
        at.append(name)
    element = call.x.at(*at)
    match op.function():
        case "norm":
            return Equation(call.axes, f"sqrt({over('sum', f'{element} ** 2', ranges)})")
        case "var":
            mean, variance = _moments(element, ranges)
            return Equation(call.axes, variance[1], (mean,))
        case function:
            return Equation(call.axes, over(function, element, ranges))


@EQUATIONS.implements(CumSum)
def cumulative_sum(op: CumSum, call: Call) -> Equation:
    axis = axis_index("cumsum", op.axis, call.shape)
    element = call.x.at(*call.axes[:axis], "d", *call.axes[axis + 1 :])
    return Equation(call.axes, over("sum", f"(d <= {call.axes[axis]}) * {element}", {"d": call.shape[axis]}))


# pools without a window


@EQUATIONS.implements(OPS["global_avgpool"], OPS["global_maxpool"])
def global_pool(op: Op, call: Call) -> Equation:
    names = indices(len(call.x.shape))[1:]
    positions = dict(zip(names, call.x.shape[1:], strict=True))
    shown = ("c", *(f"{name}0" for name in names))[: len(call.shape)]
    return Equation(shown, over(_reduction(op), call.x.at("c", *names), positions))


@EQUATIONS.implements(OPS["channel_avgpool"], OPS["channel_maxpool"])
def channel_pool(op: Op, call: Call) -> Equation:
    _, *positions = call.axes
    return Equation(call.axes, over(_reduction(op), call.x.at("d", *positions), {"d": call.x.shape[0]}))


@EQUATIONS.implements(OPS["adaptive_avgpool"], OPS["adaptive_maxpool"])
def adaptive_pool(op: Op, call: Call) -> Equation | None:
    sizes = list(zip(call.x.shape[1:], call.shape[1:], strict=True))
    if any(size % out for size, out in sizes):
        return None  # the windows then overlap, and differ in size
    taps = dict(zip("uvw", (size // out for size, out in sizes), strict=False))
    reads = [f"{size} * {index} + {tap}" for index, (tap, size) in zip(call.axes[1:], taps.items(), strict=True)]
    return Equation(call.axes, over(_reduction(op), call.x.at("c", *reads), taps))


def _reduction(op: Op) -> str:
    return "max" if "max" in op.name else "mean"


@EQUATIONS.implements(OPS["softmax"], OPS["log_softmax"])
def softmax(op: Op, call: Call) -> Equation:
    axis = axis_index(op.name, op.axis, call.x.shape)  # type: ignore[attr-defined]
    summed = [*call.axes]
    summed[axis] = "d"
    total = over("sum", f"exp({call.x.at(*summed)})", {"d": call.x.shape[axis]})
    element = call.x.at(*call.axes)
    return Equation(call.axes, f"exp({element}) / {total}" if op.name == "softmax" else f"{element} - log({total})")


EQUATIONS.declines(LSTM, GRU, RNN, reason="a recurrence is no single formula: each step reads the one before")
EQUATIONS.declines(RadialBasis, reason="its centers are no parameters, which alone have names here")

"""What aten operations with weights and windows mean: layers, pooling and reduction."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

from tests.support.matcher.arithmetic import Term
from tests.support.matcher.axes import Builder
from tests.support.matcher.calls import Call, anything, around, plain, rule
from tests.support.matcher.canonical import Value, number


@rule("linalg_vector_norm")
def norm(call: Call) -> Value:
    """The order may be a whole number or a float."""
    return anything(replace(call, arguments={**call.arguments, "ord": float(call["ord"])}))


@rule("convolution", "_convolution")
def convolution(call: Call) -> Value:
    builder, value, shape = call.builder, call.value, list(call.shape)
    weight_shape = tuple(call["weight"].shape)
    kernel = weight_shape[2:]
    stride, dilation, margins = ([*map(int, call[name])] for name in ("stride", "dilation", "padding"))
    dilation = [1 if size == 1 else step for size, step in zip(kernel, dilation, strict=True)]
    padding = [(margin, margin) for margin in margins]
    if not call["transposed"]:
        value, shape, padding = without_padding(builder, value, shape, padding)
    operands = [("input", value), ("weight", call.read(call["weight"]))]
    if call["bias"] is not None:
        operands.append(("bias", call.read(call["bias"])))
    unpadded = all(margin == (0, 0) for margin in padding)
    if (
        unpadded
        and kernel == tuple(shape[2:])
        and call["groups"] == 1
        and set(dilation) == {1}
        and not call["transposed"]
    ):
        return linear(builder, operands, shape[0], math.prod(shape[1:]), weight_shape[0])
    attributes: dict[str, Hashable] = {
        "input": tuple(shape), "weight": weight_shape, "stride": tuple(stride), "padding": tuple(padding),
        "dilation": tuple(dilation), "groups": call["groups"],
    }  # fmt: skip
    if call["transposed"]:
        return builder.emit(
            "transposed_convolution", operands, **attributes, output_padding=plain(call["output_padding"])
        )
    return builder.emit("convolution", operands, **attributes)


def without_padding(
    builder: Builder, value: Value, shape: list[int], padding: list[tuple[int, int]]
) -> tuple[Value, list[int], list[tuple[int, int]]]:
    """Zeros that were padded before a convolution are padding of the convolution."""
    while (node := builder.node(value)).op == "pad" and node.attribute("value") == number(0):
        outer, size, inner, before, after = node.integers("outer", "size", "inner", "before", "after")
        padded = (outer, size + before + after, inner)
        axis = next((axis for axis in range(2, len(shape)) if around(shape, axis) == padded), None)
        if axis is None:
            break
        value, shape = node.operands[0].value, [*shape[:axis], size, *shape[axis + 1 :]]
        old = padding[axis - 2]
        padding = [*padding[: axis - 2], (old[0] + before, old[1] + after), *padding[axis - 1 :]]
    return value, shape, padding


def linear(builder: Builder, operands: list[tuple[str, Value]], rows: int, inputs: int, outputs: int) -> Value:
    return builder.emit("linear", operands, rows=rows, inputs=inputs, outputs=outputs)


@rule("mm", "addmm", "linear")
def matrix_product(call: Call) -> Value:
    if call.name == "addmm" and (call["beta"] not in (None, 1) or call["alpha"] not in (None, 1)):
        return anything(call)
    left, right = (
        call[name] for name in {"mm": ("self", "mat2"), "addmm": ("mat1", "mat2")}.get(call.name, ("input", "weight"))
    )
    weight = call.read(right)
    outputs, inputs = right.shape if call.name == "linear" else reversed(right.shape)
    if call.name != "linear":
        weight = call.builder.permute(weight, right.shape, (1, 0))
    operands = [("input", call.read(left)), ("weight", weight)]
    bias = call["self"] if call.name == "addmm" else call["bias"]
    if bias is not None:
        operands.append(("bias", call.read(bias)))
    return linear(call.builder, operands, left.numel() // inputs, inputs, outputs)


@rule(
    "native_batch_norm",
    "_native_batch_norm_legit_no_training",
    "_native_batch_norm_legit",
    "cudnn_batch_norm",
    "batch_norm",
)
def batch_norm(call: Call) -> Value:
    if call["training"]:
        return anything(call)
    operands = [("input", call.read(call["input"]))]
    operands += [(name, call.read(call[name])) for name in ("weight", "bias") if call[name] is not None]
    operands += [(name, call.read_statistic(call[name])) for name in ("running_mean", "running_var")]
    outer, channels, inner = around(call["input"].shape, 1)
    epsilon = call["eps"] if call["eps"] is not None else call["epsilon"]
    return call.builder.emit("batch_norm", operands, outer=outer, channels=channels, inner=inner, eps=number(epsilon))


@rule("native_layer_norm", "layer_norm")
def layer_norm(call: Call) -> Value:
    operands = [(name, call.read(call[name])) for name in ("input", "weight", "bias") if call[name] is not None]
    width = math.prod(call["normalized_shape"])
    rows = call["input"].numel() // width
    return call.builder.emit("layer_norm", operands, rows=rows, width=width, eps=number(call["eps"]))


@rule("bmm")
def batched_product(call: Call) -> Value:
    """A product of matrices, before which or behind which a scale is the same."""
    left, right = call["self"], call["mat2"]
    factors = [call.builder.scaled(call.read(each)) for each in (left, right)]
    operands = [("left", factors[0].value), ("right", factors[1].value)]
    result = call.builder.emit("batched_product", operands, left=tuple(left.shape), right=tuple(right.shape))
    return call.builder.affine([Term(result, factors[0].weight * factors[1].weight)], 0.0, call.size)


@rule("embedding")
def embedding(call: Call) -> Value:
    operands = [("weight", call.read(call["weight"])), ("indices", call.read(call["indices"]))]
    return call.builder.emit("embedding", operands, weight=tuple(call["weight"].shape))


def per_axis(given: Any, default: Sequence[int], rank: int) -> tuple[int, ...]:
    values = [given] if isinstance(given, int) else list(given or default)
    return tuple(values * rank if len(values) == 1 else values)


@rule(*(f"{kind}_pool{rank}d{tail}" for kind in ("max", "avg") for rank in (1, 2, 3) for tail in ("", "_with_indices")))
def pool(call: Call) -> Value:
    """Pooling, unless its window is one element or the whole map; rounding counts where windows do not fit evenly."""
    kind, rank = call.name[:3].replace("avg", "mean"), int(call.name[8])
    kernel = per_axis(call["kernel_size"], (), rank)
    stride, padding = per_axis(call["stride"], kernel, rank), per_axis(call["padding"], [0] * rank, rank)
    dilation = per_axis(call["dilation"], [1] * rank, rank)
    spatial = call.shape[-rank:]
    unpadded = not any(padding)
    if unpadded and set(kernel) == {1} and call["divisor_override"] is None:
        return strided(call.builder, call.value, call.shape, stride)
    if unpadded and kernel == spatial and set(dilation) == {1} and call["divisor_override"] is None:
        axes = range(len(call.shape) - rank, len(call.shape))
        return call.builder.reduce(kind, call.value, call.shape, axes)
    counted = kind == "mean" and bool(call["count_include_pad"]) and not unpadded
    windows = zip(call.results[0].shape[-rank:], spatial, kernel, stride, padding, dilation, strict=True)
    reached = [(count - 1) * step + gap * (width - 1) + 1 - size for count, size, width, step, _, gap in windows]
    # Where padding does not count, it is what windows have beyond the map, be it for rounding or not.
    sides = [(pad, pad if counted else max(end - pad, 0)) for end, pad in zip(reached, padding, strict=True)]
    attributes: dict[str, Hashable] = {"input": call.shape, "kernel": kernel, "stride": stride, "padding": tuple(sides)}
    if kind == "max":
        attributes["dilation"] = dilation
    else:
        attributes["padding_counts"] = counted
        attributes["ceil"] = counted and any(end > 2 * pad for end, pad in zip(reached, padding, strict=True))
        attributes["divisor"] = call["divisor_override"]
    return call.builder.emit(f"{kind}_pool", [("input", call.value)], **attributes)


def strided(builder: Builder, value: Value, shape: Sequence[int], stride: Sequence[int]) -> Value:
    """Every n-th element of the last axes: a pool whose window is one element."""
    sizes = list(shape)
    for axis, step in enumerate(stride, start=len(shape) - len(stride)):
        outer, size, inner = around(sizes, axis)
        value = builder.slice(value, outer, size, inner, 0, size, step)
        sizes[axis] = -(-size // step)
    return value


@rule(*(f"{lead}adaptive_{kind}_pool{rank}d" for lead in ("", "_") for kind in ("max", "avg") for rank in (1, 2, 3)))
def adaptive_pool(call: Call) -> Value | list[Value]:
    kind, rank = ("mean" if "avg" in call.name else "max"), int(call.name[-2])
    before, after = call.shape[-rank:], tuple(call.results[0].shape[-rank:])
    if before == after:
        return call.value
    if set(after) == {1}:
        return call.builder.reduce(kind, call.value, call.shape, range(len(call.shape) - rank, len(call.shape)))
    if any(size % parts for size, parts in zip(before, after, strict=True)):
        return call.builder.emit(f"adaptive_{kind}_pool", [("input", call.value)], input=call.shape, output=after)
    kernel = [size // parts for size, parts in zip(before, after, strict=True)]
    name = call.name.lstrip("_").removeprefix("adaptive_")
    return pool(replace(call, name=name, arguments=call.arguments | {"kernel_size": kernel}))


@rule("mean", "sum", "amax", "max")
def reduction(call: Call) -> Value | list[Value]:
    kind = call.name.removeprefix("a")
    if call["other"] is not None:
        return anything(call)
    reduced = call.builder.reduce(kind, call.value, call.shape, call.axes())
    if len(call.results) == 1:
        return reduced
    outer, size, inner = around(call.shape, call.axis())
    return [reduced, call.builder.emit("argmax", [("input", call.value)], outer=outer, size=size, inner=inner)]


@rule("upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d", "upsample_bilinear2d", "upsample_bicubic2d",
      "upsample_linear1d", "upsample_trilinear3d")  # fmt: skip
def upsample(call: Call) -> Value:
    output = tuple(call.results[0].shape)
    return call.builder.emit(
        call.name, [("input", call.value)], input=call.shape, output=output, corners=bool(call["align_corners"])
    )

"""What aten operations that only move elements mean."""

from __future__ import annotations

import math

import torch

from tests.support.matcher.axes import Piece
from tests.support.matcher.calls import Call, anything, around, rule
from tests.support.matcher.canonical import Value, pattern


@rule(
    "view", "_unsafe_view", "reshape", "_reshape_alias", "flatten", "unsqueeze", "squeeze", "detach", "clone",
    "contiguous", "alias", "lift_fresh", "lift_fresh_copy", "dropout", "feature_dropout", "alpha_dropout",
)  # fmt: skip
def same_elements(call: Call) -> Value:
    if call["train"]:
        raise ValueError(f"{call.name} in training mode")
    return call.value


@rule("as_strided")
def with_strides(call: Call) -> Value:
    """What pooling a whole map does to a channels-last tensor: axes of size 1 get other strides."""
    kept = [(size, step) for size, step in zip(call["size"], call["stride"], strict=True) if size > 1]
    steps = [math.prod(size for size, _ in kept[place + 1 :]) for place in range(len(kept))]
    is_dense = steps == [step for _, step in kept] and not call["storage_offset"]
    return call.value if is_dense and call.size == math.prod(call.shape) else anything(call)


@rule("_to_copy")
def convert(call: Call) -> Value:
    source = next(a for a in call.arguments.values() if isinstance(a, torch.Tensor))
    return call.value if source.dtype == call.results[0].dtype else anything(call)


@rule("expand")
def expand(call: Call) -> Value:
    return call.builder.broadcast(call.value, pattern(call.shape, call.results[0].shape), call.size)


@rule("copy")
def copy(call: Call) -> Value:
    term = call.term(call["src"])
    return call.builder.broadcast(term.value, term.pattern, call.size)


@rule("permute", "transpose", "t", "numpy_T")
def permute(call: Call) -> Value:
    order = list(range(len(call.shape)))
    if call.name == "permute":
        order = [axis % len(order) for axis in call["dims"]]
    elif call.name == "transpose":
        a, b = call.axis("dim0"), call.axis("dim1")
        order[a], order[b] = order[b], order[a]
    else:
        order.reverse()
    return call.builder.permute(call.value, call.shape, order)


@rule("channel_shuffle", "native_channel_shuffle")
def channel_shuffle(call: Call) -> Value:
    batch, channels, *rest = call.shape
    groups = call["groups"]
    return call.builder.permute(call.value, (batch, groups, channels // groups, math.prod(rest)), (0, 2, 1, 3))


@rule("cat", "stack")
def concat(call: Call) -> Value:
    tensors = [tensor for tensor in call["tensors"] if tensor.numel() or len(call["tensors"]) == 1]
    axis = call.axis(rank=len(call.results[0].shape))
    outer, _, inner = around(call.results[0].shape, axis)
    lengths = [1 if call.name == "stack" else tensor.shape[axis] for tensor in tensors]
    pieces = [Piece(call.read(tensor), length) for tensor, length in zip(tensors, lengths, strict=True)]
    return call.builder.concat(outer, inner, pieces)


@rule("slice", "narrow", "select")
def slice_axis(call: Call) -> Value:
    outer, size, inner = around(call.shape, call.axis())
    if call.name == "select":
        start = int(call["index"]) % size
        return call.builder.slice(call.value, outer, size, inner, start, start + 1)
    start, stop, _ = slice(call["start"], call["end"]).indices(size)
    if call.name == "narrow":
        stop = start + call["length"]
    return call.builder.slice(call.value, outer, size, inner, start, stop, call["step"] or 1)


@rule("index")
def select_by_integers(call: Call) -> Value:
    """Elements of one axis by their positions, whose axes take its place."""
    given = [(axis, index) for axis, index in enumerate(call["indices"]) if index is not None]
    if len(given) != 1 or given[0][1].dtype == torch.bool:
        return anything(call)
    ((axis, index),) = given
    outer, size, inner = around(call.shape, axis)
    operands = [("input", call.value), ("positions", call.read(index))]
    return call.builder.emit("select", operands, outer=outer, size=size, inner=inner)


@rule("split", "unsafe_split", "split_with_sizes", "unsafe_split_with_sizes", "chunk", "unsafe_chunk", "unbind")
def split(call: Call) -> list[Value]:
    axis = call.axis()
    outer, size, inner = around(call.shape, axis)
    lengths = [1 if call.name == "unbind" else part.shape[axis] for part in call.results]
    stops = [sum(lengths[: index + 1]) for index in range(len(lengths))]
    bounds = [(stop - length, stop) for stop, length in zip(stops, lengths, strict=True)]
    return [call.builder.slice(call.value, outer, size, inner, start, stop) for start, stop in bounds]


@rule("constant_pad_nd")
def constant_pad(call: Call) -> Value:
    value, shape, margins = call.value, list(call.shape), list(call["pad"])
    constant = float(call["value"] or 0)
    for index in range(len(margins) // 2):
        axis, before, after = len(shape) - 1 - index, margins[2 * index], margins[2 * index + 1]
        outer, size, inner = around(shape, axis)
        value = call.builder.pad(value, outer, size, inner, before, after, constant)
        shape[axis] += before + after
    return value

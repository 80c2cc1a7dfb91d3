"""Receptive fields against the gradient of the module that is built."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from netspec.analysis import receptive_fields
from netspec.ir import Graph
from netspec.lowering import lower
from tests.support import chance
from tests.support.documents import build, load_text
from tests.support.random_documents import documents
from tests.support.search import examples

Step = Any


def lowered(network: list[Step], shape: Any) -> Graph:
    return lower(load_text({"input": shape, "network": network}))


def predicted(graph: Graph) -> list[int]:
    """Return the receptive field of the main output; all of the input where nothing limits it."""
    field = receptive_fields(graph)[graph.outputs[0].node]
    sizes = graph.inputs[0].shape
    return list((sizes[1:] if len(sizes) > 1 else sizes) if field is None else field)


def observed(graph: Graph) -> list[int]:
    """Return per axis the most elements of the input, from the first to the last, that an output's gradient reaches."""
    module = build(graph).eval()
    chance.seed(0)
    x = torch.randn(1, *graph.inputs[0].shape, dtype=torch.float64, requires_grad=True)
    y = module(x)
    y = y if isinstance(y, torch.Tensor) else y[0]
    most = [0] * max(x.dim() - 2, 1)
    for element in y.flatten():
        (gradient,) = torch.autograd.grad(element, x, retain_graph=True)
        reached = (gradient[0] != 0).nonzero()
        if len(reached):
            extents = (reached.max(0).values - reached.min(0).values + 1).tolist()
            most = list(map(max, most, extents[-len(most) :]))
    return most


# signals without padding, of which nothing is cut off: the field is exactly what the gradient reaches


@st.composite
def signals(draw: Any) -> tuple[int, list[Step]]:
    """Return the length of a signal of two channels, and steps that pad nothing and in the end mix the channels."""
    start = draw(st.integers(40, 60))
    steps, _ = walk(draw, start, draw(st.integers(1, 5)), nested=True)
    return start, [*steps, {"conv": {"out": 2, "kernel": 1}}]


def walk(draw: Any, length: int, count: int, nested: bool) -> tuple[list[Step], int]:
    steps: list[Step] = []
    for _ in range(count):
        kinds = [*SIMPLE, *((branches,) if nested else ())]
        added, length = draw(st.sampled_from(kinds))(draw, length)
        steps += added
    return steps, length


def crop(length: int, start: int, stop: int, step: int = 1) -> tuple[list[Step], int]:
    return [{"slice": {"axis": 2, "start": start, "stop": stop, "step": step}}], len(range(start, stop, step))


def convolution(draw: Any, length: int) -> tuple[list[Step], int]:
    kernel, stride = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    dilation = draw(st.integers(1, 2)) if stride == 1 else 1
    reach = dilation * (kernel - 1) + 1
    if reach > length:
        return [], length
    arguments = {"out": 2, "kernel": kernel, "stride": stride, "dilation": dilation}
    return [{"conv": arguments}], (length - reach) // stride + 1


def pooling(draw: Any, length: int) -> tuple[list[Step], int]:
    kernel, stride = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    if kernel > length:
        return [], length
    return [{"avgpool": {"kernel": kernel, "stride": stride}}], (length - kernel) // stride + 1


def cropping(draw: Any, length: int) -> tuple[list[Step], int]:
    start = draw(st.integers(0, length - 1))
    return crop(length, start, draw(st.integers(start + 1, length)), draw(st.integers(1, 2)))


def repetition(draw: Any, length: int) -> tuple[list[Step], int]:
    if length > 60:
        return [], length
    if draw(st.booleans()):
        factor = draw(st.integers(1, 3))
        return [{"upsample": factor}], factor * length
    size = draw(st.integers(1, 2 * length))
    return [{"upsample": {"size": size}}], size


def transposed(draw: Any, length: int) -> tuple[list[Step], int]:
    """Return a transposed convolution without the ends at which some of its filter hangs over."""
    stride = draw(st.integers(1, 3))
    kernel = draw(st.integers(stride, 5))
    size = (length - 1) * stride + kernel
    if size - 2 * (kernel - 1) < 1 or length > 60:
        return [], length
    steps, length = crop(size, kernel - 1, size - kernel + 1)
    return [{"conv_transpose": {"out": 2, "kernel": kernel, "stride": stride}}, *steps], length


def adaptive(draw: Any, length: int) -> tuple[list[Step], int]:
    out = draw(st.integers(1, length))
    return [{"adaptive_avgpool": out}], out


def unmoved(draw: Any, length: int) -> tuple[list[Step], int]:
    turned = [{"permute": [2, 1]}, {"linear": 3}, {"permute": [2, 1]}, {"conv": {"out": 2, "kernel": 1}}]
    flat = ["flatten", "tanh", {"reshape": [2, length]}]
    tokens = [rearrange("c l -> l c"), "rms_norm", {"linear": 3}, rearrange("l c -> c l"), conv(1)]
    joined = [rearrange("c l -> (c l)"), {"formula": "x * tanh(x)"}, rearrange("(c l) -> c l", c=2)]
    gate = [{"reduce": {"max": "channels", "keep": True}, "as": "gate"}, {"tile": {"pattern": "1 l -> c l", "c": 2}}]
    steps: list[list[Step]] = [
        tokens,
        joined,
        gate,
        [{"rms_norm": "channels"}],
        ["softmax"],
        ["bn"],
        ["tanh"],
        turned,
        flat,
        [{"permute": [2, 1]}, {"permute": [2, 1]}],
    ]
    return draw(st.sampled_from(steps)), length


def branches(draw: Any, length: int) -> tuple[list[Step], int]:
    """Return branches that meet, each cut to the length of the shortest."""
    made = [walk(draw, length, draw(st.integers(0, 2)), nested=False) for _ in range(draw(st.integers(2, 3)))]
    shortest = min(size for _, size in made)
    bodies = []
    for steps, size in made:
        start = draw(st.integers(0, size - shortest))
        bodies.append([*steps, *crop(size, start, start + shortest)[0]])
    merge = draw(st.sampled_from(["add", "concat"]))
    # Elements of other branches stand in other channels, which nothing tells apart.
    mixed: list[Step] = [{"conv": {"out": 2, "kernel": 1}}] if merge == "concat" else []
    return [{merge: bodies}, *mixed], shortest


def rearrange(pattern: str, **sizes: int) -> Step:
    return {"rearrange": {"pattern": pattern, **sizes}}


SIMPLE = (convolution, pooling, cropping, repetition, transposed, adaptive, unmoved)


@examples(100, suppress_health_check=list(HealthCheck))
@given(signals())
def test_field_is_what_the_gradient_reaches(signal: tuple[int, list[Step]]) -> None:
    length, steps = signal
    graph = lowered(steps, [2, length])
    assert predicted(graph) == observed(graph)


# anything: no gradient reaches farther


@examples(50, suppress_health_check=list(HealthCheck))
@given(documents())
def test_no_gradient_reaches_farther(content: dict[str, Any]) -> None:
    graph = lower(load_text(content))
    assert all(map(int.__le__, observed(graph), predicted(graph) or [1, 1]))


def conv(kernel: Any, **arguments: Any) -> Step:
    return {"conv": {"out": 2, "kernel": kernel, **arguments}}


GATE = {"mul": {"x": "x", "gate": ["global_avgpool", "sigmoid"]}}
LEFT, RIGHT = conv(3, padding=[[2, 0]]), conv(3, padding=[[0, 2]])
FIELDS = [
    ([2, 20], ["softmax"], [1]),
    ([2, 20], [conv(3), "softmax", conv(3)], [5]),
    ([2, 20], [{"softmax": 2}], [20]),
    ([2, 20], [{"add": [[LEFT], [RIGHT]]}], [5]),
    ([2, 64], [{"add": [[crop(64, 0, 50)[0][0]], [crop(64, 10, 60)[0][0]]]}], [11]),
    ([2, 20], ["in"], [20]),
    ([2, 20], [{"gn": 1}], [20]),
    ([2, 20], [{"ln": 2}], [20]),
    ([2, 20], [{"permute": [2, 1]}, {"ln": 1}, {"permute": [2, 1]}], [1]),
    ([2, 9], [{"permute": [2, 1]}, {"attention": 1}, {"permute": [2, 1]}], [9]),
    ([2, 9], [{"permute": [2, 1]}, {"gru": 3}], [9]),
    ([2, 6, 8], [{"lrn": 2}], [1, 1]),
    ([2, 8, 9], [conv([3, 1]), {"permute": [1, 3, 2]}, conv([3, 1])], [3, 3]),
    ([2, 8, 9], [conv([3, 1]), {"permute": [1, 3, 2]}, {"softmax": 2}], [3, 9]),
    ([2, 8, 8], [{"add": ["x", [{"permute": [1, 3, 2]}]]}], [8, 8]),
    ([2, 8, 9], [conv(3), GATE], [8, 9]),
    ([2, 8, 9], [{"slice": {"axis": 2, "stop": 3}}, "global_avgpool"], [3, 9]),
    ([2, 8, 9], [{"reshape": [2, 72]}, {"permute": [2, 1]}, {"linear": 2}], [1, 1]),
    ([2, 8, 9], [{"reshape": [2, 72]}, conv(3)], [8, 9]),
    ([4, 6, 6], [conv(3, out=4), {"pixel_shuffle": 2}, {"conv": {"out": 1, "kernel": 3}}], [4, 4]),
    ([2, 12, 12], [{"avgpool": {"kernel": 2}}, {"upsample": {"scale": 2, "mode": "linear"}}, conv(1)], [4, 4]),
    ([2, 6, 6], [{"matmul": {"of": ["x", "x"], "transpose_b": True}}], [6, 6]),
    ([2, 9], [{"concat": {"axis": 2, "of": [[conv(3)], [conv(5)]]}}], [5]),
    ([2, 8], [{"concat": {"axis": 2, "of": [crop(8, 0, 3)[0], crop(8, 3, 8)[0]]}}, conv(3)], [3]),
    ([2, 8], [{"concat": {"axis": 2, "of": [crop(8, 3, 8)[0], crop(8, 0, 3)[0]]}}, conv(1)], [1]),
    ([2, 8], [{"concat": {"axis": 2, "of": [crop(8, 3, 8)[0], crop(8, 0, 3)[0]]}}, conv(3)], [8]),
    ([9], ["tanh"], [1]),
    (
        [2, 12],
        [conv(3), {"as": "z"}, {"reduce": {"mean": "channels", "keep": True}, "as": "m"}, {"formula": "z - m"}],
        [3],
    ),
    ([2, 12], [{"reduce": {"mean": "length", "keep": True}, "as": "m"}, {"formula": "input - m"}], [12]),
    ([2, 6, 8], [{"reduce": {"mean": "height"}}, conv(3)], [6, 3]),
    ([2, 12], [conv(3), {"einsum": {"pattern": "c l, c l -> l", "of": ["x", "x"]}}], [3]),
    ([2, 6], [{"einsum": {"pattern": "c l, d l -> c d", "of": ["x", "x"]}}], [6]),
    ([2, 6], [rearrange("c l -> l c"), {"attend": ["x", "x", "x"]}, rearrange("l c -> c l")], [6]),
    ([2, 6], [rearrange("c l -> l c"), {"attend": {"of": ["x", "x", "x"], "causal": True}}], [6]),
    ([2, 12], [rearrange("c (n w) -> n w c", w=4), {"attend": ["x", "x", "x"]}, rearrange("n w c -> c (n w)")], [4]),
    ([2, 12], [rearrange("c (l p) -> (c p) l", p=2), conv(3)], [6]),
    ([2, 8, 8], [rearrange("c (h p) (w q) -> (h w) (c p q)", p=4, q=4), {"linear": 3}], [4, 4]),
    (
        [2, 8, 8],
        [
            rearrange("c (h p) (w q) -> (h w) (c p q)", p=2, q=2),
            {"linear": 4},
            rearrange("(h w) c -> c h w", h=4),
            conv(3),
        ],
        [6, 6],
    ),
    ([2, 12], [conv(3), {"tile": {"pattern": "c l -> (c g) l", "g": 2}}, conv(3)], [5]),
    ([2, 12], [rearrange("c (l p) -> c l p", p=2), "tanh"], [2]),
    ([4, 6], [rearrange("(c p) l -> c (l p)", p=2), conv(3)], [6]),
    ([9], [{"linear": 3}, "tanh"], [9]),
]


@pytest.mark.parametrize(("shape", "steps", "expected"), FIELDS)
def test_field(shape: list[int], steps: list[Step], expected: list[int]) -> None:
    graph = lowered(steps, shape)
    assert predicted(graph) == expected
    assert all(map(int.__le__, observed(graph), expected))


def test_a_field_of_thousands_of_digits_is_all_of_the_input() -> None:
    far = {"out": 1, "kernel": 2**31 - 1, "stride": 2**31 - 1, "padding": 2**31 - 1}
    graph = lowered([{"repeat": 600, "body": [{"conv": far}]}], [1, 8])
    assert receptive_fields(graph)[graph.outputs[0].node] is None

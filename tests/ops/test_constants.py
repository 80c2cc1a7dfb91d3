"""Constants: the tensors that implementations of papers have, and what torch makes of the dtypes of formulas."""

from __future__ import annotations

import copy
import io
import math
import pickle
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from netspec.ir import Graph
from netspec.targets.torch.runtime import build_module
from tests.support.documents import compile_text
from tests.support.interpreter import interpret


def document(value: str | float, axes: dict[str, Any], **args: Any) -> dict[str, Any]:
    """Return a document with a constant and nothing that reads it but an output."""
    tensors = {"constant": {"axes": axes, "value": value}}
    outputs = ["x", "constant"]
    return {"args": args, "input": [2, 3], "tensors": tensors, "outputs": outputs, "network": ["relu"]}


def constant(value: str | float, axes: dict[str, Any], **args: Any) -> Tensor:
    graph = compile_text(document(value, axes, **args))
    return build_module(graph, device="cpu").get_buffer("constant")


# one line each


def test_causal_mask() -> None:
    expected = torch.full((6, 6), -math.inf).triu(1)
    assert torch.equal(constant("0 if k <= q else -inf", {"q": "length", "k": "length"}, length=6), expected)
    assert torch.equal(constant("k <= q", {"q": 6, "k": 6}), torch.ones(6, 6, dtype=torch.bool).tril())


def test_rotary_angles() -> None:
    # Su et al. 2021, arXiv:2104.09864, as transformers computes them
    frequencies = 1.0 / (10000 ** (torch.arange(0, 64, 2).float() / 64))
    found = constant("t * 10000 ** (-2 * i / head)", {"t": 100, "i": "head // 2"}, head=64)
    torch.testing.assert_close(found, torch.outer(torch.arange(100).float(), frequencies), rtol=1e-5, atol=1e-5)


def test_sinusoidal_positions() -> None:
    # Vaswani et al. 2017, arXiv:1706.03762, section 3.5
    position, even = torch.arange(50)[:, None], torch.arange(0, 32, 2)
    angle = position * torch.exp(even * (-math.log(10000.0) / 32))
    expected = torch.stack([angle.sin(), angle.cos()], 2).flatten(1)
    value = "sin(t / 10000 ** (c / dim)) if c % 2 == 0 else cos(t / 10000 ** ((c - 1) / dim))"
    torch.testing.assert_close(constant(value, {"t": 50, "c": "dim"}, dim=32), expected, rtol=1e-4, atol=1e-5)


def test_linear_biases() -> None:
    # Press et al. 2021, arXiv:2108.12409: with 8 heads the slopes are 1/2, 1/4, ... 1/256
    slopes = torch.tensor([1 / 2 ** (head + 1) for head in range(8)])
    expected = slopes[:, None, None] * (torch.arange(5) - torch.arange(5)[:, None])
    found = constant("2 ** (-8 * (h + 1) / heads) * (k - q)", {"h": "heads", "q": 5, "k": 5}, heads=8)
    torch.testing.assert_close(found, expected)


def test_relative_position_index() -> None:
    # Liu et al. 2021, arXiv:2103.14030, as torchvision computes it
    size = 7
    coordinates = torch.stack(torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")).flatten(1)
    relative = (coordinates[:, :, None] - coordinates[:, None, :]).permute(1, 2, 0) + size - 1
    expected = relative[..., 0] * (2 * size - 1) + relative[..., 1]
    value = "(i // m - j // m + m - 1) * (2 * m - 1) + i % m - j % m + m - 1"
    found = constant(value, {"i": "m * m", "j": "m * m"}, m=size)
    assert found.dtype == torch.int64 and torch.equal(found, expected)


def test_mask_of_shifted_windows() -> None:
    # The same paper: each pixel of the shifted map belongs to one of nine regions.
    windows, size, shift = 2, 7, 3
    regions = torch.zeros(windows * size, windows * size)
    parts = (slice(-size), slice(-size, -shift), slice(-shift, None))
    for number, (rows, columns) in enumerate(product(parts, repeat=2)):
        regions[rows, columns] = number
    pixels = regions.view(windows, size, windows, size).permute(0, 2, 1, 3).reshape(windows**2, size**2)
    expected = torch.zeros(windows**2, size**2, size**2).masked_fill(pixels[:, None] != pixels[:, :, None], -100.0)
    value = (
        "0.0 if (w // n < n - 1 or i // m // (m - s) == j // m // (m - s)) "
        "and (w % n < n - 1 or i % m // (m - s) == j % m // (m - s)) else -100"
    )
    assert torch.equal(
        constant(value, {"w": "n * n", "i": "m * m", "j": "m * m"}, n=windows, m=size, s=shift), expected
    )


def test_classes_and_coordinates() -> None:
    assert torch.equal(constant("c", {"n": 3, "c": 5}), torch.arange(5).expand(3, 5))
    expected = torch.linspace(-1, 1, 9)[:, None].expand(9, 4)
    torch.testing.assert_close(constant("2 * y / 8 - 1", {"y": 9, "w": 4}), expected)


# what Python computes, torch computes


@pytest.mark.parametrize(
    "value",
    [
        "i", "-i", "i - j", "i // 2 - j // 3", "(i - 3) // 2", "(i - 3) % 4", "7 // (i + 1)", "7 % (j + 2)", "i ** 2",
        "abs(i - j)", "min(i, j)", "max(i - j, 0)", "clamp(i - j, -1, 2)", "where(i > j, i, 3)", "1 if i > j else 0",
        "i / 3", "2 ** i", "2 ** (-i)", "2 ** (i - j)", "(i + 1) ** -1", "(i + 1) ** (j - 2)", "2.0 ** i", "i ** 0.5",
        "i * 0.5", "(i - 2) // 0.5", "(i - 2) % 1.5", "float(i)", "int(i / 3)", "int(-i / 2)", "int(i)", "float(i / 3)",
        "sqrt(i)", "rsqrt(i + 1)",
        "exp(-i)", "log(i + 1)", "sin(i) + cos(j)", "tanh(i)", "sigmoid(i - j)", "relu(i - j)",
        "0 if i > j else 1.5", "0 if i > j else -inf", "where(i > j, i, 0.5)", "min(i, 1.5)", "max(i - j, i / 2)",
        "i > j", "not i > j and j != 1", "0 < i <= j", "i - j <= 1", "i / 3 > j / 2", "true", "false",
        "0", "1.5", "-inf", "2 ** 3", "where(i > 2, where(j > 1, 1, 2), 3)",
        "int(log(max(i, 1)) / log(2) * 2) + i", "silu(i - j)", "gelu(i - j)", "softplus(i - j)",
    ],
)  # fmt: skip
def test_what_python_computes(value: str) -> None:
    for axes in ({"i": 5, "j": 4}, {"n": 2, "i": 5, "j": 4, "m": 3}):
        graph = compile_text(document(value, axes))
        module = build_module(graph, device="cpu", dtype="float32")
        expected = interpret(graph, module, (torch.ones(1, 2, 3),))["constant"][0]
        found = module.get_buffer("constant")
        assert found.shape == tuple(axes.values())
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


def test_numbers_of_a_document() -> None:
    assert constant(0, {"i": 3}).tolist() == [0, 0, 0] and constant(0, {"i": 3}).dtype == torch.int64
    assert constant(0.5, {"i": 1}).tolist() == [0.5]
    assert constant(True, {"i": 2}).tolist() == [True, True]


# as parts of a module

MASKED: dict[str, Any] = {
    "input": [6, 8],
    "tensors": {
        "slopes": {"axes": {"q": 6, "c": 8}, "value": "0 if c <= q else -inf"},
        "known": {"axes": {"q": 6, "c": 8}, "value": "c <= q"},
        "number": {"axes": {"q": 6, "c": 8}, "value": "c * 1000 + q"},
    },
    "network": [{"formula": "where(known and number < 7000, x, slopes)"}, {"softmax": {"axis": -1}}],
}


def built() -> tuple[Graph, nn.Module]:
    graph = compile_text(MASKED)
    return graph, build_module(graph, device="cpu").eval()


def test_a_constant_is_not_saved() -> None:
    graph, module = built()
    assert module.state_dict() == {} and graph.params == 0
    assert dict(module.named_buffers()).keys() == {"slopes", "known", "number"}


def test_a_constant_follows_the_dtype_of_its_module() -> None:
    _, module = built()
    module.to(torch.bfloat16)
    kinds = {name: buffer.dtype for name, buffer in module.named_buffers()}
    assert kinds == {"slopes": torch.bfloat16, "known": torch.bool, "number": torch.int64}
    assert module(torch.randn(2, 6, 8, dtype=torch.bfloat16)).dtype == torch.bfloat16
    assert module.number.max() == 7005, "bfloat16 has no such number"


def test_a_constant_survives_copies() -> None:
    _, module = built()
    x = torch.randn(2, 6, 8)
    saved = io.BytesIO()
    torch.save(module, saved)
    saved.seek(0)
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module)), torch.load(saved, weights_only=False)):
        assert torch.equal(other(x), module(x))


def test_a_constant_on_the_meta_device() -> None:
    graph, _ = built()
    module = build_module(graph, device="meta")
    assert module(torch.empty(2, 6, 8, device="meta")).shape == (2, 6, 8)


def test_a_constant_is_exported() -> None:
    _, module = built()
    x = torch.randn(2, 6, 8)
    assert torch.equal(torch.export.export(module, (x,)).module()(x), module(x))

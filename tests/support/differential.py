"""A generated module and the interpreter, compared in values and gradients."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from netspec.ir import Graph
from netspec.language.model import Document
from netspec.lowering import lower
from tests.support import chance
from tests.support.documents import build, inputs_of, outputs_of
from tests.support.interpreter import interpret

TOLERANCE = 1e-9
OVERFLOWING = 1e100
FAINT = 1e-5
"""What is smaller than this is compared as if it were this large: a saturated network's gradients are mere rounding."""


def assert_same(found: dict[str, Tensor], expected: dict[str, Tensor], nearby: dict[str, Tensor] | None = None) -> None:
    """Compare tensors by name; those that ought to be zero are weighed against the largest of the others.

    ``nearby`` are the same tensors where weights are a rounding away: what these do not agree in, nothing
    can.
    """
    assert found.keys() == expected.keys()
    scales = {
        name: value.detach().double().nan_to_num(neginf=0.0).abs().max().item() for name, value in expected.items()
    }
    least = max(FAINT, 1e-3 * max(scales.values(), default=0.0))
    for name, value in expected.items():
        scale = max(scales[name], least)
        rounding = (nearby[name] - value).nan_to_num().abs().max().item() if nearby else 0.0
        atol = TOLERANCE * scale + 100 * rounding
        torch.testing.assert_close(found[name], value, rtol=0, atol=atol, msg=lambda text, name=name: f"{name}: {text}")


def read(graph: Graph, module: nn.Module, inputs: tuple[Tensor, ...], training: bool) -> dict[str, Tensor]:
    """Return the outputs as the interpreter computes them."""
    chance.seed(5)
    values = interpret(graph, module, inputs, training)
    return {each.name: values[each.node] for each in graph.outputs if training or not each.train_only}


def run(module: nn.Module, inputs: tuple[Tensor, ...]) -> Any:
    """Return what a module gives, in which noise is what the interpreter draws."""
    chance.seed(5)
    return module(*inputs)


def gradients(module: nn.Module, outputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the gradient of every parameter for a sum in which each output element has another weight."""
    total = sum((value * torch.linspace(1, 2, value.numel()).view_as(value)).sum() for value in outputs.values())
    parameters = {name: each for name, each in module.named_parameters() if each.requires_grad}
    if not total.requires_grad:
        return {}
    found = torch.autograd.grad(total, list(parameters.values()), allow_unused=True)
    return {name: torch.zeros(1) if each is None else each for name, each in zip(parameters, found, strict=True)}


def compare(document: Document, training: bool, source: Path | None = None) -> None:
    """Assert that module and interpreter agree: in evaluation, and where asked in training with all gradients."""
    with default_dtype(torch.float64):
        _compare(lower(document), training, source)


@contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """Compute constants in another dtype than torch's own, in which they are rounded."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _compare(graph: Graph, training: bool, source: Path | None) -> None:
    module, inputs = build(graph, source=source), inputs_of(graph)
    kept = tuple(each.clone() for each in inputs)
    module.eval()
    with torch.no_grad():
        expected = read(graph, module, kept, False)
        if any(map(overflows, expected.values())):
            return
        assert_same(outputs_of(graph, run(module, inputs), False), expected)
    assert all(map(torch.equal, inputs, kept)), "the module wrote into its input"
    if training:
        module.train()
        expected = read(graph, module, kept, True)
        gradient = gradients(module, expected)
        twin = rounded_otherwise(module)
        nearby = gradients(twin, read(graph, twin, kept, True))
        found = outputs_of(graph, run(module, inputs), True)
        assert_same(found, expected)
        assert_same(gradients(module, found), gradient, nearby)


def overflows(value: Tensor) -> bool:
    """Return whether a value is so large that the order of its sums decides what is left of it.

    A scan multiplies its state in each round, so that a short document has such values.
    """
    if not value.is_floating_point():
        return False
    finite = value.nan_to_num(nan=torch.inf, neginf=0.0)  # a mask is minus infinity
    return finite.abs().max().item() > OVERFLOWING


def rounded_otherwise(module: nn.Module) -> nn.Module:
    """Return a copy whose weights are a few roundings away, so that its values are as another order of sums gives."""
    twin, generator = copy.deepcopy(module), torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter += 1e-15 * torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
    return twin

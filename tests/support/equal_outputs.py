"""A network beside a module written by hand: equal outputs for equal weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

import netspec
from netspec.targets.torch.runtime import example_inputs


def assert_outputs_equal(network: str, plain: Callable[..., nn.Module], settings: Mapping[str, Any]) -> None:
    """Fail unless both give the same for the same weights and inputs, in evaluation and in training, in float64."""
    graph = netspec.compile(network, overrides=settings)
    ours = netspec.build(graph, device="cpu", seed=0, dtype="float64")
    theirs = plain(**{name: value for name, value in settings.items() if name != "input"}).double()
    take_weights(ours, theirs)
    inputs = example_inputs(graph, ours, batch=3)
    for training in (False, True):
        found, expected = (_outputs(module.train(training), inputs) for module in (ours, theirs))
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one, other)


@torch.no_grad()
def _outputs(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    torch.manual_seed(0)  # the same numbers for dropout, if both drop the same values in the same order
    outputs = module(*inputs)
    return (outputs,) if isinstance(outputs, Tensor) else tuple(each for each in outputs if each is not None)


def assert_sizes_equal(network: str, plain: Callable[..., nn.Module], settings: Mapping[str, Any]) -> None:
    """Fail unless a network has as many parameters, with its own settings, as the module has with these."""
    with torch.device("meta"):
        theirs = plain(**settings)
    assert netspec.compile(network).params == sum(each.numel() for each in theirs.parameters())


def take_weights(ours: nn.Module, theirs: nn.Module) -> None:
    """Draw weights and running statistics for one module, and give them to the other, in the order of its steps."""
    generator = torch.Generator().manual_seed(0)
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert one.shape == other.shape
        # Gains and shares are positive: behind a relu, what they weigh would not be compared.
        least = 0.1 if one.ndim == 1 else -0.2
        one.data = torch.rand(one.shape, generator=generator, dtype=one.dtype) * 0.4 + least
        other.data = one.data
    for one, other in zip(_saved_buffers(ours), _saved_buffers(theirs), strict=True):
        assert one.shape == other.shape
        if one.is_floating_point():
            one.copy_(torch.rand(one.shape, generator=generator) * 0.4 + 0.6)
            other.copy_(one)


def _saved_buffers(module: nn.Module) -> list[Tensor]:
    """Return the running statistics: a constant is no part of the state, and keeps its values."""
    saved = module.state_dict()
    return [buffer for name, buffer in module.named_buffers() if name in saved]

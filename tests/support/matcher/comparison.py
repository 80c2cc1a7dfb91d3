"""Two modules are the same network: one structure, and one output when the weights are the same."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from tests.support.matcher.matcher import Correspondence, Mismatch, match
from tests.support.matcher.tracing import trace

SAMPLES = 2
Shape = tuple[int, ...]
Inputs = tuple[torch.Tensor, ...]


def assert_equal_networks(
    ours: nn.Module,
    reference: nn.Module,
    inputs: Shape | Inputs,
    seed: int = 0,
    tolerance: float = 1e-5,
    batch: int = SAMPLES,
) -> Correspondence:
    """Match two modules, give ours random weights of the reference, and compare what they compute.

    Both modules are put into evaluation mode and their weights and running statistics are replaced. Modules on the
    meta device are allowed: they get memory only here. Where rounding may be why the outputs differ, both are computed
    again in float64. `inputs` are two samples of each input, or the shape of the only one without the batch; `batch` is
    how many of the two samples are computed at a time.

    Raises: Mismatch
    """
    samples = _samples(inputs, seed)
    ours.eval(), reference.eval()
    first = [each[:batch] for each in samples]
    correspondence = match(trace(ours, *first), trace(reference, *first))
    _require_equal_counts(ours, reference)
    for module in (ours, reference):
        _materialise(module)
    randomise(reference, samples, seed)
    carry(ours, reference, correspondence)
    try:
        _compare(_outputs(ours, samples, batch), _outputs(reference, samples, batch), tolerance)
    except Mismatch:
        # Some networks amplify the rounding of float32. A true difference is one in float64 too.
        samples = tuple(each.double() if each.is_floating_point() else each for each in samples)
        _compare(
            _outputs(ours.double(), samples, batch), _outputs(reference.double(), samples, batch), tolerance / 1000
        )
    return correspondence


def _samples(inputs: Shape | Inputs, seed: int) -> Inputs:
    given = tuple(each for each in inputs if isinstance(each, torch.Tensor))
    if given:
        return given
    shape = [each for each in inputs if isinstance(each, int)]
    return (torch.randn(SAMPLES, *shape, generator=torch.Generator().manual_seed(seed)),)


def _require_equal_counts(ours: nn.Module, reference: nn.Module) -> None:
    counts = [sum(parameter.numel() for parameter in module.parameters()) for module in (ours, reference)]
    if counts[0] != counts[1]:
        raise Mismatch(f"equal outputs, but the number of parameters: {counts[0]:,} (ours), {counts[1]:,} (reference)")


def _materialise(module: nn.Module) -> None:
    if any(parameter.device.type == "meta" for parameter in module.parameters()):
        module.to_empty(device="cpu")


def randomise(module: nn.Module, samples: Inputs, seed: int = 0) -> None:
    """Random weights and running statistics with which signals neither explode nor vanish.

    Weights follow He; running statistics are those that the samples have on their way through the network, disturbed.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            _randomise_parameter(name, parameter, generator)
        with _calibrated(module, generator):
            module(*samples)


def _randomise_parameter(name: str, parameter: torch.Tensor, generator: torch.Generator) -> None:
    if parameter.ndim > 1:
        fan_in = parameter.numel() // parameter.shape[0]
        parameter.normal_(0.0, math.sqrt(2 / fan_in), generator=generator)
    elif name.endswith("weight"):  # of a normalisation
        parameter.uniform_(0.7, 1.3, generator=generator)
    else:
        parameter.normal_(0.1, 0.2, generator=generator)


@contextmanager
def _calibrated(module: nn.Module, generator: torch.Generator) -> Iterator[None]:
    """While it lasts, each batch norm takes its running statistics from what enters it."""

    def calibrate(layer: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        values = inputs[0].transpose(0, 1).flatten(1)
        spread, mean = torch.var_mean(values, dim=1, correction=0)
        spread = spread.clamp_min(0.1 * float(spread.mean()) + 1e-4)
        assert isinstance(layer.running_mean, torch.Tensor) and isinstance(layer.running_var, torch.Tensor)
        noise = torch.randn(mean.shape, generator=generator), torch.rand(mean.shape, generator=generator)
        layer.running_mean.copy_(mean + 0.1 * spread.sqrt() * noise[0])
        layer.running_var.copy_(spread * (0.7 + 0.6 * noise[1]))

    layers = [layer for layer in module.modules() if isinstance(layer, _BatchNorm) and layer.running_var is not None]
    hooks = [layer.register_forward_pre_hook(calibrate) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def carry(ours: nn.Module, reference: nn.Module, correspondence: Correspondence) -> None:
    """Copy the reference's weights and running statistics to the places where ours has them."""
    targets = dict(ours.named_parameters()) | dict(ours.named_buffers())
    sources = dict(reference.named_parameters()) | dict(reference.named_buffers())
    with torch.no_grad():
        for theirs, mine in (correspondence.parameters | correspondence.statistics).items():
            targets[mine].copy_(sources[theirs].reshape(targets[mine].shape))


def _outputs(module: nn.Module, samples: Inputs, batch: int) -> torch.Tensor:
    with torch.inference_mode():
        parts = [module(*part) for part in zip(*(torch.split(each, batch) for each in samples), strict=True)]
    return torch.cat([_flat(part) for part in parts])


def _flat(output: object) -> torch.Tensor:
    leaves = [leaf for leaf in torch.utils._pytree.tree_leaves(output) if isinstance(leaf, torch.Tensor)]
    return torch.cat([leaf.flatten(1) for leaf in leaves], dim=1)


def _compare(ours: torch.Tensor, reference: torch.Tensor, tolerance: float) -> None:
    scale = float(reference.abs().max())
    if not math.isfinite(scale) or scale == 0:
        raise AssertionError(f"the reference's output is no test: its largest element is {scale}")
    variation = float((reference[0] - reference[1]).abs().max()) / scale
    if variation < 100 * tolerance:
        raise AssertionError(f"the reference's output hardly depends on its input: {variation:.1e} between two samples")
    error = float((ours - reference).abs().max()) / scale
    if not error < tolerance:
        raise Mismatch(f"equal structure, but the outputs differ by {error:.1e} of the largest, above {tolerance:.0e}")

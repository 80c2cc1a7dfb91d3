"""Every network learns: at reduced sizes it knows a batch by heart in the end, and gradients reach all parameters."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils._pytree import tree_leaves

import netspec
from netspec.ir import Graph, Output
from netspec.language.loading.files import shipped_names
from netspec.targets.torch.runtime import build_module, example_inputs

REDUCED: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("reduced.yaml").read_text(encoding="utf-8"))
BATCH = 4
STEPS = 120
FALL = 0.75
"""The share of its first value below which the loss must fall."""
MOST_CLASSES = 100
"""The longest vector that is taken for scores of classes, and not for an image."""
SMALL = 32
"""The side of images that reduced.yaml says nothing of."""

LARGE = (
    "alexnet*", "caffenet", "overfeat_*", "nin_*", "googlenet", "googlenet_cam", "inception_v[134]",
    "*inception_resnet_*", "polynet", "vgg1[13469]", "vgg1[13469]_[!c]*", "vgg16_c", "se_vgg16", "zfnet*",
    "sppnet_zf5", "capsnet_mnist", "ensemble_*", "xception", "fractalnet[34]*", "ssd300_vgg16", "siamese",
)  # fmt: skip
"""Networks that take seconds even so, since their widths are fixed or their depth is: `make test-full` trains them."""

RECTIFIED = ("nin_*", "squeezenet*")
"""Networks whose scores are rectified: one that is zero has no gradient, so that an example may never be known."""

NORMALIZED = ("bifpn_d0",)
"""Networks whose last layers are norms: these have to move further than weights do in so few steps."""

UNREACHED = {"detr_resnet50": ["decoder.0.attn.v_proj.weight"]}
"""Weights that no gradient can reach: those that multiply the zeros with which DETR's decoder begins."""


def matches(network: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(network, pattern) for pattern in patterns)


NETWORKS = [pytest.param(name, marks=pytest.mark.full if matches(name, LARGE) else ()) for name in shipped_names()]


def reduced(network: str) -> Graph:
    """Return a network at the sizes of reduced.yaml."""
    document = netspec.load(network)
    settings: dict[str, Any] = {}
    if isinstance(document.input, list) and isinstance(document.input[-1], int) and document.input[-1] > 64:
        settings["input"] = [document.input[0], SMALL, SMALL]
    for row in REDUCED:
        if fnmatchcase(network, row["networks"]):
            settings |= {key: value for key, value in row["settings"].items() if key in {*document.parameters, "input"}}
    return netspec.compile(network, overrides=settings)


class Batch:
    """Four random examples in an order, by which each output shall tell them apart: as classes, or as 0 and 1."""

    def __init__(self, graph: Graph, module: nn.Module) -> None:
        self.graph = graph
        self.inputs = example_inputs(graph, module, batch=BATCH)
        # By the first number of an example, so that a perceptron can tell them apart, too.
        self.places = self.inputs[0].flatten(1)[:, 0].argsort().argsort()

    def loss(self, output: Output, result: Tensor) -> Tensor:
        """Return the cross entropy of a vector of classes, the squared error of anything else, or a loss itself."""
        if is_loss(output, result):
            return output.loss_weight * result.mean()
        if self.classes(result):
            return F.cross_entropy(self.scores(output, result), self.label(result))
        return F.mse_loss(result, self.level(result).expand_as(result))

    def is_known(self, output: Output, result: Tensor) -> bool:
        if is_loss(output, result):
            return True
        if self.classes(result):
            label = self.label(result)
            wrong = self.scores(output, result).argmax(1) != label
            can_learn = result.gather(1, label[:, None])[:, 0] != 0
            return not (wrong & can_learn if matches(self.graph.name, RECTIFIED) else wrong).any()
        return bool((result.flatten(1).mean(1) - self.level(result).flatten()).abs().max() < 0.4)

    def classes(self, result: Tensor) -> int:
        return result.shape[1] if result.dim() == 2 and 1 < result.shape[1] <= MOST_CLASSES else 0

    def scores(self, output: Output, result: Tensor) -> Tensor:
        return -result if self.graph[output.node].op.name == "rbf" else result  # the least distance is the answer

    def label(self, result: Tensor) -> Tensor:
        return self.places * self.classes(result) // BATCH

    def level(self, result: Tensor) -> Tensor:
        return (self.places * 2 // BATCH).float().reshape(-1, *[1] * (result.dim() - 1))


def is_loss(output: Output, result: Tensor) -> bool:
    """Return whether an output is one number of each example in training, which the network makes small."""
    return output.train_only and result.dim() == 1


def results_of(graph: Graph, module: nn.Module, inputs: tuple[Tensor, ...]) -> list[tuple[Output, Tensor]]:
    """Return the outputs that the network has in its mode, with their values."""
    ordered = sorted(graph.outputs, key=lambda output: output.train_only)
    values = [value for value in tree_leaves(module(*inputs)) if value is not None]
    # Of a sequence of vectors, the mean tells the examples apart: a norm at the end leaves each vector its own mean.
    vectors = [value.mean(1) if value.dim() == 3 else value for value in values]
    return list(zip(ordered, vectors, strict=module.training))


@torch.no_grad()
def evaluated(graph: Graph, module: nn.Module, inputs: tuple[Tensor, ...]) -> list[tuple[Output, Tensor]]:
    """Return the outputs in evaluation, in which nothing but noise may be left to chance."""
    if any(node.op.name == "noise" for node in graph):
        torch.manual_seed(0)
    return results_of(graph, module, inputs)


def learning_rate(graph: Graph) -> float:
    """Return a rate at which all networks of about this size learn."""
    if matches(graph.name, RECTIFIED):
        return 3e-4
    if matches(graph.name, NORMALIZED):
        return 2e-2
    return 0.1 if graph.params < 1_000 else 2e-3 if graph.params < 600_000 else 3e-4


@pytest.mark.zoo
@pytest.mark.slow
@pytest.mark.parametrize("network", NETWORKS)
def test_network_learns_a_batch_by_heart(network: str) -> None:
    graph = reduced(network)
    torch.manual_seed(0)
    module = build_module(graph, device="cpu").train()
    batch, first, untouched = Batch(graph, module), None, dict(module.named_parameters())
    optimizer = torch.optim.Adam(module.parameters(), lr=learning_rate(graph))
    for name in UNREACHED.get(network, []):
        del untouched[name]
    for _ in range(STEPS):
        results = results_of(graph, module, batch.inputs)
        loss = torch.stack([batch.loss(output, result) for output, result in results]).sum()
        first = first or loss.item()
        optimizer.zero_grad()
        loss.backward()
        untouched = {name: each for name, each in untouched.items() if each.grad is None or not each.grad.any()}
        known = all(batch.is_known(output, result) for output, result in results)
        if known and not untouched and loss.item() < FALL * first:
            break
        optimizer.step()
    else:
        pytest.fail(f"the loss went from {first:.3f} to {loss.item():.3f}; no gradient has reached {[*untouched]}")
    module.eval()
    once, again = (evaluated(graph, module, batch.inputs) for _ in range(2))
    assert [output for output, _ in once] == [output for output in graph.outputs if not output.train_only]
    for (_, value), (_, other) in zip(once, again, strict=True):
        assert value.isfinite().all() and torch.equal(value, other), "evaluation leaves something to chance"

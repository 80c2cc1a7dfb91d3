"""Networks that no library has, against modules written here in plain PyTorch from the papers' tables."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
import torch
from torch import nn

import netspec
from netspec.ir import Graph
from tests.support.matcher.matcher import match
from tests.support.matcher.tracing import trace


def conv(channels: int, out: int, kernel: int, stride: int = 1, padding: int = 0, groups: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(channels, out, kernel, stride, padding, groups=groups), nn.ReLU()]


def classifier(*widths: int) -> list[nn.Module]:
    """Return linear layers with dropout after all but the last, behind a flattening."""
    layers: list[nn.Module] = [nn.Flatten()]
    for before, width in itertools.pairwise(widths[:-1]):
        layers += [nn.Linear(before, width), nn.ReLU(), nn.Dropout(0.5)]
    return [*layers, nn.Linear(*widths[-2:])]


def caffenet() -> nn.Module:
    return nn.Sequential(
        *conv(3, 96, 11, stride=4), nn.MaxPool2d(3, 2), nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75),
        *conv(96, 256, 5, padding=2, groups=2), nn.MaxPool2d(3, 2), nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75),
        *conv(256, 384, 3, padding=1), *conv(384, 384, 3, padding=1, groups=2),
        *conv(384, 256, 3, padding=1, groups=2), nn.MaxPool2d(3, 2),
        *classifier(256 * 6 * 6, 4096, 4096, 1000),
    )  # fmt: skip


def overfeat_fast() -> nn.Module:
    return nn.Sequential(
        *conv(3, 96, 11, stride=4), nn.MaxPool2d(2, 2), *conv(96, 256, 5), nn.MaxPool2d(2, 2),
        *conv(256, 512, 3, padding=1), *conv(512, 1024, 3, padding=1), *conv(1024, 1024, 3, padding=1),
        nn.MaxPool2d(2, 2), *classifier(1024 * 6 * 6, 3072, 4096, 1000),
    )  # fmt: skip


def overfeat_accurate() -> nn.Module:
    return nn.Sequential(
        *conv(3, 96, 7, stride=2), nn.MaxPool2d(3, 3), *conv(96, 256, 7), nn.MaxPool2d(2, 2),
        *conv(256, 512, 3, padding=1), *conv(512, 512, 3, padding=1), *conv(512, 1024, 3, padding=1),
        *conv(1024, 1024, 3, padding=1), nn.MaxPool2d(3, 3), *classifier(1024 * 5 * 5, 4096, 4096, 1000),
    )  # fmt: skip


MODULES: dict[str, Callable[[], nn.Module]] = {
    "caffenet": caffenet,
    "overfeat_fast": overfeat_fast,
    "overfeat_accurate": overfeat_accurate,
}


@pytest.mark.parametrize("network", MODULES)
def test_structure_equals_a_plain_module(network: str) -> None:
    graph = netspec.compile(network)
    with torch.device("meta"):
        samples = torch.empty(2, *graph.inputs[0].shape)
        theirs = MODULES[network]().eval()
    assert sum(each.numel() for each in theirs.parameters()) == graph.params
    match(trace(netspec.build(graph, device="meta").eval(), samples), trace(theirs, samples))


# published totals


@pytest.mark.parametrize(
    ("network", "millions"),
    [
        ("overfeat_fast", 145),
        ("overfeat_accurate", 144),
        ("resnext50_32x4d", 25.0),
        ("wide_resnet28_10_cifar", 36.5),
        ("wide_resnet28_10_cifar@40-4", 8.9),
        ("wide_resnet28_10_cifar@16-8", 11.0),
        ("wide_resnet28_10_cifar@40-8", 35.7),
        ("wide_resnet50_2", 68.9),
    ],
)
def test_published_parameters(network: str, millions: float) -> None:
    """As printed: rounded to the last digit, but for OverFeat, which is cut off."""
    name, _, variant = network.partition("@")
    params = netspec.compile(name, variant or None).params / 1e6
    assert (int(params) if name.startswith("overfeat") else round(params, 1)) == millions


@pytest.mark.parametrize(("network", "millions"), [("overfeat_fast", 2810), ("overfeat_accurate", 5369)])
def test_published_connections_are_multiply_adds(network: str, millions: int) -> None:
    assert netspec.compile(network).macs / 1e6 == pytest.approx(millions, rel=0.005)


# other names


@pytest.mark.parametrize(
    ("name", "network"),
    [
        ("inception_v1", "googlenet"),
        ("inception_v2", "bn_inception"),
        ("resnet152_v2", "preresnet152"),
        ("resnet200_v2", "preresnet200"),
    ],
)
def test_other_names_stand_for_the_same_network(name: str, network: str) -> None:
    assert nodes(netspec.compile(name)) == nodes(netspec.compile(network))
    assert netspec.load(name).init == netspec.load(network).init


def nodes(graph: Graph) -> list[object]:
    return [(node.path, node.op, node.inputs, node.shape) for node in graph]

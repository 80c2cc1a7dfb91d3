"""How parameters start, where a network's notes say that they start as in the authors' files: measured on modules.

What is expected was read in those files. Caffe's xavier is uniform within the root of 3 / fan-in.
"""

from __future__ import annotations

import math
from functools import cache

import pytest
import torch
from torch import Tensor, nn

import netspec

NARROW = {"fractalnet34_imagenet": {"stem": 16, "widths": [16, 16, 16, 16]}}
"""Settings of networks that have too many weights to draw them all."""


@cache
def built(network: str) -> nn.Module:
    graph = netspec.compile(network, overrides=NARROW.get(network))
    return netspec.build(graph, device="cpu", seed=0).requires_grad_(False)


def layers(network: str) -> dict[str, nn.Module]:
    """Return the layers with filters, by their paths."""
    kinds = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
    return {path: layer for path, layer in built(network).named_modules() if isinstance(layer, kinds)}


def is_uniform(weight: Tensor) -> bool:
    """Return whether a weight looks drawn as Caffe's xavier draws it."""
    bound = math.sqrt(3 / (weight.numel() / weight.shape[0]))
    largest, deviation = float(weight.abs().max()), float(weight.std())
    return 0.95 * bound < largest < 1.00001 * bound and deviation == pytest.approx(bound / math.sqrt(3), rel=0.1)


def is_normal(weight: Tensor, deviation: float) -> bool:
    """Return whether a weight looks drawn from a Gaussian: among so many, some lie beyond three deviations."""
    return float(weight.std()) == pytest.approx(deviation, rel=0.1) and float(weight.abs().max()) > 2.5 * deviation


GAUSSIAN = {
    "nin_imagenet": {
        "mlpconv1.conv_relu1.conv": (0.01, 0),
        "mlpconv3.conv_relu1.conv": (0.01, 0),
        "mlpconv4.conv_relu3.conv": (0.01, 0),
        "": (0.05, 0),
    },
    "nin_cifar10": {"": (0.05, 0)},
    "alexnet_cam": {"conv1.conv": (0.01, 0), "conv3.conv": (0.01, 0), "head.fc": (0.01, 0), "": (0.01, 1)},
    "googlenet_cam": {"cam.conv": (0.01, 1)},
    "vgg16_cam": {"cam.conv": (0.01, 0)},
    "highway10_mnist": {"fc": (0.1, 0)},
    "highway19_cifar": {"fc": (0.05, 0)},
    "resnet20_cifar_binary": {"fc": (0.01, 0)},
    "dcgan_generator": {"": (0.02, None)},
    "dcgan_discriminator": {"": (0.02, None)},
}
"""The deviation that weights start with and the constant that biases do, by layer; an empty path is all others."""


@pytest.mark.parametrize("network", GAUSSIAN)
def test_gaussian_weights(network: str) -> None:
    expected, found = GAUSSIAN[network], layers(network)
    assert expected.keys() <= {*found, ""}
    for path, layer in found.items():
        if path in expected or "" in expected:
            deviation, bias = expected.get(path) or expected[""]
            assert is_normal(layer.weight, deviation), path
            assert layer.bias is None if bias is None else bool((layer.bias == bias).all()), path


UNIFORM = {
    "googlenet": {"fc": 0, "aux1.fc2": 0, "aux2.fc2": 0, "": 0.2},
    "googlenet_cam": {"head.fc": 0, "": 0.2},
    "highway10_mnist": {"": 0},
    "highway19_cifar": {"": 0},
    "fractalnet20_cifar10": {"": 0},
    "fractalnet34_imagenet": {"": 0},
}
"""The constant that biases start with, by layer, in networks that begin with Caffe's xavier."""


@pytest.mark.parametrize("network", UNIFORM)
def test_uniform_weights_by_their_fan_in(network: str) -> None:
    gates = {"highway10_mnist": -1, "highway19_cifar": -2}.get(network)
    others = [(path, layer) for path, layer in layers(network).items() if path not in GAUSSIAN.get(network, {})]
    assert len(others) > 8
    for path, layer in others:
        bias = UNIFORM[network].get(path, UNIFORM[network][""])
        assert is_uniform(layer.weight), path
        expected = gates if path.endswith("weight.0") else bias
        assert layer.bias is None or bool((layer.bias == expected).all()), path


def test_stochastic_depth_starts_by_the_fan_in() -> None:
    convolutions = [layer for layer in layers("stochastic_depth110_cifar").values() if isinstance(layer, nn.Conv2d)]
    assert len(convolutions) == 109
    for layer in convolutions:
        fan_in = layer.weight.numel() / layer.weight.shape[0]
        assert is_normal(layer.weight, math.sqrt(2 / fan_in))


def test_cbam_starts_with_spatial_gates_that_say_nothing() -> None:
    network = built("cbam_resnet50")
    gates = {path: layer for path, layer in network.named_modules() if path.endswith("spatial_gate.4")}
    assert len(gates) == 16
    for path, layer in network.named_modules():
        if isinstance(layer, nn.BatchNorm2d):
            assert bool((layer.weight == (0 if path in gates else 1)).all()), path
    assert all(bool((value == 0).all()) for path, value in network.named_parameters() if path.endswith("bias"))
    assert is_normal(network.fc.weight, math.sqrt(2 / 2048))


def test_authors_binarize_the_convolutions_of_units_alone() -> None:
    found = layers("resnet20_cifar_binary")
    binary = {path for path, layer in found.items() if type(layer) is not nn.Conv2d and path != "fc"}
    shortcuts = {path for path in found if "downsample" in path}
    assert binary == found.keys() - shortcuts - {"conv1", "fc"}
    assert len(binary) == 18 and len(shortcuts) == 2
    assert {found[path].kernel_size for path in shortcuts} == {(3, 3)}
    for path in found.keys() - {"fc"}:
        fan_in = found[path].weight.numel() / found[path].weight.shape[0]
        assert is_normal(found[path].weight, math.sqrt(2 / fan_in)), path
        assert bool((found[path].bias == 0).all()), path


def test_dcgan_normalizes_each_value_of_its_projection() -> None:
    norms = {"dcgan_generator": [16384, 512, 256, 128], "dcgan_discriminator": [256, 512, 1024]}
    for network, features in norms.items():
        found = [layer for layer in built(network).modules() if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d))]
        assert [layer.num_features for layer in found] == features
        weights = torch.cat([layer.weight for layer in found])
        assert float(weights.mean()) == pytest.approx(1, abs=0.005)
        assert float(weights.std()) == pytest.approx(0.02, rel=0.1)


def test_lenet_starts_within_2_4_over_its_fan_in() -> None:
    """Of the paper's appendix; the sub-sampling adds four values, and here takes their mean."""
    network = built("lenet5")
    fans = {"c1": 25, "c5": 400, "f6": 120, **{f"c3.{index}.conv1": 25 * (3 + (index > 5)) for index in range(15)}}
    for path, fan in {**fans, "c3.15.conv1": 150}.items():
        layer = network.get_submodule(path)
        largest = float(layer.weight.abs().max())
        assert 0.9 * 2.4 / fan < largest < 1.00001 * 2.4 / fan, path
        assert 0 < float(layer.bias.abs().max()) < 1.00001 * 2.4 / fan, path
    for path in ("s2", "s4"):
        affine = network.get_submodule(f"{path}.channel_affine1")
        assert 0.6 < float(affine.weight.abs().max()) <= 2.4 and float(affine.bias.abs().max()) <= 0.6

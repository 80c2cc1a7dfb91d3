"""Networks that no library has, against modules written here in plain PyTorch from the papers' tables."""

from __future__ import annotations

import importlib
import itertools
import math
import re
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import netspec
from netspec.ir import Graph
from tests.support.matcher.matcher import match
from tests.support.matcher.tracing import trace
from tests.support.yolo import YOLOv8n


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


class PyramidPooling(nn.Module):
    """The paper's windows for a map of 13x13: the side over the cells, rounded up, at steps of it rounded down."""

    def forward(self, x: Tensor) -> Tensor:
        levels = [F.max_pool2d(x, -(-13 // cells), 13 // cells).flatten(1) for cells in (6, 3, 2, 1)]
        return torch.cat(levels, 1)


class CriticUnit(nn.Module):
    """The residual block of the critic; the first one has no activation before it, and pools its shortcut first."""

    def __init__(self, channels: int, shrink: bool, first: bool = False) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(channels, 128, 3, padding=1), nn.Conv2d(128, 128, 3, padding=1)
        self.shortcut = nn.Conv2d(channels, 128, 1) if shrink else None
        self.first = first

    def forward(self, x: Tensor) -> Tensor:
        branch = self.conv2(F.relu(self.conv1(x if self.first else F.relu(x))))
        if self.shortcut is None:
            return x + branch
        shortcut = self.shortcut(F.avg_pool2d(x, 2)) if self.first else F.avg_pool2d(self.shortcut(x), 2)
        return shortcut + F.avg_pool2d(branch, 2)


def wgan_gp_critic() -> nn.Module:
    units = [CriticUnit(3, True, first=True), CriticUnit(128, True), CriticUnit(128, False), CriticUnit(128, False)]
    return nn.Sequential(*units, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 1))


class Gate(nn.Module):
    """Squeeze-and-excitation, with the paper's reduction of 16."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(channels, channels // 16, 1), nn.Conv2d(channels // 16, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.up(F.relu(self.down(F.adaptive_avg_pool2d(x, 1)))))


def gated(file: str, constructor: str, place: str) -> nn.Module:
    """Return a network of pytorchcv with a gate behind every module whose path ends as a pattern says."""
    network: nn.Module = getattr(importlib.import_module(f"pytorchcv.models.{file}"), constructor)()
    for path, layer in list(network.named_modules()):
        if re.search(place, path):
            parent, _, name = path.rpartition(".")
            channels = [each.out_channels for each in layer.modules() if isinstance(each, nn.Conv2d)]
            width = channels[-1] if channels else layer.num_features
            setattr(network.get_submodule(parent), name, nn.Sequential(layer, Gate(width)))
    return network


GATED = {
    "se_vgg16": ("vgg", "bn_vgg16b", r"stage\d\.unit\d$"),
    "se_mobilenet": ("mobilenet", "mobilenet_w1", r"pw_conv$"),
    "se_shufflenet": ("shufflenet", "shufflenet_g3_w1", r"expand_bn3$"),
    "se_densenet121": ("densenet", "densenet121", r"unit\d+\.conv2$"),
}
"""The networks of pytorchcv, and behind what in them the gates stand."""


@pytest.mark.parametrize("network", GATED)
def test_structure_equals_a_network_with_gates_put_in(network: str) -> None:
    graph = netspec.compile(network)
    with torch.device("meta"):
        samples = torch.empty(2, *graph.inputs[0].shape)
        theirs = gated(*GATED[network]).eval()
    assert sum(each.numel() for each in theirs.parameters()) == graph.params
    match(trace(netspec.build(graph, device="meta").eval(), samples), trace(theirs, samples))


@torch.no_grad()
def test_pyramid_pools_the_windows_of_the_paper() -> None:
    network = netspec.build("sppnet_zf5", overrides={"classes": 3}, device="cpu", seed=0).eval()
    entered: list[Tensor] = []
    network.linear1.register_forward_hook(lambda layer, inputs, result: entered.append(inputs[0]))
    network.conv5.register_forward_hook(lambda layer, inputs, result: entered.append(F.relu(result)))
    for size in (224, 180):
        network(torch.randn(1, 3, size, size))
    vector, other = entered[1], entered[3]
    assert torch.equal(PyramidPooling()(entered[0]), vector)
    assert other.shape == vector.shape == (1, 50 * 256)


def test_pyramid_stands_on_zfnet_without_its_last_pooling() -> None:
    pyramid, zfnet = netspec.compile("sppnet_zf5"), netspec.compile("zfnet")
    end = next(index for index, node in enumerate(zfnet) if node.path == "maxpool3")
    assert nodes(pyramid)[:end] == nodes(zfnet)[:end]
    assert pyramid.params - zfnet.params == (50 - 36) * 256 * 4096


@torch.no_grad()
def test_dense_evaluation_is_the_mean_of_the_classifier_at_every_place() -> None:
    small = {"classes": 5, "widths": [2, 2, 2, 2, 4]}
    dense = netspec.build("vgg16_dense", overrides=small, device="cpu", seed=0).eval()
    network = netspec.build("vgg16", overrides=small, device="cpu", seed=1).eval()
    state = dense.state_dict()
    weights = zip(network.state_dict().items(), state.values(), strict=True)
    network.load_state_dict({key: there.reshape(here.shape) for (key, here), there in weights})
    image = torch.randn(1, 3, 224, 224)
    assert torch.allclose(dense(image), network(image), atol=1e-5)
    wide = torch.randn(1, 3, 224, 288)
    maps = network.features(wide)
    places = [network.classifier(maps[..., left : left + 7].flatten(1)) for left in range(3)]
    assert maps.shape[-1] == 9
    assert torch.allclose(dense(wide), torch.stack(places).mean(0), atol=1e-5)
    assert not torch.allclose(places[0], places[2], atol=1e-5)


MODULES: dict[str, Callable[[], nn.Module]] = {
    "caffenet": caffenet,
    "overfeat_fast": overfeat_fast,
    "overfeat_accurate": overfeat_accurate,
    "wgan_gp_critic": wgan_gp_critic,
    "yolov8n": YOLOv8n,
}


@pytest.mark.parametrize("network", MODULES)
def test_structure_equals_a_plain_module(network: str) -> None:
    graph = netspec.compile(network)
    with torch.device("meta"):
        samples = torch.empty(2, *graph.inputs[0].shape)
        theirs = MODULES[network]().eval()
    assert sum(each.numel() for each in theirs.parameters()) == graph.params
    match(trace(netspec.build(graph, device="meta").eval(), samples), trace(theirs, samples))


def test_critic_starts_as_in_the_authors_code() -> None:
    """Uniform by fan-in and fan-out, with a gain of the root of 2 but for shortcuts; biases of zero."""
    network = netspec.build("wgan_gp_critic", device="cpu", seed=0)
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    assert len(layers) == 8 + 2
    for layer in layers:
        bound = (
            (12 if layer.kernel_size == (3, 3) else 6) / (layer.weight[:, 0].numel() + layer.weight[0].numel())
        ) ** 0.5
        assert 0.95 * bound < float(layer.weight.detach().abs().max()) < 1.00001 * bound
        assert layer.bias is not None and not layer.bias.any()


# published totals


@pytest.mark.parametrize(
    ("network", "millions"),
    [
        ("overfeat_fast", 145),
        ("overfeat_accurate", 144),
        ("resnext50_32x4d", 25.0),
        ("resnext29_8x64d_cifar", 34.4),
        ("resnext29_16x64d_cifar", 68.1),
        ("wide_resnet28_10_cifar", 36.5),
        ("wide_resnet28_10_cifar@40-4", 8.9),
        ("wide_resnet28_10_cifar@16-8", 11.0),
        ("wide_resnet28_10_cifar@40-8", 35.7),
        ("wide_resnet50_2", 68.9),
        ("se_mobilenet", 4.7),
    ],
)
def test_published_parameters(network: str, millions: float) -> None:
    """As printed: rounded to the last digit, but for OverFeat and the largest ResNeXt, which are cut off."""
    name, _, variant = network.partition("@")
    params = netspec.compile(name, variant or None).params / 1e6
    cut = name.startswith("overfeat") or name == "resnext29_16x64d_cifar"
    digits = 0 if name.startswith("overfeat") else 1
    assert (math.floor(params * 10**digits) / 10**digits if cut else round(params, digits)) == millions


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


# capsules


def squash(s: Tensor) -> Tensor:
    square = (s**2).sum(-1, keepdim=True)
    return square / (1 + square) * s / square.sqrt()


class CapsNet(nn.Module):
    """Procedure 1 and figures 1 and 2 of the paper, with a matrix for each pair of capsules."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.primary = nn.Conv2d(1, 256, 9), nn.Conv2d(256, 256, 9, stride=2)
        self.matrices = nn.Parameter(torch.zeros(1152, 10, 16, 8))
        layers = [nn.Linear(160, 512), nn.ReLU(), nn.Linear(512, 1024), nn.ReLU(), nn.Linear(1024, 784), nn.Sigmoid()]
        self.decoder = nn.Sequential(*layers)

    def forward(self, image: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        maps = self.primary(F.relu(self.conv(image)))
        low = squash(torch.stack([maps[:, index::8] for index in range(8)], -1).flatten(1, 3))
        predictions = torch.einsum("ijdk,nik->nijd", self.matrices, low)
        logits = torch.zeros(predictions.shape[:3])
        for _ in range(3):
            high = squash(torch.einsum("nij,nijd->njd", logits.softmax(2), predictions))
            logits = logits + torch.einsum("nijd,njd->nij", predictions, high)
        return high.norm(dim=-1), self.decoder((high * target[..., None]).flatten(1))


@torch.no_grad()
def test_capsnet_routes_by_agreement() -> None:
    graph = netspec.compile("capsnet_mnist")
    ours = netspec.build(graph, device="cpu", seed=0).eval()
    ours.digits.weight.mul_(5)  # so that the routing matters
    theirs, values = CapsNet().eval(), ours.state_dict().values()
    state = zip(theirs.state_dict().items(), sorted_as(theirs, ours), strict=True)
    theirs.load_state_dict({key: value.reshape(here.shape) for (key, here), value in state})
    assert graph.params == sum(value.numel() for value in values) == sum(each.numel() for each in theirs.parameters())
    image, target = torch.rand(4, 1, 28, 28), F.one_hot(torch.tensor([3, 1, 4, 1]), 10).float()
    found, (lengths, reconstruction) = ours(image, target), theirs(image, target)
    assert torch.allclose(found.output, lengths, atol=1e-4)
    assert torch.allclose(found.reconstruction, reconstruction, atol=1e-4)
    assert lengths.std() > 0.01


def sorted_as(theirs: nn.Module, ours: nn.Module) -> list[Tensor]:
    """Return our parameters in the order of theirs, where the matrices come first."""
    state = dict(ours.state_dict())
    return [state.pop("digits.weight"), *state.values()]


# cells


class Cells(nn.Module):
    """The equations of Fukushima's S- and C-cells, with all that a cell sees laid out in a row."""

    def __init__(self, planes: int, r: float, margins: tuple[int, int], window: int) -> None:
        super().__init__()
        self.a, self.b = nn.Parameter(torch.zeros(24, planes * 25)), nn.Parameter(torch.zeros(24))
        self.r, self.margins, self.window = r, margins, window

    def forward(self, below: Tensor) -> Tensor:
        seen = F.unfold(below, 5, padding=self.margins[0])
        root_mean_square = ((seen**2).mean(1, keepdim=True) + 1e-6).sqrt()
        inhibition = 2 * self.r / (1 + self.r) * self.b[:, None] * root_mean_square
        simple = self.r * ((1 + self.a @ seen) / (1 + inhibition) - 1).clamp(min=0)
        square = simple.unflatten(2, (math.isqrt(simple.shape[2]), -1))
        rows = F.unfold(square, self.window, padding=self.margins[1]).unflatten(1, (24, -1))
        complex_ = ((1 + rows.mean(2)) / (1 + rows.mean((1, 2))[:, None]) - 1).clamp(min=0)
        return (complex_ / (0.5 + complex_)).unflatten(2, (math.isqrt(complex_.shape[2]), -1))


@torch.no_grad()
def test_neocognitron_has_the_equations_of_the_paper() -> None:
    """With r of 4.0 and 1.5 as there; the weights are larger than at the start, so that all layers answer."""
    ours = netspec.build("neocognitron", device="cpu", seed=0)
    theirs = nn.Sequential(Cells(1, 4.0, (2, 0), 7), Cells(24, 1.5, (1, 1), 5), Cells(24, 1.5, (0, 0), 2))
    for layer, cells in zip((ours.s1, ours.s2, ours.s3), theirs, strict=True):
        assert layer.a.weight.min() >= 0 and not layer.b.weight.any()
        layer.a.weight.copy_(torch.rand_like(layer.a.weight) ** 4)
        layer.b.weight.copy_(torch.rand_like(layer.b.weight) * 4)
        cells.a.copy_(layer.a.weight.flatten(1))
        cells.b.copy_(layer.b.weight.flatten())
    image = (torch.rand(3, 1, 16, 16) > 0.7).float()
    answer = ours(image)
    assert torch.allclose(answer, theirs(image).flatten(1), atol=1e-5)
    assert sum(each.numel() for each in ours.parameters()) == sum(each.numel() for each in theirs.parameters())
    assert answer.std() > 0.01

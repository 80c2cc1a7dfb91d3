"""What the papers promise of fractal, poly, binary and joint networks, tried on built modules: laws, not figures."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import netspec
from netspec.analysis.memory import measure_memory
from netspec.ir import Graph
from netspec.language.loading.files import shipped_folder

FRACTAL = shipped_folder() / "families" / "fractalnet.yaml"
LADDER = {"widths": [16, 32, 64, 128, 128], "classes": 100}
"""The widths of the paper's table of ultra-deep networks."""


def built(document: Any, **overrides: Any) -> nn.Module:
    return netspec.build(document, overrides=overrides, device="cpu", seed=0)


def written(folder: Path, text: str) -> Graph:
    path = folder / "network.yaml"
    path.write_text(f"netspec: 1\n{text}", encoding="utf-8")
    return netspec.compile(path)


def layers(module: nn.Module, kind: str) -> list[nn.Module]:
    return [layer for layer in module.modules() if type(layer).__name__ == kind]


# fractal networks


@pytest.mark.parametrize(
    ("columns", "depth", "published", "exact"),
    [
        (1, 5, 0.3, 258_292),
        (2, 10, 0.8, 847_716),
        (3, 20, 2.1, 0),
        (4, 40, 4.8, 0),
        (5, 80, 10.2, 0),
        (6, 160, 21.1, 0),
    ],
)
def test_fractal_networks_climb_the_ladder(columns: int, depth: int, published: float, exact: int) -> None:
    graph = netspec.compile(FRACTAL, overrides={**LADDER, "columns": columns})
    assert round(graph.params / 1e6, 1) == published
    assert graph.params == exact or not exact
    assert longest_path(graph) == depth + 1  # the linear layer
    for block, (before, width) in enumerate(itertools.pairwise([3, *LADDER["widths"]]), start=1):
        weights = [node.params for node in graph if node.path.startswith(f"block{block}.") and node.op.name == "conv"]
        assert len(weights) == 2**columns - 1
        assert sum(weights) == 9 * (columns * before * width + (len(weights) - columns) * width**2)


def longest_path(graph: Graph) -> int:
    depths: dict[str, int] = {}
    for node in graph:
        below = max((depths.get(path, 0) for path in node.inputs), default=0)
        depths[node.path] = below + (node.op.name in ("conv", "linear"))
    return max(depths.values())


@pytest.mark.parametrize("columns", [2, 3, 4, 5])
def test_columns_that_end_together_are_joined_once(columns: int) -> None:
    graph = netspec.compile(FRACTAL, overrides={**LADDER, "columns": columns, "blocks": 1})
    joins = [node for node in graph if node.op.name == "join"]
    ends = range(2, 2 ** (columns - 1) + 1, 2)
    assert [len(node.inputs) - 1 for node in joins] == [(end & -end).bit_length() for end in ends]
    assert all(graph[path].op.name == "relu" for node in joins for path in node.inputs[:-1])
    assert {node.inputs[-1] for node in joins} == {"draw_column1"}


def small_fractal(columns: int, **overrides: Any) -> nn.Module:
    """Return a small fractal network in training, but with the moments of batch normalization fixed."""
    shape = {"blocks": 2, "widths": [4, 4], "dropout": [0, 0], "input": [3, 4, 4]}
    module = built(FRACTAL, columns=columns, **shape, **overrides)
    for layer in layers(module, "BatchNorm2d"):
        layer.eval()
    return module


@pytest.mark.parametrize("local_drop", [0.3, 0.9, 1.0])
@torch.no_grad()
def test_local_drop_path_gives_the_mean_of_some_and_never_of_none(local_drop: float) -> None:
    module, survivors = small_fractal(3, local_drop=local_drop, global_drop=0), []
    for layer in layers(module, "Join"):
        layer.register_forward_hook(lambda layer, operands, result: survivors.append(survivors_of(operands, result)))
    for seed in range(40):
        torch.manual_seed(seed)
        module(torch.randn(2, 3, 4, 4))
    assert all(survivors)
    sizes = {len(each) for each in survivors}
    assert sizes == {1} if local_drop == 1 else sizes >= {1, 2}
    assert {index for each in survivors for index in each} == {0, 1, 2}


def survivors_of(operands: tuple[Tensor, ...], result: Tensor) -> tuple[int, ...]:
    """Return which operands a join has taken the mean of."""
    *values, _ = operands
    for size in range(1, len(values) + 1):
        for chosen in itertools.combinations(range(len(values)), size):
            mean = torch.stack([values[index] for index in chosen]).mean(0)
            if torch.allclose(mean, result, atol=1e-6):
                return chosen
    return ()


@pytest.mark.parametrize("columns", [2, 3, 4])
def test_global_drop_path_keeps_exactly_one_column(columns: int) -> None:
    module, found = small_fractal(columns, global_drop=1), set()
    for seed in range(8 * columns):
        torch.manual_seed(seed)
        module.zero_grad()
        (module(torch.randn(4, 3, 4, 4)) * torch.randn(4, 10)).sum().backward()
        trained = [
            sum(bool(conv.weight.grad.any()) for conv in layers(module.get_submodule(block), "Conv2d"))
            for block in ("block1", "block2")
        ]
        assert trained[0] == trained[1], "the blocks draw for themselves"
        found.add(trained[0])
    assert found == {2**column for column in range(columns)}


def test_fractal_networks_can_be_trained_with_both_kinds_of_drop_path() -> None:
    module = small_fractal(3, global_drop=0.5)
    drawn = [float(module.draw_column1(torch.zeros(1, 3, 4, 4))) for _ in range(200)]
    assert set(drawn) == {-1.0, 0.0, 1.0, 2.0}
    assert 60 < drawn.count(-1.0) < 140  # 100 expected, with a deviation of 7


# poly


INPUT = "input: [6, 5, 5]\n"
UNIT = "blocks: {unit: {body: [{conv: {out: input.channels, kernel: 3, padding: 1}}]}}\n"


def poly_module(folder: Path, step: str) -> tuple[nn.Module, list[nn.Conv2d], int]:
    """Return a network of one poly block, its applications of the unit in order, and its parameters."""
    graph = written(folder, f"name: poly\n{INPUT}{UNIT}network: [{step}]\n")
    module, calls = netspec.build(graph, device="cpu", seed=0), []
    for layer in layers(module, "Conv2d"):
        layer.register_forward_hook(lambda layer, inputs, result: calls.append(layer))
    module(torch.randn(1, 6, 5, 5))
    return module, list(calls), graph.params


ONE_UNIT = 6 * 6 * 9 + 6


@torch.no_grad()
def test_poly_2_applies_one_module_twice(tmp_path: Path) -> None:
    module, (f, again), params = poly_module(tmp_path, "{poly: {unit: unit, scale: 0.5}}")
    assert f is again
    assert params == sum(each.numel() for each in module.parameters()) == ONE_UNIT
    x = torch.randn(2, 6, 5, 5)
    expected = F.relu(x + 0.5 * f(x) + 0.5 * f(F.relu(f(x))))
    assert torch.allclose(module(x), expected, atol=1e-5)


@torch.no_grad()
def test_poly_3_applies_one_module_three_times(tmp_path: Path) -> None:
    module, calls, params = poly_module(tmp_path, "{poly: {unit: unit, order: 3}}")
    f = calls[0]
    assert calls == [f, f, f] and params == ONE_UNIT
    x = torch.randn(2, 6, 5, 5)
    first = f(x)
    second = f(F.relu(first))
    assert torch.allclose(module(x), F.relu(x + first + second + f(F.relu(second))), atol=1e-5)


@pytest.mark.parametrize("order", [2, 3])
@torch.no_grad()
def test_mpoly_applies_modules_of_its_own(tmp_path: Path, order: int) -> None:
    module, calls, params = poly_module(tmp_path, f"{{mpoly: {{unit: unit, order: {order}}}}}")
    assert len(set(calls)) == order and params == order * ONE_UNIT
    x = torch.randn(2, 6, 5, 5)
    total, power = x, x
    for f in calls:
        power = f(power)
        total = total + power
        power = F.relu(power)
    assert torch.allclose(module(x), F.relu(total), atol=1e-5)


@torch.no_grad()
def test_two_way_adds_two_modules(tmp_path: Path) -> None:
    module, (f, g), params = poly_module(tmp_path, "{two_way: {unit: unit, scale: 0.3}}")
    assert f is not g and params == 2 * ONE_UNIT
    x = torch.randn(2, 6, 5, 5)
    assert torch.allclose(module(x), F.relu(x + 0.3 * (f(x) + g(x))), atol=1e-5)


def test_polynet_shares_convolutions_and_no_normalization() -> None:
    nodes = [node for node in netspec.compile("polynet") if node.path.startswith("stage_b.3.poly.")]
    convolutions = [node for node in nodes if node.op.name == "conv"]
    assert len(convolutions) == 3 * 5
    assert len({node.module for node in convolutions}) == 4 + 3  # the last 1x1 of each order is its own
    assert all(not node.shared for node in nodes if node.op.name == "bn")


# binary filters


def filters(layer: nn.Conv2d) -> Tensor:
    """Return the filters that a 3x3 convolution applies, as its answers to impulses show them."""
    impulses = torch.zeros(layer.in_channels, layer.in_channels, 3, 3)
    for channel in range(layer.in_channels):
        impulses[channel, channel, 1, 1] = 1
    return layer(impulses).flip(2, 3).transpose(0, 1)


@torch.no_grad()
def test_binary_filters_have_two_values_each() -> None:
    layer = layers(built("sepnet_small", classes=2).sep1, "BinaryConv2d")[0]
    inputs, outputs = layer.in_channels // layer.groups, layer.out_channels // layer.groups
    assert layer.groups == 4
    for index, seen in enumerate(filters(layer)):
        group = index // outputs * inputs
        own, scale = seen[group : group + inputs], layer.weight[index].abs().mean()
        assert torch.allclose(own, scale * layer.weight[index].sign(), atol=1e-6)
        assert own.unique().numel() == 2
        assert seen.count_nonzero() == own.numel(), "a filter sees another group"


def test_gradient_of_binary_filters_goes_straight_through() -> None:
    layer = layers(built("resnet20_cifar_binary"), "BinaryConv2d")[3]
    x = torch.randn(2, layer.in_channels, 6, 6)
    rounded = (layer.weight.sign() * layer.weight.abs().mean((1, 2, 3), keepdim=True)).detach().requires_grad_()
    weights = torch.randn(2, layer.out_channels, 6, 6)
    (layer(x) * weights).sum().backward()
    (F.conv2d(x, rounded, padding=1) * weights).sum().backward()
    assert torch.allclose(layer.weight.grad, rounded.grad, atol=1e-4)
    assert rounded.grad.abs().min() > 0


@pytest.mark.parametrize(("variant", "expected"), [(None, {True}), ("real", {False})])
def test_only_filters_larger_than_1x1_are_binary(variant: str | None, expected: set[bool]) -> None:
    convolutions = [node.op for node in netspec.compile("sepnet_small", variant) if node.op.name == "conv"]
    assert {op.binary for op in convolutions if op.kernel != 1} == expected
    assert {op.binary for op in convolutions if op.kernel == 1} == {False}


def test_sizes_of_sepnet_are_not_the_published_ones() -> None:
    """4.2 MB by binary filters, and 1.3 MB with eight bits for the others; the file before is 5.2 MB in both."""
    real, binary, quantized = (
        measure_memory(netspec.compile("sepnet_small", variant)).model / 1e6 for variant in ("real", None, "quantized")
    )
    assert (round(real, 1), round(binary, 2), round(quantized, 2)) == (5.2, 2.96, 0.82)
    graph = netspec.compile("sepnet_small")
    binary_filters = [node for node in graph if getattr(node.op, "binary", False)]
    weights = {node.path: node.params for node in binary_filters}
    within = sum(count for path, count in weights.items() if path.endswith(".pattern"))
    room = (real - 4.2) * 1e6 * 8 / 31
    assert (round(room, -4), sum(weights.values()), within) == (250_000, 575_040, 127_872)
    assert round(graph.params / 1e6, 1) == 1.3, "a byte for each weight"


# networks of networks


@torch.no_grad()
def test_ensemble_is_the_mean_of_its_members_probabilities() -> None:
    small = {"input": [3, 64, 64], "classes": 10}
    ensemble = built("ensemble_resnet18_densenet121", **small).eval()
    x, probabilities, params = torch.randn(2, 3, 64, 64), [], 0
    for name, place in (("resnet18", "resnet"), ("densenet121", "densenet")):
        member = built(name, **small).eval()
        state = {key.removeprefix(f"{place}.0."): value for key, value in ensemble.state_dict().items()}
        member.load_state_dict({key: state[key] for key in member.state_dict()})
        probabilities.append(torch.softmax(member(x), 1))
        params += sum(each.numel() for each in member.parameters())
    assert torch.allclose(ensemble(x), (probabilities[0] + probabilities[1]) / 2, atol=1e-6)
    assert torch.allclose(ensemble(x).sum(1), torch.ones(2))
    assert params == sum(each.numel() for each in ensemble.parameters())


VOTERS = """name: voters
input: [4]
network:
  - mean: [[{linear: 4}, softmax, vote], [{linear: 4}, softmax, vote], [{linear: 4}, softmax, vote]]
"""


@torch.no_grad()
def test_majority_counts_the_members_and_not_their_probabilities(tmp_path: Path) -> None:
    module = netspec.build(written(tmp_path, VOTERS), device="cpu", seed=0).eval()
    members = [layer for layer in module.modules() if isinstance(layer, nn.Linear)]
    x = torch.randn(500, 4)
    favourites = torch.stack([member(x).argmax(1) for member in members])
    counts = F.one_hot(favourites, 4).sum(0)
    assert torch.allclose(module(x), counts / 3, atol=1e-3)
    assert {1, 2} <= set(counts.amax(1).tolist())


@torch.no_grad()
def test_ensemble_by_majority_gives_shares_of_votes() -> None:
    graph = netspec.compile("ensemble_resnet18_densenet121", "majority", {"input": [3, 64, 64], "classes": 10})
    shares = netspec.build(graph, device="cpu", seed=0).eval()(torch.randn(3, 3, 64, 64))
    assert torch.allclose(shares.sum(1), torch.ones(3), atol=1e-3)
    assert set((2 * shares).round(decimals=3).flatten().tolist()) <= {0, 1, 2}


TOWERS = {
    "conv1": "front.{}.conv1",
    "conv2": "front.{}.conv2",
    "conv3": "back.{}.conv1",
    "conv4": "back.{}.conv2",
    "conv5": "back.{}.conv3",
    "linear1": "fc6.{}.linear1",
    "linear2": "fc7.{}.linear1",
}


@torch.no_grad()
def test_two_towers_on_one_device_are_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for normalization, which in groups also sees the other tower's channels at the border."""
    towers, groups = (built(name, input=[3, 67, 67], classes=5).eval() for name in ("alexnet_2gpu", "alexnet_grouped"))
    for layer, place in TOWERS.items():
        halves = [towers.get_submodule(place.format(tower)) for tower in ("tower1", "tower2")]
        for parameter in ("weight", "bias"):
            getattr(groups.get_submodule(layer), parameter).copy_(
                torch.cat([getattr(half, parameter) for half in halves])
            )
    groups.linear3.load_state_dict(towers.fc8.state_dict())
    x = 10_000 * torch.randn(2, 3, 67, 67)  # so large that normalization counts
    expected = towers(x)
    assert (expected[0] - expected[1]).abs().max() > 1e-4
    assert not torch.allclose(expected, groups(x), rtol=1e-4, atol=1e-6)
    monkeypatch.setattr(F, "local_response_norm", normalize_halves(F.local_response_norm))
    assert torch.allclose(expected, groups(x), rtol=1e-4, atol=1e-6)


def normalize_halves(normalize: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return the normalization as each tower does it for itself."""
    return lambda x, *args, **kwargs: torch.cat([normalize(half, *args, **kwargs) for half in x.chunk(2, 1)], 1)


# the worked example of back-propagation


def test_one_step_of_back_propagation_is_the_one_by_hand() -> None:
    network = netspec.build("mlp_2_2_2", device="cpu", dtype="float64")
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(parameter.round(decimals=2))  # they were float32 for a moment
    outputs = network(torch.tensor([[0.05, 0.10]], dtype=torch.float64))
    error = 0.5 * ((torch.tensor([[0.01, 0.99]]) - outputs) ** 2).sum()
    error.backward()
    with torch.no_grad():
        for weight in (network.hidden.weight, network.output.weight):
            weight -= 0.5 * weight.grad
    assert outputs.flatten().tolist() == pytest.approx([0.75136507, 0.772928465], abs=5e-9)
    assert error.item() == pytest.approx(0.298371109, abs=5e-9)
    assert network.output.weight.flatten().tolist() == pytest.approx(
        [0.35891648, 0.408666186, 0.511301270, 0.561370121], abs=5e-9
    )
    assert network.hidden.weight.flatten().tolist() == pytest.approx(
        [0.149780716, 0.19956143, 0.24975114, 0.29950229], abs=5e-9
    )

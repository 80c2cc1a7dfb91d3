"""What the papers promise of their modules, tried on the built networks: laws, not figures."""

from __future__ import annotations

import contextlib
import io
import math
from typing import Any

import pytest
import torch
from torch import nn

import netspec
from netspec.analysis import measure
from netspec.ir import Graph

with contextlib.redirect_stdout(io.StringIO()):
    from pytorchcv.models.inceptionresnetv1 import inceptionresnetv1
    from pytorchcv.models.preresnet_cifar import preresnet20_cifar10
    from pytorchcv.models.resdropresnet_cifar import resdropresnet20_cifar10

from tests.support.matcher.comparison import assert_equal_networks
from tests.support.matcher.matcher import match
from tests.support.matcher.tracing import trace

C3_TABLE = """
    X...XXX..XXXX.XX
    XX...XXX..XXXX.X
    XXX...XXX..X.XXX
    .XXX..XXXX..X.XX
    ..XXX..XXXX.XX.X
    ...XXX..XXXX.XXX
"""
"""Table 1 of the LeNet-5 paper: a row per map of S2, a column per map of C3."""


def built(name: str, **overrides: Any) -> nn.Module:
    return netspec.build(name, overrides=overrides, device="cpu", seed=0)


def document(tmp_path: Any, shape: list[int], step: str) -> Graph:
    """Return the graph of a document of one step."""
    path = tmp_path / "unit.yaml"
    path.write_text(f"netspec: 1\nname: unit\ninput: {shape}\nnetwork:\n  - {step}\n", encoding="utf-8")
    return netspec.compile(path)


# lenet


def seen(module: nn.Module, planes: int) -> list[str]:
    """Return, for each plane that enters, an X for each plane that leaves and depends on it."""
    rows = []
    for plane in range(planes):
        values = torch.randn(1, planes, 14, 14)
        changed = values.clone()
        changed[:, plane] += 1
        difference = (module(values) - module(changed)).abs().amax((0, 2, 3))
        rows.append("".join("X" if each > 0 else "." for each in difference))
    return rows


@torch.no_grad()
def test_lenet_c3_sees_what_the_table_says() -> None:
    assert seen(built("lenet5").c3, 6) == C3_TABLE.split()


def test_lenet_c3_has_its_parameters_by_the_table() -> None:
    graph = netspec.compile("lenet5")
    columns = zip(*C3_TABLE.split(), strict=True)
    expected = [25 * column.count("X") + 1 for column in columns]
    assert [node.params for node in graph if node.path.startswith("c3.") and node.params] == expected
    assert sum(expected) == 1516


@torch.no_grad()
def test_lenet_subsampling_has_one_coefficient_and_one_bias_per_map() -> None:
    network = built("lenet5")
    network.s2.channel_affine1.weight[2], network.s2.channel_affine1.bias[2] = 0.0, 0.7
    values = network.s2(torch.randn(2, 6, 28, 28))
    assert torch.allclose(values[:, 2], torch.full((2, 14, 14), 1.7159 * math.tanh(2 / 3 * 0.7)))
    assert values[:, 1].std() > 0.1


@torch.no_grad()
def test_lenet_answers_by_distances_to_fixed_vectors_of_signs() -> None:
    network = built("lenet5")
    centers = network.output.centers
    assert centers.shape == (10, 7 * 12) and set(centers.unique().tolist()) == {-1.0, 1.0}
    assert "output.centers" in network.state_dict() and "output.centers" not in dict(network.named_parameters())
    distances = network.output(centers)
    assert torch.equal(distances.argmin(1), torch.arange(10)) and torch.equal(distances.diagonal(), torch.zeros(10))
    assert torch.allclose(distances, 4.0 * (centers[:, None] != centers).sum(-1))


SEVEN = """
#######
.....##
.....##
....##.
...##..
...##..
..##...
..##...
..##...
..##...
.......
.......
"""
ONE_OF_NINE = "##..###"
"""The second line of the 9, whose right stroke leans in."""


@torch.no_grad()
def test_lenet_draws_the_digits_as_the_paper_does() -> None:
    network = built("lenet5")
    pictures = network.output.centers.reshape(10, 12, 7)
    seven = torch.tensor([[1.0 if mark == "#" else -1.0 for mark in line] for line in SEVEN.split()])
    assert torch.equal(pictures[7], seven)
    assert (pictures[9, 1] > 0).tolist() == [mark == "#" for mark in ONE_OF_NINE]
    assert torch.equal(pictures[0], pictures[0].flip(1)), "the 0 is its own mirror image"
    below = pictures[:, 10:].sum((1, 2)).tolist()
    assert [digit for digit in range(10) if below[digit] > -14] == [4], "only the 4 goes below the line"
    distances = network.output(seven.reshape(1, 84))
    assert distances[0, 7] == 0 and (distances[0, :7] > 0).all() and (distances[0, 8:] > 0).all()
    other = netspec.build("lenet5", device="cpu", seed=1)
    assert torch.equal(other.output.centers, network.output.centers), "drawn, not random"


# highway


@pytest.mark.parametrize(
    ("name", "count"), [("highway10_mnist", 8), ("highway19_cifar", 14), ("highway50_mnist_fc", 49)]
)
@torch.no_grad()
def test_highway_with_closed_gates_carries_its_input_through(name: str, count: int) -> None:
    network = built(name).eval()
    layers = {path: layer for path, layer in network.named_modules() if type(layer).__name__ == "Highway"}
    assert len(layers) == count
    for path, layer in layers.items():
        gate = layer.get_submodule("weight.0")
        gate.bias.fill_(-1e4)
        values = torch.randn(2, *input_shape(gate))
        assert torch.equal(layer(values), values), path
        gate.bias.fill_(1e4)
        assert torch.allclose(layer(values), layer.get_submodule("end.0")(values).relu()), path


def input_shape(layer: nn.Module) -> tuple[int, ...]:
    return (layer.in_features,) if isinstance(layer, nn.Linear) else (layer.in_channels, 8, 8)


@pytest.mark.parametrize(("name", "bias"), [("highway19_cifar", -2.0), ("highway10_mnist", -1.0)])
def test_highway_gates_start_biased_towards_carrying(name: str, bias: float) -> None:
    network = built(name)
    gates = [layer for path, layer in network.named_modules() if path.endswith("weight.0")]
    assert gates and all((gate.bias == bias).all() for gate in gates)
    assert all((layer.bias == 0).all() for path, layer in network.named_modules() if path.endswith("end.0"))


# stochastic depth


@pytest.mark.parametrize(
    ("name", "units", "expected"),
    [("stochastic_depth110_cifar", 54, 40.25), ("stochastic_depth1202_cifar", 600, 449.75)],
)
def test_stochastic_depth_has_its_expected_depth(name: str, units: int, expected: float) -> None:
    survival = [node.op.survival for node in netspec.compile(name) if node.op.name == "stochastic_depth"]
    assert len(survival) == units
    assert sum(survival) == pytest.approx(expected)
    assert survival == sorted(survival, reverse=True) and survival[-1] == 0.5


@torch.no_grad()
def test_efficientnet_drops_more_of_the_deeper_branches() -> None:
    """torchvision's are 0.2 i / 16 of block i, of which those with a shortcut count: table 1 has 16 blocks."""
    kept = [node.op for node in netspec.compile("efficientnet_b0") if node.op.name == "stochastic_depth"]
    assert {(op.mode, op.rescale) for op in kept} == {("row", True)}
    with_shortcut = [2, 4, 6, 7, 9, 10, 12, 13, 14]
    assert [op.survival for op in kept] == [1 - 0.2 * place / 16 for place in with_shortcut]


def test_stochastic_depth_at_survival_one_is_the_resnet() -> None:
    shared = {"depth": 20}
    plain = built("resnet110_cifar", unit="{basic_block: {shortcut: pool_pad}}", **shared)
    stochastic = built("stochastic_depth110_cifar", final_survival=1, **shared)
    stochastic.load_state_dict(plain.state_dict())
    values = torch.randn(2, 3, 32, 32)
    assert torch.equal(stochastic.train()(values), plain.train()(values))
    assert torch.equal(stochastic.eval()(values), plain.eval()(values))


def test_stochastic_depth_is_the_resnet_of_pytorchcv_in_evaluation() -> None:
    """That one divides by the probability in training, so that evaluation does not know of it."""
    ours = built("stochastic_depth110_cifar", depth=20, final_survival=1, shortcut="auto")
    assert_equal_networks(ours, resdropresnet20_cifar10(), (3, 32, 32))


@torch.no_grad()
def test_stochastic_depth_leaves_out_branches_of_training_steps(tmp_path: Any) -> None:
    unit = netspec.build(document(tmp_path, [4, 8, 8], "basic_block: {out: 4, survival: 0.5}"), device="cpu", seed=0)
    values = torch.rand(2, 4, 8, 8)  # positive, so that the last ReLU hides nothing of a skipped unit
    skipped = sum(torch.equal(unit(values), values) for _ in range(200))
    assert 72 <= skipped <= 128  # 100 expected, four standard deviations of 7


@torch.no_grad()
def test_stochastic_depth_weights_branches_in_evaluation_alone(tmp_path: Any) -> None:
    values, branches = 9 + torch.rand(2, 4, 8, 8), {}  # so large that the last ReLU hides nothing
    for survival in (0.5, 1):
        graph = document(tmp_path, [4, 8, 8], f"basic_block: {{out: 4, survival: {survival}}}")
        unit = netspec.build(graph, device="cpu", seed=0)
        for layer in unit.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.momentum = 0.0  # evaluation must not depend on training
        kept = next(result for _ in range(100) if not torch.equal(result := unit.train()(values), values))
        branches[survival] = kept - values, unit.eval()(values) - values
    assert torch.allclose(branches[0.5][0], branches[1][0], atol=1e-5)
    assert torch.allclose(branches[0.5][1], 0.5 * branches[1][1], atol=1e-5)
    assert branches[1][1].abs().max() > 0.1


# swapout


@torch.no_grad()
def test_swapout_in_evaluation_is_the_expectation(tmp_path: Any) -> None:
    unit = netspec.build(document(tmp_path, [4, 6, 6], "swapout_block: {out: 4, keep: 0.6}"), device="cpu", seed=0)
    values = torch.randn(1, 4, 6, 6)
    expectation = unit.eval()(values)
    unit.train()
    for layer in unit.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()  # only the masks are to be random
    runs = unit(values.expand(6000, -1, -1, -1))
    error = runs.std(0) / 6000**0.5
    assert ((runs.mean(0) - expectation).abs() < 5 * error + 1e-6).all()
    assert len({tuple(run.flatten()[:12].sign().tolist()) for run in runs[:50]}) > 10


def test_swapout_that_keeps_everything_is_the_preactivated_resnet_of_pytorchcv(tmp_path: Any) -> None:
    path = tmp_path / "kept.yaml"
    keep_all = "args: {wider: 1, keep: [1, 1, 1, 1, 1, 1, 1, 1, 1]}\ndefaults: {conv: {bias: false}}"
    path.write_text(f"netspec: 1\nname: kept\nextends: swapout20_cifar\n{keep_all}\n", encoding="utf-8")
    assert_equal_networks(netspec.build(path, device="cpu", seed=0), preresnet20_cifar10(), (3, 32, 32))


def test_swapout_keeps_everything_first_and_half_last() -> None:
    masks = [node.op for node in netspec.compile("swapout20_cifar") if node.op.name == "swapout"]
    assert [mask.keep_skip for mask in masks] == [mask.keep_branch for mask in masks]
    assert [mask.keep_skip for mask in masks] == pytest.approx([1 - index / 16 for index in range(9)])


# residual networks with pre-activation


@torch.no_grad()
def test_preactivation_leaves_a_clean_path(tmp_path: Any) -> None:
    """Without its last convolution a unit is the identity, also for negative values."""
    for block, last in (("preact_block", "conv2"), ("preact_bottleneck", "conv3")):
        graph = document(tmp_path, [8, 6, 6], f"{block}: {{out: 8}}")
        unit = netspec.build(graph, device="cpu", seed=0)
        next(layer for path, layer in unit.named_modules() if path.endswith(last)).weight.zero_()
        values = torch.randn(2, 8, 6, 6)
        assert torch.equal(unit(values), values), block


def test_projection_shares_the_first_activation(tmp_path: Any) -> None:
    graph = document(tmp_path, [8, 6, 6], "preact_bottleneck: {out: 16, stride: 2}")
    projection = next(node for node in graph if node.name == "downsample")
    first = next(node for node in graph if node.op.name == "conv")
    assert projection.inputs == first.inputs
    assert graph[projection.inputs[0]].op.name == "relu"


def test_inherited_variants_fit_the_network() -> None:
    """Where the stride stands is a question of bottlenecks: basic blocks have no 1x1 convolution."""
    assert measure(netspec.compile("preresnet164_cifar", "stride_first")).depth == 164
    assert measure(netspec.compile("preresnet1001_cifar", "stride_first")).depth == 1001
    with pytest.raises(netspec.SpecError, match="has no variant 'stride_first'"):
        netspec.compile("preresnet110_cifar", "stride_first")


# u-net


@torch.no_grad()
def test_unet_takes_images_that_are_no_squares() -> None:
    network = built("unet", width=2, input=[1, 188, 220]).eval()
    assert network(torch.randn(1, 1, 188, 220)).shape == (1, 2, 4, 36)


# inception


def test_facenet_variant_is_the_one_in_circulation() -> None:
    graph = netspec.compile("inception_resnet_v1", "facenet")
    with torch.device("meta"):
        ours, theirs = netspec.build(graph, device="meta"), inceptionresnetv1()
        samples = torch.empty(2, 3, 299, 299)
        match(trace(ours.eval(), samples), trace(theirs.eval(), samples))
    assert graph.params == sum(parameter.numel() for parameter in theirs.parameters())


# class activation maps


@torch.no_grad()
def test_scores_are_the_mean_of_the_class_activation_maps() -> None:
    network = built("alexnet_cam", maps=True, classes=7).eval()
    scores, maps = network(torch.randn(2, 3, 227, 227))
    assert maps.shape == (2, 7, 11, 11)
    assert torch.allclose(maps.mean((2, 3)), scores, atol=1e-5)
    assert maps.std() > 0


@pytest.mark.parametrize("name", ["googlenet_cam", "vgg16_cam", "alexnet_cam"])
def test_maps_bring_no_parameters(name: str) -> None:
    graph = netspec.compile(name, overrides={"maps": True})
    assert graph.params == netspec.compile(name).params
    assert [output.name for output in graph.outputs] == ["output", "maps"]

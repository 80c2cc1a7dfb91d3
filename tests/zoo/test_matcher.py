"""The oracle must accept equal networks in any wording, and refuse every planted difference."""

from __future__ import annotations

import copy
import random
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.support.matcher import Correspondence, Mismatch, assert_equal_networks, match, trace
from tests.support.matcher.canonical import CanonicalGraph

MAP = (8, 6, 6)


class Formula(nn.Module):
    """A network that is one expression over a few layers."""

    def __init__(self, formula: Callable[..., Any], **layers: nn.Module) -> None:
        super().__init__()
        self.formula = formula
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, x: Tensor) -> Any:
        return self.formula(self, x)


def graph(module: nn.Module, shape: tuple[int, ...]) -> CanonicalGraph:
    return trace(module, torch.empty(2, *shape))


def conv(outputs: int = 8, kernel: int = 1, inputs: int = 8, **options: Any) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, **options)


def convs(*names: str) -> dict[str, nn.Module]:
    return {name: conv() for name in names}


def shuffled(x: Tensor, groups: int) -> Tensor:
    batch, channels, height, width = x.shape
    return x.view(batch, groups, channels // groups, height, width).transpose(1, 2).reshape(x.shape)


def running_concat(m: Any, x: Tensor) -> Tensor:
    for layer in (m.a, m.b):
        x = torch.cat([x, layer(x[:, :8])], 1)
    return x


def flat_concat(m: Any, x: Tensor) -> Tensor:
    return torch.cat([x, m.a(x), m.b(x)], dim=-3)


def in_place_on_a_view(m: Any, x: Tensor) -> Tensor:
    x = m.a(x)
    flat = x.flatten(1)
    x.relu_()
    return flat


def parts_in_place(m: Any, x: Tensor) -> Tensor:
    left, right = m.a(x).chunk(2, dim=1)
    left.relu_()
    return torch.cat([right, left], 1)


def option_a_slices(m: Any, x: Tensor) -> Tensor:
    return F.pad(m.a(x)[:, :, ::2, ::2], (0, 0, 0, 0, 4, 4))


def option_a_pool(m: Any, x: Tensor) -> Tensor:
    x = F.avg_pool2d(m.a(x), 1, stride=2)
    zeros = x.new_zeros(x.shape[0], 4, *x.shape[2:])
    return torch.cat([zeros, x, x[:, :4] * 0], 1)


WORDINGS: dict[str, tuple[tuple[Callable[..., Any], dict[str, nn.Module]], ...]] = {
    "linear": (
        (lambda m, x: m.a(F.adaptive_avg_pool2d(x, 1).flatten(1)), {"a": nn.Linear(8, 5)}),
        (lambda m, x: m.a(x.mean((2, 3), keepdim=True)), {"a": conv(5)}),
        (lambda m, x: m.a(x.mean((2, 3), keepdim=True)), {"a": conv(5, stride=2)}),
        (lambda m, x: m.a(F.avg_pool2d(x, 6)).flatten(1), {"a": conv(5)}),
        (lambda m, x: torch.addmm(m.a.bias, x.mean((-1, -2)), m.a.weight.t()), {"a": nn.Linear(8, 5)}),
    ),
    "linear without bias": (
        (lambda m, x: m.a(x.mean(3).mean(2)), {"a": nn.Linear(8, 5, bias=False)}),
        (lambda m, x: x.view(2, 8, 36).mean(2) @ m.a.weight.T, {"a": nn.Linear(8, 5, bias=False)}),
    ),
    "whole map": (
        (lambda m, x: m.a(torch.flatten(x, 1)), {"a": nn.Linear(288, 7)}),
        (lambda m, x: m.a(x.reshape(x.shape[0], -1)), {"a": nn.Linear(288, 7)}),
        (lambda m, x: m.a(x), {"a": conv(7, kernel=6)}),
    ),
    "concatenation": (
        (running_concat, convs("a", "b")),
        (flat_concat, convs("a", "b")),
        (lambda m, x: torch.cat([x, torch.cat([m.b(x), m.a(x)], 1)], 1), convs("a", "b")),
    ),
    "global maximum": (
        (lambda m, x: F.adaptive_max_pool2d(m.a(x), 1), convs("a")),
        (lambda m, x: m.a(x).amax((2, 3)), convs("a")),
        (lambda m, x: F.max_pool2d(m.a(x), 6, stride=1), convs("a")),
        (lambda m, x: m.a(x).max(-1)[0].max(-1).values, convs("a")),
    ),
    "pooling to a grid": (
        (lambda m, x: F.adaptive_avg_pool2d(m.a(x), 3), convs("a")),
        (lambda m, x: F.avg_pool2d(m.a(x), 2), convs("a")),
        (lambda m, x: F.avg_pool2d(m.a(x), 2, 2, count_include_pad=False), convs("a")),
    ),
    "shuffle": (
        (lambda m, x: shuffled(m.a(x), 4), convs("a")),
        (lambda m, x: F.channel_shuffle(m.a(x), 4), convs("a")),
        (lambda m, x: m.a(x).reshape(2, 4, 2, 36).permute(0, 2, 1, 3).reshape(2, 8, 6, 6), convs("a")),
        (lambda m, x: shuffled(shuffled(shuffled(m.a(x), 4), 2), 4), convs("a")),
    ),
    "relu": (
        (lambda m, x: F.relu(m.a(x)), convs("a")),
        (lambda m, x: m.a(x).clamp(min=0), convs("a")),
        (lambda m, x: m.a(x).relu_().relu(), convs("a")),
        (lambda m, x: F.threshold(m.a(x), 0, 0), convs("a")),
        (in_place_on_a_view, convs("a")),
    ),
    "relu6": (
        (lambda m, x: F.relu6(m.a(x)), convs("a")),
        (lambda m, x: F.relu(m.a(x)).clamp(max=6.0), convs("a")),
        (lambda m, x: F.hardtanh(m.a(x), 0, 6, inplace=True), convs("a")),
    ),
    "hard swish": (
        (lambda m, x: F.hardswish(m.a(x)), convs("a")),
        (lambda m, x: (m.a(x) + 3).clamp(0, 6) * m.a(x) / 6, convs("a")),
        (lambda m, x: m.a(x) * F.hardsigmoid(m.a(x)), convs("a")),
    ),
    "silu": (
        (lambda m, x: F.silu(m.a(x)), convs("a")),
        (lambda m, x: torch.sigmoid(m.a(x)).mul_(m.a(x)), convs("a")),
    ),
    "scaled residual": (
        (lambda m, x: x + 0.17 * m.a(x) + m.b(x), convs("a", "b")),
        (lambda m, x: m.b(x).add_(x).add_(m.a(x), alpha=0.17), convs("a", "b")),
        (lambda m, x: (m.b(x) + m.a(x) * 0.17) - x.neg(), convs("a", "b")),
    ),
    "mean of columns": (
        (lambda m, x: (m.a(x) + m.b(x) + x) / 3, convs("a", "b")),
        (lambda m, x: torch.stack([x, m.b(x), m.a(x)]).mean(0), convs("a", "b")),
        (lambda m, x: sum([x, m.b(x), m.a(x)]) * (1 / 3), convs("a", "b")),
    ),
    "interpolation": (
        (lambda m, x: torch.lerp(x, m.a(x), m.b(x).sigmoid()), convs("a", "b")),
        (lambda m, x: x + m.b(x).sigmoid() * (m.a(x) - x), convs("a", "b")),
    ),
    "gate": (
        (lambda m, x: x * m.a(x.mean((2, 3), keepdim=True)).sigmoid(), convs("a")),
        (lambda m, x: m.a(F.adaptive_avg_pool2d(x, 1)).sigmoid().expand_as(x) * x, convs("a")),
        (lambda m, x: x * m.a(x.mean((2, 3))).sigmoid()[:, :, None, None], {"a": nn.Linear(8, 8)}),
    ),
    "common factor": (
        (lambda m, x: x + x * m.a(x).sigmoid(), convs("a")),
        (lambda m, x: x * (1 + m.a(x).sigmoid()), convs("a")),
        (lambda m, x: m.a(x).sigmoid().add(1).mul(x), convs("a")),
    ),
    "padded convolution": (
        (lambda m, x: m.a(x), {"a": conv(5, 3, padding=1, stride=2)}),
        (lambda m, x: m.a(F.pad(x, (1, 1, 1, 1))), {"a": conv(5, 3, stride=2)}),
        (lambda m, x: m.a(F.pad(x, (0, 0, 1, 1))), {"a": conv(5, 3, padding=(0, 1), stride=2)}),
    ),
    "padded shortcut": ((option_a_slices, convs("a")), (option_a_pool, convs("a"))),
    "parts": (
        (parts_in_place, convs("a")),
        (lambda m, x: torch.cat([m.a(x)[:, 4:], m.a(x)[:, :4].relu()], 1), convs("a")),
        (lambda m, x: torch.cat([m.a(x).narrow(1, 4, 4), m.a(x).split([4, 2, 2], 1)[0].relu()], 1), convs("a")),
        (lambda m, x: torch.cat([torch.cat([x, m.a(x)], 1)[:, 12:], m.a(x)[:, 0:6][:, :4].relu()], 1), convs("a")),
    ),
    "nothing": (
        (lambda m, x: m.a(x), convs("a")),
        (lambda m, x: m.b(m.a(x)), {"a": conv(), "b": nn.Dropout()}),
        (lambda m, x: m.b(m.a(x)), {"a": conv(), "b": nn.Identity()}),
        (lambda m, x: m.a(x).contiguous().clone() * 1.0 + 0, convs("a")),
        (lambda m, x: torch.cat(m.a(x).chunk(4, 1), 1), convs("a")),
        (lambda m, x: m.a(x).permute(0, 2, 3, 1).permute(0, 3, 1, 2), convs("a")),
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "reference"),
    [
        pytest.param(wording, wordings[0], id=f"{name} {index}")
        for name, wordings in WORDINGS.items()
        for index, wording in enumerate(wordings)
    ],
)
def test_one_network_in_two_wordings(ours: Any, reference: Any) -> None:
    assert_equal_networks(Formula(ours[0], **ours[1]), Formula(reference[0], **reference[1]), MAP)


ONE, TWO = ("a",), ("a", "b")
CONTRASTS: list[tuple[str, tuple[str, ...], Callable[..., Any], Callable[..., Any]]] = [
    ("order of elements", ONE, lambda m, x: m.a(x).flatten(2), lambda m, x: m.a(x).transpose(1, 2).flatten(2)),
    ("groups of a shuffle", ONE, lambda m, x: shuffled(m.a(x), 4), lambda m, x: shuffled(m.a(x), 2)),
    ("ceiling of relu6", ONE, lambda m, x: F.relu6(m.a(x)), lambda m, x: F.relu(m.a(x))),
    ("slope", ONE, lambda m, x: F.leaky_relu(m.a(x), 0.1), lambda m, x: F.leaky_relu(m.a(x), 0.2)),
    ("kind of pooling", ONE, lambda m, x: F.avg_pool2d(m.a(x), 2), lambda m, x: F.max_pool2d(m.a(x), 2)),
    ("scale", ONE, lambda m, x: x + 0.17 * m.a(x), lambda m, x: x + 0.18 * m.a(x)),
    ("sign", ONE, lambda m, x: x + m.a(x), lambda m, x: x - m.a(x)),
    ("factor", ONE, lambda m, x: x + x * m.a(x), lambda m, x: m.a(x) + x * m.a(x)),
    ("constant", ONE, lambda m, x: m.a(x) + 1, lambda m, x: m.a(x)),
    ("sum and product", ONE, lambda m, x: x + m.a(x), lambda m, x: x * m.a(x)),
    ("order of a concat", ONE, lambda m, x: torch.cat([x, m.a(x)], 1), lambda m, x: torch.cat([m.a(x), x], 1)),
    ("axis of a concat", ONE, lambda m, x: torch.cat([x, m.a(x)], 2), lambda m, x: torch.cat([m.a(x), x], 3)),
    ("axis of softmax", ONE, lambda m, x: m.a(x).softmax(1), lambda m, x: m.a(x).softmax(2)),
    ("axis of a gate", ONE, lambda m, x: x * m.a(x).mean(2, True), lambda m, x: x * m.a(x).mean(3, True)),
    ("half", ONE, lambda m, x: m.a(x)[:, :4], lambda m, x: m.a(x)[:, 4:]),
    ("phase of a stride", ONE, lambda m, x: m.a(x)[:, :, ::2], lambda m, x: m.a(x)[:, :, 1::2]),
    ("side of padding", ONE, lambda m, x: F.pad(m.a(x), (1, 0)), lambda m, x: F.pad(m.a(x), (0, 1))),
    ("amount of padding", ONE, lambda m, x: F.pad(m.a(x), (1, 1)), lambda m, x: F.pad(m.a(x), (1, 1), value=1.0)),
    ("place of an activation", ONE, lambda m, x: F.relu(x) + m.a(x), lambda m, x: F.relu(x + m.a(x))),
    ("place of a branch", TWO, lambda m, x: m.b(m.a(x)) + x, lambda m, x: m.b(m.a(x)) + m.a(x)),
    ("shared weights", TWO, lambda m, x: m.a(x) + m.a(m.b(x)), lambda m, x: m.a(x) + m.b(m.b(x))),
    ("number of outputs", ONE, lambda m, x: m.a(x), lambda m, x: (m.a(x), x)),
    ("unused weights", TWO, lambda m, x: m.a(m.b(x)), lambda m, x: m.a(m.a(x))),
]


@pytest.mark.parametrize(("layers", "ours", "reference"), [pytest.param(*c[1:], id=c[0]) for c in CONTRASTS])
def test_formulas_that_only_look_alike(
    layers: tuple[str, ...], ours: Callable[..., Any], reference: Callable[..., Any]
) -> None:
    for first, second in ((ours, reference), (reference, ours)):
        with pytest.raises(Mismatch):
            match(graph(Formula(first, **convs(*layers)), MAP), graph(Formula(second, **convs(*layers)), MAP))


class Sample(nn.Module):
    """A small network with one of everything, each setting of which can be planted wrong."""

    def __init__(self, **planted: Any) -> None:
        super().__init__()
        options = {"stride": 2, "padding": 1, "dilation": 2, "groups": 4, "bias": False, "width": 8} | planted
        self.planted = planted
        self.stem = conv(8, 3, 3, stride=options["stride"], padding=options["padding"], bias=options["bias"])
        self.norm = nn.BatchNorm2d(8, eps=planted.get("eps", 1e-5))
        self.left = conv(8, 3, padding="same", dilation=options["dilation"])
        self.right = conv(8, 5, padding=2, groups=options["groups"])
        self.maximum = nn.MaxPool2d(3, 2, ceil_mode=planted.get("ceil_mode", True))
        self.average = nn.AvgPool2d(3, 1, 1, count_include_pad=planted.get("count_include_pad", False))
        self.squeeze = nn.Linear(16, 4)
        self.excite = nn.Linear(4, 16)
        self.head = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.stem(x))
        x = x if self.planted.get("relu") is False else F.relu(x)
        branches = [self.left(x), F.relu(self.right(x))]
        x = torch.cat(branches[::-1] if self.planted.get("swapped") else branches, 1)
        x = self.average(self.maximum(x))
        gate = torch.sigmoid(self.excite(F.relu(self.squeeze(x.mean((2, 3))))))
        x = x * gate[:, :, None, None] * self.planted.get("scale", 1.0)
        x = x + F.relu(x) if self.planted.get("residual", True) else F.relu(x)
        x = self.planted.get("pool", F.adaptive_avg_pool2d)(x, 1)
        result: Tensor = self.head(x.flatten(1))
        return result


SAMPLE = (3, 23, 23)
PLANTED: list[tuple[dict[str, Any], str]] = [
    ({"stride": 1}, r"stride \(1, 1\), \(2, 2\)"),
    ({"eps": 1e-3}, "eps 0.001, 1e-05"),
    ({"padding": 0}, "padding"),
    ({"swapped": True}, "same operands in another order"),
    ({"relu": False}, "operation batch_norm, clamp"),
    ({"ceil_mode": False}, "ceil False, True"),
    ({"count_include_pad": True}, "padding_counts True, False"),
    ({"dilation": 1}, r"dilation \(1, 1\), \(2, 2\)"),
    ({"groups": 2}, "groups 2, 4"),
    ({"scale": 0.5}, "0.5 x"),
    ({"bias": True}, "bias"),
    ({"residual": False}, "operation clamp, sum"),
    ({"pool": F.adaptive_max_pool2d}, "operation max, mean"),
]


@pytest.mark.parametrize(("planted", "message"), PLANTED, ids=lambda value: str(value)[:30])
def test_a_planted_difference_is_found_and_named(planted: dict[str, Any], message: str) -> None:
    with pytest.raises(Mismatch, match=message):
        assert_equal_networks(Sample(**planted), Sample(), SAMPLE)


def test_the_sample_without_a_plant_is_itself() -> None:
    correspondence = assert_equal_networks(Sample(), Sample(), SAMPLE)
    assert all(ours == theirs for theirs, ours in correspondence.parameters.items())
    assert correspondence.statistics == {
        "norm.running_mean": "norm.running_mean",
        "norm.running_var": "norm.running_var",
    }


def test_the_message_says_where() -> None:
    with pytest.raises(Mismatch) as caught:
        assert_equal_networks(Sample(eps=1e-3), Sample(), SAMPLE)
    lines = str(caught.value).splitlines()
    assert "batch_norm" in lines[1] and lines[1].endswith("at norm")
    assert lines[4].split(": ")[1].startswith("linear (head) < mean")


def test_equal_structure_is_not_enough() -> None:
    """A constant that the trace cannot see still changes the outputs."""

    class Hidden(nn.Module):
        def __init__(self, factor: float) -> None:
            super().__init__()
            self.layer = conv()
            self.factor = factor

        def forward(self, x: Tensor) -> Tensor:
            result: Tensor = self.layer(x) * torch.tensor([self.factor] * 6)
            return result

    assert_equal_networks(Hidden(2.0), Hidden(2.0), MAP)
    with pytest.raises(Mismatch, match="outputs differ"):
        assert_equal_networks(Hidden(2.0), Hidden(2.001), MAP)


def test_rounding_that_a_network_amplifies_is_no_difference() -> None:
    def far_from_zero(mean: Callable[[Tensor], Tensor]) -> nn.Module:
        return Formula(lambda m, x: m.norm(mean(m.a(x) + 1e5)), a=conv(), norm=nn.BatchNorm1d(8))

    ours, reference = far_from_zero(lambda x: x.mean(3).mean(2)), far_from_zero(lambda x: x.mean((2, 3)))
    assert_equal_networks(ours, reference, MAP)
    sample = torch.randn(1, *MAP)
    assert not torch.allclose(ours.float()(sample), reference.float()(sample), rtol=1e-5, atol=0), (
        "nothing is amplified"
    )


def test_constant_buffers_are_compared_not_carried() -> None:
    def masked(value: float) -> nn.Module:
        module = Formula(lambda m, x: m.a(x) * m.mask, a=conv())
        module.register_buffer("mask", torch.tensor([1.0, 0, 1, 1, 0, value]))
        return module

    assert_equal_networks(masked(1), masked(1), MAP)
    with pytest.raises(Mismatch, match="digest"):
        assert_equal_networks(masked(1), masked(0), MAP)


def test_an_output_that_ignores_the_input_is_no_test() -> None:
    modules = [Formula(lambda m, x: m.a(x * 0), a=conv()) for _ in range(2)]
    with pytest.raises(AssertionError, match="hardly depends on its input"):
        assert_equal_networks(modules[0], modules[1], MAP)


def test_a_view_that_was_half_overwritten_is_refused() -> None:
    def formula(m: Any, x: Tensor) -> Tensor:
        x = m.a(x)
        x[:, :4].relu_()
        return x

    with pytest.raises(NotImplementedError, match="overwritten"):
        graph(Formula(formula, a=conv()), MAP)


def test_weights_that_no_output_needs_are_counted() -> None:
    ours, reference = (Formula(lambda m, x: m.a(x), **convs(*names)) for names in (("a", "b"), ("a",)))
    with pytest.raises(Mismatch, match=r"parameters: 144 \(ours\), 72 \(reference\)"):
        assert_equal_networks(ours, reference, MAP)


def test_modules_without_memory_get_it() -> None:
    with torch.device("meta"):
        ours = Sample()
    assert_equal_networks(ours, Sample(), SAMPLE)


@pytest.mark.parametrize("layer", [nn.LSTM, nn.GRU], ids=["lstm", "gru"])
def test_recurrent_layers_on_whole_numbers(layer: Any) -> None:
    def network(size: int = 6) -> nn.Module:
        layers = {"a": nn.Embedding(11, 5), "b": layer(5, size, batch_first=True, bidirectional=True)}
        return Formula(lambda m, x: m.c(m.b(m.a(x))[0].mean(1)), c=nn.Linear(2 * size, 3), **layers)

    assert_equal_networks(network(), network(), (4,), vocabulary=11)
    with pytest.raises(Mismatch):
        assert_equal_networks(network(), network(7), (4,), vocabulary=11)


# pairing where branches are alike


def test_alike_branches_are_told_apart_by_their_uses() -> None:
    def entangled(order: tuple[str, ...]) -> Callable[..., Any]:
        def formula(m: Any, x: Tensor) -> Any:
            a, b, c, d = (getattr(m, name)(x).sigmoid() for name in order)
            first, second = m.e(a + b), m.f(torch.relu(b + c))
            return m.g(first * second + d * c) + a + d

        return formula

    names = ("a", "b", "c", "d")
    layers = (*names, "e", "f", "g")
    reference = Formula(entangled(names), **convs(*layers))
    correspondence = assert_equal_networks(Formula(entangled(("c", "a", "d", "b")), **convs(*layers)), reference, MAP)
    assert correspondence.parameters["a.weight"] == "c.weight"
    assert correspondence.parameters["c.weight"] == "d.weight"


def test_a_wrong_guess_is_taken_back() -> None:
    """Rings of six and of three twice: locally alike everywhere, so only trying can tell."""

    def rings(pairs: list[tuple[int, int]]) -> Callable[..., Any]:
        def formula(m: Any, x: Tensor) -> Any:
            nodes = [layer(x).sigmoid() for layer in m.children()]
            return sum(nodes[a] * nodes[b] for a, b in pairs)

        return formula

    six = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0)]
    places = [3, 0, 5, 1, 4, 2]
    relabelled = [(places[a], places[b]) for a, b in six][::-1]
    threes = [(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3)]
    names = tuple("abcdef")
    assert_equal_networks(Formula(rings(relabelled), **convs(*names)), Formula(rings(six), **convs(*names)), MAP)
    with pytest.raises(Mismatch):
        match(graph(Formula(rings(threes), **convs(*names)), MAP), graph(Formula(rings(six), **convs(*names)), MAP))


class Random(nn.Module):
    """A random network; `wording` changes its order of execution, of operands and its names, and nothing else."""

    def __init__(self, seed: int, wording: int, planted: bool = False) -> None:
        super().__init__()
        choose = random.Random(seed)
        self.order = random.Random(wording)
        self.steps: list[tuple[str, list[int]]] = []
        for index in range(14):
            kind = choose.choice(["conv", "conv", "norm", "relu", "sigmoid", "add", "add", "mul", "cat", "half"])
            operands = [max(0, index - choose.randrange(3)) for _ in range(3 if kind in ("add", "cat") else 2)]
            self.steps.append((kind, operands))
        place = choose.randrange(14)
        if planted:
            kind, operands = self.steps[place]
            self.steps[place] = ("tanh" if kind != "tanh" else "relu", operands)
        kinds = [kind for kind, _ in self.steps]
        layers: dict[int, nn.Module] = {
            i: conv() if k == "conv" else nn.BatchNorm2d(8) for i, k in enumerate(kinds) if k in ("conv", "norm")
        }
        self.names = {index: f"layer{self.order.randrange(10**9)}" for index in layers}
        for index in self.order.sample(sorted(layers), len(layers)):
            self.add_module(self.names[index], layers[index])

    def forward(self, x: Tensor) -> Tensor:
        values = [x]
        for index, (kind, operands) in enumerate(self.steps):
            inputs = [values[operand] for operand in operands]
            values.append(self.step(index, kind, inputs))
        return torch.stack(self.order.sample(values[1:], len(values) - 1)).sum(0)

    def step(self, index: int, kind: str, inputs: list[Tensor]) -> Tensor:
        mixed = self.order.sample(inputs, len(inputs))
        if index in self.names:
            return self.get_submodule(self.names[index])(inputs[0])  # type: ignore[no-any-return]
        if kind == "cat":
            return torch.cat([part[:, :n] for part, n in zip(inputs, (2, 5, 1), strict=True)], 1)
        if kind == "half":
            return torch.cat([inputs[0][:, 4:].relu(), inputs[1][:, :4]], 1)
        if kind == "add":
            return mixed[0] + mixed[1] * 1.0 + mixed[2]
        return mixed[0].sigmoid() * mixed[1].sigmoid() if kind == "mul" else getattr(torch, kind)(inputs[0])


@pytest.mark.parametrize("seed", range(12))
def test_random_networks(seed: int) -> None:
    assert_equal_networks(Random(seed, wording=1), Random(seed, wording=2), MAP)
    with pytest.raises(Mismatch):
        assert_equal_networks(Random(seed, wording=1, planted=True), Random(seed, wording=2), MAP)


# published networks


def renamed(module: nn.Module) -> dict[str, str]:
    """Rename the parts of every chain and declare all other parts in reverse order; old parameter names -> new."""
    old = {id(parameter): name for name, parameter in module.named_parameters()}
    for part in module.modules():
        children = list(part._modules.items())
        part._modules.clear()
        if isinstance(part, nn.Sequential):
            part._modules.update((f"part{index}", child) for index, (_, child) in enumerate(children))  # type: ignore[misc]
        else:
            part._modules.update(reversed(children))
    return {old[id(parameter)]: name for name, parameter in module.named_parameters()}


def published(family: str, name: str) -> nn.Module:
    """From the module of the family: the package's own list of models needs torchvision."""
    models = pytest.importorskip(f"pytorchcv.models.{family}")
    return getattr(models, name)().eval()  # type: ignore[no-any-return]


def in_new_words(family: str, name: str, size: int) -> tuple[Correspondence, dict[str, str]]:
    reference = published(family, name)
    ours = copy.deepcopy(reference)
    names = renamed(ours)
    return match(graph(ours, (3, size, size)), graph(reference, (3, size, size))), names


@pytest.mark.parametrize(
    ("family", "name", "size"),
    [
        ("resnet", "resnet18", 224),
        ("densenet", "densenet201", 224),
        ("shufflenet", "shufflenet_g3_w1", 224),
        ("shufflenetv2", "shufflenetv2_w1", 224),
        ("bninception", "bninception", 224),
        ("senet", "senet16", 224),
        ("fractalnet_cifar", "fractalnet_cifar10", 32),
    ],
)
def test_a_renamed_network_is_itself(family: str, name: str, size: int) -> None:
    correspondence, names = in_new_words(family, name, size)
    assert correspondence.parameters == names


def test_depth_does_not_exhaust_the_stack() -> None:
    def deep(m: Any, x: Tensor) -> Any:
        for _ in range(2 * sys.getrecursionlimit()):
            x = torch.tanh(x)
        return m.a(x)

    correspondence = match(graph(Formula(deep, a=conv()), MAP), graph(Formula(deep, a=conv()), MAP))
    assert correspondence.parameters == {"a.weight": "a.weight", "a.bias": "a.bias"}


def after(layer: nn.Module, change: Callable[[Tensor], Tensor]) -> None:
    layer.register_forward_hook(lambda _, __, output: change(output))


CHANGES: list[tuple[str, type[nn.Module], Callable[[Any], Any], str]] = [
    ("eps", nn.BatchNorm2d, lambda norm: setattr(norm, "eps", 1e-3), "eps 0.001, 1e-05"),
    ("relu", nn.BatchNorm2d, lambda norm: after(norm, torch.relu), "operation clamp, batch_norm"),
    ("ceiling", nn.ReLU, lambda relu: after(relu, lambda x: x.clamp(max=6)), "high 6, inf"),
    ("scalar", nn.ReLU, lambda relu: after(relu, lambda x: x + 0.01), "operation sum"),
    ("dilation", nn.Conv2d, lambda conv: vars(conv).update(dilation=(2, 2), padding=(2, 2)), "dilation"),
]


@pytest.mark.parametrize(("kind", "change", "message"), [pytest.param(*c[1:], id=c[0]) for c in CHANGES])
@pytest.mark.parametrize(("family", "name"), [("resnet", "resnet18"), ("shufflenet", "shufflenet_g3_w1")])
def test_one_change_in_a_published_network(
    family: str, name: str, kind: type[nn.Module], change: Callable[[Any], Any], message: str
) -> None:
    ours, reference = published(family, name), published(family, name)
    parts = [part for part in ours.modules() if isinstance(part, kind)]
    change(next(part for part in parts[2:] if getattr(part, "kernel_size", (3, 3)) == (3, 3)))
    with pytest.raises(Mismatch, match=message):
        match(graph(ours, (3, 224, 224)), graph(reference, (3, 224, 224)))


def test_numbers_of_a_published_network() -> None:
    ours, reference = published("resnet", "resnet18"), published("resnet", "resnet18")
    renamed(ours)
    assert_equal_networks(ours, reference, (3, 224, 224), batch=1)


@pytest.mark.parity
@pytest.mark.parametrize(
    ("theirs", "family", "name", "size"),
    [
        ("resnet18", "resnet", "resnet18", 224),
        ("densenet121", "densenet", "densenet121", 224),
        ("squeezenet1_1", "squeezenet", "squeezenet_v1_1", 224),
        ("googlenet", None, "googlenet", 224),
    ],
)
def test_against_torchvision(theirs: str, family: str | None, name: str, size: int) -> None:
    """Needs a torchvision built for this torch; a plain environment has none."""
    models = pytest.importorskip("torchvision.models", exc_type=Exception)  # type: ignore[arg-type]
    options = {"aux_logits": False, "init_weights": False} if theirs == "googlenet" else {}
    reference = models.get_model(theirs, **options)
    ours = published(family, name) if family else models.get_model(name, **options)
    assert_equal_networks(ours, reference, (3, size, size))

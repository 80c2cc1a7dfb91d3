"""The matcher finds one changed setting, buffer, weight or number, and says where it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.support.formulas import MAP, Formula, conv, convs, graph
from tests.support.matcher import Mismatch, assert_equal_networks


class Sample(nn.Module):
    """A small network with one of everything, each setting of which can be changed."""

    def __init__(self, **changed: Any) -> None:
        super().__init__()
        options = {"stride": 2, "padding": 1, "dilation": 2, "groups": 4, "bias": False, "width": 8} | changed
        self.changed = changed
        self.stem = conv(8, 3, 3, stride=options["stride"], padding=options["padding"], bias=options["bias"])
        self.norm = nn.BatchNorm2d(8, eps=changed.get("eps", 1e-5))
        self.left = conv(8, 3, padding="same", dilation=options["dilation"])
        self.right = conv(8, 5, padding=2, groups=options["groups"])
        self.maximum = nn.MaxPool2d(3, 2, ceil_mode=changed.get("ceil_mode", True))
        self.average = nn.AvgPool2d(3, 1, 1, count_include_pad=changed.get("count_include_pad", False))
        self.squeeze = nn.Linear(16, 4)
        self.excite = nn.Linear(4, 16)
        self.head = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.stem(x))
        x = x if self.changed.get("relu") is False else F.relu(x)
        branches = [self.left(x), F.relu(self.right(x))]
        x = torch.cat(branches[::-1] if self.changed.get("swapped") else branches, 1)
        x = self.average(self.maximum(x))
        gate = torch.sigmoid(self.excite(F.relu(self.squeeze(x.mean((2, 3))))))
        x = x * gate[:, :, None, None] * self.changed.get("scale", 1.0)
        x = x + F.relu(x) if self.changed.get("residual", True) else F.relu(x)
        x = self.changed.get("pool", F.adaptive_avg_pool2d)(x, 1)
        result: Tensor = self.head(x.flatten(1))
        return result


SAMPLE = (3, 23, 23)

CHANGED: list[tuple[dict[str, Any], str]] = [
    ({"stride": 1}, r"stride \(1, 1\), \(2, 2\)"),
    ({"eps": 1e-3}, "eps 0.001, 1e-05"),
    ({"padding": 0}, "padding"),
    ({"swapped": True}, "same operands in another order"),
    ({"relu": False}, "operation batch_norm, clamp"),
    ({"ceil_mode": False}, "padding"),
    ({"count_include_pad": True}, "padding_counts True, False"),
    ({"dilation": 1}, r"dilation \(1, 1\), \(2, 2\)"),
    ({"groups": 2}, "groups 2, 4"),
    ({"scale": 0.5}, "0.5 x"),
    ({"bias": True}, "bias"),
    ({"residual": False}, "operation clamp, sum"),
    ({"pool": F.adaptive_max_pool2d}, "operation max, mean"),
]


@pytest.mark.parametrize(("changed", "message"), CHANGED, ids=lambda value: str(value)[:30])
def test_a_changed_setting_is_found_and_named(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(Mismatch, match=message):
        assert_equal_networks(Sample(**changed), Sample(), SAMPLE)


def test_the_unchanged_sample_equals_itself() -> None:
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

    samples = torch.randint(11, (2, 4), generator=torch.Generator().manual_seed(0))
    assert_equal_networks(network(), network(), (samples,))
    with pytest.raises(Mismatch):
        assert_equal_networks(network(), network(7), (samples,))

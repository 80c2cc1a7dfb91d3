"""The matcher accepts a network in every form, and refuses formulas that only look alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.support.formulas import MAP, Formula, conv, convs, graph
from tests.support.matcher import Mismatch, assert_equal_networks, match


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


def fused_attention(m: Any, x: Tensor) -> Tensor:
    x = m.a(x).flatten(2).mT
    return F.scaled_dot_product_attention(x, x, x, attn_mask=m.b.weight)


def written_attention(m: Any, x: Tensor) -> Tensor:
    x = m.a(x).flatten(2).mT
    bias = m.b.weight.expand(2, -1, -1).mT.contiguous().mT
    return ((x * 8**-0.5) @ x.mT + bias).softmax(-1) @ x


def windows_at_once(m: Any, x: Tensor) -> Tensor:
    return m.b(m.a(x).view(2, 8, 3, 2, 3, 2).permute(0, 3, 5, 2, 4, 1).reshape(2, 4, 9, 8))


def windows_by_steps(m: Any, x: Tensor) -> Tensor:
    x = m.a(x).reshape(2 * 8 * 3, 2, 3, 2).transpose(1, 2)
    return m.b(x.reshape(2, 8, 9, 4).transpose(1, 3).reshape(8, 9, 8)).view(2, 4, 9, 8)


def windows_by_columns(m: Any, x: Tensor) -> Tensor:
    return m.b(m.a(x).view(2, 8, 3, 2, 3, 2).permute(0, 3, 5, 4, 2, 1).reshape(2, 4, 9, 8))


def cropped(layer: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    return layer(F.pad(x, (1, 0, 1, 0)))[:, :, 1:, 1:]


def first_columns(layer: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    return layer(x)[:, :, :, :2]


def max_of_three(x: Tensor) -> Tensor:
    return F.max_pool2d(x, 3, 1, 1)


PLACES = torch.arange(16) % 5


FORMS: dict[str, tuple[tuple[Callable[..., Any], dict[str, nn.Module]], ...]] = {
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
    "stack": (
        (lambda m, x: (torch.stack([m.a(x), m.b(x)], 1) * m.a(x)[:, None]).sum(1), convs("a", "b")),
        (lambda m, x: (torch.cat([m.a(x), m.b(x)], 1).view(2, 2, 8, 6, 6) * m.a(x)[:, None]).sum(1), convs("a", "b")),
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
    "convolution before a crop": (
        (lambda m, x: m.a(F.pad(x, (1, 2, 1, 2))), {"a": conv(5, 5, stride=2)}),
        (lambda m, x: cropped(m.a, x), {"a": conv(5, 5, stride=2, padding=2)}),
    ),
    "pooling before a crop": tuple(
        (lambda m, x, form=form: torch.cat(form(m.a(x)), 1), convs("a"))
        for form in (
            lambda x: [F.max_pool2d(x, 3, 2, ceil_mode=True), F.avg_pool2d(x, 3, 2, ceil_mode=True)],
            lambda x: [
                cropped(lambda y: F.max_pool2d(y, 3, 2, 1), x),
                cropped(lambda y: F.avg_pool2d(y, 3, 2, 1, count_include_pad=False), x),
            ],
        )
    ),
    "part of the results": (
        (lambda m, x: m.a(x[:, :, :, :4]), {"a": conv(5, 3, padding=(1, 0))}),
        (lambda m, x: first_columns(m.a, x), {"a": conv(5, 3, padding=(1, 0))}),
    ),
    "attention": tuple(
        (form, {"a": conv(), "b": nn.Linear(36, 36, bias=False)}) for form in (fused_attention, written_attention)
    ),
    "windows": tuple((form, {"a": conv(), "b": nn.LayerNorm(8)}) for form in (windows_at_once, windows_by_steps)),
    "selected rows": (
        (lambda m, x: x.flatten(2) @ m.a.weight[PLACES.view(4, 4)].flatten(1)[:1].mT, {"a": nn.Linear(9, 5)}),
        (lambda m, x: x.flatten(2) @ m.a.weight[PLACES].view(4, 36)[:1].mT, {"a": nn.Linear(9, 5)}),
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
        pytest.param(form, forms[0], id=f"{name} {index}")
        for name, forms in FORMS.items()
        for index, form in enumerate(forms)
    ],
)
def test_one_network_in_two_forms(ours: Any, reference: Any) -> None:
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
    ("scale of scores", ONE, lambda m, x: m.a(x) @ m.a(x).mT, lambda m, x: 2 * m.a(x) @ m.a(x).mT),
    ("crop", ONE, lambda m, x: max_of_three(m.a(x))[:, :, 1:], lambda m, x: max_of_three(m.a(x)[:, :, 1:])),
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

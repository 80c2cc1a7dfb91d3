"""Weights that torch computes from others: what is trained, how it starts, and what it is then."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import netspec
from tests.support import chance
from tests.support.documents import compile_text

DISCRIMINATOR = """\
netspec: 1
name: discriminator
input: [3, 8, 8]
defaults: {conv: {parametrize: spectral_norm}}
init: {conv: {weight: {normal: {std: 2.0}}, bias: 1}, linear: {weight: ones}}
network:
  - conv: {out: 8, kernel: 3}
  - sequential: [relu, {conv: {out: 4, kernel: 3, stride: 2}}]
  - {conv_transpose: {out: 4, kernel: 2, parametrize: weight_norm}, name: up}
  - flatten
  - {linear: {out: 6, parametrize: weight_norm}, name: scaled}
  - {linear: {out: 6, parametrize: orthogonal}, name: rotated, init: {weight: orthogonal}}
  - {linear: {out: 1, parametrize: weight_norm}, train: false, name: last}
"""


@pytest.fixture
def module() -> nn.Module:
    return netspec.build(compile_text(DISCRIMINATOR), device="cpu", seed=0)


def test_what_is_trained_is_counted(module: nn.Module) -> None:
    graph = compile_text(DISCRIMINATOR)
    assert graph.params == sum(each.numel() for each in module.parameters())
    assert graph["scaled"].params == 6 * 36 + 6 + 6 and graph["rotated"].params == 6 * 6 + 6
    assert {name for name, each in module.named_parameters() if not each.requires_grad} == {
        "last.bias",
        "last.parametrizations.weight.original0",
        "last.parametrizations.weight.original1",
    }


def test_initializers_have_their_effect(module: nn.Module) -> None:
    assert module.conv1.parametrizations.weight.original.std() > 1 and torch.all(module.conv1.bias == 1)
    assert torch.allclose(module.scaled.weight, torch.ones(6, 36))


def test_weights_are_what_they_are_computed_by(module: nn.Module) -> None:
    chance.seed(0)
    optimizer = torch.optim.SGD([each for each in module.parameters() if each.requires_grad], lr=0.01)
    for _ in range(30):
        optimizer.zero_grad()
        module(torch.randn(4, 3, 8, 8)).mean().backward()
        optimizer.step()
    module.eval()
    assert torch.linalg.matrix_norm(module.conv1.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.01)
    assert torch.allclose(module.rotated.weight @ module.rotated.weight.T, torch.eye(6), atol=1e-5)
    lengths = module.scaled.parametrizations.weight.original0
    assert torch.allclose(module.scaled.weight.norm(dim=1, keepdim=True), lengths)


def test_layers_of_one_class_share_a_loop() -> None:
    source = netspec.source(compile_text(DISCRIMINATOR))
    assert source.count("spectral_norm(") == 1 and "for module in list(self.modules()):" in source
    assert source.index("nn.init.normal_") < source.index("spectral_norm(") < source.index("requires_grad_(False)")


def test_a_state_goes_from_one_build_to_another(module: nn.Module) -> None:
    other = netspec.build(compile_text(DISCRIMINATOR), device="cpu", seed=1).eval()
    other.load_state_dict(module.eval().state_dict())
    images = torch.randn(2, 3, 8, 8)
    assert torch.equal(other(images), module(images))

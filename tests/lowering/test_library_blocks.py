"""Blocks of the library against what torch or their paper computes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

import netspec
from tests.support import chance
from tests.support.documents import build, compile_text
from tests.support.sentences import write


def built(tmp_path: Path, text: str) -> torch.nn.Module:
    module = netspec.build(netspec.compile(write(tmp_path, text)), device="cpu", seed=0).eval()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    return module


@pytest.mark.parametrize(("step", "dim"), [("l2_normalize", 3), ("l2_normalize: channels", 1), ("l2_normalize: 2", 2)])
def test_l2_normalize_is_torchs(step: str, dim: int, tmp_path: Path) -> None:
    chance.seed(0)
    x = torch.randn(2, 4, 5, 6)
    x[0, :, 0, 0] = 0  # a vector without a direction stays zero
    module = built(tmp_path, f"input: [4, 5, 6]\nnetwork:\n  - {step}")
    assert torch.allclose(module(x), F.normalize(x, dim=dim), atol=1e-6)


def test_grn_is_that_of_the_paper(tmp_path: Path) -> None:
    """Algorithm 1 of ConvNeXt V2, whose channels come last there."""
    module = built(tmp_path, "input: [4, 5, 6]\nnetwork: [grn]")
    beta, gamma = (value for _, value in sorted(module.state_dict().items()))

    def grn(x: Tensor) -> Tensor:
        gx = torch.norm(x, p=2, dim=(1, 2), keepdim=True)
        nx = gx / (gx.mean(dim=-1, keepdim=True) + 1e-6)
        return gamma * (x * nx) + beta + x

    x = torch.randn(2, 4, 5, 6)
    assert torch.allclose(module(x), grn(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2), atol=1e-5)


def test_grn_starts_as_the_identity(tmp_path: Path) -> None:
    module = netspec.build(netspec.compile(write(tmp_path, "input: [4, 5, 6]\nnetwork: [grn]")), device="cpu", seed=0)
    x = torch.randn(2, 4, 5, 6)
    assert torch.equal(module(x), x)


def test_the_perceptrons_of_transformers_are_their_formulas() -> None:
    steps = [{"swiglu": {"hidden": 16, "bias": True}}, {"mlp": {"hidden": 12, "act": "silu"}}]
    module = build(compile_text({"input": [5, 8], "network": steps}))
    gated, plain = module.get_submodule("swiglu1"), module.get_submodule("mlp1")
    x = torch.randn(2, 5, 8, dtype=torch.float64)
    y = gated.down(torch.sigmoid(gated.gate(x)) * gated.gate(x) * gated.up(x))
    hidden = plain.fc1(y)
    assert torch.allclose(module(x), plain.fc2(hidden * torch.sigmoid(hidden)))

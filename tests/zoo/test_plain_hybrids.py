"""Networks of sequences and pyramids against plain PyTorch, written here from the papers: equal outputs."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from tests.support.equal_outputs import assert_outputs_equal, assert_sizes_equal


class TemporalBlock(nn.Module):
    """Bai et al. 2018, figure 1b: two causal convolutions, with dropout by channels, around which the input passes."""

    def __init__(self, channels: int, out: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.reach = (kernel - 1) * dilation
        self.conv1 = weight_norm(nn.Conv1d(channels, out, kernel, dilation=dilation))
        self.conv2 = weight_norm(nn.Conv1d(out, out, kernel, dilation=dilation))
        self.shortcut = nn.Identity() if channels == out else nn.Conv1d(channels, out, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = x
        for conv in (self.conv1, self.conv2):
            h = F.dropout1d(conv(F.pad(h, (self.reach, 0))).relu(), 0.05, self.training)
        return (h + self.shortcut(x)).relu()  # type: ignore[no-any-return]


class TCN(nn.Module):
    def __init__(self, width: int, levels: int, kernel: int, classes: int) -> None:
        super().__init__()
        self.levels = nn.Sequential(
            *(TemporalBlock(width if level else 1, width, kernel, 2**level) for level in range(levels))
        )
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.levels(x)[:, :, -1])  # type: ignore[no-any-return]


class FeedForward(nn.Sequential):
    def __init__(self, dim: int) -> None:
        super().__init__(
            nn.LayerNorm(dim), nn.Linear(dim, 4 * dim), nn.SiLU(), nn.Dropout(0.1), nn.Linear(4 * dim, dim),
            nn.Dropout(0.1),
        )  # fmt: skip


class RelativeAttention(nn.Module):
    """Dai et al. 2019, section 3.3: scores of contents, of distances, and a bias of each, which differ by head."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.dim, self.heads = dim, heads
        self.u, self.v = (nn.Parameter(torch.zeros(heads, 1, dim // heads)) for _ in range(2))
        self.query, self.key, self.value = (nn.Linear(dim, dim) for _ in range(3))
        self.position = nn.Linear(dim, dim, bias=False)
        self.out = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (
            layer(x).unflatten(2, (self.heads, -1)).transpose(1, 2) for layer in (self.query, self.key, self.value)
        )
        # Element i, j is the vector of the distance i - j, for which no rows have to be shifted.
        places = torch.arange(x.shape[1], dtype=x.dtype)
        distances = (places[:, None] - places)[..., None]
        angles = distances / 10000 ** (torch.arange(0, self.dim, 2, dtype=x.dtype) / self.dim)
        r = self.position(torch.stack([angles.sin(), angles.cos()], 3).flatten(2)).unflatten(2, (self.heads, -1))
        scores = (q + self.u) @ k.mT + torch.einsum("bhid,ijhd->bhij", q + self.v, r)
        weights = (scores / math.sqrt(self.dim // self.heads)).softmax(3)
        return self.out((weights @ v).transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


class ConvolutionModule(nn.Module):
    """Gulati et al. 2020, figure 2."""

    def __init__(self, dim: int, kernel: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.layers = nn.Sequential(
            nn.Conv1d(dim, 2 * dim, 1), nn.GLU(1), nn.Conv1d(dim, dim, kernel, padding=kernel // 2, groups=dim),
            nn.BatchNorm1d(dim), nn.SiLU(), nn.Conv1d(dim, dim, 1), nn.Dropout(0.1),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(self.norm(x).mT).mT  # type: ignore[no-any-return]


class ConformerLayer(nn.Module):
    def __init__(self, dim: int, heads: int, kernel: int) -> None:
        super().__init__()
        self.before = FeedForward(dim)
        self.attention = nn.Sequential(nn.LayerNorm(dim), RelativeAttention(dim, heads), nn.Dropout(0.1))
        self.convolution, self.after = ConvolutionModule(dim, kernel), FeedForward(dim)
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.before(x) / 2
        x = x + self.attention(x)
        x = x + self.convolution(x)
        return self.norm(x + self.after(x) / 2)  # type: ignore[no-any-return]


class Conformer(nn.Module):
    """Gulati et al. 2020, figure 1, of 80 mel bins: a quarter of the frames remain."""

    def __init__(self, dim: int, layers: int, heads: int, kernel: int, tokens: int) -> None:
        super().__init__()
        self.subsampling = nn.Sequential(nn.Conv2d(1, dim, 3, 2), nn.ReLU(), nn.Conv2d(dim, dim, 3, 2), nn.ReLU())
        self.start = nn.Linear(19 * dim, dim)
        self.layers = nn.Sequential(*(ConformerLayer(dim, heads, kernel) for _ in range(layers)))
        self.head = nn.Linear(dim, tokens)

    def forward(self, frames: Tensor) -> Tensor:
        x = self.subsampling(frames).transpose(1, 2).flatten(2)
        return self.head(self.layers(F.dropout(self.start(x), 0.1, self.training)))  # type: ignore[no-any-return]


class Fusion(nn.Module):
    """Tan et al. 2019, section 3.3: a mean with trained weights, swish, and a separable convolution."""

    def __init__(self, width: int, inputs: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.ones(inputs))
        self.layers = nn.Sequential(
            nn.SiLU(), nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False), nn.Conv2d(width, width, 1),
            nn.BatchNorm2d(width, 1e-3),
        )  # fmt: skip

    def forward(self, *maps: Tensor) -> Tensor:
        weights = self.weights.relu()
        total = sum(weight * each for weight, each in zip(weights, maps, strict=True))
        return self.layers(total / (weights.sum() + 1e-4))  # type: ignore[no-any-return]


def narrow(channels: int, width: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(channels, width, 1), nn.BatchNorm2d(width, 1e-3))


def smaller(x: Tensor) -> Tensor:
    """Return the maxima of windows that end behind the last element, as TensorFlow's padding has it."""
    top, left = (size % 2 for size in x.shape[2:])
    return F.max_pool2d(F.pad(x, (left, 1, top, 1), value=-math.inf), 3, 2)


class BiFPN(nn.Module):
    """Tan et al. 2019, figure 2d: from the coarsest map to the finest, and back, in each layer."""

    def __init__(self, channels: list[int], width: int, layers: int) -> None:
        super().__init__()
        # The first layer narrows what it reads anew for each of the nodes that read it.
        self.laterals = nn.ModuleList(narrow(each, width) for each in channels)
        self.again = nn.ModuleList(narrow(each, width) for each in channels[1:])
        self.extra = narrow(channels[-1], width)
        self.layers = nn.ModuleList(
            nn.ModuleList(Fusion(width, inputs) for inputs in (2, 2, 2, 2, 3, 3, 3, 2)) for _ in range(layers)
        )

    def forward(self, *features: Tensor) -> list[Tensor]:
        p6 = smaller(self.extra(features[-1]))
        levels = [*(lateral(each) for lateral, each in zip(self.laterals, features, strict=True)), p6, smaller(p6)]
        same = [
            levels[0],
            *(lateral(each) for lateral, each in zip(self.again, features[1:], strict=True)),
            *levels[3:],
        ]
        for fusions in self.layers:
            down = [levels[4]]
            for level in (3, 2, 1, 0):
                above = F.interpolate(down[0], size=levels[level].shape[2:])
                down.insert(0, fusions[3 - level](levels[level], above))  # type: ignore[index]
            up = [down[0]]
            for level in (1, 2, 3):
                up.append(fusions[3 + level](same[level], down[level], smaller(up[-1])))  # type: ignore[index]
            up.append(fusions[7](levels[4], smaller(up[-1])))  # type: ignore[index]
            levels = same = up
        return levels


NETWORKS: dict[str, tuple[type[nn.Module], dict[str, Any], dict[str, Any]]] = {
    "bifpn_d0": (
        BiFPN,
        {"channels": [40, 112, 320], "width": 64, "layers": 3},
        {
            "channels": [4, 5, 6],
            "width": 8,
            "layers": 3,
            "input": {"c3": [4, 36, 30], "c4": [5, 18, 15], "c5": [6, 9, 8]},
        },
    ),
    "conformer": (
        Conformer,
        {"dim": 144, "layers": 16, "heads": 4, "kernel": 31, "tokens": 1000},
        {"dim": 12, "layers": 2, "heads": 3, "kernel": 5, "tokens": 9, "input": [1, 60, 80]},
    ),
    "tcn": (
        TCN,
        {"width": 25, "levels": 8, "kernel": 7, "classes": 10},
        {"width": 4, "levels": 4, "kernel": 3, "classes": 5, "input": [1, 40]},
    ),
}
"""The plain module of each network, the paper's settings, and smaller ones, for which outputs are compared."""


@pytest.mark.parametrize("network", NETWORKS)
def test_outputs_equal_those_of_a_plain_module(network: str) -> None:
    plain, _, settings = NETWORKS[network]
    assert_outputs_equal(network, plain, settings)


@pytest.mark.parametrize("network", NETWORKS)
def test_settings_are_those_of_the_paper(network: str) -> None:
    plain, settings, _ = NETWORKS[network]
    assert_sizes_equal(network, plain, settings)

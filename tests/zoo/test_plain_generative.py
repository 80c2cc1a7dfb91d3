"""Generative networks against plain PyTorch, written here from the papers: equal outputs for equal weights."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.support.equal_outputs import assert_outputs_equal, assert_sizes_equal


class ResidualBlock(nn.Module):
    """Ho et al. 2020: a residual block of a wide ResNet, with group normalization, to which the time is added."""

    def __init__(self, channels: int, out: int, time: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.GroupNorm(32, channels, 1e-6), nn.SiLU(), nn.Conv2d(channels, out, 3, padding=1))
        self.time = nn.Sequential(nn.SiLU(), nn.Linear(time, out))
        self.second = nn.Sequential(
            nn.GroupNorm(32, out, 1e-6), nn.SiLU(), nn.Dropout(0.1), nn.Conv2d(out, out, 3, padding=1)
        )
        self.shortcut = nn.Identity() if channels == out else nn.Conv2d(channels, out, 1)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        h = self.first(x) + self.time(time)[:, :, None, None]
        return self.shortcut(x) + self.second(h)  # type: ignore[no-any-return]


class AttentionBlock(nn.Module):
    """Ho et al. 2020: attention of one head among the positions of a map."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(32, channels, 1e-6)
        self.q, self.k, self.v, self.out = (nn.Linear(channels, channels) for _ in range(4))

    def forward(self, x: Tensor, _: Tensor) -> Tensor:
        h = self.norm(x).flatten(2).mT
        weights = (self.q(h) @ self.k(h).mT / math.sqrt(x.shape[1])).softmax(2)
        return x + self.out(weights @ self.v(h)).mT.view_as(x)  # type: ignore[no-any-return]


class DiffusionUNet(nn.Module):
    """Ho et al. 2020, appendix B, and what that leaves open as in the authors' code."""

    def __init__(self, width: int, widths: list[int], attended: list[bool], blocks: int = 2) -> None:
        super().__init__()
        self.width, time = width, 4 * width
        self.time = nn.Sequential(nn.Linear(width, time), nn.SiLU(), nn.Linear(time, time))
        self.first = nn.Conv2d(3, width, 3, padding=1)
        channels, kept = width, [width]
        self.down = nn.ModuleList()
        for level, (out, attends) in enumerate(zip(widths, attended, strict=True), 1):
            stages = nn.ModuleList()
            for _ in range(blocks):
                stages.append(self.stage(channels, out, time, attends=attends))
                channels = out
                kept.append(channels)
            if level < len(widths):
                stages.append(nn.Conv2d(channels, channels, 3, stride=2))
                kept.append(channels)
            self.down.append(stages)
        self.middle = nn.ModuleList(
            [ResidualBlock(channels, channels, time), AttentionBlock(channels), ResidualBlock(channels, channels, time)]
        )
        self.up = nn.ModuleList()
        for level, (out, attends) in reversed([*enumerate(zip(widths, attended, strict=True))]):
            stages = nn.ModuleList()
            for _ in range(blocks + 1):
                stages.append(self.stage(channels + kept.pop(), out, time, attends=attends))
                channels = out
            if level:
                stages.append(nn.Conv2d(channels, channels, 3, padding=1))
            self.up.append(stages)
        self.last = nn.Sequential(nn.GroupNorm(32, channels, 1e-6), nn.SiLU(), nn.Conv2d(channels, 3, 3, padding=1))

    def stage(self, channels: int, out: int, time: int, *, attends: bool) -> nn.ModuleList:
        return nn.ModuleList([ResidualBlock(channels, out, time), *([AttentionBlock(out)] if attends else [])])

    def forward(self, x: Tensor, step: Tensor) -> Tensor:
        frequencies = 10000 ** (-torch.arange(self.width // 2, dtype=x.dtype) / (self.width // 2))
        angles = step * frequencies
        time = self.time(torch.cat([angles.sin(), angles.cos()], 1))
        kept = [x := self.first(x)]
        for stages in self.down:
            for stage in stages:  # type: ignore[attr-defined]
                if isinstance(stage, nn.Conv2d):
                    x = stage(F.pad(x, (0, 1, 0, 1)))
                else:
                    for part in stage:
                        x = part(x, time)
                kept.append(x)
        for part in self.middle:
            x = part(x, time)
        for stages in self.up:
            for stage in stages:  # type: ignore[attr-defined]
                if isinstance(stage, nn.Conv2d):
                    x = stage(F.interpolate(x, scale_factor=2))
                else:
                    x = torch.cat([x, kept.pop()], 1)
                    for part in stage:
                        x = part(x, time)
        return self.last(x)  # type: ignore[no-any-return]


class Style(nn.Module):
    """Karras et al. 2018: noise, an activation, and instance normalization whose scale and shift the style gives."""

    def __init__(self, channels: int, latent: int) -> None:
        super().__init__()
        self.noise = nn.Parameter(torch.zeros(channels, 1, 1))
        self.affine = nn.Linear(latent, 2 * channels)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        x = F.leaky_relu(x + self.noise * torch.randn_like(x.narrow(1, 0, 1)), 0.2)
        scale, shift = self.affine(style)[:, :, None, None].chunk(2, 1)
        return (1 + scale) * F.instance_norm(x) + shift  # type: ignore[no-any-return]


class StyleGAN(nn.Module):
    """Karras et al. 2018, figure 1b: a learned constant, which two convolutions at each resolution enlarge."""

    def __init__(self, latent: int, layers: int, widths: list[int]) -> None:
        super().__init__()
        self.constant = nn.Parameter(torch.ones(widths[0], 4, 4))
        self.mapping = nn.ModuleList(nn.Linear(latent, latent) for _ in range(layers))
        self.synthesis = nn.ModuleList([Style(widths[0], latent)])
        for level, width in enumerate(widths):
            for before in [widths[max(level - 1, 0)], width][level == 0 :]:
                self.synthesis.extend([nn.Conv2d(before, width, 3, padding=1), Style(width, latent)])
        self.to_rgb = nn.Conv2d(widths[-1], 3, 1)

    def forward(self, z: Tensor) -> Tensor:
        style = z / (z**2).mean(1, keepdim=True).add(1e-8).sqrt()
        for layer in self.mapping:
            style = F.leaky_relu(layer(style), 0.2)
        x = self.synthesis[0](self.constant.expand(len(z), -1, -1, -1), style)
        for place in range(1, len(self.synthesis), 2):
            if place % 4 == 3:
                x = F.interpolate(x, scale_factor=2, mode="bilinear")
            x = self.synthesis[place + 1](self.synthesis[place](x), style)
        return self.to_rgb(x)  # type: ignore[no-any-return]


class Plus(nn.Sequential):
    """Layers whose input is added to their result."""

    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)  # type: ignore[no-any-return]


class VQVAE(nn.Module):
    """Van den Oord et al. 2017, section 4.1: each position's vector becomes the nearest of the codes."""

    def __init__(self, width: int, codes: int, dim: int) -> None:
        super().__init__()

        def residuals() -> list[nn.Module]:
            return [
                Plus(nn.ReLU(), nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 1))
                for _ in range(2)
            ]

        self.encoder = nn.Sequential(
            nn.Conv2d(3, width, 4, 2, 1), nn.ReLU(), nn.Conv2d(width, width, 4, 2, 1), *residuals(),
            nn.Conv2d(width, dim, 1),
        )  # fmt: skip
        self.codes = nn.Embedding(codes, dim)
        self.decoder = nn.Sequential(
            nn.Conv2d(dim, width, 1), *residuals(),
            nn.ConvTranspose2d(width, width, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(width, 3, 4, 2, 1),
        )  # fmt: skip

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        encoded = self.encoder(x)
        vectors = encoded.permute(0, 2, 3, 1)
        distances = torch.linalg.vector_norm(vectors[..., None, :] - self.codes.weight, dim=-1)
        nearest = self.codes(distances.argmin(-1)).permute(0, 3, 1, 2)
        reconstruction = self.decoder(encoded + (nearest - encoded).detach())
        if not self.training:
            return (reconstruction,)
        losses = [(nearest - encoded.detach()) ** 2, (nearest.detach() - encoded) ** 2]
        return reconstruction, *(loss.mean((1, 2, 3)) for loss in losses)


class Masked(nn.Conv2d):
    """Van den Oord et al. 2016, figure 2: a convolution that sees the rows above and what is left of it in its own."""

    def __init__(self, channels: int, out: int, kernel: int, *, sees_itself: bool) -> None:
        super().__init__(channels, out, kernel, padding=kernel // 2)
        mask = torch.ones(kernel, kernel)
        mask[kernel // 2, kernel // 2 + sees_itself :] = 0
        mask[kernel // 2 + 1 :] = 0
        self.mask = mask

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight * self.mask, self.bias, padding=self.padding)  # type: ignore[arg-type]


class PixelCNN(nn.Module):
    """Van den Oord et al. 2016, table 1 and figure 5."""

    def __init__(self, width: int, layers: int, values: int) -> None:
        super().__init__()
        self.first = Masked(1, 2 * width, 7, sees_itself=False)
        self.layers = nn.Sequential(
            *(
                Plus(
                    nn.ReLU(), nn.Conv2d(2 * width, width, 1),
                    nn.ReLU(), Masked(width, width, 3, sees_itself=True),
                    nn.ReLU(), nn.Conv2d(width, 2 * width, 1),
                )
                for _ in range(layers)
            )
        )  # fmt: skip
        self.head = nn.Sequential(
            nn.ReLU(), nn.Conv2d(2 * width, 2 * width, 1), nn.ReLU(), nn.Conv2d(2 * width, values, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layers(self.first(x)))  # type: ignore[no-any-return]


NETWORKS: dict[str, tuple[type[nn.Module], dict[str, Any], dict[str, Any]]] = {
    "ddpm_unet_cifar": (
        DiffusionUNet,
        {"width": 128, "widths": [128, 256, 256, 256], "attended": [False, True, False, False]},
        {"width": 32, "widths": [32, 64, 96], "attended": [False, True, False]},
    ),
    "pixelcnn": (
        PixelCNN,
        {"width": 64, "layers": 15, "values": 256},
        {"width": 4, "layers": 3, "values": 5, "input": [1, 9, 11]},
    ),
    "stylegan_generator": (
        StyleGAN,
        {"latent": 512, "layers": 8, "widths": [512, 512, 512, 512, 256, 128, 64]},
        {"latent": 6, "layers": 2, "widths": [8, 6, 4]},
    ),
    "vqvae": (VQVAE, {"width": 256, "codes": 512, "dim": 64}, {"width": 8, "codes": 16, "dim": 4}),
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

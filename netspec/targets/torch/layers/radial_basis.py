"""Distances to fixed vectors."""

import torch
from torch import nn


class RadialBasis(nn.Module):
    """Gives the squared distance of a vector to each of some fixed ones, which are of signs drawn at random."""

    def __init__(self, features: int, out: int) -> None:
        super().__init__()
        self.register_buffer("centers", torch.randint(0, 2, (out, features)) * 2.0 - 1.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x.unsqueeze(-2) - self.centers).square().sum(-1)

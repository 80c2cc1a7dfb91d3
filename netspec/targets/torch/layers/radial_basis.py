"""Distances to fixed vectors."""

import torch
from torch import nn


class RadialBasis(nn.Module):
    """Gives the squared distance of a vector to each of some fixed ones, of signs that are drawn or random.

    The vectors are drawn side by side: each line has one word of every vector, in which ``#`` is 1 and ``.`` is -1.
    """

    def __init__(self, features: int, out: int, centers: tuple[str, ...] | None = None) -> None:
        super().__init__()
        if centers is None:
            signs = torch.randint(0, 2, (out, features)) * 2.0 - 1.0
        else:
            drawings = map("".join, zip(*(line.split() for line in centers), strict=True))
            signs = torch.tensor([[1.0 if mark == "#" else -1.0 for mark in each] for each in drawings])
        self.register_buffer("centers", signs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x.unsqueeze(-2) - self.centers).square().sum(-1)

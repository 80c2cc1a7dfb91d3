"""A trainable scale and shift per channel."""

import torch
from torch import nn


class ChannelAffine(nn.Module):
    """Multiplies each channel by a trainable number and adds another."""

    def __init__(self, channels: int, axes: int, bias: bool = True) -> None:
        super().__init__()
        self.shape = (channels,) + (1,) * axes
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels)) if bias else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x * self.weight.view(self.shape)
        return y if self.bias is None else y + self.bias.view(self.shape)

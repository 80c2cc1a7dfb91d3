"""A layer that torch lacks; its class is copied into the generated file, so it may use torch, nn and F alone."""

import torch
from torch import nn


class ChannelGate(nn.Module):
    """Multiplies each channel by the sigmoid of a trainable number."""

    def __init__(self, channels: int, axes: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros((channels,) + (1,) * axes))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.sigmoid(self.weight)

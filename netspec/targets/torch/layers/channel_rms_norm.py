"""Normalization by the root mean square of values whose channels come first."""

import torch
from torch import nn


class ChannelRMSNorm(nn.RMSNorm):
    """Divides the channels of each position by their root mean square."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)

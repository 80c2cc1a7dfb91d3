"""Layer normalization of values whose channels come first."""

import torch
from torch import nn


class ChannelLayerNorm(nn.LayerNorm):
    """Normalizes the channels of each position."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)

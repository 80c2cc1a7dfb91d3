"""Attention without its weights."""

import torch
from torch import nn


class Attention(nn.Module):
    """Returns the output of a multi-head attention for a query, a key and a value, or for one value as all three."""

    def __init__(self, layer: nn.MultiheadAttention) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, *operands: torch.Tensor) -> torch.Tensor:
        query, key, value = operands if len(operands) == 3 else operands * 3
        return self.layer(query, key, value, need_weights=False)[0]

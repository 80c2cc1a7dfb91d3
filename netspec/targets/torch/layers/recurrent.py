"""What is taken from a recurrent layer, which gives both its outputs and its last state."""

import torch
from torch import nn


class SequenceOutput(nn.Module):
    """Hands on the outputs of a recurrent layer at all steps."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x)[0]


class LastState(nn.Module):
    """Hands on what the last layer knows at the end: its hidden state, for both directions side by side."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        state = self.layer(x)[1]
        hidden = state[0] if isinstance(self.layer, nn.LSTM) else state
        return torch.cat([hidden[-2], hidden[-1]], 1) if self.layer.bidirectional else hidden[-1]

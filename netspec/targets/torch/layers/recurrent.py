"""One result of a recurrent layer, which returns both its outputs and its last state."""

import torch
from torch import nn


class SequenceOutput(nn.Module):
    """Returns the outputs of a recurrent layer at all steps."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x)[0]


class LastState(nn.Module):
    """Returns the last hidden state of the last layer, that of both directions concatenated."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        state = self.layer(x)[1]
        hidden = state[0] if isinstance(self.layer, nn.LSTM) else state
        return torch.cat([hidden[-2], hidden[-1]], 1) if self.layer.bidirectional else hidden[-1]

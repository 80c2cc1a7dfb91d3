"""A residual branch that is left out at random in training."""

import torch
from torch import nn


class StochasticDepth(nn.Module):
    """Drops a residual branch with probability 1 - survival: for the whole batch, or for each row on its own.

    With ``rescale`` a branch that survives is divided by its probability in training; without, it is multiplied by
    it in evaluation.
    """

    def __init__(self, survival: float, mode: str = "batch", rescale: bool = False) -> None:
        super().__init__()
        self.survival, self.mode, self.rescale = survival, mode, rescale

    def forward(self, branch: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return branch if self.rescale else branch * self.survival
        mask = branch.new_empty(branch.shape[0] if self.mode == "row" else 1).bernoulli_(self.survival)
        if self.rescale:
            mask = mask / self.survival
        # The mask has the batch as its last axis, so that of the branch is moved there to broadcast.
        return (branch.transpose(0, -1) * mask).transpose(0, -1)

    def extra_repr(self) -> str:
        return f"{self.survival}, mode={self.mode!r}, rescale={self.rescale}"

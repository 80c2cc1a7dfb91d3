"""A residual unit in which each element takes the shortcut, the branch, both or neither at random."""

import torch
from torch import nn


class Swapout(nn.Module):
    """Adds a shortcut and a branch, each element of which is kept with its own probability.

    In evaluation each is multiplied by its probability, which is what is expected of it.
    """

    def __init__(self, keep_skip: float = 0.5, keep_branch: float = 0.5) -> None:
        super().__init__()
        self.keep_skip, self.keep_branch = keep_skip, keep_branch

    def forward(self, skip: torch.Tensor, branch: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return skip * self.keep_skip + branch * self.keep_branch
        skip_mask = torch.empty_like(skip).bernoulli_(self.keep_skip)
        branch_mask = torch.empty_like(branch).bernoulli_(self.keep_branch)
        return skip * skip_mask + branch * branch_mask

    def extra_repr(self) -> str:
        return f"keep_skip={self.keep_skip}, keep_branch={self.keep_branch}"

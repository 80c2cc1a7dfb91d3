"""Integers as vectors with a single one."""

import torch
from torch import nn
from torch.nn import functional as F


class OneHot(nn.Module):
    """Gives vectors of the module's dtype, which integers do not have: that of a buffer, which follows the module."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.register_buffer("one", torch.ones(()), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.one_hot(x, self.classes).to(self.one.dtype)

    def extra_repr(self) -> str:
        return f"{self.classes}"

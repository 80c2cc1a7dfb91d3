"""Convolutions whose filters are signs times one scale per filter."""

import torch
from torch import nn


def binarize(weight: torch.Tensor, axes: tuple[int, ...]) -> torch.Tensor:
    """Return the signs of a weight times the mean of its absolute values per filter.

    The gradient goes straight through: it reaches the weight as if nothing had been rounded.
    """
    signs = torch.where(weight >= 0, 1.0, -1.0).to(weight.dtype)
    rounded = signs * weight.abs().mean(axes, keepdim=True)
    return rounded.detach() + (weight - weight.detach())


class BinaryConv1d(nn.Conv1d):
    """A convolution of signals with binary filters."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self._conv_forward(x, binarize(self.weight, (1, 2)), self.bias)


class BinaryConv2d(nn.Conv2d):
    """A convolution of images with binary filters."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self._conv_forward(x, binarize(self.weight, (1, 2, 3)), self.bias)


class BinaryConv3d(nn.Conv3d):
    """A convolution of volumes with binary filters."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self._conv_forward(x, binarize(self.weight, (1, 2, 3, 4)), self.bias)

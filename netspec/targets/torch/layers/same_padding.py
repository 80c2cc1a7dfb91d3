"""Padding by what a stride leaves over, at whatever size enters."""

import torch
from torch.nn import functional as F


def pad_same(
    x: torch.Tensor,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    mode: str = "constant",
    value: float = 0.0,
) -> torch.Tensor:
    """Pad for size / stride windows, rounded up, as TensorFlow does: an odd element goes last."""
    sides = []
    for axis in reversed(range(len(kernel))):
        left_over = -x.shape[axis + 2] % stride[axis]
        total = torch.sym_max(kernel[axis] - stride[axis] + left_over, 0)
        sides += [total // 2, total - total // 2]
    return F.pad(x, sides, mode, value)

"""Drop-path of fractal networks: joins that drop operands at random, and columns that are trained alone."""

import torch
from torch import nn


class Join(nn.Module):
    """Takes the mean of the operands that survive drop-path.

    In training each operand is dropped with probability ``drop_path``, for the whole batch or for each row on its
    own, but never all of them. With ``column`` the last operand is what ``DrawColumn`` gave: an example that has a
    column keeps nothing but the operand of that column, counted from the last operand.
    """

    def __init__(self, drop_path: float = 0.0, mode: str = "batch", column: bool = False) -> None:
        super().__init__()
        self.drop_path, self.mode, self.column = drop_path, mode, column

    def forward(self, *operands: torch.Tensor) -> torch.Tensor:
        columns = operands[:-1] if self.column else operands
        if not self.training:
            total = columns[0]
            for operand in columns[1:]:
                total = total + operand
            return total / len(columns)
        keep = self.draw(columns[0], len(columns))
        if self.column:
            own = torch.stack([operands[-1] == place for place in reversed(range(len(columns)))])
            keep = torch.where(own.any(0), own, keep)
        weights = (keep / keep.sum(0)).to(columns[0].dtype)
        # The weights have the batch as their last axis, so that of the operands is moved there to broadcast.
        total = columns[0].transpose(0, -1) * weights[0]
        for index in range(1, len(columns)):
            total = total + columns[index].transpose(0, -1) * weights[index]
        return total.transpose(0, -1)

    def draw(self, like: torch.Tensor, count: int) -> torch.Tensor:
        """Return for each operand whether it is kept; where all would be dropped, one of them at random is kept."""
        examples = like.shape[0] if self.mode == "row" else 1
        uniform = like.new_empty((count, examples), dtype=torch.float32).uniform_()
        return (uniform >= self.drop_path) | (uniform == uniform.amax(0))

    def extra_repr(self) -> str:
        return f"{self.drop_path}, mode={self.mode!r}, column={self.column}"


class DrawColumn(nn.Module):
    """Draws for each example the one column that is trained, or -1 where every join draws for itself.

    Columns are counted from 0, the deepest. With mode ``batch`` all examples get the same.
    """

    def __init__(self, columns: int, p: float = 0.5, mode: str = "batch") -> None:
        super().__init__()
        self.columns, self.p, self.mode = columns, p, mode

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.p == 0:
            return x.new_full((x.shape[0],), -1.0, dtype=torch.float32)
        uniform = x.new_empty(x.shape[0] if self.mode == "row" else 1, dtype=torch.float32).uniform_()
        column = (uniform * (self.columns / self.p)).floor()
        return torch.where(uniform < self.p, column.clamp(max=self.columns - 1), -1.0).expand(x.shape[0])

    def extra_repr(self) -> str:
        return f"{self.columns}, p={self.p}, mode={self.mode!r}"

"""Small networks for tests of the matcher: one expression over a few layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from tests.support.matcher import trace
from tests.support.matcher.canonical import CanonicalGraph

MAP = (8, 6, 6)


class Formula(nn.Module):
    """A network that is one expression over a few layers."""

    def __init__(self, formula: Callable[..., Any], **layers: nn.Module) -> None:
        super().__init__()
        self.formula = formula
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, x: Tensor) -> Any:
        return self.formula(self, x)


def graph(module: nn.Module, shape: tuple[int, ...]) -> CanonicalGraph:
    return trace(module, torch.empty(2, *shape))


def conv(outputs: int = 8, kernel: int = 1, inputs: int = 8, **options: Any) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, **options)


def convs(*names: str) -> dict[str, nn.Module]:
    return {name: conv() for name in names}

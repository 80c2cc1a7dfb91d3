"""What a network shows to the outside: its inputs and outputs, and what was published about it."""

from __future__ import annotations

from dataclasses import dataclass

from netspec.dtypes import Dtype
from netspec.ops import TensorType
from netspec.sizes import stated, symbol
from netspec.sizes.shape import Shape


@dataclass(frozen=True, slots=True)
class Input:
    """An input of the network."""

    name: str
    shape: Shape
    dtype: Dtype = "float"
    high: int | None = None
    symbols: tuple[str | None, ...] = ()
    """The names of the axes with open sizes, None for the others; empty if there are none."""

    @property
    def type(self) -> TensorType:
        """The type of the value, at the stated sizes."""
        return TensorType(self.shape, self.dtype)

    @property
    def symbolic_type(self) -> TensorType:
        """The type of the value, with the sizes that stay open."""
        if not self.symbols:
            return self.type
        sizes = [
            size if name is None else symbol(name, stated(size))
            for name, size in zip(self.symbols, self.shape, strict=True)
        ]
        return TensorType(tuple(sizes), self.dtype)


@dataclass(frozen=True, slots=True)
class Output:
    """An output of the network: the main one, or an auxiliary one."""

    name: str
    node: str
    """The name of the value."""
    train_only: bool = False
    loss_weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Publication:
    """The accuracy that a network's paper reports, in percent, and where it says so."""

    dataset: str
    source: str
    top1: float | None = None
    top5: float | None = None

"""One recorded operation, and the table of what aten operations mean."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from tests.support.matcher.arithmetic import Term
from tests.support.matcher.axes import Builder
from tests.support.matcher.canonical import Value, number, pattern

Rule = Callable[["Call"], "Value | list[Value]"]
Reader = Callable[[torch.Tensor], Value]
RULES: dict[str, Rule] = {}


@dataclass(frozen=True)
class Call:
    """One recorded operation: its arguments by name, and the tensors that it returned."""

    name: str
    arguments: dict[str, Any]
    results: list[torch.Tensor]
    builder: Builder
    read: Reader
    read_statistic: Reader

    def __getitem__(self, name: str) -> Any:
        return self.arguments.get(name)

    @property
    def size(self) -> int:
        return self.results[0].numel()

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the tensor that the operation is applied to."""
        return tuple(next(a for a in self.arguments.values() if isinstance(a, torch.Tensor)).shape)

    @property
    def value(self) -> Value:
        """The value that the operation is applied to."""
        return self.read(next(a for a in self.arguments.values() if isinstance(a, torch.Tensor)))

    def term(self, operand: Any, weight: float = 1.0) -> Term:
        """An operand of an elementwise operation, a tensor or a number."""
        if not isinstance(operand, torch.Tensor):
            return Term(self.builder.fill(float(operand), 1), weight)
        return Term(self.read(operand), weight, pattern(operand.shape, self.results[0].shape))

    def axis(self, name: str = "dim", rank: int | None = None) -> int:
        return int(self[name]) % (rank or len(self.shape) or 1)

    def axes(self) -> tuple[int, ...]:
        axes = self["dim"]
        rank = len(self.shape)
        if axes is None or axes == []:
            return tuple(range(rank))
        return tuple(axis % rank for axis in ([axes] if isinstance(axes, int) else axes))


def rule(*names: str) -> Callable[[Rule], Rule]:
    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return register


def around(shape: Sequence[int], axis: int) -> tuple[int, int, int]:
    """A shape seen from one axis: the size outside of it, its own, and the size inside."""
    return math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])


_PLACEMENT = frozenset({"dtype", "layout", "device", "pin_memory", "memory_format", "generator"})


def anything(call: Call) -> Value:
    """An operation without a rule is itself: its name, its arguments, and the shapes around it."""
    tensors = dict(_tensors(call.arguments))
    operands = [(name, call.read(tensor)) for name, tensor in tensors.items()]
    attributes: dict[str, Hashable] = {
        name: plain(argument)
        for name, argument in call.arguments.items()
        if name not in _PLACEMENT and not any(key == name or key.startswith(f"{name}[") for key in tensors)
    }
    shapes = tuple(tuple(tensor.shape) for tensor in tensors.values())
    outputs = tuple(tuple(tensor.shape) for tensor in call.results)
    return call.builder.emit(call.name, operands, **attributes, input_shapes=shapes, output_shapes=outputs)


def _tensors(arguments: dict[str, Any]) -> Iterator[tuple[str, torch.Tensor]]:
    for name, argument in arguments.items():
        if isinstance(argument, torch.Tensor):
            yield name, argument
        elif isinstance(argument, (list, tuple)):
            yield from ((f"{name}[{i}]", item) for i, item in enumerate(argument) if isinstance(item, torch.Tensor))


def plain(argument: Any) -> Hashable:
    """An argument that can be hashed and shown."""
    if isinstance(argument, (list, tuple)):
        return tuple(plain(item) for item in argument)
    if isinstance(argument, float):
        return number(argument)
    return argument if isinstance(argument, (int, str, bool)) or argument is None else str(argument)

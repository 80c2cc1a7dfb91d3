"""Running a module on the meta device many times: torch computes each function once per operands' shapes.

A network of blocks calls the same function on the same shapes over and over, and torch writes most of what it does on
meta in Python. So what it found is kept, by the function, the shapes of its tensors and its other arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from netspec.ir import Graph
from netspec.sizes import at

Shapes = dict[str, list[tuple[int, ...]]]
"""The shapes that each module gave, by its path, in the order of its calls."""


class MetaRuns:
    """A module on the meta device, and the shapes that it gives at any size of what enters."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module.to("meta").eval()
        self.paths = {path for path, _ in module.named_modules()}
        self._found: Shapes = {}
        self._memory = _Memory()
        for path, part in module.named_modules():
            part.register_forward_hook(lambda part, entering, leaving, path=path: self._note(path, leaving))

    def run(self, graph: Graph, sizes: dict[str, int], batch: int) -> Shapes:
        """Run the module of a graph at sizes of its inputs; what torch raises passes through."""
        self._found.clear()
        inputs = []
        for each in graph.inputs:
            shape = (batch, *(at(size, sizes) for size in each.symbolic_type.shape))
            dtype = {"float": torch.float32, "int64": torch.int64, "bool": torch.bool}[each.dtype]
            inputs.append(torch.empty(shape, device="meta", dtype=dtype))
        with torch.no_grad(), self._memory:
            self.module(*inputs)
        return dict(self._found)

    def _note(self, path: str, leaving: Any) -> None:
        if isinstance(leaving, Tensor):
            self._found.setdefault(path, []).append(tuple(leaving.shape))


class _Memory(TorchFunctionMode):
    """Answers what was asked before as it was answered then."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._known: dict[Any, Any] = {}

    def __torch_function__(self, function: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if function is not F.batch_norm:
            return self._answer(function, args, kwargs)
        # In evaluation it takes each element by itself. On meta it is a thousand lines of Python, which dominated every
        # run: one position is enough to see whether the channels are right.
        x, *others = args
        one = x.new_empty((1, x.shape[1], *(1 for _ in x.shape[2:])))
        assert self._answer(function, (one, *others), kwargs).shape == one.shape
        return x

    def _answer(self, function: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        key = function, _key(args), _key(tuple(kwargs.items()))
        try:
            if key not in self._known:
                self._known[key] = function(*args, **kwargs)
        except TypeError:  # an argument that has no hash
            return function(*args, **kwargs)
        return self._known[key]


def _key(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.shape, value.dtype
    return tuple(map(_key, value)) if isinstance(value, (tuple, list)) else value

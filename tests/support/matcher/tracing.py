"""Record what a module computes, whatever library its code comes from."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tests.support.matcher import arrangement, elementwise, layers  # noqa: F401  (they fill the table of rules)
from tests.support.matcher.axes import Builder
from tests.support.matcher.calls import RULES, Call, anything
from tests.support.matcher.canonical import CanonicalGraph, Node, Operand, Value


def trace(module: nn.Module, *inputs: torch.Tensor) -> CanonicalGraph:
    """The canonical graph of a module in evaluation mode; only the shapes and types of the inputs matter.

    Nothing is computed: parameters, buffers and inputs are replaced by tensors without data. The module is not changed.
    """
    stand_ins = {id(tensor): _without_data(tensor) for tensor in (*module.parameters(), *module.buffers())}
    twin = copy.deepcopy(module, dict(stand_ins)).eval()
    recorder = Recorder()
    for name, parameter in module.named_parameters():
        recorder.add_parameter(name, stand_ins[id(parameter)])
    for name, tensor in module.named_buffers():
        recorder.add_buffer(name, stand_ins[id(tensor)], tensor)
    arguments = [_without_data(tensor) for tensor in inputs]
    for index, argument in enumerate(arguments):
        recorder.add_input(index, argument)
    with torch.no_grad(), torch.device("meta"), _module_paths(twin, recorder), recorder:
        result = twin(*arguments)
    outputs = [recorder.read(leaf) for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
    shapes = {name: tuple(tensor.shape) for name, tensor in module.named_parameters()}
    return _reachable(recorder.builder.nodes, outputs, shapes)


def _without_data(tensor: torch.Tensor) -> torch.Tensor:
    empty: torch.Tensor = torch.empty_like(tensor, device="meta")
    return nn.Parameter(empty, requires_grad=False) if isinstance(tensor, nn.Parameter) else empty


@contextmanager
def _module_paths(module: nn.Module, recorder: Recorder) -> Iterator[None]:
    names = {id(child): name for name, child in module.named_modules()}
    path: list[str] = []

    def enter(child: nn.Module, _: Any) -> None:
        path.append(names.get(id(child), type(child).__name__))
        recorder.builder.where = path[-1]

    def leave(*_: Any) -> None:
        path.pop()
        recorder.builder.where = path[-1] if path else ""

    hooks = register_module_forward_pre_hook(enter), register_module_forward_hook(leave, always_call=True)
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Follows values through tensors, in-place operations and views included."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.builder = Builder()
        self._values: dict[int, Value | None] = {}
        self._sharing: dict[int, list[torch.Tensor]] = {}
        self._buffers: dict[int, tuple[str, torch.Tensor]] = {}

    def add_input(self, index: int, tensor: torch.Tensor) -> None:
        self._bind(tensor, self.builder.leaf("input", f"input {index}", position=index, size=tensor.numel()))

    def add_parameter(self, name: str, tensor: torch.Tensor) -> None:
        self._bind(tensor, self.builder.leaf("parameter", name, size=tensor.numel()))

    def add_buffer(self, name: str, tensor: torch.Tensor, original: torch.Tensor) -> None:
        self._bind(tensor, None)
        self._buffers[id(tensor)] = (name, original)

    def read(self, tensor: torch.Tensor) -> Value:
        if id(tensor) in self._buffers:
            return self._constant(*self._buffers[id(tensor)])
        if id(tensor) not in self._values:
            self._bind(tensor, self._constant("a tensor made in Python", tensor))
        value = self._values[id(tensor)]
        if value is None:
            raise NotImplementedError(f"a view is used after part of it was overwritten, in {self.builder.where}")
        return value

    def read_statistic(self, tensor: torch.Tensor) -> Value:
        """The running mean or variance of a batch norm: carried over like a weight, not compared."""
        if id(tensor) not in self._buffers:
            return self.read(tensor)
        return self.builder.leaf("statistic", self._buffers[id(tensor)][0], size=tensor.numel())

    def _constant(self, name: str, tensor: torch.Tensor) -> Value:
        if tensor.device.type == "meta":
            return self.builder.leaf("constant", name, size=tensor.numel(), digest="unknown")
        if tensor.numel() == 1:
            return self.builder.fill(float(tensor), 1)
        digest = hashlib.sha256(tensor.detach().contiguous().numpy().tobytes()).hexdigest()[:16]
        return self.builder.leaf("constant", f"{name} {digest}", size=tensor.numel(), digest=digest)

    def __torch_dispatch__(self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None) -> Any:
        name, parameters, written = _schema(func)
        arguments = dict(parameters)
        arguments.update(zip(arguments, args, strict=False))
        arguments.update(kwargs or {})
        result = _normalised(arguments) if name in _SLOW_WITHOUT_DATA else func(*args, **(kwargs or {}))
        results = [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
        if results:
            call = Call(name, arguments, results, self.builder, self.read, self.read_statistic)
            self._record(call, arguments[written] if written else None)
        return result

    def _record(self, call: Call, written: torch.Tensor | None) -> None:
        made = RULES.get(call.name, anything)(call)
        values = (
            made if isinstance(made, list) else [Value(made.node, made.output + i) for i in range(len(call.results))]
        )
        if written is not None:
            self._overwrite(written, values[0])
            return
        for tensor, value in zip(call.results, values, strict=True):
            self._bind(tensor, value)

    def _bind(self, tensor: torch.Tensor, value: Value | None) -> None:
        """Remember the tensor too, so that its identity is not given to another one."""
        if id(tensor) not in self._values:
            self._sharing.setdefault(tensor.untyped_storage()._cdata, []).append(tensor)
        self._values[id(tensor)] = value

    def _overwrite(self, tensor: torch.Tensor, value: Value) -> None:
        for other in self._sharing.get(tensor.untyped_storage()._cdata, []):
            if _same_elements(tensor, other):
                self._values[id(other)] = value
            elif _overlap(tensor, other):
                self._values[id(other)] = None
        self._bind(tensor, value)


_SLOW_WITHOUT_DATA = frozenset({"native_batch_norm"})
"""Torch finds the shapes of these by running a dozen operations; they are half of the time of a deep network."""


def _normalised(arguments: dict[str, Any]) -> tuple[torch.Tensor, ...]:
    source = arguments["input"]
    return torch.empty_like(source), source.new_empty(0), source.new_empty(0)


@cache
def _schema(func: Any) -> tuple[str, list[tuple[str, Any]], str | None]:
    """The name of an operation without its in-place mark, its arguments with defaults, and the one it overwrites."""
    schema = func._schema
    name = schema.name.split("::")[1]
    written = [argument.name for argument in schema.arguments if argument.alias_info and argument.alias_info.is_write]
    if written and name.endswith("_"):
        name = name[:-1]
    arguments = [(a.name, a.default_value if a.has_default_value() else None) for a in schema.arguments]
    return name, arguments, written[0] if written and written[0] == "self" else None


def _same_elements(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Whether two tensors on one storage are the same elements in the same order."""
    if a.numel() != b.numel() or a.storage_offset() != b.storage_offset():
        return False
    return (a.is_contiguous() and b.is_contiguous()) or (a.shape == b.shape and a.stride() == b.stride())


def _overlap(a: torch.Tensor, b: torch.Tensor) -> bool:
    return bool(numpy.intersect1d(_positions(a), _positions(b)).size)


def _positions(tensor: torch.Tensor) -> numpy.ndarray[Any, Any]:
    positions = numpy.array([tensor.storage_offset()])
    for size, stride in zip(tensor.shape, tensor.stride(), strict=True):
        positions = (positions[:, None] + stride * numpy.arange(size)).ravel()
    return positions


def _reachable(nodes: list[Node], outputs: list[Value], shapes: dict[str, tuple[int, ...]]) -> CanonicalGraph:
    """Drop what no output depends on."""
    needed = {output.node for output in outputs}
    for index in range(len(nodes) - 1, -1, -1):
        if index in needed:
            needed.update(operand.value.node for operand in nodes[index].operands)
    places = {old: new for new, old in enumerate(sorted(needed))}

    def moved(value: Value) -> Value:
        return Value(places[value.node], value.output)

    kept = [
        Node(node.op, node.attributes, tuple(Operand(o.label, moved(o.value)) for o in node.operands), node.where)
        for node in (nodes[index] for index in places)
    ]
    return CanonicalGraph(kept, [moved(output) for output in outputs], shapes)

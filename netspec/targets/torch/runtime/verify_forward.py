"""One forward pass, in which every value must have the inferred shape."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from netspec.diagnostics import InternalError
from netspec.ir import Graph, Node, Scope
from netspec.ir.batchless import batchless
from netspec.sizes.shape import show, stated_shape
from netspec.targets.torch.layer_source import layer_classes
from netspec.targets.torch.layout import edge_of, is_stored, needs_module
from netspec.targets.torch.pipeline import legalize

Shapes = tuple[tuple[int, ...], ...]
"""The shapes of all results of one call."""


class ShapeMismatch(InternalError):
    """A value has another shape in the running module than in the graph."""


def example_inputs(graph: Graph, module: nn.Module, batch: int = 1, seed: int = 0) -> tuple[Tensor, ...]:
    """Return random inputs of the graph's shapes, on the module's device and of its dtype."""
    # A module without parameters may have buffers, such as the running statistics of a `bn` that is not affine.
    tensors = (each for each in chain(module.parameters(), module.buffers()) if each.is_floating_point())
    known = next(tensors, None)
    device = known.device if known is not None else torch.device("cpu")
    dtype = known.dtype if known is not None else torch.float32
    if device.type == "meta":
        generator = None
    else:
        generator = torch.Generator(device=device).manual_seed(seed)
    inputs = []
    for each in graph.inputs:
        shape = (batch, *stated_shape(each.shape))
        if each.dtype == "bool":
            inputs.append(torch.randint(0, 2, shape, generator=generator, device=device, dtype=torch.bool))
        elif each.dtype == "int64":
            inputs.append(torch.randint(0, each.high or 1, shape, generator=generator, device=device))
        else:
            inputs.append(torch.randn(shape, generator=generator, device=device, dtype=torch.float32).to(dtype))
    return tuple(inputs)


def verify_forward(module: nn.Module, graph: Graph, batch: int = 1, seed: int = 0) -> int:
    """Run one forward pass in evaluation and compare the shape of every node with the one inferred.

    The module is compared with the legalized graph, from which it was generated.
    Returns the number of values compared. Raises: ShapeMismatch that names the node.
    """
    graph = legalize(graph)
    was_training = module.training
    inputs = example_inputs(graph, module, batch, seed)
    # In evaluation, since in training torch refuses batch statistics of a single example.
    module.eval()
    try:
        with torch.no_grad(), _Recorder(module, layer_classes(graph)) as recorder:
            module(*inputs)
    finally:
        module.train(was_training)
    return _compare(graph, recorder.shapes, batch)


def _compare(graph: Graph, shapes: list[Shapes], batch: int) -> int:
    training = graph.training_only
    nodes = [node for node in _computed(graph) if node.path not in training]
    alone = batchless(graph).values
    position = 0
    for node in nodes:
        if is_stored(node):
            continue
        calls = _calls(node, graph)
        if not calls:
            continue  # the indices of a constant's only axis
        position += calls
        if position > len(shapes):
            raise ShapeMismatch(f"{node.path} was not computed: {len(shapes)} results for {len(nodes)} nodes")
        # The elements of a sequence are taken all at once.
        count = graph.shape_of(node.inputs[0])[0] if edge_of(node) == "element" else 1
        for value, result, found in zip(node.values * count, node.results * count, shapes[position - 1], strict=True):
            expected = (batch, *result.shape)
            if value in alone:
                found = (batch, *found[max(len(found) - len(result.shape), 0) :])  # a leading axis may be stored
            if found != expected:
                raise ShapeMismatch(f"{value} has shape {show(found)}, and the graph says {show(expected)}")
    if position != len(shapes):
        raise ShapeMismatch(f"{len(shapes)} results were computed for {len(nodes)} nodes")
    return len({node.path for node in graph} - training)


def _computed(graph: Graph) -> Iterable[Node]:
    """Return the nodes in the order in which they give tensors, those in a scan once a round."""
    has_scan = any(scope.kind == "scan" for scope in graph.root.descend())
    return _rounds(graph.root, 1) if has_scan else graph


def _rounds(scope: Scope, around: int) -> Iterator[Node]:
    heads = [place for place, item in enumerate(scope.items) if edge_of(item) in ("element", "state")]
    begins = heads[-1] + 1 if heads else 0
    nodes = [item for item in scope.items[:begins] if isinstance(item, Node) and not _is_other_value(item)]
    yield from sorted(nodes, key=lambda node: edge_of(node) == "element")  # which the loop takes, after all else
    for _ in range(scope.rounds // around):
        for item in scope.items[begins:]:
            if isinstance(item, Scope):
                yield from _rounds(item, scope.rounds)
            elif not edge_of(item):
                yield item
    yield from (item for item in scope.items if edge_of(item) == "collected" and isinstance(item, Node))


def _is_other_value(node: Node) -> bool:
    """Return whether a node is a state that begins with another value, and not with zeros of its own."""
    return edge_of(node) == "state" and not node.op.allocates(training=False)


def _calls(node: Node, graph: Graph) -> int:
    """Return how many recorded results a node has: a module one, a function one per torch call."""
    operands = tuple(graph.shape_of(path) for path in node.inputs)
    text = None if needs_module(node) else node.op.emit_function(*operands)
    return text.calls if text else 1


_NO_NODES = (Tensor.to, Tensor.view_as)
"""Moves between devices, and what torch's own counter of operations calls on weights that a module is handed."""


class _Recorder(TorchFunctionMode):
    """Records the shape of every intermediate result: of leaf modules, and of torch functions called between them."""

    def __init__(self, module: nn.Module, layers: Collection[str]) -> None:
        super().__init__()
        self.shapes: list[Shapes] = []
        self._inside = 0
        self._module, self._layers = module, layers
        self._hooks: list[Any] = []
        self._indices: list[Tensor] = []
        """The indices of constants, which are no nodes of the graph."""

    def __enter__(self) -> _Recorder:
        for module in _leaves(self._module, self._layers):
            self._hooks.append(module.register_forward_pre_hook(self._enter_leaf))
            self._hooks.append(module.register_forward_hook(self._leave_leaf))
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *exception: Any) -> None:
        super().__exit__(*exception)  # type: ignore[no-untyped-call]
        for hook in self._hooks:
            hook.remove()

    def _enter_leaf(self, module: nn.Module, inputs: Any) -> None:
        self._inside += 1

    def _leave_leaf(self, module: nn.Module, inputs: Any, result: Any) -> None:
        self._inside -= 1
        self._record(result)

    def _record(self, result: Any) -> None:
        results = (result,) if isinstance(result, Tensor) else result
        # A size is a tuple too, of numbers.
        if self._inside == 0 and isinstance(results, tuple) and results and isinstance(results[0], Tensor):
            self.shapes.append(tuple(tuple(each.shape) for each in results))

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        if function is torch.arange or (function is Tensor.__getitem__ and self._are_indices(args[0])):
            self._indices.append(result)
        elif function not in _NO_NODES:
            self._record(result)
        return result

    def _are_indices(self, value: Tensor) -> bool:
        return any(each is value for each in self._indices)


def _leaves(module: nn.Module, layers: Collection[str]) -> Iterator[nn.Module]:
    """Yield torch's own layers and the copied ones of those names, each of which is one module for the emitter."""
    containers = (nn.Sequential, nn.ModuleDict, nn.ModuleList)
    for each in module.children():
        is_container = type(each) is nn.Module or isinstance(each, containers)
        torch_layer = type(each).__module__.startswith("torch.") and not is_container
        if torch_layer or type(each).__name__ in layers:
            yield each
        else:
            yield from _leaves(each, layers)

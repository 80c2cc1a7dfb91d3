"""From source text to a running module: the one place that imports torch.

The generated file is the module: its text is compiled under its own name, so that tracebacks show its lines, and its
classes live in a module that pickling can find again.
"""

from __future__ import annotations

import copyreg
import hashlib
import linecache
import sys
import warnings
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

with warnings.catch_warnings():
    # torch speaks up when numpy is missing, which nothing here needs.
    warnings.filterwarnings("ignore", message="Failed to initialize NumPy")
    import torch
    from torch import Tensor, nn
    from torch.overrides import TorchFunctionMode

from netspec.emit.torch_source import class_name, emit_torch
from netspec.emit.torch_source.audit import audit
from netspec.emit.torch_source.layers import layer_classes
from netspec.emit.torch_source.layout import needs_module
from netspec.emit.torch_source.placement import place
from netspec.graph import Graph, Node
from netspec.shape import show

Devices = str | torch.device | Sequence[str | torch.device]
"""One device, or those that a network's steps mean by 0, 1 and so on; as text with commas between them."""

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16, "float64": torch.float64}
"""The element types that a module may be built with."""


SOURCE = "_netspec_source"
"""The attribute that keeps a class's source. No step can be called so: names in documents begin with a letter."""


class ShapeMismatch(RuntimeError):
    """A value had another shape in the running module than in the graph: a fault of netspec, not of a document."""


def build_module(
    graph: Graph,
    *,
    device: Devices = "auto",
    dtype: str | torch.dtype = "float32",
    channels_last: bool = False,
    seed: int | None = None,
    source: str | Path | None = None,
) -> nn.Module:
    """Return the network as a torch module on a device, or on several where its steps say ``device:``.

    ``source`` is a generated file to instantiate; without it the source is emitted anew. ``seed`` starts torch's
    random generator, so that the same seed gives the same weights.

    Raises: ValueError for an unknown dtype, RuntimeError for a device that is not there.

    Example:
        >>> import netspec
        >>> module = netspec.build("lenet5_modern", device="cpu")
        >>> sum(parameter.numel() for parameter in module.parameters())
        61706
    """
    text = Path(source).read_text(encoding="utf-8") if source else emit_torch(graph)
    network = load_class(text, str(source) if source else None)
    if seed is not None:
        torch.manual_seed(seed)
    devices = choose_devices(device, place(graph).count)
    with torch.device(devices[0]):
        module: nn.Module = network()
    _spread(module, graph, devices)
    module = module.to(dtype=find_dtype(dtype))
    if channels_last:
        spatial = max((len(each.shape) for each in graph.inputs), default=0)
        layout = torch.channels_last_3d if spatial == 4 else torch.channels_last
        module = module.to(memory_format=layout)  # type: ignore[call-overload]
    return module


def choose_devices(names: Devices, count: int) -> list[torch.device]:
    """Return the devices of a network whose steps name that many.

    ``auto`` is CUDA where there is any, with as many of its devices as are named and there; else the CPU.
    """
    if names == "auto":
        found = min(count, torch.cuda.device_count()) if torch.cuda.is_available() else 0
        names = [f"cuda:{index}" for index in range(found)] if found > 1 else ("cuda" if found else "cpu")
    if isinstance(names, str):
        names = [name.strip() for name in names.split(",")]
    return [_device(name) for name in ([names] if isinstance(names, torch.device) else names)]


def _device(name: str | torch.device) -> torch.device:
    try:
        device = torch.device(name)
    except RuntimeError:
        # torch answers with all the names that it was ever taught.
        raise RuntimeError(f"torch knows no device '{name}'; write auto, cpu, cuda, cuda:1 or cuda:0,cuda:1") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("there is no CUDA device here; use --device cpu")
    try:
        torch.empty(0, device=device)
    except Exception as error:  # of any kind: each backend that is missing has its own
        reason = str(error).partition("\n")[0].partition(". ")[0]
        raise RuntimeError(f"torch cannot compute on {device} here: {reason}") from None
    return device


def _spread(module: nn.Module, graph: Graph, devices: Sequence[torch.device]) -> None:
    """Move each layer to the device that its step names; where there are fewer devices, several share one."""
    if len(devices) == 1:
        return
    values = place(graph).values
    for node in graph:
        if needs_module(node) and not node.shared:
            module.get_submodule(node.module).to(devices[values.get(node.path, 0) % len(devices)])


def find_dtype(dtype: str | torch.dtype) -> torch.dtype:
    """Return torch's dtype of that name."""
    if isinstance(dtype, torch.dtype):
        return dtype
    if dtype not in DTYPES:
        raise ValueError(f"unknown dtype {dtype!r}: one of {', '.join(DTYPES)}")
    return DTYPES[dtype]


def load_class(source: str, filename: str | None = None) -> type[nn.Module]:
    """Return the network's class of a generated source; the same text gives the same class."""
    digest = hashlib.sha256(source.encode()).hexdigest()[:16]
    name = f"netspec_generated_{class_name(source)}_{digest}"
    if name not in sys.modules:
        sys.modules[name] = _execute(source, name, filename or f"<{name}>")
    network: type[nn.Module] = getattr(sys.modules[name], class_name(source))
    return network


def _execute(source: str, name: str, filename: str) -> ModuleType:
    audit(source)  # also where the text was read back from a file that somebody may have changed
    # Without an entry of its own, linecache could not show the lines of a text that is not a file.
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    module = ModuleType(name)
    module.__file__ = filename
    sys.modules[name] = module
    try:
        exec(compile(source, filename, "exec", dont_inherit=True), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    for value in list(vars(module).values()):
        if isinstance(value, type) and issubclass(value, nn.Module) and value.__module__ == name:
            setattr(value, SOURCE, source)
            copyreg.pickle(value, _reduce)
    return module


def _reduce(module: nn.Module) -> tuple[Any, ...]:
    """Pickle a network, or a part of one, with its source, so that another process can load it."""
    kind: Any = type(module)
    return restore, (getattr(kind, SOURCE), kind.__name__), module.__dict__


def restore(source: str, name: str) -> nn.Module:
    """Return an empty module of a class in a generated source; unpickling fills it."""
    kind: type[nn.Module] = getattr(sys.modules[load_class(source).__module__], name)
    return kind.__new__(kind)


# checking a forward pass


def example_inputs(graph: Graph, module: nn.Module, batch: int = 1, seed: int = 0) -> tuple[Tensor, ...]:
    """Return random inputs of the graph's shapes, on the module's device and of its dtype."""
    parameter = next(module.parameters(), None)
    device = parameter.device if parameter is not None else torch.device("cpu")
    dtype = parameter.dtype if parameter is not None else torch.float32
    if device.type == "meta":
        generator = None
    else:
        generator = torch.Generator(device=device).manual_seed(seed)
    inputs = []
    for each in graph.inputs:
        shape = (batch, *each.shape)
        if each.dtype == "int64":
            inputs.append(torch.randint(0, each.high or 1, shape, generator=generator, device=device))
        else:
            inputs.append(torch.randn(shape, generator=generator, device=device, dtype=torch.float32).to(dtype))
    return tuple(inputs)


def verify_forward(module: nn.Module, graph: Graph, batch: int = 1, seed: int = 0) -> int:
    """Run one forward pass in evaluation and compare the shape of every node with the one inferred.

    Returns the number of values compared. Raises: ShapeMismatch that names the node.
    """
    was_training = module.training
    inputs = example_inputs(graph, module, batch, seed)
    module.eval()
    try:
        with torch.no_grad(), _Recorder(module, layer_classes(graph)) as recorder:
            module(*inputs)
    finally:
        module.train(was_training)
    return _compare(graph, recorder.shapes, batch)


def _compare(graph: Graph, shapes: list[tuple[int, ...]], batch: int) -> int:
    training = graph.training_only
    nodes = [node for node in graph if node.path not in training]
    position = 0
    for node in nodes:
        position += _calls(node, graph)
        if position > len(shapes):
            raise ShapeMismatch(f"{node.path} was not computed: {len(shapes)} results for {len(nodes)} nodes")
        found = shapes[position - 1]
        if found != (batch, *node.shape):
            raise ShapeMismatch(f"{node.path} gives {show(found)}, and the graph says {show((batch, *node.shape))}")
    if position != len(shapes):
        raise ShapeMismatch(f"{len(shapes)} results were computed for {len(nodes)} nodes")
    return len(nodes)


def _calls(node: Node, graph: Graph) -> int:
    """Return how many results a node leaves in the record: a module one, a function one per torch call."""
    operands = tuple(graph.shape_of(path) for path in node.inputs)
    text = None if needs_module(node) else node.op.emit_function(*operands)
    return text.calls if text else 1


class _Recorder(TorchFunctionMode):
    """Records the shape of every result on the way: of leaf modules, and of torch functions called between them."""

    def __init__(self, module: nn.Module, layers: Collection[str]) -> None:
        super().__init__()
        self.shapes: list[tuple[int, ...]] = []
        self._inside = 0
        self._module, self._layers = module, layers
        self._hooks: list[Any] = []

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
        if self._inside == 0 and isinstance(result, Tensor):
            self.shapes.append(tuple(result.shape))

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        if function is not Tensor.to:  # what only travels to another device is no new value
            self._record(result)
        return result


def _leaves(module: nn.Module, layers: Collection[str]) -> Iterator[nn.Module]:
    """Yield torch's own layers and the pasted ones of those names: what the emitter treats as a single module."""
    containers = (nn.Sequential, nn.ModuleDict, nn.ModuleList)
    for each in module.children():
        is_container = type(each) is nn.Module or isinstance(each, containers)
        torch_layer = type(each).__module__.startswith("torch.") and not is_container
        if torch_layer or type(each).__name__ in layers:
            yield each
        else:
            yield from _leaves(each, layers)

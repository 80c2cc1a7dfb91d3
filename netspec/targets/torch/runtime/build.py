"""From a graph to a module on its devices."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from netspec.analysis.device_placement import place
from netspec.dtypes import FLOAT_BYTES
from netspec.ir import Graph
from netspec.targets.torch import emit_torch
from netspec.targets.torch.runtime.devices import Devices, choose_devices, spread
from netspec.targets.torch.runtime.load import load_class


def build_module(
    graph: Graph,
    *,
    device: Devices = "auto",
    dtype: str | torch.dtype = "float32",
    seed: int | None = None,
    source: str | Path | None = None,
) -> nn.Module:
    """Return the network as a torch module on a device, or on several if its steps name devices.

    ``source`` is a generated file to instantiate; without it the source is emitted anew. ``seed`` seeds torch's
    random generator, so that the same seed gives the same weights.

    Raises: ValueError for an unknown dtype, DeviceError for a device that does not exist.

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
    spread(module, graph, devices)
    return module.to(dtype=find_dtype(dtype))


def use_channels_last(module: nn.Module, graph: Graph) -> nn.Module:
    """Return the module of a graph with its weights in the channels-last memory format."""
    # torch has such a format for images and for volumes, but not for signals, whose weights are unchanged.
    axes = max((len(each.shape) for each in graph.inputs), default=0)
    memory_format = torch.channels_last_3d if axes == 4 else torch.channels_last
    found: nn.Module = module.to(memory_format=memory_format)  # type: ignore[call-overload]
    return found


def find_dtype(dtype: str | torch.dtype) -> torch.dtype:
    """Return torch's dtype of that name."""
    if isinstance(dtype, torch.dtype):
        return dtype
    if dtype not in FLOAT_BYTES:
        raise ValueError(f"unknown dtype {dtype!r}: one of {', '.join(FLOAT_BYTES)}")
    found: torch.dtype = getattr(torch, dtype)
    return found

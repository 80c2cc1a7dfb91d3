"""The devices of a module, and the device of each of its layers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from netspec.analysis.device_placement import place
from netspec.diagnostics import NetspecError
from netspec.ir import Graph
from netspec.targets.torch.layout import is_stored, needs_module


class DeviceError(NetspecError):
    """A device does not exist, or torch cannot use it."""


Devices = str | torch.device | Sequence[str | torch.device]
"""One device, or those that a network's steps call 0, 1 and so on; a text may list them, separated by commas."""


def choose_devices(names: Devices, count: int) -> list[torch.device]:
    """Return the devices of a network whose steps name that many.

    ``auto`` is CUDA if available, with as many devices as are named and exist; else the CPU.

    Raises: DeviceError for a device that does not exist.
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
        # torch's own message lists all of its backends, even unavailable ones.
        raise DeviceError(f"torch knows no device '{name}'; write auto, cpu, cuda, cuda:1 or cuda:0,cuda:1") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise DeviceError("there is no CUDA device here; use --device cpu")
    try:
        torch.empty(0, device=device)
    except Exception as error:  # an unavailable backend may raise any exception
        reason = str(error).partition("\n")[0].partition(". ")[0]
        raise DeviceError(f"torch cannot compute on {device} here: {reason}") from None
    return device


def spread(module: nn.Module, graph: Graph, devices: Sequence[torch.device]) -> None:
    """Move each layer to the device of its step; if there are fewer devices, they are used in turn."""
    if len(devices) == 1:
        return
    values = place(graph).values
    for node in graph:
        if not needs_module(node) or node.shared:
            continue
        device = devices[values.get(node.path, 0) % len(devices)]
        if is_stored(node):
            find = module.get_parameter if node.op.list_parameters() else module.get_buffer
            tensor = find(node.module)
            tensor.data = tensor.data.to(device)
        else:
            module.get_submodule(node.module).to(device)

"""From source text to a running module: the one place that imports torch.

load.py             the text to a class
devices.py          device names to devices
build.py            the class to a module with its weights
verify_forward.py   one forward pass, compared with the graph
"""

from __future__ import annotations

import warnings

from netspec.diagnostics import Code, SpecError

try:
    with warnings.catch_warnings():
        # torch warns if numpy is missing, which is not needed here.
        warnings.filterwarnings("ignore", message="Failed to initialize NumPy")
        import torch  # noqa: F401
except ModuleNotFoundError as error:
    # If a part of torch is missing, its installation is broken, which is another error than no torch.
    if error.name != "torch":
        raise
    how = "`pip install 'netspec[torch]'` installs it; `netspec build --no-run` writes the files without it"
    raise SpecError.of(
        Code.TORCH_NOT_INSTALLED, "running a network needs torch, which is not installed", help=how
    ) from None

from netspec.targets.torch.runtime.build import build_module, use_channels_last
from netspec.targets.torch.runtime.devices import DeviceError, Devices, choose_devices
from netspec.targets.torch.runtime.load import load_class
from netspec.targets.torch.runtime.verify_forward import ShapeMismatch, example_inputs, verify_forward

__all__ = [
    "DeviceError",
    "Devices",
    "ShapeMismatch",
    "build_module",
    "choose_devices",
    "example_inputs",
    "load_class",
    "use_channels_last",
    "verify_forward",
]

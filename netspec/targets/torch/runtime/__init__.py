"""From source text to a running module: the one place that imports torch.

load.py             the text to a class
devices.py          names of devices to devices
build.py            the class to a module with its weights
verify_forward.py   one forward pass, compared with the graph
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    # torch warns when numpy is missing, which nothing here needs.
    warnings.filterwarnings("ignore", message="Failed to initialize NumPy")
    import torch  # noqa: F401

from netspec.targets.torch.runtime.build import build_module
from netspec.targets.torch.runtime.devices import Devices, choose_devices
from netspec.targets.torch.runtime.load import load_class
from netspec.targets.torch.runtime.verify_forward import ShapeMismatch, example_inputs, verify_forward

__all__ = [
    "Devices",
    "ShapeMismatch",
    "build_module",
    "choose_devices",
    "example_inputs",
    "load_class",
    "verify_forward",
]

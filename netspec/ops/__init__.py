"""The closed alphabet of ops. Importing this package registers all of them, those of installed packages included.

    base.py      what an op is, and the registry
    traits.py    the properties of an op that the rest of the compiler needs beside shape, cost and code
    fields.py    the types of its arguments
    torch_code.py, shape_error.py   what it gives: its torch code, or what is wrong with its operands
    axes.py      the axes of operands, by name and number
    windows.py   the arithmetic of windows, for convolutions and pooling
    plugins.py   ops from other packages and files
    tensor_type.py, broadcasting.py, window_pool.py   types, shapes and base classes of several ops
    weighted.py  weights that are tensors, or another step's
    pattern_op.py, patterned.py, layout_chain.py   patterns of axes, and the calls of torch that lay a value out so

The ops, one class each:

    convolution, transposed_convolution, linear, radial_basis, einsum, recurrent, attend
    pooling, adaptive_pooling, channel_pooling, reduction
    formula, whose code formula_text writes; formula_ops knows those that are other ops
    normalization, layer_normalization, response_normalization, scaling
    activation, squashing
    regularization, stochastic, noise
    merge, reshaping, rearrange, tile, resampling, shuffling, rolling, unfolding
    gathering, ranking, accumulation, gradients
    stored and constant, for what is declared beside the steps; constant_text writes the latter's code
    scan, for what enters and leaves a round of a loop

An op infers its shape, counts its cost and emits its torch code, and has samples
of valid and invalid uses, which the tests run.
"""

from netspec.ops import (  # noqa: F401
    accumulation,
    activation,
    adaptive_pooling,
    attend,
    channel_pooling,
    constant,
    convolution,
    einsum,
    formula,
    gathering,
    gradients,
    layer_normalization,
    linear,
    merge,
    noise,
    normalization,
    pooling,
    radial_basis,
    ranking,
    rearrange,
    recurrent,
    reduction,
    regularization,
    resampling,
    reshaping,
    response_normalization,
    rolling,
    scaling,
    scan,
    shuffling,
    squashing,
    stochastic,
    stored,
    tile,
    transposed_convolution,
    unfolding,
)
from netspec.ops.base import DECLARED, OPS, Op, Sample
from netspec.ops.plugins import PluginError, load_installed, load_plugin
from netspec.ops.shape_error import ShapeError
from netspec.ops.tensor_type import TensorType
from netspec.ops.torch_code import Argument, Torch
from netspec.ops.traits import SAME, Window, Windows

__all__ = [
    "DECLARED",
    "OPS",
    "SAME",
    "Argument",
    "Op",
    "PluginError",
    "Sample",
    "ShapeError",
    "TensorType",
    "Torch",
    "Window",
    "Windows",
    "load_plugin",
]

load_installed()

"""Ops as their torch text says: the modules and functions of a single op, and operands for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from netspec.ops import OPS, Argument, Op, Sample, Torch
from netspec.ops.torch_code import IN_PLACE
from netspec.sizes.shape import Shape
from tests.support import chance

BATCH = 3

Case = tuple[Op, tuple[Shape, ...]]
"""An op with the shapes that enter it."""


def call_arguments(arguments: tuple[Argument, ...]) -> str:
    """Return what stands in the brackets of a call."""
    written: list[str] = []
    in_order = True
    for each in arguments:
        if each.value == each.default:
            in_order = False
            continue
        in_order = in_order and each.positional
        written.append(repr(each.value) if in_order else f"{each.name}={each.value!r}")
    return ", ".join(written)


def render(torch_text: Torch, operands: tuple[str, ...] = (), inplace: bool = False) -> str:
    """Return the Python text of an op."""
    arguments = tuple(
        Argument("inplace", True, False) if inplace and each is IN_PLACE else each for each in torch_text.arguments
    )
    holes = {each.name: repr(each.value) for each in arguments}
    holes |= {str(index): operand for index, operand in enumerate(operands)}
    listed = tuple(each for each in arguments if f"{{{each.name}}}" not in torch_text.template)
    holes |= {"arguments": call_arguments(listed), "operands": ", ".join(operands)}
    return re.sub(r"\{(\w+)\}", lambda hole: holes[hole.group(1)], torch_text.template)


def scope(torch_text: Torch) -> dict[str, Any]:
    """Return the names that the text may use."""
    layers = vars(import_module(f"netspec.targets.torch.layers.{torch_text.layer}")) if torch_text.layer else {}
    return {"torch": torch, "nn": nn, "F": F, **layers}


def make(sample: Sample, name: str) -> Case:
    """Return the op of a sample with the shapes that enter it."""
    return OPS[name](**sample.arguments), sample.inputs


def legal(op: Op, shapes: tuple[Shape, ...]) -> Case:
    """Return the op and its operands after what torch's modules cannot do is done beside it: padding, a given bias."""
    if op.given() == ("bias",):
        return legal(op.with_fields(bias=False), shapes[:1])
    pairs = op.explicit_padding(shapes[0])
    if pairs is None:
        return op, shapes
    padded = (size + sum(pair) for size, pair in zip(shapes[0][1:], pairs, strict=True))
    return op.without_padding(), ((shapes[0][0], *padded), *shapes[1:])


def forms(op: Op, shapes: tuple[Shape, ...], inplace: bool = False) -> Iterator[nn.Module]:
    """Yield the op as a module, and as one that calls the function, where it has them."""
    module, function = op.emit_module(*shapes), op.emit_function(*shapes)
    assert module or function, f"{op.name} cannot be written"
    if module:
        chance.seed(3)  # a module may draw what is no parameter, as the vectors of rbf
        yield eval(render(module, inplace=inplace), scope(module))
    if function:
        names = tuple(f"operand{index}" for index in range(len(shapes)))
        text = f"lambda {', '.join(('self', *names))}: {render(function, names, inplace)}"
        yield type("Function", (nn.Module,), {"forward": eval(text, scope(function))})()


def operands(op: Op, shapes: tuple[Shape, ...], seed: int = 0) -> list[torch.Tensor]:
    """Return random operands, of which all but weights have a batch axis."""
    chance.seed(seed)
    weights = range(len(shapes) - len(op.given()), len(shapes))
    whole = [shape if place in weights else (BATCH, *shape) for place, shape in enumerate(shapes)]
    return [operand(dtype_of(op, place), shape) for place, shape in enumerate(whole)]


def dtype_of(op: Op, place: int) -> str:
    """Return a dtype that an operand may have."""
    return (*op.operand_dtypes(place), "float")[0]


def operand(dtype: str, shape: Shape) -> torch.Tensor:
    """Return a random tensor."""
    if dtype == "float":
        return torch.randn(shape, dtype=torch.float64)
    return torch.rand(shape) > 0.5 if dtype == "bool" else torch.randint(0, 5, shape)


def on_meta(form: nn.Module, tensors: list[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """Return the results without their elements."""
    form.to("meta", torch.float64)
    return as_results(form(*(tensor.to("meta") for tensor in tensors)))


def as_results(result: Any) -> tuple[torch.Tensor, ...]:
    return (result,) if isinstance(result, torch.Tensor) else tuple(result)


def run(form: nn.Module, tensors: list[torch.Tensor], training: bool = False) -> torch.Tensor:
    """Return the first result; modules start from the same weights and the same random state in every call."""
    form.double().train(training)
    chance.seed(1)
    for parameter in form.parameters():
        nn.init.normal_(parameter, 0.0, 0.5)
    chance.seed(2)
    return as_results(form(*tensors))[0]


def cases(name: str) -> Iterator[Case]:
    """Yield the op of each sample with the shapes that enter it, after padding has been made legal."""
    for sample in OPS[name].samples:
        yield legal(*make(sample, name))

"""Documents that tests write themselves, and what they become."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from netspec.ir import Graph
from netspec.language import load
from netspec.language.model import Document
from netspec.lowering import lower
from netspec.ops import OPS, Op, Sample
from netspec.sizes.shape import Shape
from netspec.targets.torch.runtime import build_module
from tests.support.paths import GOLDEN

FOLDER = GOLDEN / "documents"
OWN = sorted(path.stem for path in FOLDER.glob("*.yaml"))
"""The documents that hold what is rare in networks that ship."""


def find(name: str) -> str | Path:
    """Return a test's own document by its name, or the name of one that ships as it is."""
    return FOLDER / f"{name}.yaml" if name in OWN else name


def load_text(content: str | dict[str, Any]) -> Document:
    """Return the document of a YAML text or of its content."""
    text = content if isinstance(content, str) else json.dumps({"netspec": 1, "name": "sample", **content})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample.yaml"
        path.write_text(text, encoding="utf-8")
        return load(path)


def compile_text(content: str | dict[str, Any]) -> Graph:
    """Return the graph of a YAML text or of its content."""
    return lower(load_text(content))


def build(graph: Graph, dtype: str = "float64", seed: int = 0, source: Path | None = None) -> nn.Module:
    """Return a graph's module on the CPU, in which no parameter and no running statistic is what it starts as.

    With biases of exactly zero, rounding decides on which side of a bend a constant channel falls.
    """
    module = build_module(graph, device="cpu", dtype=dtype, seed=seed, source=source)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 0.2 * torch.rand(parameter.shape, generator=generator, dtype=parameter.dtype) - 0.05
        for name, buffer in module.named_buffers():
            if name.endswith(("running_mean", "running_var")):
                buffer.uniform_(0.5, 1.5, generator=generator)
    return module


def inputs_of(graph: Graph, batch: int = 2, dtype: torch.dtype = torch.float64, seed: int = 0) -> tuple[Tensor, ...]:
    """Return random inputs of a graph's shapes."""
    generator = torch.Generator().manual_seed(seed)
    return tuple(
        torch.randint(0, each.high or 2, (batch, *each.shape), generator=generator, dtype=getattr(torch, each.dtype))
        if each.dtype != "float"
        else torch.randn(batch, *each.shape, generator=generator, dtype=dtype)
        for each in graph.inputs
    )


def declared(op: Op, shapes: Mapping[str, Shape]) -> dict[str, Any]:
    """Return the inputs of a document that an op takes, by name."""
    found = {}
    for place, (name, shape) in enumerate(shapes.items()):
        dtype = (*op.operand_dtypes(place), "float")[0]
        found[name] = {"shape": list(shape), "dtype": dtype, **({"high": 5} if dtype == "int64" else {})}
    return found


def with_tensors(name: str, sample: Sample) -> tuple[Sample, dict[str, Any]]:
    """Return a sample as a document writes it, and the tensors that it takes as weights, declared by name."""
    given = OPS[name](**sample.arguments).given()
    values, weights = sample.inputs[: len(sample.inputs) - len(given)], sample.inputs[len(sample.inputs) - len(given) :]
    tensors = {
        f"given_{each}": {"shape": list(shape), "init": {"normal": {"std": 0.5}}}
        for each, shape in zip(given, weights, strict=True)
    }
    return Sample({**sample.arguments, **{each: f"given_{each}" for each in given}}, values), tensors


def outputs_of(graph: Graph, result: Any, training: bool) -> dict[str, Tensor]:
    """Return what a module gave by the names of the graph's outputs; those of training only come last."""
    names = [each.name for each in graph.outputs if not each.train_only]
    if training:
        names += [each.name for each in graph.outputs if each.train_only]
    if isinstance(result, Tensor):
        assert len(names) == 1, f"one tensor for {names}"
        return {names[0]: result}
    return {name: getattr(result, name) for name in names}

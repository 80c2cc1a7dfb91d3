"""Names that mean something elsewhere: whatever a document calls its parts, the generated file means the same."""

from __future__ import annotations

import builtins
import keyword
import runpy
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import torch

from netspec.diagnostics import SpecError
from netspec.language.names import MODULE_ATTRIBUTES
from netspec.targets.torch import emit_torch
from tests.support.differential import compare
from tests.support.documents import compile_text, load_text
from tests.support.search import sample

# fmt: off
GENERATED = {
    "i", "x", "x2", "out", "out2", "y", "z", "self", "self_", "self__", "nn", "torch", "F", "Tensor", "NamedTuple",
    "module", "layer", "layers", "growth", "inplace", "in_channels", "channels", "in_channels_", "out_channels",
    "kernel_size", "bias", "dim", "sizes", "Sample", "SampleOutput", "Layer", "Stage", "StochasticDepth",
    "generated_source", "loss_weights", "training", "weight", "keys", "items", "values", "update", "pop", "clear",
    "append", "count", "index",
}
# fmt: on
"""What generated files call things themselves, and what torch's containers have."""

BUILTINS = [name for name in dir(builtins) if not name.startswith("_") and not name.endswith(("Error", "Warning"))]
VOCABULARY = sorted({*GENERATED, *keyword.kwlist, *keyword.softkwlist, *BUILTINS, "ValueError", *MODULE_ATTRIBUTES})

CONV = {"conv": {"out": 4, "kernel": 1}}


def arguments(names: Iterable[str]) -> dict[str, Any]:
    """Return a document in which two calls of blocks give the arguments other values, also to a loop of layers."""
    names = list(names)
    passed = {name: name for name in names}
    steps = [step for name in names for step in ({"scale": name}, {"conv": {"out": f"4 * {name}", "kernel": 1}})]
    layer = {"args": dict.fromkeys(names, 1), "body": [*steps, {"stochastic_depth": 1.0}, CONV]}
    loop = {"dense": {"layers": 3, "body": [{"layer": passed, "name": "dense{index}"}]}}
    stage = {"args": dict.fromkeys(names, 1), "body": [{"layer": passed}, CONV, loop]}
    calls = [{"stage": {name: at + first for at, name in enumerate(names)}} for first in (1, 2)]
    return {"blocks": {"layer": layer, "stage": stage}, "network": [*calls, CONV]}


def labels(names: Iterable[str]) -> dict[str, Any]:
    steps: list[Any] = [{**CONV, "as": name} for name in names]
    return {"network": [CONV, *steps, {"add": ["x", *names]}, {"stochastic_depth": 1.0}]}


def steps(names: Iterable[str]) -> dict[str, Any]:
    return {"network": [{**CONV, "name": name} for name in names]}


def heads(names: Iterable[str]) -> dict[str, Any]:
    listed = list(names)
    network = [part for name in listed for part in (CONV, {"output": {"name": name, "train_only": name != listed[-1]}})]
    return {"network": [*network, CONV, {"output": {"name": "behind", "train_only": True}}, CONV]}


def outputs(names: Iterable[str]) -> dict[str, Any]:
    listed = list(names)
    return {"outputs": listed, "network": [{**CONV, "as": name} for name in listed]}


def inputs(names: Iterable[str]) -> dict[str, Any]:
    listed = list(names)
    return {"input": {name: [4, 6, 6] for name in listed}, "network": [{"add": [listed[0], *listed]}, CONV]}


def blocks(names: Iterable[str]) -> dict[str, Any]:
    listed = list(names)
    bodies = {name: {"args": {"width": "int"}, "body": [{"conv": {"out": "width", "kernel": 1}}]} for name in listed}
    return {"blocks": bodies, "network": [{name: {"width": width}} for name in listed for width in (4, 5)]}


ROLES: dict[str, Callable[[Iterable[str]], dict[str, Any]]] = {
    each.__name__: each for each in (arguments, labels, steps, heads, outputs, inputs, blocks)
}


def run_alone(path: Path) -> None:
    """Run a file as it stands, and the network in it in both modes."""
    found = runpy.run_path(str(path))
    network = [value for value in found.values() if isinstance(value, type)][-1]()
    count = network.forward.__code__.co_argcount - 1
    for mode in (False, True):
        network.train(mode)(*(torch.zeros(1, 4, 6, 6) for _ in range(count)))


def document(role: str, names: Iterable[str]) -> dict[str, Any]:
    return {"input": [4, 6, 6], **ROLES[role](names)}


def accepted(role: str, names: Iterable[str]) -> list[str]:
    """Return the names that a document may use in a role; all others must be refused with a code and a place."""
    found = []
    for name in names:
        try:
            compile_text(document(role, [name]))
        except SpecError as error:
            assert all(each.code.startswith("NS") and each.span for each in error.diagnostics), (role, name)
        else:
            found.append(name)
    return found


@pytest.mark.parametrize("role", ROLES)
def test_a_name_is_refused_or_the_file_means_the_same(role: str, tmp_path: Path) -> None:
    names = accepted(role, sample(VOCABULARY))
    assert len(names) > len(sample(VOCABULARY)) / 10
    for start in range(0, len(names), 12):
        content = document(role, names[start : start + 12])
        compare(load_text(content), training=False)
        path = tmp_path / f"part{start}.py"
        path.write_text(emit_torch(compile_text(content)))
        run_alone(path)


@pytest.mark.parametrize("name", ["self", "open", "nn", "lambda_", "F"])
def test_names_that_differ_by_an_underscore_stay_apart(name: str) -> None:
    for role in ("arguments", "labels", "outputs", "inputs"):
        compare(load_text(document(role, accepted(role, (name, f"{name}_", f"{name}__")))), training=False)

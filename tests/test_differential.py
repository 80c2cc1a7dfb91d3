"""What a generated module computes is what its graph says, read by an interpreter that shares nothing with it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from documents import OWN, build, find, inputs_of, load_text, outputs_of
from hypothesis import HealthCheck, given, settings
from interpreter import RULES, interpret
from random_documents import documents
from torch import Tensor, nn

from netspec.emit.torch_source import emit_torch
from netspec.graph import Graph, verify
from netspec.instantiate import verify_forward
from netspec.lower import lower
from netspec.ops import OPS, Sample
from netspec.passes import run
from netspec.spec import load
from netspec.spec.model import Document

TOLERANCE = 1e-9
FAINT = 1e-5
"""What is smaller than this is compared as if it were this large: a saturated network's gradients are mere rounding."""

SHIPPED: dict[str, dict[str, Any]] = {
    "densenet40_k12_cifar": {},
    "googlenet": {"dropout": 0.0, "head_dropout": 0.0, "head_pool": {"adaptive_avgpool": 4}, "input": [3, 96, 96]},
    "lenet5_modern": {},
    "mobilenet_v2": {"dropout": 0.0, "input": [3, 64, 64]},
    "plain20_cifar": {},
    "resnet20_cifar": {},
    "resnet18": {"input": [3, 32, 32]},
    "se_resnet50": {"layers": [1, 2, 1, 1], "widths": [16, 32, 64, 128], "input": [3, 32, 32]},
    "shufflenet_g2": {"input": [3, 64, 64]},
    "squeezenet_complex_bypass": {"dropout": 0.0, "input": [3, 64, 64]},
}
"""Networks that ship, small enough and without chance, so that training can be compared too."""


def assert_same(found: dict[str, Tensor], expected: dict[str, Tensor], nearby: dict[str, Tensor] | None = None) -> None:
    """Compare tensors by name; those that ought to be zero are weighed against the largest of the others.

    ``nearby`` are the same tensors where weights are a rounding away: what these do not agree in, nothing
    can.
    """
    assert found.keys() == expected.keys()
    scales = {name: value.detach().nan_to_num(neginf=0.0).abs().max().item() for name, value in expected.items()}
    least = max(FAINT, 1e-3 * max(scales.values(), default=0.0))
    for name, value in expected.items():
        scale = max(scales[name], least)
        rounding = (nearby[name] - value).nan_to_num().abs().max().item() if nearby else 0.0
        atol = TOLERANCE * scale + 100 * rounding
        torch.testing.assert_close(found[name], value, rtol=0, atol=atol, msg=lambda text, name=name: f"{name}: {text}")


def read(graph: Graph, module: nn.Module, inputs: tuple[Tensor, ...], training: bool) -> dict[str, Tensor]:
    """Return the outputs as the interpreter computes them."""
    values = interpret(graph, module, inputs, training)
    return {each.name: values[each.node] for each in graph.outputs if training or not each.train_only}


def gradients(module: nn.Module, outputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the gradient of every parameter for a sum in which each output element has another weight."""
    total = sum((value * torch.linspace(1, 2, value.numel()).view_as(value)).sum() for value in outputs.values())
    parameters = dict(module.named_parameters())
    if not total.requires_grad:
        return {}
    found = torch.autograd.grad(total, list(parameters.values()), allow_unused=True)
    return {name: torch.zeros(1) if each is None else each for name, each in zip(parameters, found, strict=True)}


def compare(document: Document, training: bool, source: Path | None = None) -> None:
    """Assert that module and interpreter agree: in evaluation, and where asked in training with all gradients."""
    raw = lower(document)
    graph = run(raw)
    module, inputs = build(graph, source=source), inputs_of(graph)
    kept = tuple(each.clone() for each in inputs)
    module.eval()
    with torch.no_grad():
        assert_same(outputs_of(graph, module(*inputs), False), read(raw, module, kept, False))
    assert all(map(torch.equal, inputs, kept)), "the module wrote into its input"
    if training:
        module.train()
        expected = read(raw, module, kept, True)
        gradient = gradients(module, expected)
        twin = rounded_otherwise(module)
        nearby = gradients(twin, read(raw, twin, kept, True))
        found = outputs_of(graph, module(*inputs), True)
        assert_same(found, expected)
        assert_same(gradients(module, found), gradient, nearby)


def rounded_otherwise(module: nn.Module) -> nn.Module:
    """Return a copy whose weights are a few roundings away, so that its values are as another order of sums gives."""
    twin, generator = copy.deepcopy(module), torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter += 1e-15 * torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
    return twin


# op by op


def test_every_op_has_a_rule() -> None:
    assert RULES.keys() == OPS.keys()


def sample_document(name: str, sample: Sample) -> dict[str, Any]:
    """Return a document of one op, with an input per operand; the scalar that a ``join`` may take is drawn in it."""
    dtype = {"dtype": "int64", "high": 5} if OPS[name].input_dtype == "int64" else {}
    shapes = {f"value{index}": shape for index, shape in enumerate(sample.inputs)}
    inputs = {key: {"shape": list(shape), **dtype} for key, shape in shapes.items() if shape}
    first: list[Any] = [
        {"draw_column": {"columns": 2}, "from": "value0", "as": key} for key in shapes if key not in inputs
    ]
    if OPS[name].family != "merge":
        step = {name: sample.arguments or None, "from": list(shapes)}
    else:
        of = OPS[name].operand_names
        operands = dict(zip(of, shapes, strict=True)) if of else list(shapes)
        step = {name: {"of": operands, **sample.arguments}}
    return {"input": inputs, "network": [*first, step]}


@pytest.mark.parametrize("name", OPS)
def test_op(name: str) -> None:
    for sample in OPS[name].samples:
        compare(load_text(sample_document(name, sample)), training=False)


# whole networks


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped(name: str) -> None:
    compare(load(name, overrides=SHIPPED[name]), training=True)


@pytest.mark.parametrize("name", OWN)
def test_own(name: str) -> None:
    compare(load(find(name)), training=True)


# networks drawn at random


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents())
def test_random(content: dict[str, Any]) -> None:
    raw = lower(load_text(content))
    graph = run(raw)
    verify(raw)
    verify(graph)
    assert run(graph) is graph or len(run(graph)) == len(graph), "a pass is not idempotent"
    compare(load_text(content), training=True)
    verify_forward(build(graph), graph, batch=3)


# the comparison itself

PLANTED = [
    ("x = x + out", "x = x - out"),
    ("x = x + out", "x = out + out"),
    ("x = x + out", "x = x.add_(out)"),  # the input is overwritten
    ("sigmoid(x)", "sigmoid(x).detach()"),  # the same values, but no gradient
    ("F.relu(out)", "F.relu(out, inplace=True)"),  # its operand is read again
    ("F.relu(skip)", "F.relu(skip, inplace=True)"),
    ("[y, out, x]", "[y, x, out]"),
    ("if self.training", "if not self.training"),
    ("nn.BatchNorm2d(2)", "nn.BatchNorm2d(2, eps=1e-4)"),
    ("nn.BatchNorm2d(2)", "nn.BatchNorm2d(2, track_running_stats=False)"),
    ("padding=1)", 'padding=1, padding_mode="circular")'),
]
SMALL = """
netspec: 1
input: [2, 6, 6]
network:
  - {residual: {body: [{conv: {out: 2, kernel: 3, padding: 1}}, bn]}, as: total}
  - sigmoid
  - {concat: [[relu], x, total]}
  - {conv: {out: 3, kernel: 1}, as: skip}
  - relu
  - add: [x, skip]
  - output: {name: aux, body: [tanh], train_only: true}
"""


@pytest.mark.parametrize(("old", "new"), PLANTED)
def test_a_planted_fault_is_seen(old: str, new: str, tmp_path: Path) -> None:
    document = load_text(SMALL)
    text = emit_torch(run(lower(document)))
    assert old in text, text
    path = tmp_path / "planted.py"
    path.write_text(text.replace(old, new))
    compare(document, training=True)
    with pytest.raises((AssertionError, RuntimeError, TypeError)):
        compare(document, training=True, source=path)

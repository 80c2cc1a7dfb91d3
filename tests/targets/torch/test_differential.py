"""What a generated module computes is what its graph says, read by an interpreter that shares nothing with it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from torch import nn

from netspec.ir import Graph, verify
from netspec.language import load
from netspec.lowering import lower
from netspec.ops import DECLARED, OPS, Sample
from netspec.targets.torch import emit_torch
from netspec.targets.torch.pipeline import legalize
from netspec.targets.torch.runtime import verify_forward
from tests.support.differential import compare, read
from tests.support.documents import OWN, build, compile_text, declared, find, load_text, with_tensors
from tests.support.interpreter import ACTIVATIONS, EDGES, RULES
from tests.support.random_documents import documents
from tests.support.random_sequences import sequences
from tests.support.search import examples

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


def test_every_op_has_a_rule() -> None:
    assert RULES.keys() | EDGES == OPS.keys() | DECLARED.keys()


def sample_document(name: str, sample: Sample) -> dict[str, Any]:
    """Return a document of one op, with an input per operand; the scalar that a ``join`` may take is drawn in it."""
    op = OPS[name](**sample.arguments)
    sample, tensors = with_tensors(name, sample)
    shapes = {f"value{index}": shape for index, shape in enumerate(sample.inputs)}
    inputs = {key: each for key, each in declared(op, shapes).items() if shapes[key]}
    first: list[Any] = [
        {"draw_column": {"columns": 2}, "from": "value0", "as": key} for key in shapes if key not in inputs
    ]
    if OPS[name].operands_from:
        named = {f"value{index}": "abcd"[index] for index in range(len(shapes))}
        inputs = {named[key]: each for key, each in inputs.items()}
        step = {name: sample.arguments}
    elif OPS[name].family != "merge":
        step = {name: sample.arguments or None, "from": list(shapes)}
    else:
        of = () if OPS[name].optional_operands else OPS[name].operand_names
        operands = dict(zip(of, shapes, strict=True)) if of else list(shapes)
        step = {name: {"of": operands, **sample.arguments}}
    return {"input": inputs, **({"tensors": tensors} if tensors else {}), "network": [*first, step]}


@pytest.mark.parametrize("name", OPS)
def test_op(name: str) -> None:
    for sample in OPS[name].samples:
        compare(load_text(sample_document(name, sample)), training=False)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped(name: str) -> None:
    compare(load(name, overrides=SHIPPED[name]), training=True)


@pytest.mark.parametrize("name", OWN)
def test_own(name: str) -> None:
    compare(load(find(name)), training=True)


@cache
def alone(name: str) -> tuple[Graph, nn.Module]:
    """Return a network of one activation and its module."""
    graph = compile_text({"input": [4], "network": [name]})
    return graph, build(graph).eval()


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "scale"])
@examples(100)
@given(values=st.lists(st.floats(-1e4, 1e4).filter(lambda x: abs(x) > 1e-3), min_size=4, max_size=4))
def test_rules_of_activations_hold_at_large_values(name: str, values: list[float]) -> None:
    """Where a rule is naive its gradients overflow long before its values do."""
    graph, module = alone(name)
    results = []
    for compute in (lambda x: module(x * 1), lambda x: read(graph, module, (x,), False)["output"]):
        x = torch.tensor([values], dtype=torch.float64, requires_grad=True)
        result = compute(x)
        (result * torch.linspace(1, 2, 4)).sum().backward()
        results.append((result.detach(), x.grad))
    torch.testing.assert_close(*results, rtol=1e-9, atol=1e-9)


def test_values_may_have_many_axes() -> None:
    steps = [
        "relu",
        {"permute": [6, 5, 4, 3, 2, 1]},
        {"add": ["x", "input"]},
        {"reshape": [2] * 6},
        "flatten",
        {"linear": 3},
    ]
    compare(load_text({"input": [2] * 6, "network": steps}), training=True)


@examples(60, suppress_health_check=list(HealthCheck))
@given(documents() | sequences())
def test_random(content: dict[str, Any]) -> None:
    graph = lower(load_text(content))
    verify(graph)
    verify(legalize(graph))
    assert legalize(legalize(graph)) is legalize(graph), "a pass is not idempotent"
    compare(load_text(content), training=True)
    verify_forward(build(graph), graph, batch=3)


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
def test_a_planted_error_is_seen(old: str, new: str, tmp_path: Path) -> None:
    document = load_text(SMALL)
    text = emit_torch(lower(document))
    assert old in text, text
    path = tmp_path / "planted.py"
    path.write_text(text.replace(old, new))
    compare(document, training=True)
    with pytest.raises((AssertionError, RuntimeError, TypeError)):
        compare(document, training=True, source=path)

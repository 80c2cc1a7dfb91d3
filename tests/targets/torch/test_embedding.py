"""Embeddings in the generated source: the row of `padding_idx` is zero, whatever fills the others."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from netspec.lowering import lower
from netspec.targets.torch.runtime import build_module
from netspec.targets.torch.runtime.verify_forward import verify_forward
from tests.support.documents import load_text
from tests.support.search import examples

INITIALIZERS = ["ones", "xavier_uniform", {"normal": {"std": 1}}, {"weight": 0.5}, {"weight": [[1.0, 2.0]] * 6}]


def lookup(padding: int | None, init: Any = None) -> dict[str, Any]:
    step: dict[str, Any] = {"embedding": {"num": 6, "dim": 2, "padding_idx": padding}}
    return step if init is None else {**step, "init": init}


@examples(60)
@given(
    st.lists(
        st.tuples(st.none() | st.integers(0, 5), st.none() | st.sampled_from(INITIALIZERS)), min_size=1, max_size=4
    ),
    st.sampled_from(INITIALIZERS),
    st.booleans(),
)
def test_the_row_of_padding_is_zero(steps: list[tuple[int | None, Any]], init: Any, nested: bool) -> None:
    made = [lookup(*step) for step in steps]
    bodies = [[{"sequential": [step], "name": f"part{index}"}] if nested else [step] for index, step in enumerate(made)]
    content = {
        "input": {"shape": [3], "dtype": "int64", "high": 6},
        "init": {"embedding": init},
        "network": [{"concat": bodies}],
    }
    module = build_module(lower(load_text(content)), device="cpu", seed=0)
    layers = [each for each in module.modules() if isinstance(each, nn.Embedding)]
    for layer, (padding, _) in zip(layers, steps, strict=True):
        assert layer.padding_idx == padding
        is_zero = (layer.weight == 0).all(1).nonzero().flatten().tolist()
        assert is_zero == ([] if padding is None else [padding])


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float64"])
@pytest.mark.parametrize("step", [{"bn": {"affine": False}}, {"in": None}, {"scale": 2}])
def test_modules_without_parameters_run_in_every_dtype(step: dict[str, Any], dtype: str) -> None:
    graph = lower(load_text({"input": [3, 4, 4], "network": [step]}))
    assert verify_forward(build_module(graph, device="cpu", dtype=dtype), graph) == 1
    assert verify_forward(build_module(graph, device="cpu", dtype=dtype).to("meta"), graph) == 1


@examples(60)
@given(st.integers(1, 4), st.integers(1, 4), st.lists(st.integers(1, 2), max_size=3), st.sampled_from(["gn", "in"]))
def test_norms_that_are_accepted_run_on_a_single_example(groups: int, width: int, sizes: list[int], op: str) -> None:
    step = {"gn": groups} if op == "gn" else "in"
    try:
        graph = lower(load_text({"input": [groups * width, *sizes], "network": [step]}))
    except Exception as error:
        per_group = (width if op == "gn" else 1) * torch.Size(sizes).numel()
        assert per_group == 1 or (op == "in" and not sizes), error
        return
    module = build_module(graph, device="cpu").train()
    module(torch.randn(1, groups * width, *sizes))

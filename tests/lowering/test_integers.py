"""Integers on their way to the op that looks them up: how large they are, and what they may stand beside."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from netspec.diagnostics import SpecError
from netspec.lowering import lower
from netspec.targets.torch.runtime import build_module
from tests.support.documents import load_text
from tests.support.search import examples

Step = Any

MOVES: tuple[list[Step], ...] = (
    [{"reshape": [6, 2]}, {"permute": [2, 1]}, {"reshape": [12]}],
    [{"slice": {"step": 2}}, {"concat": ["x", "x"]}],
    ["flatten"],
    [{"reshape": [6, 2]}, {"channel_shuffle": 3}, "flatten"],
    [{"reshape": [4, 1, 3]}, {"pixel_shuffle": 2}, "flatten"],
    [{"concat": ["x", "other"]}, {"slice": {"stop": 12}}],
)
"""Steps that take twelve integers and give twelve of them."""


@examples(60)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 30), st.lists(st.sampled_from(MOVES), max_size=3))
def test_what_is_accepted_can_be_looked_up(high: int, other: int, num: int, moves: list[list[Step]]) -> None:
    steps = [step for each in moves for step in each]
    reaching = max(high, other) if any("other" in str(step) for step in steps) else high
    inputs = {
        name: {"shape": [12], "dtype": "int64", "high": each} for name, each in (("tokens", high), ("other", other))
    }
    first = {"concat": {"of": ["tokens"]}}
    content = {"input": inputs, "network": [first, *steps, {"embedding": {"num": num, "dim": 2}}]}
    if reaching > num:
        with pytest.raises(SpecError, match=f"NS0505 embedding takes integers below {num}"):
            lower(load_text(content))
    else:
        module = build_module(lower(load_text(content)), device="cpu")
        module(*(torch.full((1, 12), each - 1) for each in (high, other)))


def test_both_places_are_shown() -> None:
    text = """\
netspec: 1
input: {tokens: {shape: [4], dtype: int64, high: 100}}
network:
  - slice: {stop: 3}
  - embedding: {num: 20, dim: 8}
"""
    with pytest.raises(SpecError) as caught:
        lower(load_text(text))
    (found,) = caught.value.diagnostics
    assert found.span is not None and (found.span.line, found.notes[0].span.line) == (5, 2)
    assert found.notes[0].span.column == text.splitlines()[1].index("100") + 1


@pytest.mark.parametrize("order", [["tokens", "numbers"], ["numbers", "tokens"], ["tokens", "numbers", "tokens"]])
def test_integers_beside_floats_are_refused_in_every_order(order: list[str]) -> None:
    inputs = {"tokens": {"shape": [4], "dtype": "int64", "high": 9}, "numbers": [4]}
    with pytest.raises(SpecError) as caught:
        lower(load_text({"input": inputs, "network": [{"concat": order}]}))
    (found,) = caught.value.diagnostics
    assert found.message == "concat takes values of one dtype, got float and int64"
    assert {note.label for note in found.notes} == {"tokens is int64", "numbers is float"}


@pytest.mark.parametrize(
    ("value", "greatest"), [("i", 5), ("i * (5 - i)", 6), ("abs(i - 3) % 3", 2), ("i // 2 + max(i - 4, 0)", 3)]
)
def test_a_constant_looks_up_as_far_as_it_reaches(value: str, greatest: int) -> None:
    def looked_up(rows: int) -> Any:
        tensors = {"table": {"shape": [rows, 2], "init": "ones"}, "places": {"axes": {"i": 6}, "value": value}}
        steps = [{"gather": {"of": ["table", "places"]}}, {"add": ["x", "input"]}]
        return lower(load_text({"input": [6, 2], "tensors": tensors, "network": steps}))

    found = build_module(looked_up(greatest + 1), device="cpu")(torch.zeros(1, 6, 2))
    assert torch.equal(found, torch.ones(1, 6, 2))
    with pytest.raises(SpecError, match=f"NS0505 gather takes integers below {greatest}.* from 0 to {greatest}"):
        looked_up(greatest)

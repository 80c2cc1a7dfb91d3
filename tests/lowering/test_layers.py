"""Layers of variables: they are what copies would be, without copying."""

from __future__ import annotations

from collections import ChainMap
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from netspec.lowering.layers import Layer
from tests.support.search import examples

NAMES = st.sampled_from("abcde")
LEVELS = st.lists(st.dictionaries(NAMES, st.integers()), min_size=1, max_size=5)


@examples(100)
@given(LEVELS, NAMES)
def test_a_layer_is_what_is_in_it_over_what_is_below(levels: list[dict[str, int]], name: str) -> None:
    layer: dict[str, Any] = levels[0]
    for each in levels[1:]:
        layer = Layer(each, layer)
    expected = ChainMap(*reversed(levels))
    assert set(layer) == set(expected) and len(layer) == len(expected)
    assert dict(layer.items()) == dict(expected) and sorted(layer.values()) == sorted(expected.values())
    assert (name in layer) == (name in expected) and layer.get(name, "none") == expected.get(name, "none")
    if name in expected:
        assert layer[name] == expected[name]


@examples(100)
@given(LEVELS, NAMES)
def test_what_is_put_into_a_layer_stays_there(levels: list[dict[str, int]], name: str) -> None:
    below = dict(levels[0])
    layer = Layer(below=levels[0])
    layer[name] = -1
    assert layer[name] == -1 and levels[0] == below

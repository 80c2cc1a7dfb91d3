"""`--set input`: another shape leaves what else is said of an input as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from netspec.ir import Graph
from netspec.pipeline import compile_graph

WORDS = "netspec: 1\ninput: {shape: [20], dtype: int64, high: 9}\nnetwork: [{embedding: {num: 9, dim: 2}}]\n"
BOTH = """\
netspec: 1
input: {image: [4, 8, 8], words: {shape: [20], dtype: int64, high: 9}}
network:
  - {embedding: {num: 9, dim: 2}, from: words, as: told}
  - {relu: , from: image, as: seen}
outputs: [told, seen]
"""
ONE = "netspec: 1\ninput: {image: [4, 8, 8]}\nnetwork: [{relu: , from: image}]\n"
PLAIN = "netspec: 1\ninput: [4, 8, 8]\nnetwork: [relu]\n"

INTEGERS = ("words", (30,), "int64", 9)
CASES: list[tuple[str, dict[str, Any], list[tuple[Any, ...]]]] = [
    (WORDS, {"input": "[30]"}, [("input", (30,), "int64", 9)]),
    (WORDS, {"input": [30]}, [("input", (30,), "int64", 9)]),
    (WORDS, {"input.shape": "[30]"}, [("input", (30,), "int64", 9)]),
    (WORDS, {"input.shape.0": "30"}, [("input", (30,), "int64", 9)]),
    (WORDS, {"input": "{shape: [30]}"}, [("input", (30,), "int64", 9)]),
    (WORDS, {"input.high": "5"}, [("input", (20,), "int64", 5)]),
    (BOTH, {"input.words": "[30]"}, [("image", (4, 8, 8), "float", None), INTEGERS]),
    (BOTH, {"input": "{words: [30]}"}, [("image", (4, 8, 8), "float", None), INTEGERS]),
    (BOTH, {"input": {"image": [4, 9, 9], "words": [30]}}, [("image", (4, 9, 9), "float", None), INTEGERS]),
    (BOTH, {"input.image.1": "9"}, [("image", (4, 9, 8), "float", None), ("words", (20,), "int64", 9)]),
    (ONE, {"input": "4,9,9"}, [("image", (4, 9, 9), "float", None)]),
    (PLAIN, {"input": "4,9,9"}, [("input", (4, 9, 9), "float", None)]),
    (PLAIN, {"input.0": "5"}, [("input", (5, 8, 8), "float", None)]),
]


def compiled(folder: Path, text: str, overrides: dict[str, Any]) -> Graph:
    path = folder / "net.yaml"
    path.write_text(text, encoding="utf-8")
    return compile_graph(path, overrides=overrides)


@pytest.mark.parametrize(("text", "overrides", "expected"), CASES, ids=lambda each: str(each)[:40])
def test_a_shape_changes_nothing_else(
    text: str, overrides: dict[str, Any], expected: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    graph = compiled(tmp_path, text, overrides)
    assert [(each.name, each.shape, each.dtype, each.high) for each in graph.inputs] == expected

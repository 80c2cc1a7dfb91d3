"""Variants and overrides of a document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import netspec
from tests.support.sentences import FAMILY, error_of, write


@pytest.mark.parametrize(
    ("variant", "overrides", "convolutions", "shape"),
    [
        (None, {}, 3, (8, 8, 8)),
        ("wide", {}, 3, (16, 8, 8)),
        ("34", {}, 7, (8, 8, 8)),
        ("34", {"layers.0": "0", "width": "4"}, 4, (4, 8, 8)),
        (None, {"layers.0": "3"}, 5, (8, 8, 8)),
        (None, {"layers": [1]}, 1, (8, 8, 8)),
        (None, {"input": "[1,64,64]"}, 3, (8, 64, 64)),
        (None, {"input.1": 4, "act": "tanh"}, 3, (8, 4, 8)),
    ],
)
def test_settings(
    variant: str | None, overrides: dict[str, Any], convolutions: int, shape: tuple[int, ...], tmp_path: Path
) -> None:
    graph = netspec.compile(write(tmp_path, FAMILY), variant, overrides)
    assert sum(node.op.name == "conv" for node in graph) == convolutions
    assert graph.shape_of(graph.outputs[0].node) == shape


@pytest.mark.parametrize(
    ("variant", "overrides", "code", "words"),
    [
        ("wdie", {}, "NS0213", "did you mean 'wide'?"),
        (None, {"widht": 8}, "NS0214", "did you mean 'width'?"),
        (None, {"layers.2": 8}, "NS0214", "it has the places 0 to 1"),
        (None, {"width.0": 8}, "NS0214", "no place '0'"),
        (None, {"width": 2}, "NS0309", "at least 4"),
        (None, {"width": "many"}, "NS0402", "many"),
        (None, {"input": []}, "NS0215", "input"),
        (None, {"width": ""}, "NS0214", "there is no value"),
        (None, {"width": "[4"}, "NS0101", ""),
    ],
)
def test_wrong_settings(variant: str | None, overrides: dict[str, Any], code: str, words: str, tmp_path: Path) -> None:
    error = error_of(write(tmp_path, FAMILY), variant=variant, overrides=overrides)
    assert [each.code for each in error.diagnostics] == [code] and words in str(error)


def test_totals_are_dropped_when_overridden(tmp_path: Path) -> None:
    wrong = FAMILY.replace("152", "1").replace("x.height", "9")
    path = write(tmp_path, wrong)
    assert error_of(path).diagnostics[0].code == "NS0601"
    assert netspec.compile(path, "wide").params and netspec.compile(path, overrides={"act": "relu"}).params

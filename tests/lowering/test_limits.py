"""Documents that would expand without end are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from netspec.diagnostics import LimitError
from tests.support.sentences import error_of, write


@pytest.mark.parametrize(
    "text",
    [
        "blocks: {b: {body: [relu, {b: }]}}\nnetwork: [b]",
        "blocks: {a: {body: [{b: }]}, b: {body: [relu, {a: }]}}\nnetwork: [a]",
    ],
)
def test_a_recursion_without_end_shows_its_chain(text: str, tmp_path: Path) -> None:
    error = error_of(write(tmp_path, text))
    assert isinstance(error, LimitError) and error.exit_code == 3
    (diagnostic,) = error.diagnostics
    assert (
        diagnostic.code == "NS0701"
        and {frame.name for frame in diagnostic.chain} <= {"a", "b"}
        and len(diagnostic.chain) > 3
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("- {repeat: 2000000000, body: []}", "NS0702"),
        ("- {foreach: {i: range(99999)}, body: [{foreach: {j: range(99999)}, body: []}]}", "NS0702"),
        ("- {dense: {layers: 2000000000, body: []}}", "NS0702"),
        ("- {dense: {layers: 1000, body: []}}", "NS0703"),
        ("- {upsample: {scale: 1000000}}", "NS0703"),
        ("input: [3, 99999999, 99999999]\nnetwork: [relu]", "NS0703"),
    ],
)
def test_a_network_without_end_is_refused(text: str, code: str, tmp_path: Path) -> None:
    error = error_of(write(tmp_path, text))
    assert isinstance(error, LimitError) and [each.code for each in error.diagnostics] == [code]

"""Recursion ends at a limit, whatever combinators it goes through: Python's stack must never end first."""

from __future__ import annotations

import pytest

from netspec.diagnostics import LimitError
from tests.support.documents import compile_text

HEADER = "netspec: 1\ninput: [4, 8, 8]\n"

RECURSIONS = {
    "a call": "[relu, r]",
    "a residual": "[{residual: [relu, r]}]",
    "a named residual": "[{residual: [relu, r], name: unit}]",
    "a shortcut": "[{residual: {body: [relu], shortcut: [relu, r]}, name: unit}]",
    "a named list": "[{repeat: 1, name: stage, body: [relu, r]}]",
    "an unnamed list": "[{foreach: {i: [1]}, body: [relu, r]}]",
    "dense layers": "[{dense: {layers: 1, body: [relu, r]}, name: stage}]",
    "a named branch": "[{add: {left: [relu, r], right: [relu]}, name: join}]",
    "an output": "[{output: {name: aux, body: [relu, r]}}]",
    "several": "[{repeat: 1, name: a, body: [{add: {left: [{residual: [relu, r], name: c}], right: x}, name: b}]}]",
}


@pytest.mark.parametrize("body", RECURSIONS.values(), ids=RECURSIONS)
def test_recursion_without_end_is_refused(body):
    with pytest.raises(LimitError) as caught:
        compile_text(f"{HEADER}blocks: {{r: {{body: {body}}}}}\nnetwork: [r]\n")
    (found,) = caught.value.diagnostics
    assert found.code == "NS0701" and found.span is not None and len(found.chain) > 16


@pytest.mark.parametrize("body", RECURSIONS.values(), ids=RECURSIONS)
def test_recursion_that_ends_is_expanded(body):
    ending = body.replace("relu, r]", "relu, {r: {n: n - 1}, when: n > 0}]")
    text = f"{HEADER}blocks: {{r: {{args: {{n: int}}, body: {ending}}}}}\nnetwork: [{{r: 16}}]\n"
    scopes = [scope for scope in compile_text(text).root.descend() if scope.block == "r"]
    assert [scope.arguments["n"] for scope in scopes] == list(range(16, -1, -1))

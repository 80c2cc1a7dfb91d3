"""The arguments of generated constructors: what differs between the scopes of a class, and what follows from it."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import netspec
from netspec.syntax import expr
from netspec.targets.torch import emit_torch
from netspec.targets.torch.plan import Parameter
from netspec.targets.torch.runtime import load_class, verify_forward
from netspec.targets.torch.translate import Vocabulary
from tests.support.documents import compile_text
from tests.support.search import examples

CASES: dict[str, tuple[dict[str, Any], list[dict[str, Any]], list[str]]] = {
    "an expression of the block's arguments": (
        {"args": {"out": "int", "grow": "int"}, "body": [{"conv": {"out": "out + 2 * grow", "kernel": 1}}]},
        [{"out": 8, "grow": 3}, {"out": 9, "grow": 5}],
        ["in_channels: int, out: int, grow: int", "nn.Conv2d(in_channels, out + 2 * grow, 1)"],
    ),
    "the channels that enter": (
        {
            "args": {"by": 2},
            "body": [{"conv": {"out": "x.channels // by", "kernel": 1}}, {"conv": {"out": 12, "kernel": 1}}],
        },
        [{}, {"by": 4}],
        ["in_channels: int, by: int", "nn.Conv2d(in_channels, in_channels // by, 1)"],
    ),
    "an argument that is the same everywhere": (
        {"args": {"out": "int", "times": 4}, "body": [{"conv": {"out": "out * times", "kernel": 1}}]},
        [{"out": 2}, {"out": 3}],
        ["in_channels: int, out: int", "nn.Conv2d(in_channels, 4 * out, 1)"],
    ),
    "values side by side": (
        {
            "args": {"left": "int", "right": "int"},
            "body": [
                {
                    "concat": {
                        "a": [{"conv": {"out": "left", "kernel": 1}}],
                        "b": [{"conv": {"out": "right", "kernel": 1}}],
                    }
                },
                "bn",
            ],
        },
        [{"left": 8, "right": 3}, {"left": 9, "right": 5}],
        ["in_channels: int, left: int, right: int", "nn.BatchNorm2d(left + right)"],
    ),
    "a variable that has the name of an argument": (
        {
            "args": {"out": "int"},
            "body": [{"foreach": {"out": "[out + 1, 2 * out]"}, "body": [{"conv": {"out": "out", "kernel": 1}}]}],
        },
        [{"out": 8}, {"out": 9}],
        ["nn.Conv2d(in_channels, out_channels, 1)", "nn.Conv2d(out_channels, 2 * out, 1)"],
    ),
    "a block in a block": (
        {"args": {"width": "int"}, "body": [{"inner": {"out": "width // 2"}}, {"inner": {"out": "width"}}]},
        [{"width": 8}, {"width": 12}],
        ["in_channels: int, width: int", "Inner(in_channels, width // 2)", "Inner(width // 2, width)"],
    ),
}
"""A block, how it is called, and what its class then says."""


@pytest.mark.parametrize("case", CASES)
def test_what_follows_is_written_so(case: str) -> None:
    block, calls, expected = CASES[case]
    blocks = {"unit": block, "inner": {"args": {"out": "int"}, "body": [{"conv": {"out": "out", "kernel": 1}}, "bn"]}}
    graph = compile_text({"input": [4, 6, 6], "blocks": blocks, "network": [{"unit": each} for each in calls]})
    source = emit_torch(graph)
    (unit,) = (node for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and node.name == "Unit")
    text = ast.get_source_segment(source, unit) or ""
    for line in expected:
        assert line in text, text
    assert verify_forward(load_class(source)().eval(), graph) == len(graph)


def test_a_block_may_give_a_single_number() -> None:
    layers = [{"conv": {"out": 4, "kernel": 1}}, "relu", {"conv": {"out": 4, "kernel": 1}}]
    body = [*layers, {"reduce": {"sum": ["channels", "height", "width"]}}]
    steps = [{"energy": {}, "as": "a"}, {"conv": {"out": 5, "kernel": 1}, "from": "input"}, {"energy": {}, "as": "b"}]
    document = {"input": [4, 6, 6], "outputs": ["a", "b"], "blocks": {"energy": {"body": body}}, "network": steps}
    graph = compile_text(document)
    assert graph.shape_of("energy1.reduce1") == ()
    source = emit_torch(graph)
    assert "Energy(4)" in source and "Energy(5)" in source
    assert verify_forward(load_class(source)().eval(), graph) == len(graph)
    assert "energy1" in netspec.summary(graph, depth=1)


# whatever a document writes: the text has the values or there is none

ATOMS = st.sampled_from(["a", "b", "c", "x.channels", "1", "2", "0", "7", "3.5"])
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.builds(
        "({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "//", "%", "/", "**"]), inner
    ) | st.builds("{} if {} else {}".format, inner, inner, inner) | st.builds("max({}, {})".format, inner, inner),
    max_leaves=6,
)  # fmt: skip
NUMBERS = st.integers(1, 40)


@examples(300)
@given(EXPRESSIONS, st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=2, max_size=4), NUMBERS)
def test_a_translation_gives_the_values(expression: str, rows: list[tuple[int, int, int]], c: int) -> None:
    entering, first, second = zip(*rows, strict=True)
    parameters = [
        Parameter("channels", entering, counts=True, is_in_channels=True),
        Parameter("a_", first, counts=True, arguments=("a",)),
        Parameter("b", second, counts=False, arguments=("b",)),
    ]
    environments = [{"x": expr.Value((x,)), "a": a, "b": b, "c": c} for x, a, b in rows]
    try:
        values = tuple(expr.evaluate(expression, each) for each in environments)
    except expr.ExpressionError:
        return
    found = Vocabulary(parameters, {"c": c}).translate(expression, values)
    if found is None:
        return
    assert {each.name for each in found.parameters} <= {"channels", "a_", "b"}
    for row, value in zip(rows, values, strict=True):
        result = eval(found.text, {}, dict(zip(("channels", "a_", "b"), row, strict=True)))
        assert (result, type(result)) == (value, type(value)), found.text
    assert Vocabulary(parameters, {"c": c}).translate(expression, tuple(-1 - value for value in values)) is None


@pytest.mark.parametrize(
    ("expression", "text"),
    [("4 * a", "4 * a_"), ("a * 4", "4 * a_"), ("a // c", "a_"), ("(a + c) * b", "(a_ + 1) * b"), ("a - -b", None)],
)
def test_translations(expression: str, text: str | None) -> None:
    parameters = [
        Parameter("a_", (8, 16), counts=True, arguments=("a",)),
        Parameter("b", (3, 5), counts=False, arguments=("b",)),
    ]
    values = tuple(expr.evaluate(expression, {"a": a, "b": b, "c": 1}) for a, b in ((8, 3), (16, 5)))
    found = Vocabulary(parameters, {"c": 1}).translate(expression, values)
    assert (found.text if found else None) == text

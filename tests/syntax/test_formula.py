"""Formulas: what is left of them to compute, and what they refuse."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from netspec.sizes import Reason, SizeContext, symbol
from netspec.syntax.expr import ExpressionError, Value, parse_evaluated, parse_formula
from tests.support.expression_attacks import ATTACKS

SCOPE: dict[str, Any] = {
    "x": Value((8, 4)),
    "gate": Value((8, 1)),
    "both": [Value((8, 4)), Value((8, 4))],
    "scale": 3,
    "deep": True,
    "rates": (1, 2.5),
    "nothing": None,
    "n": 2,
    "long": [0] * 60_000,
}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("x*(1+scale)", "x * 4"),
        ("x * (1 + gate)", "x * (1 + gate)"),
        ("x * gate if deep else x", "x * gate"),
        ("x * gate if not deep else x", "x"),
        ("x if nothing is null else nothing * x", "x"),
        ("x if x is null else gate", "gate"),
        ("x if x.channels > 4 and gate > 0 else -inf", "where(gate > 0, x, -inf)"),
        ("0 if 0 < x <= scale else x", "where(0 < x and x <= 3, 0, x)"),
        ("rates[1] * x + rates[0]", "2.5 * x + 1"),
        ("+x + deep", "x + 1"),
        ("x - (-scale)", "x - -3"),
        ("exp(0) * x + relu(-1)", "1.0 * x + 0.0"),
        ("min(scale, 7) * min(x, gate, scale)", "3 * min(x, gate, 3)"),
        ("where(scale > 2, x, gate) / len(x.shape)", "x / 2"),
        ("x if deep or gate > 0 else gate", "x"),
        ("not (x > 0 or gate > 0) and x < 1", "not (x > 0 or gate > 0) and x < 1"),
        ("x // 2 % 3 ** 2", "x // 2 % 9"),
    ],
)
def test_what_depends_on_no_value_is_computed(text: str, left: str) -> None:
    evaluated = parse_formula(text).evaluate(SCOPE)
    assert evaluated.text == left
    assert (evaluated.value == left) == left.isidentifier()
    # What is left reads back as itself.
    assert ast.unparse(parse_evaluated(left).tree) == left


@pytest.mark.parametrize(
    ("text", "message", "marked"),
    [
        ("scale + 1", "the formula reads no value", "scale + 1"),
        ("x * (gate > 0)", "a condition is no number", "x * (gate > 0)"),
        ("x if gate else 0", "a condition compares elements", "x if gate else 0"),
        ("x and gate", "a condition compares elements", "x"),
        ("round(x)", r"round\(\) takes numbers", "round(x)"),
        ("x + round_to(gate, 8)", r"round_to\(\) takes numbers", "round_to(gate, 8)"),
        ("max(x)", r"max\(\) of one value", "max(x)"),
        ("clamp(x, gate, 1)", r"clamp\(\) has numbers", "clamp(x, gate, 1)"),
        ("x[0]", "only a list has items", "x[0]"),
        ("[x, gate]", "a list holds", "[x, gate]"),
        ("both * 2", "a formula takes values one by one", "both"),
        ("x * 'two'", "a formula computes with numbers", "x * 'two'"),
        ("x * nothing", "a formula computes with numbers", "x * nothing"),
        ("x.depth * x", "no depth in a value", "x.depth"),
        ("exp(x).height", "what a formula computes has no .height", "exp(x).height"),
        ("x in rates", "elements are no items", "x in rates"),
        ("log(0) * x", r"log\(\) has no value for 0", "log(0)"),
        ("exp(1000) * x", "the number is too large", "exp(1000)"),
        ("sqrt(x, 2)", r"sqrt\(\) does not take 2 arguments", "sqrt(x, 2)"),
        ("sine(x)", "unknown function", "sine"),
        ("x * wide", "unknown name 'wide'", "wide"),
        ("x @ gate", "operator '@' is not allowed", "x @ gate"),
    ],
)
def test_a_formula_that_means_nothing_is_marked(text: str, message: str, marked: str) -> None:
    with pytest.raises(ExpressionError, match=message) as caught:
        parse_formula(text).evaluate(SCOPE)
    assert text[caught.value.offset : caught.value.offset + caught.value.length] == marked


@pytest.mark.parametrize(("text", "code"), ATTACKS)
def test_attacks_are_refused_or_compute_nothing(text: str, code: str) -> None:
    with pytest.raises(ExpressionError):
        parse_formula(text).evaluate(SCOPE)


def test_sizes_stay_open_in_arithmetic_and_are_fixed_elsewhere() -> None:
    sizes = SizeContext({"L": 16})
    with sizes.deciding(Reason()):
        scope = {"x": Value((8, symbol("L", 16)))}
        evaluated = parse_formula("x * sqrt(x.length) ** -1 + 2 / x.shape[1] * x.channels").evaluate(scope)
        assert evaluated.text == "x * (x.shape[1] ** 0.5) ** (-1) + 2 / x.shape[1] * 8"
        assert not sizes.guards
        assert parse_formula("x / log2(x.length)").evaluate(scope).text == "x / 4.0"
        assert sizes.guards

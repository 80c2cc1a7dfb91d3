"""Properties of expressions: random ones equal Python's eval, random texts never escape, the formulas hold."""

from __future__ import annotations

import ast
import math
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.syntax.expr import ExpressionError, Value, evaluate, known_truth
from netspec.syntax.expr.function import linspace, round_to
from tests.support.search import examples

NAMES: dict[str, Any] = {
    "n": 4,
    "i": 0,
    "zero": 0,
    "width": 64,
    "keep": 0.5,
    "flag": True,
    "layers": [6, 12, 24, 16],
    "empty": [],
}
SCOPE = {**NAMES, "x": Value((64, 28, 30)), "act": "relu", "none": None, "block": object()}


def same(left: Any, right: Any) -> bool:
    """Equal, and of equal types all the way down."""
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and left == right


def reference_round_to(value: float, multiple: int) -> int:
    """The nearest multiple, by search among all that are allowed."""
    multiples = range(multiple, int(abs(value)) + 3 * multiple, multiple)
    best = min(multiples, key=lambda candidate: (abs(candidate - value), -candidate))
    return best if best >= 0.9 * value else best + multiple


def reference_linspace(first: float, last: float, count: int) -> list[float]:
    return [first + (last - first) * index / max(count - 1, 1) for index in range(count)]


PYTHON = {
    "true": True,
    "false": False,
    "log2": math.log2,
    "floor": math.floor,
    "ceil": math.ceil,
    "round_to": reference_round_to,
    "range": lambda *bounds: list(range(*bounds)),
    "x": SimpleNamespace(shape=[64, 28, 30], channels=64, rank=2, height=28, width=30),
    **NAMES,
}

LEAVES = st.sampled_from(["0", "1", "2", "3", "7", "16", "1000003", "0.5", "1.5", "2.5e3", "1e150", "true", "false"])
NAMED = st.sampled_from(
    [
        "n",
        "i",
        "zero",
        "width",
        "keep",
        "flag",
        "x.channels",
        "x.height",
        "x.width",
        "x.rank",
        "x.shape[1]",
        "layers[2]",
    ]
)
LISTS = st.sampled_from(["layers", "empty", "[]", "x.shape", "[1, 2.5, true]", "range(4)", "layers[1:]"])


def joined(pattern: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda texts: pattern.format(*texts))


def number_of(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    items = list_of(inner)
    symbol = st.sampled_from(["+", "-", "*", "/", "//", "%", "<", "<=", ">", ">=", "==", "!=", "and", "or"])
    return st.one_of(
        joined("{} {} {}", inner, symbol, inner),
        joined("({} {} {})", inner, symbol, inner),
        joined("{} < {} <= {}", inner, inner, inner),
        joined("(({}) ** {})", inner, st.sampled_from(["0", "1", "2", "3", "5", "-1", "-2"])),
        joined("{}({})", st.sampled_from(["-", "+", "not "]), inner).map("({})".format),
        joined("({} if {} else {})", inner, inner, inner),
        joined("{}({})", st.sampled_from(["abs", "int", "float", "round", "floor", "ceil", "log2"]), inner),
        joined("{}({}, {})", st.sampled_from(["min", "max"]), inner, inner),
        joined("round({}, {})", inner, st.sampled_from(["-2", "-1", "0", "1", "2"])),
        joined("{}({})", st.sampled_from(["min", "max", "sum", "len"]), items),
        joined("{}[{}]", items, st.sampled_from(["0", "-1", "1", "3", "n", "i"])),
        joined("({} {} {})", inner, st.sampled_from(["in", "not in"]), items),
        joined("({} {} {})", items, st.sampled_from(["==", "!="]), items),
    )


def list_of(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    bound = st.sampled_from(["", "0", "1", "-1", "2", "n"])
    return st.one_of(
        LISTS,
        joined("[{}, {}]", inner, inner),
        joined("({} + {})", LISTS, LISTS),
        joined("({} * {})", LISTS, st.sampled_from(["0", "1", "3", "-1", "n"])),
        joined("{}[{}:{}]", LISTS, bound, bound),
        joined("{}[::{}]", LISTS, st.sampled_from(["1", "-1", "2", "zero"])),
        joined("range({}, {}, {})", st.sampled_from(["0", "5"]), st.sampled_from(["3", "n"]), bound.filter(bool)),
    )


NUMBER_TEXTS = st.recursive(LEAVES | NAMED, number_of, max_leaves=12)


RAISED = (ArithmeticError, TypeError, ValueError, LookupError)


def passes_a_limit(text: str) -> bool:
    """Whether some part of the text, alone, is larger than an expression may be."""
    nodes = [node for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.expr)]
    if len(text) > 256 or len(nodes) > 64:
        return True
    for node in nodes:
        try:
            value = eval(compile(ast.Expression(node), "", "eval"), PYTHON.copy())
        except OverflowError:
            return True
        except RAISED:
            continue
        if isinstance(value, int | float) and (abs(value) > 2**53 if isinstance(value, int) else math.isinf(value)):
            return True
    return False


def agree_with_python(text: str) -> None:
    """Assert that both give the same value, or that both fail, or that a limit is passed."""
    try:
        expected = eval(text, PYTHON.copy())
    except RAISED as raised:
        expected = raised
    try:
        value = evaluate(text, SCOPE)
    except ExpressionError as error:
        assert error.code == "NS0405" or isinstance(expected, Exception), error
        assert error.code == "NS0404" or passes_a_limit(text), error
        assert 0 <= error.offset < error.offset + error.length <= max(len(text), 257)
    else:
        assert same(value, expected)


@examples(1500)
@given(NUMBER_TEXTS)
def test_python_gives_the_same_number(text: str) -> None:
    agree_with_python(text)


@examples(500)
@given(list_of(NUMBER_TEXTS))
def test_python_gives_the_same_list(text: str) -> None:
    agree_with_python(text)


TOKENS = st.sampled_from(
    [
        "n",
        "x",
        "act",
        "layers",
        "none",
        "block",
        "true",
        "null",
        "0",
        "1",
        "2.5",
        "'a'",
        "+",
        "-",
        "*",
        "/",
        "//",
        "%",
        "**",
        "(",
        ")",
        "[",
        "]",
        ",",
        ":",
        ".",
        "<",
        "==",
        "!=",
        "in",
        "is",
        "not",
        "and",
        "or",
        "if",
        "else",
        "min",
        "max",
        "len",
        "range",
        "round_to",
        "linspace",
        ".shape",
        ".width",
        "~",
        "&",
        "|",
        "lambda",
        "for",
        "{",
        "}",
        "=",
        ":=",
        "$",
        "\\",
        "#",
        "\n",
        "é",
        "\x00",
    ]
)


@examples(700)
@given(st.one_of(st.lists(TOKENS, max_size=14).map(" ".join), st.lists(TOKENS, max_size=9).map("".join), st.text()))
def test_any_text_has_a_value_or_a_placed_error(text: str) -> None:
    try:
        evaluate(text, SCOPE)
    except ExpressionError as error:
        assert 0 <= error.offset <= error.offset + error.length <= max(len(text), 1)
        assert error.code in {"NS0401", "NS0402", "NS0403", "NS0404", "NS0405"}
        assert error.message.isprintable()
        assert error.message[-1] != "."


@examples(100)
@given(st.floats(0, 5000) | st.integers(0, 5000), st.integers(1, 64))
def test_round_to_is_the_nearest_allowed_multiple(value: float, multiple: int) -> None:
    rounded = round_to(value, multiple)
    assert rounded % multiple == 0
    assert rounded >= max(multiple, 0.9 * value)
    assert rounded - value < multiple or rounded == multiple
    assert rounded == reference_round_to(value, multiple)


def test_round_to_gives_mobilenets_published_widths() -> None:
    assert [round_to(0.35 * width, 8) for width in (32, 16, 24, 64, 96, 160, 320)] == [16, 8, 8, 24, 32, 56, 112]
    assert [round_to(1.4 * width, 8) for width in (32, 24, 64, 96, 160, 320)] == [48, 32, 88, 136, 224, 448]
    assert round_to(-5, 8) == 8


@examples(100)
@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(0, 50))
def test_linspace_is_evenly_spaced_with_exact_ends(first: float, last: float, count: int) -> None:
    values = linspace(first, last, count)
    assert values == pytest.approx(reference_linspace(first, last, count), rel=1e-9, abs=1e-6)
    assert all(type(value) is float for value in values)
    if count > 1:
        assert (values[0], values[-1]) == (first, last)


CONDITIONS = st.recursive(
    st.sampled_from(["n", "n > 0", "n <= 0", "n != i", "flag", "true", "1 > 2", "i == 0", "not i", "n in layers"]),
    lambda inner: st.one_of(
        joined("({} or {})", inner, inner),
        joined("({} and {})", inner, inner),
        joined("(not {})", inner),
        joined("({} if {} else {})", inner, inner, inner),
    ),
    max_leaves=6,
)


@given(CONDITIONS, st.integers(-1, 2), st.integers(-1, 2), st.booleans())
@examples(500)
def test_the_truth_that_is_known_is_that_of_every_scope(text: str, n: int, i: int, flag: bool) -> None:
    known = known_truth(text)
    assert known is None or bool(evaluate(text, {"n": n, "i": i, "flag": flag, "layers": [0, 1]})) == known


@given(
    st.sampled_from(["n", "x.channels", "len(layers)"]),
    st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
    st.integers(-3, 3),
    st.booleans(),
)
@examples(500)
def test_the_truth_that_follows_from_bounds_is_that_of_every_value(
    side: str, relation: str, limit: int, mirrored: bool
) -> None:
    text = f"{limit} {relation} {side}" if mirrored else f"{side} {relation} {limit}"
    first = {"n": -1, "x.channels": 1, "len(layers)": 0}[side]
    values = [
        bool(evaluate(text, {"n": each, "x": Value((max(each, 1), 4, 4)), "layers": [0] * max(each, 0)}))
        for each in range(first, 8)
    ]
    assert known_truth(text, {"n": -1}) is (values[0] if len(set(values)) == 1 else None)


@pytest.mark.parametrize(
    "text",
    ["n or true", "true or n", "n or not n", "not n or n", "n > 0 or n <= 0", "n == i or flag or n != i",
     "not (n and false)", "not (n < 1 and n >= 1)", "1 if n else true", "n if false else 2", "(n or 1) and (i or 1)"],
)  # fmt: skip
def test_conditions_that_cannot_be_false(text: str) -> None:
    assert known_truth(text) is True


@pytest.mark.parametrize(
    "text", ["n or i", "n > 0 or i <= 0", "n > 0 or n < 0", "n if i else 1", "1 if n else 0", "n +"]
)
def test_conditions_that_can_be_false(text: str) -> None:
    assert known_truth(text) is None

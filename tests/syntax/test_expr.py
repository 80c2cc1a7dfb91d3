"""Expressions mean what Python means, within their alphabet and limits, and every error has a place."""

from __future__ import annotations

import doctest
import importlib
import math
import pkgutil
import timeit
from collections import ChainMap
from typing import Any

import pytest

import netspec.syntax.expr
from netspec.syntax.expr import FUNCTIONS, Expression, ExpressionError, Value, evaluate, fill, parse

MODULES = [f"netspec.syntax.expr.{module.name}" for module in pkgutil.iter_modules(netspec.syntax.expr.__path__)]


class Block:
    """An object that expressions know nothing about."""


class Word(str):
    """A string with a place, as a reader may hand it over."""


BLOCK = Block()
SCOPE: dict[str, Any] = {
    "n": 4,
    "i": 0,
    "zero": 0,
    "width": 64,
    "keep": 0.5,
    "flag": True,
    "act": "relu",
    "word": Word("relu"),
    "none": None,
    "layers": [6, 12, 24, 16],
    "empty": [],
    "pair": ((1, 2), 3),
    "block": BLOCK,
    "blocks": [BLOCK],
    "branches": [Value((8, 4, 4))],
    "x": Value((64, 28, 30)),
    "line": Value((16, 100)),
    "cube": Value((8, 5, 6, 7)),
    "flat": Value((10,)),
    "big": 2**53 + 1,
    "huge": [0] * 100_001,
    "long": [0] * 100_000,
    "infinite": math.inf,
}

VALID: list[tuple[str, Any]] = [
    ("4 * width", 256),
    ("2 if i == 0 else 1", 2),
    ("[1, k] if (n > 9) else [1, n]", [1, 4]),
    ("int(x.channels * keep)", 32),
    ("x.channels // 16", 4),
    ("range(len(layers))", [0, 1, 2, 3]),
    ("i < len(layers) - 1", True),
    ("1 + 2 * 3 ** 2 - 7 // 2 % 2", 18),
    ("-2 ** 2", -4),
    ("(-2) ** 2", 4),
    ("2 ** -1", 0.5),
    ("7 / 2", 3.5),
    ("-7 // 2", -4),
    ("-7 % 3", 2),
    ("+n - -n", 8),
    ("flag + 1", 2),
    ("1e-3", 0.001),
    ("0x10 + 1_000", 1016),
    ("9007199254740992", 2**53),
    ("-9007199254740992", -(2**53)),
    ("2 ** 53", 2**53),
    ("1.0 ** 64", 1.0),
    ("0 < n <= 4 < 5", True),
    ("0 < n < 4", False),
    ("9 < n < 1 / 0", False),
    ("n == 4.0", True),
    ("act == 'relu'", True),
    ("word == 'relu' and act == word", True),
    ('act != "elu"', True),
    ("act == 3", False),
    ("12 in layers", True),
    ("13 not in layers", True),
    ("[1, 2] == (1, 2)", True),
    ("none is null", True),
    ("none == None", True),
    ("act is not null", True),
    ("n is null", False),
    ("not n", False),
    ("zero or act", "relu"),
    ("n and zero", 0),
    ("n or 1 / 0", 4),
    ("empty and empty[0]", []),
    ("none or n", 4),
    ("true and not false", True),
    ("True or False", True),
    ("null", None),
    ("'same'", "same"),
    ("layers", SCOPE["layers"]),
    ("layers[0] + layers[-1]", 22),
    ("layers[1:]", [12, 24, 16]),
    ("layers[::-1]", [16, 24, 12, 6]),
    ("layers[:n - 2]", [6, 12]),
    ("[[1, 2], [3, 4]][1][0]", 3),
    ("[1] + [2] * 2", [1, 2, 2]),
    ("2 * [n]", [4, 4]),
    ("[0] * -1", []),
    ("[0] * 100000 == long", True),
    ("[]", []),
    ("1, 2", [1, 2]),
    ("()", []),
    ("pair", [[1, 2], 3]),
    ("pair[0]", [1, 2]),
    ("pair == [[1, 2], 3]", True),
    ("x.shape", [64, 28, 30]),
    ("x.shape[1:]", [28, 30]),
    ("x.height, x.width, x.rank", [28, 30, 2]),
    ("line.length, line.rank, line.channels", [100, 1, 16]),
    ("cube.depth, cube.height, cube.width, cube.rank", [5, 6, 7, 3]),
    ("x.features, line.features, flat.features", [30, 100, 10]),
    ("flat.channels, flat.rank, flat.shape", [10, 0, [10]]),
    ("branches[0].channels", 8),
    ("(x if flag else line).rank", 2),
    ("min(3, n, 2.5)", 2.5),
    ("max(layers)", 24),
    ("min(long)", 0),
    ("max(true, false)", True),
    ("sum(layers)", 58),
    ("sum([])", 0),
    ("range(2, 9, 3)", [2, 5, 8]),
    ("range(3, 0, -1)", [3, 2, 1]),
    ("len(range(100000))", 100_000),
    ("abs(-3)", 3),
    ("int(-3.9)", -3),
    ("float(3)", 3.0),
    ("round(2.5)", 2),
    ("round(3.14159, 2)", 3.14),
    ("round(1250, -2)", 1200),
    ("floor(-2.5)", -3),
    ("ceil(-2.5)", -2),
    ("log2(8)", 3.0),
    ("round_to(width * 0.35, 8)", 24),
    ("linspace(0, 1, 5)", [0.0, 0.25, 0.5, 0.75, 1.0]),
    ("linspace(0, 1, 0)", []),
    ("  n +\n\t1 \n", 5),
    ("+".join(["n"] * 65), 260),
    ("(" * 40 + "n" + ")" * 40, 4),
    ("[" * 30 + "1" + "]" * 30 + " == n", False),
    ("n" + " " * 255, 4),
]


def same(left: Any, right: Any) -> bool:
    """Equal, and of equal types all the way down."""
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and left == right


@pytest.mark.parametrize(("text", "value"), VALID)
def test_an_expression_has_its_value(text: str, value: Any) -> None:
    assert same(evaluate(text, SCOPE), value)


def test_a_bare_name_returns_the_scopes_own_object() -> None:
    for name in ("block", "blocks", "layers", "x", "none", "word"):
        assert evaluate(name, SCOPE) is SCOPE[name]
    assert evaluate("blocks[0]", SCOPE) is BLOCK
    assert evaluate("block if flag else act", SCOPE) is BLOCK


def test_a_result_is_never_shared_between_evaluations() -> None:
    evaluate("[1, 2]", {}).append(3)
    assert evaluate("[1, 2]", {}) == [1, 2]
    evaluate("layers + []", SCOPE).append(3)
    assert evaluate("layers or 1", SCOPE) is not SCOPE["layers"]
    assert SCOPE["layers"] == [6, 12, 24, 16]


def test_opaque_objects_compare_with_strings_and_null_only() -> None:
    assert evaluate("block == 'basic'", SCOPE) is False
    assert evaluate("block is not null", SCOPE) is True
    assert evaluate("x == null", SCOPE) is False


def test_scopes_may_be_chained() -> None:
    assert evaluate("a + n", ChainMap({"a": 1}, SCOPE)) == 5


def test_names_are_those_that_a_scope_must_have() -> None:
    assert parse("[min(a, x.channels), true, null, 'b', c[d:e] if f else 1]").names == set("axcdef")
    assert parse("min").names == {"min"}


def test_parsing_is_cached_and_evaluation_is_fast() -> None:
    assert parse("bottleneck * growth") is parse("bottleneck * growth")
    expression, scope = parse("bottleneck * growth"), {"bottleneck": 4, "growth": 32}
    seconds = min(timeit.repeat(lambda: expression.evaluate(scope), number=1000, repeat=20)) / 1000
    assert seconds < 20e-6  # about 2e-6; parsing it again would be 40e-6


# «» mark the part that the error must point at
ERRORS: list[tuple[str, str, str, str]] = [
    ("2 * «widht»", "NS0402", "unknown name 'widht'", "did you mean 'width'?"),
    ("  n +\n «laers»[0]", "NS0402", "unknown name 'laers'", "did you mean 'layers'?"),
    ("n + «zzzzzz»", "NS0402", "unknown name 'zzzzzz'", "in scope: act, big, block, "),
    ("«floor» + 1", "NS0402", "'floor' is a function and must be called", "floor(v)"),
    ("n + «flor»(2.5)", "NS0402", "unknown function 'flor'", "did you mean 'floor'?"),
    ("n + «qq»(2.5)", "NS0402", "unknown function 'qq'", "the functions are min max"),
    ("1 + «x.chanels»", "NS0402", "unknown attribute 'chanels'", "did you mean 'channels'?"),
    ("«x.__class__»", "NS0402", "unknown attribute '__class__'", "a value has channels, shape"),
    ("1 + «line.height»", "NS0404", "no height in a value of shape 16x100", "it has channels, length, features, shape"),
    ("«flat.width»", "NS0404", "no width in a value of shape 10", "it has channels, features, shape"),
    ("«x.depth»", "NS0404", "no depth in a value of shape 64x28x30", "height, width"),
    ("«cube.length»", "NS0404", "no length in a value of shape 8x5x6x7", "depth, height, width"),
    ("«layers.length»", "NS0404", "only a value with a shape has .length, not a list", "use len(...)"),
    ("n + («n / (i - zero)»)", "NS0404", "division by zero", ""),
    ("«n % 0.0» + 1", "NS0404", "division by zero", ""),
    ("«zero ** -1»", "NS0404", "division by zero", ""),
    ("1 + «layers[n]»", "NS0404", "index 4 is outside a list of 4 items", "index 0"),
    ("«[n][-2]»", "NS0404", "index -2 is outside a list of 1 item", ""),
    ("«layers['a']»", "NS0404", "an index is an integer, not a string", ""),
    ("«layers[:keep]»", "NS0404", "a slice is from integers, not a float", ""),
    ("«layers[::zero]»", "NS0404", "the step of the slice is zero", ""),
    ("«x[0]»", "NS0404", "only a list has items, not a value of shape 64x28x30", "x.shape[0]"),
    ("«act[0]»", "NS0404", "only a list has items, not a string", ""),
    ("n * («x + 1»)", "NS0404", "'+' needs numbers, not a value of shape 64x28x30", "x.channels"),
    ("n + («block * 2»)", "NS0404", "'*' needs numbers, not a block", ""),
    ("1 + («none - 1»)", "NS0404", "'-' needs numbers, not null", ""),
    ("1 + «-act»", "NS0404", "'-' needs numbers, not a string", ""),
    ("«act + 'x'»", "NS0404", "'+' needs numbers, not a string", ""),
    ("«layers + 1»", "NS0404", "'+' needs numbers, not a list", ""),
    ("«layers * keep»", "NS0404", "a list is repeated by an integer, not a float", ""),
    ("1 and «1 < act»", "NS0404", "'<' needs numbers, not a string", ""),
    ("«block == 1»", "NS0404", "numbers, strings, lists and null can be compared, not a block", ""),
    ("«1 != block»", "NS0404", "numbers, strings, lists and null can be compared, not a block", ""),
    ("«x == line»", "NS0404", "numbers, strings, lists and null can be compared, not a value of shape 64x28x30", ""),
    ("«n in x»", "NS0404", "'in' needs a list, not a value of shape 64x28x30", ""),
    ("«x in layers»", "NS0404", "a list holds numbers, strings, lists and null, not a value of shape 64x28x30", ""),
    ("n and «block»", "NS0404", "a condition needs a boolean, not a block", ""),
    ("1 if «x» else 2", "NS0404", "a condition needs a boolean, not a value of shape 64x28x30", ""),
    ("«not x»", "NS0404", "a condition needs a boolean, not a value of shape 64x28x30", ""),
    (
        "1 + «[1, block]»[0]",
        "NS0404",
        "a list holds numbers, strings, lists and null, not a block",
        "",
    ),
    ("n + «len(n)»", "NS0404", "len() needs a list, not an integer", ""),
    ("«min(n)»", "NS0404", "min() needs a list, not an integer", ""),
    ("«max(empty)»", "NS0404", "max() of an empty list", ""),
    ("«sum(pair)»", "NS0404", "sum() needs numbers, not a list", ""),
    ("«max(1, act)»", "NS0404", "max() needs numbers, not a string", ""),
    ("«int('3')»", "NS0404", "int() needs numbers, not a string", ""),
    ("«range(keep)»", "NS0404", "range() needs integers, not a float", ""),
    ("«range(0, 9, 0)»", "NS0404", "the step of range() is zero", ""),
    ("«round(keep, keep)»", "NS0404", "the second argument of round() needs integers, not a float", ""),
    ("«log2(zero)»", "NS0404", "log2() needs a positive number, not 0", ""),
    ("«round_to(9, 0)»", "NS0404", "round_to() needs a multiple of at least 1, not 0", ""),
    ("«round_to(9, 2.0)»", "NS0404", "the second argument of round_to() needs integers, not a float", ""),
    ("«linspace(0, act, 1)»", "NS0404", "linspace() needs numbers, not a string", ""),
    ("«linspace(0, 1, -1)»", "NS0404", "linspace() cannot give -1 items", ""),
    ("n + «len()»", "NS0404", "len() does not take 0 arguments", "len(list)"),
    ("«round_to(9)»", "NS0404", "round_to() does not take 1 arguments", "round_to(v, k)"),
    ("«round(1, 2, 3)»", "NS0404", "round() does not take 3 arguments", "round(v, digits)"),
    ("«(-8) ** keep»", "NS0404", "this power of a negative number is not real", ""),
    ("n + «2 ** 54»", "NS0405", "the integer is beyond 2**53", ""),
    ("n + «big»", "NS0405", "the integer is beyond 2**53", ""),
    ("«big»", "NS0405", "the integer is beyond 2**53", ""),
    ("n + «infinite»", "NS0405", "the number is not finite", ""),
    ("«-9007199254740992 - 1»", "NS0405", "the integer is beyond 2**53", ""),
    ("«1 ** 65»", "NS0405", "the exponent is beyond 64", ""),
    ("«1.0 ** -64.5»", "NS0405", "the exponent is beyond 64", ""),
    ("«1e300 ** 2»", "NS0405", "the number is too large", ""),
    ("n + «1e300 * 1e300»", "NS0405", "the number is not finite", ""),
    ("n + «1e999»", "NS0405", "the number is not finite", ""),
    ("len(«huge»)", "NS0405", "the list has more than the 100,000 items allowed", ""),
    ("n &«&» 1", "NS0401", "this is not an expression", "write 'and'"),
    ("n «?» 1 : 2", "NS0401", "this is not an expression", "if condition else"),
    ("«$»n", "NS0401", "this is not an expression", "without $"),
    ("  n «n»", "NS0401", "this is not an expression", "as in Python"),
    ("n «#» 2", "NS0401", "unexpected character '#'", ""),
    (" '«\\»n'", "NS0401", "unexpected character '\\\\'", ""),
    ("n «−» 1", "NS0401", "unexpected character '\\u2212'", ""),
    ("«n | 1»", "NS0403", "operator '|' is not allowed in an expression", "write 'or'"),
    ("1 + («n ^ 2»)", "NS0403", "operator '^' is not allowed in an expression", "a power is written **"),
    ("«n << 1»", "NS0403", "operator '<<' is not allowed in an expression", "the operators are + - *"),
    ("1 + «~n»", "NS0403", "operator '~' is not allowed in an expression", "write 'not'"),
    ("«n is 4»", "NS0403", "'is' is only for null", "compare with =="),
    ("«round(1.5, ndigits=1)»", "NS0403", "round() takes no named arguments", ""),
    ("n + «x.channels()»", "NS0403", "only functions can be called, not '.channels'", "it is read without brackets"),
    ("sum(«[k for k in layers]»)", "NS0403", "a comprehension is not allowed in an expression", "use numbers"),
    ("1 + («lambda: 1»)", "NS0403", "a lambda is not allowed in an expression", ""),
    ("max(«*layers»)", "NS0403", "unpacking with * is not allowed in an expression", ""),
    ("n + «1j»", "NS0403", "this constant is not allowed in an expression", ""),
]


@pytest.mark.parametrize(("marked", "code", "message", "help"), ERRORS)
def test_an_error_points_at_the_part_that_is_wrong(marked: str, code: str, message: str, help: str) -> None:
    text, offset = marked.replace("«", "").replace("»", ""), marked.index("«")
    with pytest.raises(ExpressionError) as caught:
        evaluate(text, SCOPE)
    error = caught.value
    assert (error.code, error.offset, error.offset + error.length) == (code, offset, marked.index("»") - 1)
    assert error.message == message
    assert str(error) == error.message
    assert help in error.help


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("layer{i+1}", "layer1"),
        ("{act}_{n}x{n}", "relu_4x4"),
        ("plain", "plain"),
        ("", ""),
        ("{{i}}", "{i}"),
        ("{{{i}}}", "{0}"),
        ("}}{{", "}{"),
        ("{ layers[1] }", "12"),
        ("keep {keep}, {flag}", "keep 0.5, true"),
        ("é{i}", "é0"),
    ],
)
def test_fill(template: str, text: str) -> None:
    assert fill(template, SCOPE) == text


@pytest.mark.parametrize(
    ("marked", "code", "message"),
    [
        ("layer{«j»}", "NS0402", "unknown name 'j'"),
        ("é{i}{ n + «1 / zero»}", "NS0404", "division by zero"),
        ("layer{i}«}»", "NS0401", "unmatched '}'"),
        ("layer«{»i", "NS0401", "unmatched '{'"),
        ("a{«layers»}", "NS0404", "a list cannot be written into a text"),
        ("a{«none»}", "NS0404", "null cannot be written into a text"),
        ("a{«block»}", "NS0404", "a block cannot be written into a text"),
        ("a{«»}", "NS0401", "the expression is empty"),
        ("{{" * 512 + "«x»", "NS0405", "1025 characters are more than the 1024 allowed"),
    ],
)
def test_an_error_in_a_template_is_placed_in_the_template(marked: str, code: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        fill(marked.replace("«", "").replace("»", ""), SCOPE)
    error = caught.value
    assert (error.code, error.message) == (code, message)
    assert (error.offset, error.offset + error.length) == (marked.index("«"), marked.index("»") - 1)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_refuses_too_few_and_too_many_arguments(name: str) -> None:
    most = {"range": 3, "round": 2, "round_to": 2, "linspace": 3, "min": 60, "max": 60}.get(name, 1)
    for count in (0, *((most + 1,) if most < 60 else ())):
        with pytest.raises(ExpressionError, match=f"{name}\\(\\) does not take {count} arguments") as caught:
            parse(f"{name}({', '.join(['1'] * count)})")
        assert caught.value.help == FUNCTIONS[name]
    parse(f"{name}({', '.join(['1'] * most)})")


def test_every_function_is_documented_by_its_own_name() -> None:
    assert " ".join(FUNCTIONS) == "min max sum len range abs int float round floor ceil log2 round_to linspace"
    assert all(doc.startswith(f"{name}(") for name, doc in FUNCTIONS.items())


def test_values_and_expressions_show_what_they_are() -> None:
    assert str(Value((64, 7, 7))) == "64x7x7"
    assert repr(Expression("n + 1")) == "parse('n + 1')"
    with pytest.raises(ExpressionError, match="no channels in a value without axes"):
        _ = Value(()).channels


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0

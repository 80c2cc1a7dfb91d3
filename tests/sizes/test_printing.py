"""A formula is printed so that it reads back to the same one, and means in Python what it means here."""

from __future__ import annotations

import random

import pytest

from netspec.sizes import Dim, FormulaError, Size, phrase, read_size, scale_down, symbol
from tests.support.search import tries

SYMBOLS = {"H": symbol("H", 224), "W": symbol("W", 160)}
H, W = SYMBOLS.values()


def draw_size(draw: random.Random, depth: int) -> Size:
    if depth == 0:
        return draw.choice([H, W, draw.randint(-4, 9)])
    left, right, number = draw_size(draw, depth - 1), draw_size(draw, depth - 1), draw.choice([-3, 2, 3, 8])
    return draw.choice(
        [
            left + right,
            left - right,
            left * right,
            left // number,
            -(-left // number),
            left % abs(number),
            number * left,
        ]
    )


def test_what_is_printed_reads_back() -> None:
    draw = random.Random(5)
    for _ in range(tries(1000)):
        size = draw_size(draw, draw.randint(1, 4))
        text = str(size)
        assert read_size(text, SYMBOLS) is size or size == read_size(text, SYMBOLS), text
        if isinstance(size, Dim):
            assert eval(text, {"H": 37, "W": 23}) == size.at({"H": 37, "W": 23}), text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (H, "H"),
        (-H, "-H"),
        (-(H // 2), "-(H // 2)"),
        (3 - H // 2, "3 - H // 2"),
        (-(H // 2) - W, "-W - H // 2"),
        (16 * ((H + 4) // 16) - 188, "16 * ((H + 4) // 16) - 188"),
        (-(-H // 32), "(H + 31) // 32"),
        (H * W // 4, "H * W // 4"),
        (512 * (H // 32) * (W // 32), "512 * (H // 32) * (W // 32)"),
        ((H + 1) * (H + 1) * 3, "3 * (H + 1) * (H + 1)"),
        (scale_down(2 * H, 0.7) // 3, "floor((2 * H) * 0.7) // 3"),
        (scale_down(H, 1e-7), "floor(H * 1e-07)"),
    ],
)
def test_texts(size: Dim, text: str) -> None:
    assert str(size) == text and read_size(text, SYMBOLS) is size


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("H +", "ends too early"),
        ("H ? 2", "'?' has no meaning"),
        ("H // 0", "other than 0"),
        ("7 // H", "by numbers"),
        ("D * 2", "'D' is no open size"),
        ("(H", "')' is missing"),
        ("H W", "unexpected 'W'"),
        ("floor(H)", "'*' is missing"),
        ("floor(H * W)", "scales a size by a number"),
        ("(" * 10_000 + "H", "too deep"),
        ("", "ends too early"),
    ],
)
def test_other_texts_are_refused(text: str, message: str) -> None:
    with pytest.raises(
        FormulaError, match=message.replace("?", r"\?").replace("(", r"\(").replace(")", r"\)").replace("*", r"\*")
    ):
        read_size(text, SYMBOLS)


def test_phrases() -> None:
    assert phrase((H - 1) // 8 + 1) == "H/8 rounded up" and phrase(W // 2 * 2) == "2 * (W // 2)"

"""Open sizes compute what plain ints compute, and equal formulas are one object."""

from __future__ import annotations

import copy
import math
import operator
import pickle
import random
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from netspec.sizes import Dim, Ratio, Size, at, scale_down, symbol
from tests.support.search import tries

HEIGHT = symbol("H", 224)
WIDTH = symbol("W", 160)

STEPS: tuple[Callable[[Size, int, int], Size], ...] = (
    lambda size, shift, number: (size + shift) // number,
    lambda size, shift, number: -(-(size + shift) // number),
    lambda size, shift, number: size * number + shift,
    lambda size, shift, number: shift - size // number,
    lambda size, shift, number: size % (number + 1) + shift * size,
)


def run(size: Size, steps: list[tuple[int, int, int]]) -> Size:
    for kind, shift, number in steps:
        size = STEPS[kind](size, shift, number)
    return size


def test_chains_are_what_plain_numbers_give() -> None:
    draw = random.Random(0)
    for _ in range(tries(20_000)):
        # the two last kinds seldom: they multiply terms, where networks have chains of strides
        kinds = draw.choices(range(5), weights=(8, 8, 8, 1, 1), k=draw.randint(1, 8))
        steps = [(kind, draw.randint(-6, 6), draw.randint(1, 4)) for kind in kinds]
        size = run(HEIGHT, steps)
        for height in draw.sample(range(1, 3000), 3):
            assert at(size, {"H": height}) == run(height, steps), steps


def test_two_sizes_and_products() -> None:
    draw = random.Random(1)
    for _ in range(tries(500)):
        one, two = ([(draw.randrange(3), draw.randint(-3, 6), draw.randint(1, 4)) for _ in range(3)] for _ in "ab")
        times, divisor = draw.randint(-9, 9), draw.choice([-7, -2, 3, 16])

        def compute(
            height: Size, width: Size, one: object = one, two: object = two, times: int = times, by: int = divisor
        ) -> Size:
            left, right = run(height, one), run(width, two)  # type: ignore[arg-type]
            return (left * right * times + left * left - 3 * right) // by + left * (right - left)

        size = compute(HEIGHT, WIDTH)
        sizes = {"H": draw.randint(1, 400), "W": draw.randint(1, 400)}
        assert at(size, sizes) == compute(sizes["H"], sizes["W"])
        assert at(at(size, {"W": sizes["W"]}), {"H": sizes["H"]}) == at(size, sizes)


def test_constants_are_plain_ints() -> None:
    half = HEIGHT // 2
    for result in (half - half, half * 0, 64 * half // half, (half * 4 + 8) % 4, HEIGHT // 3 * 3 // 3 - HEIGHT // 3):
        assert type(result) is int
    assert 64 * half // half == 64 and not isinstance(HEIGHT, int)


def test_resnet50_is_one_floor() -> None:
    """Halved five times by windows of two kinds, as ResNet-50 does."""

    def trunk(height: Size) -> Size:
        size = (height + 6 - 7) // 2 + 1
        for kernel, padding in ((3, 1), (3, 1), (1, 0), (3, 1)):
            size = (size + 2 * padding - kernel) // 2 + 1
        return size

    closed = trunk(HEIGHT)
    assert str(closed) == "(H + 31) // 32"
    assert [at(closed, {"H": height}) for height in range(1, 3000)] == [trunk(height) for height in range(1, 3000)]


def test_ceil_mode_is_one_floor() -> None:
    """Poolings that round up drop a last window that would start in the padding: no condition, but one more floor."""

    def count(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
        room = size + 2 * padding - dilation * (kernel - 1) - 1
        windows = -(-room // stride) + 1
        return windows - ((windows - 1) * stride >= size + padding)

    for kernel in range(1, 5):
        for stride in range(1, 5):
            for padding in range(kernel // 2 + 1):
                for dilation in (1, 2):
                    room = min(2 * padding - dilation * (kernel - 1) + stride - 2, padding - 1)
                    closed = (HEIGHT + room) // stride + 1
                    for height in range(dilation * (kernel - 1) + 1, 40):
                        assert at(closed, {"H": height}) == count(height, kernel, stride, padding, dilation)


@pytest.mark.parametrize("number", [2, 3, 4, 10, -3, -4])
def test_ratios_round_as_fractions_do(number: int) -> None:
    for rounding in (math.floor, math.ceil, round):
        size = rounding(HEIGHT / number)
        assert all(at(size, {"H": each}) == rounding(each / number) for each in range(1, 200))


@pytest.mark.parametrize("factor", [0.5, 0.75, 1.5, 2.0, 0.7, 1 / 3, 1.0000001])
def test_scales_are_those_of_floating_point(factor: float) -> None:
    size = scale_down(HEIGHT + 1, factor)
    assert all(at(size, {"H": each}) == math.floor((each + 1) * factor) for each in range(1, 4097))


def test_only_short_fractions_become_formulas() -> None:
    assert isinstance(HEIGHT * 0.75, Ratio) and "floor" not in str(scale_down(HEIGHT, 0.75))
    assert "floor" in str(scale_down(HEIGHT, 0.7))
    with pytest.raises(RuntimeError, match="H is open"):
        HEIGHT * 0.7


def test_arithmetic_of_ratios() -> None:
    mean = (HEIGHT / 2 + WIDTH / 3) / 2 - 0.5
    assert isinstance(mean, Ratio) and str(mean) == "(3 * H + 2 * W - 6) / 12"
    assert mean.stated == (224 / 2 + 160 / 3) / 2 - 0.5
    assert 6 * HEIGHT * WIDTH / (4 * WIDTH) == HEIGHT * 1.5 and HEIGHT / HEIGHT == 1.0
    assert type(HEIGHT / HEIGHT) is float and 1.25 - HEIGHT / 2 == -(HEIGHT * 2 - 5) / 4
    assert HEIGHT / 2 // 3 == HEIGHT // 6 and HEIGHT / 2 % 3 == HEIGHT / 2 - 3 * (HEIGHT // 6)


@pytest.mark.parametrize("size", [HEIGHT, (HEIGHT + 3) // 4 * WIDTH - 7, scale_down(WIDTH, 0.7)])
def test_copies_are_the_same_object(size: Dim) -> None:
    assert copy.copy(size) is size and copy.deepcopy([size])[0] is size
    assert all(pickle.loads(pickle.dumps(size, protocol)) is size for protocol in range(2, 6))
    assert copy.deepcopy(size / 2) == size / 2 == pickle.loads(pickle.dumps(size / 2))


def test_a_pickle_is_read_in_another_process() -> None:
    size = ((HEIGHT + 3) // 4 * WIDTH - 7) // 5
    text = f"import pickle; print(pickle.loads({pickle.dumps(size)!r}))"
    assert subprocess.check_output([sys.executable, "-c", text], text=True).strip() == str(size)


def test_equality_is_of_formulas() -> None:
    assert HEIGHT // 2 // 2 is HEIGHT // 4 and hash(HEIGHT // 2 // 2) == hash(HEIGHT // 4)
    assert HEIGHT != 224 and symbol("H", 320) != HEIGHT and HEIGHT != WIDTH and HEIGHT != "H"
    assert HEIGHT - HEIGHT // 2 != (HEIGHT + 1) // 2, "equal at all sizes, but not the same formula"


def test_threads_share_their_formulas() -> None:
    with ThreadPoolExecutor(8) as pool:
        for shift in range(50):
            barrier = Barrier(8)

            def make(number: int, shift: int = shift, barrier: Barrier = barrier) -> Size:
                barrier.wait()
                return (HEIGHT * 1009 + shift) // 7 + WIDTH

            first, *others = pool.map(make, range(8))
            assert all(each is first for each in others)


def test_stated_sizes_are_formatted() -> None:
    assert f"{HEIGHT * WIDTH:,}" == "35,840" and f"{HEIGHT // 3:>5d}" == "   74" and f"{HEIGHT // 3}" == "H // 3"
    assert f"{HEIGHT / 3:.1f}" == "74.7"


@pytest.mark.parametrize("operation", [operator.floordiv, operator.mod, operator.truediv])
def test_nothing_is_divided_by_zero(operation: Callable[[Dim, int], object]) -> None:
    with pytest.raises(ZeroDivisionError):
        operation(HEIGHT, 0)


@pytest.mark.parametrize("operation", [operator.add, operator.truediv, operator.floordiv, operator.lt])
def test_sizes_and_words_do_not_mix(operation: Callable[[Dim, str], object]) -> None:
    with pytest.raises(TypeError):
        operation(HEIGHT, "a")

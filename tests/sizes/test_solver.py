"""Conditions on one size are solved exactly, and sets of sizes behave as sets."""

from __future__ import annotations

import random

import pytest

from netspec.sizes import Dim, Domain, Size, scale_down, symbol
from netspec.sizes.solver import always, solve
from tests.support.search import tries

HEIGHT = symbol("H", 56)
MOST = 160


def draw_size(draw: random.Random) -> Size:
    size: Size = HEIGHT
    for _ in range(draw.randint(1, 5)):
        shift, number = draw.randint(-6, 6), draw.randint(1, 4)
        size = draw.choice(
            [(size + shift) // number, -(-(size + shift) // number), size * number + shift, size - size // number]
        )
    return size


def draw_domain(draw: random.Random) -> tuple[Domain, set[int]]:
    period = draw.choice([1, 2, 3, 4, 6])
    start, end = draw.randint(1, 20), draw.choice([None, draw.randint(1, 60)])
    residues = [each for each in range(period) if draw.random() < 0.5]
    domain = Domain(period, {each: ((each or period, None),) for each in residues}) & Domain.between(start, end)
    members = {each for each in range(start, (end or MOST) + 1) if each % period in residues}
    return domain, members


def members(domain: Domain) -> set[int]:
    return {each for each in range(1, MOST + 1) if each in domain}


def test_solutions_are_those_of_trying_all_sizes() -> None:
    draw, solved = random.Random(2), 0
    for _ in range(tries(1000)):
        difference = draw_size(draw) - draw.randint(-2, 12)
        if not isinstance(difference, Dim):
            continue
        values = {each: difference.at({"H": each}) for each in range(1, MOST + 1)}
        for relation in ("==", ">="):
            domain = solve(difference.form, relation)  # type: ignore[arg-type]
            assert domain is not None
            solved += 1
            right = {each for each, value in values.items() if (value == 0 if relation == "==" else value >= 0)}
            assert members(domain) == right, (str(difference), relation)
    assert solved > tries(1500)


@pytest.mark.parametrize("factor", [0.7, 1 / 3, 1.1])
def test_scaled_sizes_are_solved(factor: float) -> None:
    for number in range(1, 20):
        difference = scale_down(HEIGHT, factor) - number
        assert isinstance(difference, Dim)
        domain = solve(difference.form, "==")
        assert domain is not None
        assert members(domain) == {each for each in range(1, MOST + 1) if int(each * factor) == number}


def test_sets() -> None:
    draw = random.Random(3)
    for _ in range(tries(500)):
        (one, left), (two, right) = draw_domain(draw), draw_domain(draw)
        assert members(one) == left and members(two) == right
        assert members(one & two) == left & right
        assert members(~one) == set(range(1, MOST + 1)) - left
        assert (one & two) <= one and one == ~~one and (one == two) == (left == right)
        assert one.minimum == min(left, default=None)
        assert one.members(9) == sorted(left)[:9]
        if one.maximum is not None:
            assert one.maximum == max(left)


def test_a_finite_set_forgets_its_period() -> None:
    domain = Domain(32, {0: ((32, None),), 5: ((5, None),)}) & Domain.between(30, 70)
    assert domain.period == 1 and members(domain) == {32, 37, 64, 69}


def test_what_holds_at_all_sizes() -> None:
    width = symbol("W", 56)
    half = HEIGHT // 2
    assert always((half + (HEIGHT + 1) // 2 - HEIGHT).form, "==") is True
    assert always((HEIGHT * (width + 1) - HEIGHT * width - HEIGHT).form, "==") is True
    assert always((HEIGHT * width - 1).form, ">=") is True
    assert always((HEIGHT * width).form, "==") is False
    assert always((3 * HEIGHT - 2 * half - 3).form, "==") is None
    assert always((4 * HEIGHT * 2 - 2 * half * 4 - 1).form, "==") is False, "even is never odd"
    assert always((HEIGHT - width).form, ">=") is None


def test_long_periods_are_left_alone() -> None:
    size = HEIGHT % 97 + HEIGHT % 89
    assert isinstance(size, Dim) and solve((size - 3).form, "==") is None


def test_huge_bounds_are_found() -> None:
    far = solve((HEIGHT // 1000 - 10**15).form, ">=")
    assert far is not None and far.minimum == 10**18

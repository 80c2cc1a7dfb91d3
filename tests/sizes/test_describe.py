"""Legal sizes in words, and the guard behind each limit."""

from __future__ import annotations

import pytest

from netspec.sizes import Dim, Domain, Reason, SizeContext, describe, describe_sizes, limits, symbol
from netspec.sizes.solver import solve

H, W = symbol("H", 224), symbol("W", 224)


def at_least_zero(size: Dim) -> Domain:
    domain = solve(size.form, ">=")
    assert domain is not None
    return domain


MULTIPLE = Domain(32, {0: ((32, None),)})
BN_INCEPTION = Domain(32, {each: ((each or 32, None),) for each in (31, 0, 1, 2, 3, 4, 5, 6)}) & Domain.between(31)


@pytest.mark.parametrize(
    ("domain", "text"),
    [
        (Domain.between(1), "H any"),
        (Domain.between(29), "H >= 29, any"),
        (Domain.between(224, 224), "H = 224"),
        (Domain.between(34, 259), "H in 34..259"),
        (MULTIPLE, "H % 32 == 0"),
        (MULTIPLE & Domain.between(33), "H % 32 == 0, H >= 64"),
        (MULTIPLE & Domain.between(1, 160), "H in 32..160, H % 32 == 0"),
        (Domain(2, {1: ((5, 10**6 + 1),)}), "H in 5..1000001, H % 2 == 1"),
        (BN_INCEPTION, "H % 32 in 0..6, 31, H >= 31"),
        (Domain.between(9) & ~Domain.between(12, 13) & ~Domain.between(40, 40), "H >= 9, any, except 12, 13, 40"),
        (Domain(1, {0: ((9, 10), (17, 20), (25, 25))}), "H in 9, 10, 17..20, 25"),
        (Domain.between(5) & ~Domain.between(5), "no legal H"),
        (
            ~(~MULTIPLE & ~Domain.between(3, 3)),
            "H % 32 == 0, H >= 3, and 3",
        ),
        (at_least_zero(H % 4 + H // 8 - 3), "H >= 3, any, except 4..6, 8, 9, 12, 13, 16, 20"),
    ],
)
def test_domains_in_words(domain: Domain, text: str) -> None:
    assert describe(domain, "H") == text


def test_symbols_that_are_alike_share_a_line() -> None:
    context = SizeContext({"H": 224, "W": 224, "L": 9})
    with context.deciding(Reason()):
        assert H >= 29 and W > 28
    assert describe_sizes(context) == ["H, W >= 29, any", "L any"]


def test_sizes_that_depend_on_each_other_are_told_as_equal_too() -> None:
    context = SizeContext({"H": 224, "W": 224, "L": 9})
    with context.deciding(Reason()):
        assert H // 2 == W // 2 and (H + W) % 4 == 0 and H > 8
    assert describe_sizes(context) == [
        "H >= 9, any",
        "W, L any",
        "H // 2 == W // 2",
        "H + W == 4 * ((H + W) // 4)",
        "where H = W: H % 2 == 0, H >= 10",
    ]


def test_the_last_guard_that_moved_a_limit_is_behind_it() -> None:
    context = SizeContext({"H": 224})
    for line, question in enumerate(
        [
            lambda: H >= 10,
            lambda: H % 4 == 0,
            lambda: H // 2 >= 9,
            lambda: H >= 5,
            lambda: H <= 999,
            lambda: H % 8 == 0,
            lambda: H < 800,
        ]
    ):
        with context.deciding(Reason(span=line)):
            assert question()
    assert [(limit.text, limit.guard.reason.span) for limit in limits(context, "H")] == [
        ("H >= 24", 5),
        ("H <= 792", 6),
        ("H % 8 == 0", 5),
    ]


def test_a_fixed_size_has_one_reason() -> None:
    context = SizeContext({"H": 224, "W": 224})
    with context.deciding(Reason(span=1)):
        assert H > 30
    with context.deciding(Reason(span=20, subject="fc1")):
        assert int(H) == 224
    ((text, guard),) = limits(context, "H")
    assert text == "H = 224" and guard.reason.subject == "fc1" and guard.kind == "fixes"
    assert limits(context, "W") == ()

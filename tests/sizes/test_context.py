"""What is decided about open sizes, who is recorded for it, and which sizes are legal then."""

from __future__ import annotations

import copy
import operator
import pickle
import random
from collections.abc import Callable

import pytest

from netspec.sizes import (
    Domain,
    OpenSizeError,
    Reason,
    SizeContext,
    at,
    at_least,
    holds,
    pin,
    proves,
    quotient,
    scale_down,
    symbol,
)

H, W = symbol("H", 224), symbol("W", 224)


@pytest.fixture
def context() -> SizeContext:
    return SizeContext({"H": 224, "W": 224})


COMPARISONS: list[tuple[str, Callable[[object, object], bool]]] = [
    ("==", operator.eq), ("!=", operator.ne), ("<", operator.lt), ("<=", operator.le), (">", operator.gt),
    (">=", operator.ge),
]  # fmt: skip


def test_answers_are_those_at_the_stated_size_and_hold_on_the_domain() -> None:
    """Whatever is asked: at each legal size a plain number gives the same answers, at each other one it does not."""
    draw = random.Random(4)
    for _ in range(150):
        context = SizeContext({"H": 224})
        steps = [
            (draw.randint(-5, 5), draw.randint(1, 5), draw.choice(COMPARISONS), draw.randint(0, 90))
            for _ in range(draw.randint(1, 4))
        ]
        with context.deciding(Reason()):
            answers = [compare((H + shift) // number, limit) for shift, number, (_, compare), limit in steps]
        assert answers == [compare((224 + shift) // number, limit) for shift, number, (_, compare), limit in steps]
        domain = context.domain("H")
        for height in draw.sample(range(1, 500), 60):
            same = answers == [
                compare((height + each[0]) // each[1], each[3]) for each in steps for compare in [each[2][1]]
            ]
            assert (height in domain) is same is (context.broken({"H": height}) is None)


@pytest.mark.parametrize(("name", "compare"), COMPARISONS)
def test_questions_and_operators_agree(name: str, compare: Callable[[object, object], bool]) -> None:
    for right in (111, 112, 113):
        left, other = SizeContext({"H": 224}), SizeContext({"H": 224})
        with left.deciding(Reason()):
            answer = compare(H // 2, right)
        with other.deciding(Reason()):
            assert holds(H // 2, name, right) is answer is compare(112, right)  # type: ignore[arg-type]
            assert holds(112, name, right) is answer  # type: ignore[arg-type]
        assert left.domain("H") == other.domain("H")


def test_nothing_is_recorded_where_all_sizes_agree(context: SizeContext) -> None:
    with context.deciding(Reason()):
        assert H >= 1 and H + 3 > 3 and H // 2 <= H and H * W >= 1 and H != -1 and 64 * H // H == 64
        assert H - H // 2 == (H + 1) // 2, "equal, though not the same formula"
        assert proves(-(-H // 2), "==", (H + 1) // 2) and not proves(H, ">=", 2)
    assert context.guards == () and context.domain("H") == Domain.between(1)


def test_keys_are_looked_up_without_deciding(context: SizeContext) -> None:
    """Tables keyed by sizes ask nothing, also where plain numbers would have the same hash (-1 and -2)."""
    sizes = [H * times + shift for times in (*range(-9, 0), *range(1, 9)) for shift in range(-99, 100)]
    with context.deciding(Reason()):
        table = {size: place for place, size in enumerate(sizes)}
        shapes = {(64, size, W): place for place, size in enumerate(sizes)}
        assert all(table[size] == shapes[64, size, W] == place for place, size in enumerate(sizes))
        assert len(set(sizes)) == len(sizes) and {224: 1, 225: 2}.get(H) is None
    assert context.guards == ()


def test_structure_outside_and_sizes_inside(context: SizeContext) -> None:
    odd = H // 2 + 1
    assert odd != (H + 1) // 2 and H != 224 and (3, H, W) == (3, H, W)
    with context.active():
        assert H != 224, "nothing is known yet"
    with context.deciding(Reason()):
        assert H == 224
    with context.active():
        assert H == 224 and odd == 113 and H > 7


def test_who_decides_nothing_gets_no_answer(context: SizeContext) -> None:
    for scope in (None, context.active()):
        with pytest.raises(OpenSizeError, match="H <= 16 at some sizes"):
            if scope is None:
                H <= 16  # noqa: B015
            else:
                with scope:
                    H <= 16  # noqa: B015
    assert context.guards == ()


def test_a_frozen_context_answers_and_refuses(context: SizeContext) -> None:
    with context.deciding(Reason()):
        assert H // 16 >= 2 and H % 4 == 0
    context.freeze()
    with context.deciding(Reason()):
        assert H // 16 >= 2 and H > 30 and H % 2 == 0 and H + W > 32, "all follow from what was decided"
        for question in (lambda: H > 40, lambda: H > W, lambda: range(H)):
            with pytest.raises(OpenSizeError):
                question()
    assert len(context.guards) == 2 and context.domain("H").minimum == 32


def test_what_is_plain_fixes_a_size(context: SizeContext) -> None:
    reason = Reason(span="line 7", kind="chosen", subject="fc1")
    with context.deciding(reason):
        assert list(range(H // 32)) == list(range(7)) and [*"abcdefgh"][H // 32] == "h"
        assert 512 * (H // 32) * (W // 32) == 25088 and pin(W) == 224 and pin(3) == 3
    fixed = context.guards[0]
    assert fixed.kind == "fixes" and fixed.reason == reason._replace(kind="fixes") and str(fixed) == "H // 32 == 7"
    assert context.domain("H").members(99) == list(range(224, 256)) and context.domain("W").members(9) == [224]


@pytest.mark.parametrize("fix", [int, float, operator.index, lambda size: 2.0**size, lambda size: 1 / size])
def test_every_way_to_a_plain_number_is_recorded(fix: Callable[[object], object], context: SizeContext) -> None:
    with pytest.raises(OpenSizeError, match="H // 32 is open"):
        fix(H // 32)
    with context.deciding(Reason()):
        assert fix(H // 32) == fix(7)
    assert [guard.kind for guard in context.guards] == ["fixes"]


def test_a_product_fixes_its_factors(context: SizeContext) -> None:
    with context.deciding(Reason()):
        assert pin(512 * (H // 32) * (W // 32)) == 25088
    assert [str(guard) for guard in context.guards] == ["H // 32 == 7", "W // 32 == 7"]
    assert context.domain("H") == Domain.between(224, 255) == context.domain("W")


def test_quotients_are_decided_exactly(context: SizeContext) -> None:
    with context.deciding(Reason(kind="chosen")):
        number = H // (H // 4 + 1)
    assert number == 3
    domain = context.domain("H")
    assert all((height in domain) is (height // (height // 4 + 1) == 3) for height in range(1, 500))
    with context.deciding(Reason()):
        assert quotient(64 * H * W, 16 * W) == 4 * H and quotient(7, 2) == 3 and H % H == 0


def test_relations_of_two_sizes(context: SizeContext) -> None:
    with context.deciding(Reason(span="crop")):
        assert H // 4 == W // 4 and H >= W - 3 and H > 16
    assert [str(guard) for guard in context.conditions()] == ["H // 4 == W // 4", "H + 3 >= W"]
    assert context.broken({"H": 320, "W": 320}) is None
    broken = context.broken({"H": 320, "W": 400})
    assert broken is not None and broken.reason.span == "crop"
    assert context.domain_of_equal(["H", "W"]) == Domain.between(17)


def test_relations_that_limits_imply_are_no_conditions(context: SizeContext) -> None:
    with context.deciding(Reason()):
        assert (H // 4) * (W // 4) >= 9 and at_least(H, 16) and at_least(W, 16)
    assert context.conditions() == []
    assert context.domain("H") == Domain.between(16)


def test_long_periods_become_conditions(context: SizeContext) -> None:
    with context.deciding(Reason()):
        for prime in (11, 13, 17, 19, 23):
            assert H % prime == 224 % prime
    conditions = context.conditions()
    assert 0 < len(conditions) < 5
    assert context.broken({"H": 224}) is None and context.broken({"H": 224 + 11 * 13 * 17}) in conditions


def test_training_only_parts_have_limits_of_their_own(context: SizeContext) -> None:
    for subject, least in (("aux", 100), ("trunk", 50), ("aux", 30), ("trunk", 30)):
        with context.deciding(Reason(subject=subject)):
            assert at_least(H, least)
    context.freeze(training={"aux"})
    assert context.domain("H").minimum == 50 and context.domain("H", "training").minimum == 100
    assert [(guard.phase, guard.reason.subject) for guard in context.guards] == [
        ("training", "aux"), ("evaluation", "trunk"), ("evaluation", "trunk"),
    ]  # fmt: skip
    assert context.broken({"H": 60, "W": 1}) is None and context.broken({"H": 60, "W": 1}, "training") is not None


def test_answers_that_are_used_again_count_for_both(context: SizeContext) -> None:
    with context.deciding(Reason(subject="aux")):
        assert H >= 100 and pin(W) == 224
    context.repeat("aux", "line 9", "trunk")
    context.freeze(training={"aux"})
    assert [(each.phase, each.kind, each.reason.span) for each in context.guards] == [
        ("evaluation", "needs", "line 9"), ("evaluation", "fixes", "line 9"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("difference", "texts"),
    [
        (H - 5, ["H >= 5", "H <= 4", "H == 5", "H != 5"]),
        (5 - H, ["H <= 5", "H >= 6", "H == 5", "H != 5"]),
        (H - W + 3, ["H + 3 >= W", "H + 3 < W", "H + 3 == W", "H + 3 != W"]),
        (-H - W + 9, ["H + W <= 9", "H + W >= 10", "H + W == 9", "H + W != 9"]),
    ],
)
def test_conditions_read_well(difference: object, texts: list[str]) -> None:
    from netspec.sizes.printing import condition

    form = difference.form  # type: ignore[attr-defined]
    assert [condition(form, relation, holds) for relation in (">=", "==") for holds in (True, False)] == texts


def test_scopes_nest(context: SizeContext) -> None:
    other = SizeContext({"H": 224})
    with context.deciding(Reason(subject="outer")):
        with other.deciding(Reason(subject="inner")):
            assert H > 7
        assert H > 9
    assert [guard.reason.subject for guard in (*context.guards, *other.guards)] == ["outer", "inner"]


def test_formulas_that_grow_without_end_are_fixed(context: SizeContext) -> None:
    size, plain = H, 224
    with context.deciding(Reason(subject="loop")):
        for number in range(99):
            size = (size + H * (number % 5)) // 3 + size // 2
            plain = (plain + 224 * (number % 5)) // 3 + plain // 2
    assert at(size, {"H": 224}) == plain
    assert {guard.kind for guard in context.guards} == {"fixes"} and 224 in context.domain("H").members(9)


def test_scaled_sizes_are_compared(context: SizeContext) -> None:
    with context.deciding(Reason()):
        assert scale_down(H, 0.7) >= 20
    assert all((each in context.domain("H")) is (int(each * 0.7) >= 20) for each in range(1, 99))


def test_fractions_are_compared_exactly(context: SizeContext) -> None:
    with context.deciding(Reason()):
        assert H / 2 > 7.25 and H * 0.5 != 0.3 and H < 1e9
    assert context.domain("H") == Domain.between(15, 10**9 - 1)


def test_a_context_can_be_copied(context: SizeContext) -> None:
    with context.deciding(Reason(span=(1, 2), subject="conv1")):
        assert H // 7 > 3
    for twin in (pickle.loads(pickle.dumps(context)), copy.deepcopy(context)):
        assert str(twin.guards[0]) == str(context.guards[0]) and twin.domain("H") == context.domain("H")
        with twin.deciding(Reason()):
            assert W > 3
    assert len(context.guards) == 1 and at(H, {"H": 3}) == 3

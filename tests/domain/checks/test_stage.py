"""How far a check has come."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from suyuan.domain.checks.bodies import Cancel, hash_of
from suyuan.domain.checks.stage import Act, fold
from tests.spot_checks import CHECK, drawn

FOUND = drawn()
BODIES = [FOUND.plan, FOUND.freeze, FOUND.randomness, FOUND.result.draw]
SECOND = msgspec.structs.replace(FOUND.freeze, root="0" * 64)
CANCEL = Cancel(check_id=CHECK, after=hash_of(FOUND.freeze), reason="x")


def acts(*bodies):
    return [Act((place, f"e{place}", "SUYUAN", 0), body) for place, body in enumerate(bodies)]


def test_act_by_act():
    for end in range(5):
        check = fold(acts(*BODIES[:end]))
        assert [check.plan, check.freeze, check.randomness, check.draw] == BODIES[:end] + [None] * (4 - end)
        assert check.void == ()


def test_a_second_frame_and_what_follows_it_are_void():
    later = msgspec.structs.replace(FOUND.randomness, after=hash_of(SECOND))
    check = fold(acts(*BODIES, SECOND, later))
    assert check.freeze == FOUND.freeze
    assert [act.body for act in check.void] == [SECOND, later]


def test_a_second_plan_under_one_number_is_void():
    other = msgspec.structs.replace(FOUND.plan, title="another")
    check = fold(acts(FOUND.plan, other))
    assert check.plan == FOUND.plan
    assert [act.body for act in check.void] == [other]


def test_what_follows_a_cancelled_act_is_void():
    check = fold(acts(*BODIES, CANCEL))
    assert (check.last, check.next) == (CANCEL, ())
    assert [act.body for act in check.void] == BODIES[2:]


@given(st.randoms(use_true_random=False), st.integers(0, 3))
def test_any_order_and_any_number_of_deliveries_give_the_same(chance, again):
    all_of_them = acts(*BODIES, SECOND, CANCEL)
    shuffled = [*all_of_them, *chance.choices(all_of_them, k=again)]
    chance.shuffle(shuffled)
    assert fold(shuffled) == fold(all_of_them)

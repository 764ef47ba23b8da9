"""Who goes."""

from __future__ import annotations

from collections import Counter

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from suyuan.domain.checks.bodies import Officer, Recusal, Stratum
from suyuan.domain.checks.officers import OfficerDraw
from suyuan.domain.checks.tickets import Tickets
from tests.spot_checks import SELLERS, drawn, plan, rows


def test_two_go_who_are_qualified_and_not_recused():
    made = plan(
        strata=(Stratum(stratum="330106", size=12), Stratum(stratum="330108", size=9, needs=("food",))),
        recusals=tuple(Recusal(staff_no="A-03", code=code, reason="interest") for code in SELLERS[:1]),
    )
    found = drawn(made)
    parties = {row.split(b'"')[3].decode(): row.split(b'"')[7].decode() for row in found.frame}
    qualified = {officer.staff_no for officer in made.officers if officer.qualifications}
    for order in found.result.orders:
        assert len(set(order.officers)) == 2
        assert order.stratum == "330106" or qualified.issuperset(order.officers)
        assert "A-03" not in order.officers or parties[order.id] != SELLERS[0]
    assert any("A-03" in order.officers for order in found.result.orders)


def test_the_least_tickets_of_order_and_staff_number_go():
    draw, tickets = OfficerDraw(plan(), "seed"), Tickets("seed")
    found = draw.next("O-1", "330106", ())
    assert list(found) == sorted((f"A-{n:02}" for n in range(1, 9)), key=lambda no: tickets.ticket(f"O-1\x1f{no}"))[:2]


def test_nobody_has_more_than_their_most():
    officers = tuple(msgspec.structs.replace(each, most=3) for each in plan().officers)
    orders = drawn(plan(officers=officers, strata=(Stratum(stratum="330106", size=12),)), drawn_rows()).result.orders
    busy = Counter(no for order in orders for no in order.officers)
    assert max(busy.values()) == 3
    assert sum(busy.values()) > 20


def test_where_too_few_are_left_the_order_waits_and_nobody_goes_alone():
    officers = tuple(Officer(staff_no=no, unit="u", most=most) for no, most in (("a", 2), ("b", 2), ("c", 1)))
    found = drawn(
        plan(officers=officers, recusals=(), strata=(Stratum(stratum="330106", size=6),)), drawn_rows()
    ).result
    assert {len(order.officers) for order in found.orders} == {0, 2}
    assert found.draw.waiting == sum(not order.officers for order in found.orders) >= 4


def test_the_reserve_goes_where_the_others_do_not_suffice():
    officers = tuple(
        Officer(staff_no=no, unit="u", most=most, reserve=no in "xy")
        for no, most in (("a", 3), ("b", 3), ("x", 9), ("y", 9))
    )
    orders = drawn(
        plan(officers=officers, recusals=(), strata=(Stratum(stratum="330106", size=6),)), drawn_rows()
    ).result
    assert [{*order.officers} for order in orders.orders] == [{"a", "b"}] * 3 + [{"x", "y"}] * 3


@given(st.integers(1, 4), st.sets(st.tuples(st.sampled_from("abcde"), st.sampled_from("ST"))), st.integers(0, 30))
def test_always_two_or_none_and_none_only_where_it_must_be(most, recused, seed):
    officers = tuple(Officer(staff_no=no, unit="u", most=most) for no in "abcde")
    recusals = tuple(Recusal(staff_no=no, code=code, reason="other") for no, code in sorted(recused))
    draw, busy = OfficerDraw(plan(officers=officers, recusals=recusals), str(seed)), Counter()
    for place in range(12):
        party = "ST"[place % 2]
        free = [no for no in "abcde" if busy[no] < most and (no, party) not in recused]
        found = draw.next(f"O-{place}", "330106", (party,))
        assert set(found) <= set(free)
        assert len(found) == (2 if len(free) >= 2 else 0)
        busy.update(found)


def drawn_rows():
    return [row._replace(stratum="330106") for row in rows(60)]

"""What is drawn, and that nobody could have had it otherwise."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.domain.checks.bodies import Item, Stratum
from suyuan.domain.checks.frame import FrameError, Row, lines
from suyuan.domain.checks.selection import Selection
from suyuan.domain.checks.tickets import Tickets, digits
from tests.spot_checks import drawn, plan, rows


def least(seed, frame, **wanted):
    found = Selection(seed, wanted)
    found.add(frame)
    return {name: [each.id for each in found.least(name)[:size]] for name, size in wanted.items()}


def test_the_vector_of_the_public_sampler():
    frame = lines(Row(name, (), "all", 1) for name in ("A-1", "A-2", "B-1", "B-2", "B-3"))
    assert least("314159", frame, all=4) == {"all": ["B-2", "B-3", "A-2", "B-1"]}
    ticket = "26299714122838008416507544297546663599715395525154425586041245287750224561854"
    assert Tickets("01382438112797316654").ticket("AB-130") == ticket


def test_a_ticket_of_less_than_64_digits_has_noughts_at_its_end():
    assert digits(12) == "21" + "0" * 62


def test_a_weight_is_so_many_tickets():
    tickets = Tickets("s")
    hashed = sha256(b"s").hexdigest()
    each = [
        f"{int(sha256((hashed + name).encode()).hexdigest(), 16):064}"[::-1] for name in ("a", "a\x1fw2", "a\x1fw3")
    ]
    assert tickets.ticket("a", 3) == min(each)
    assert tickets.ticket("a", 1) == each[0]


SHORT = st.text("abcdefghij", min_size=1, max_size=3)
FRAMES = st.dictionaries(SHORT, st.tuples(st.sampled_from("XY"), st.integers(1, 16)), max_size=40).map(
    lambda found: [Row(name, (), stratum, weight) for name, (stratum, weight) in found.items()]
)


@given(FRAMES, st.integers(0, 20), st.integers(0, 3), st.text("01", max_size=6))
def test_it_is_the_least_of_all_tickets(frame, size, other, seed):
    """As whoever sorts everything finds them."""
    tickets = Tickets(seed)
    for stratum, wanted in (("X", size), ("Y", other)):
        of = sorted((tickets.ticket(row.id, row.weight), row.id) for row in frame if row.stratum == stratum)
        assert least(seed, lines(frame), X=size, Y=other)[stratum] == [name for _, name in of[:wanted]]


@given(FRAMES, st.integers(0, 20), st.integers(1, 5))
def test_parts_of_a_frame_give_the_same(frame, size, parts):
    whole = Selection("7", {"X": size, "Y": 2})
    whole.add(lines(frame))
    joined = Selection("7", {"X": size, "Y": 2})
    for start in range(parts):
        part = Selection("7", {"X": size, "Y": 2})
        part.add(lines(frame)[start::parts])
        joined.join(part)
    assert [joined.least(name) for name in "XY"] == [whole.least(name) for name in "XY"]


def test_a_large_frame_is_sorted_out_on_the_way(monkeypatch):
    monkeypatch.setattr("suyuan.domain.checks.selection._SPARE", 0)
    frame = [Row(f"{number}", (), "X", 1 + number % 4) for number in range(500)]
    tickets = Tickets("9")
    of = sorted((tickets.ticket(row.id, row.weight), row.id) for row in frame)
    assert least("9", lines(frame), X=10)["X"] == [name for _, name in of[:10]]


def test_a_row_of_another_stratum_is_refused():
    with pytest.raises(FrameError, match="stratum"):
        least("9", lines([Row("a", (), "Z", 1)]), X=1)


def test_a_county_that_draws_its_stratum_alone_gets_the_same():
    frame = rows(200)
    alone = [row for row in frame if row.stratum == "330108"]
    found = least("9", lines(frame), **{"330106": 5, "330108": 5})["330108"]
    assert least("9", lines(alone), **{"330108": 5})["330108"] == found


def test_of_two_thousand_draws_each_row_has_its_share():
    """Chi-square of four cells (3 degrees of freedom; 16.27 is exceeded once in a thousand): the first that is drawn,
    of weights 1, 2, 3 and 4.
    """
    names = [(f"L-{weight}".encode(), weight) for weight in range(1, 5)]
    first = dict.fromkeys(range(1, 5), 0)
    for seed in range(2000):
        tickets = Tickets(str(seed))
        first[min(names, key=lambda name: min(map(digits, tickets.numbers(*name))))[1]] += 1
    assert sum((first[weight] - 200 * weight) ** 2 / (200 * weight) for weight in first) < 16.27


def test_of_two_thousand_draws_of_two_each_pair_is_as_frequent():
    pairs = {}
    frame = lines(Row(name, (), "all", 1) for name in "abcde")
    for seed in range(2000):
        pair = tuple(sorted(least(str(seed), frame, all=2)["all"]))
        pairs[pair] = pairs.get(pair, 0) + 1
    # ten cells, 9 degrees of freedom
    assert len(pairs) == 10
    assert sum((times - 200) ** 2 / 200 for times in pairs.values()) < 27.88


def test_fewer_rows_than_wanted_are_all_drawn_and_it_is_said():
    few = drawn(plan(strata=(Stratum(stratum="330106", size=99), Stratum(stratum="330108", size=3))))
    first, second = few.result.draw.strata
    assert (first.rows, first.drawn, first.next, first.short) == (27, 27, None, "rows")
    assert (second.drawn, second.short) == (3, None)
    assert second.next > max(order.ticket for order in few.result.orders if order.stratum == "330108")


def test_a_general_item_caps_the_share():
    """A tenth of 27 rows and of 13, rounded down."""
    items = (Item(item_no="1", item_class="general", share_cap=1000), Item(item_no="2", item_class="key"))
    found = drawn(plan(items=items)).result.draw.strata
    assert [(each.drawn, each.short) for each in found] == [(2, "share_cap"), (1, "share_cap")]


def test_a_stratum_without_rows_is_said_to_have_none():
    other = Stratum(stratum="330109", size=3)
    found = drawn(plan(strata=(*plan().strata, other))).result.draw.strata[-1]
    assert (found.rows, found.drawn, found.next, found.short) == (0, 0, None, "rows")


def test_orders_are_numbered_in_the_order_of_tickets():
    orders = drawn().result.orders
    assert [order.order_no for order in orders] == [f"330100-2026-7-{place}" for place in range(1, 9)]
    assert [order.ticket for order in orders] == sorted(order.ticket for order in orders)


def test_the_seed_is_bound_to_check_frame_and_randomness():
    seeds = {
        drawn().result.draw.seed,
        drawn(plan(check_id="330100-2026-8")).result.draw.seed,
        drawn(rows_=rows(39)).result.draw.seed,
        drawn(plan(randomness=msgspec.structs.replace(plan().randomness, round=2))).result.draw.seed,
    }
    # of another round with the same signature nothing changes but the acts' hashes
    assert len(seeds) == 3

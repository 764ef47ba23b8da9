import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.domain.facts.custody import custody
from suyuan.domain.keys import join_key
from suyuan.domain.records import Shipment

MAKER = "P"
LOT = join_key(MAKER, "06900000000014", "L1")


def shipment(shipment_id, from_code, to_code, occurred_at, quantity=1):
    return Shipment(
        event_id=f"E{shipment_id}",
        publisher="X",
        occurred_at=occurred_at,
        shipment_id=shipment_id,
        producer_code=MAKER,
        gtin="06900000000014",
        lot="L1",
        from_code=from_code,
        to_code=to_code,
        quantity=quantity,
    )


def moved(*moves):
    """(from, to, time) or (from, to, time, quantity), with ids 0, 1, 2, …"""
    return [shipment(str(number), *move) for number, move in enumerate(moves)]


def ids(facts):
    return [hop.shipment_id for hop in facts.hops]


def test_the_path_has_the_fewest_hops():
    facts = custody(LOT, MAKER, moved(("P", "A", 1), ("A", "S", 2), ("P", "S", 9)))["S"]
    assert ids(facts) == ["2"]
    assert (facts.reachable, facts.in_time) == (True, True)


def test_a_longer_path_in_time_is_preferred_to_a_shorter_one_that_goes_back():
    shipments = moved(("P", "A", 9), ("A", "S", 5), ("P", "B", 1), ("B", "C", 2), ("C", "S", 3))
    assert ids(custody(LOT, MAKER, shipments)["S"]) == ["2", "3", "4"]


def test_a_path_that_only_goes_back_in_time_is_shown_as_such():
    facts = custody(LOT, MAKER, moved(("P", "A", 9), ("A", "S", 5)))["S"]
    assert (facts.reachable, facts.in_time, ids(facts)) == (True, False, ["0", "1"])


def test_what_does_not_come_from_the_producer_has_no_path():
    facts = custody(LOT, MAKER, moved(("A", "S", 1, 30), ("S", "A", 2)))["S"]
    assert (facts.received, facts.reachable, facts.in_time, facts.hops) == (30, False, False, ())


def test_shipments_of_one_moment_may_follow_one_another():
    facts = custody(LOT, MAKER, moved(("B", "S", 4), ("A", "B", 4), ("P", "A", 4)))["S"]
    assert (facts.in_time, ids(facts)) == (True, ["2", "1", "0"])


def test_ties_go_to_the_earliest_arrival_then_to_the_business_key():
    earlier = moved(("P", "S", 2), ("P", "S", 1), ("P", "S", 1))
    assert ids(custody(LOT, MAKER, earlier)["S"]) == ["1"]


def test_ties_between_holders_of_one_distance_too():
    in_time = moved(("P", "A", 4), ("P", "B", 4), ("B", "S", 4), ("A", "S", 4))
    assert ids(custody(LOT, MAKER, in_time)["S"]) == ["0", "3"]
    reversed_time = moved(("P", "A", 9), ("P", "B", 9), ("A", "S", 5), ("B", "S", 4))
    assert ids(custody(LOT, MAKER, reversed_time)["S"]) == ["1", "3"]


def test_the_keys_that_come_first_on_the_way_count_first():
    in_time = moved(("P", "A", 4), ("P", "B", 3), ("A", "S", 5), ("B", "S", 5))
    assert ids(custody(LOT, MAKER, in_time)["S"]) == ["0", "2"]
    swapped = moved(("P", "B", 4), ("P", "A", 3), ("A", "S", 5), ("B", "S", 5))
    assert ids(custody(LOT, MAKER, swapped)["S"]) == ["0", "3"]
    by_sender = moved(("P", "S", 1), ("A", "S", 1), ("P", "A", 1))
    assert ids(custody(LOT, MAKER, by_sender)["S"]) == ["0"]


def test_who_arrives_later_may_still_lead_on_by_lesser_keys():
    facts = custody(LOT, MAKER, moved(("P", "A", 9), ("P", "A", 1), ("A", "S", 9)))
    assert ids(facts["A"]) == ["1"]
    assert ids(facts["S"]) == ["0", "2"]


def test_a_void_shipment_leads_nowhere_and_gives_nothing():
    found = custody(LOT, MAKER, moved(("P", "A", 1, 5), ("P", "S", 1, 0), ("A", "S", 2, 3), ("P", "B", 1, 0)))
    assert set(found) == {"A", "S"}
    assert (ids(found["S"]), found["S"].received, found["S"].receipts) == (["0", "2"], 3, ("shipment/X/E2",))


def test_in_one_moment_the_nearest_holders_send_first():
    at_once = [("P", "A", 5), ("A", "C", 5), ("C", "D", 5), ("D", "S", 5), ("B", "D", 5)]
    assert ids(custody(LOT, MAKER, moved(("P", "B", 1), *at_once))["S"]) == ["0", "5", "4"]


def test_received_is_the_sum_and_names_the_greatest_shipments_first():
    facts = custody(LOT, MAKER, moved(("P", "S", 1, 5), ("S", "S", 2, 7), ("A", "S", 3, 6)))["S"]
    assert (facts.received, facts.receipts) == (18, ("shipment/X/E1", "shipment/X/E2", "shipment/X/E0"))


def test_only_those_who_were_sent_something_have_facts():
    found = custody(LOT, MAKER, moved(("P", "A", 1), ("A", "P", 2)))
    assert sorted(found) == ["A", "P"]
    with pytest.raises(KeyError):
        found["S"]


def test_a_hundred_thousand_shipments_are_no_matter():
    """A lot that passes through 50,000 holders, and back: would not end if the work grew as the square."""
    there = [("P" if n == 0 else f"H{n}", f"H{n + 1}", n) for n in range(50_000)]
    back = [(f"H{n + 1}", f"H{n}", 100_000 - n) for n in range(1, 50_000)]
    found = custody(LOT, MAKER, moved(*there, *back))
    assert len(found["H50000"].hops) == 50_000
    assert found["H50000"].in_time


def test_two_long_ways_that_meet_at_every_step_are_no_matter():
    """Would not end if each meeting were decided by going back to where the two ways part."""
    ways = [(f"{way}{n}" if n else "P", f"{way}{n + 1}", n) for n in range(20_000) for way in "AB"]
    met = [(f"{way}{n + 1}", f"S{n}", n + 1) for n in range(20_000) for way in "AB"]
    found = custody(LOT, MAKER, moved(*ways, *met))
    assert found["S19999"].hops[0].to_code == "A1"
    assert len(found["S19999"].hops) == 20_001


holders = st.sampled_from("PABCS")
shipments = st.lists(st.tuples(holders, holders, st.integers(0, 4), st.integers(1, 9)), max_size=9)


def every_path(moves, holder, path=(), seen=(MAKER,)):
    """All paths from the producer to a holder that pass nobody twice."""
    at = path[-1].to_code if path else MAKER
    if at == holder:
        yield path
        return
    for move in moves:
        if move.from_code == at and move.to_code not in seen:
            yield from every_path(moves, holder, (*path, move), (*seen, move.to_code))


@given(shipments, st.randoms())
def test_paths_are_those_that_trying_every_path_finds(moves, chance: random.Random):
    every = moved(*moves)
    shuffled = chance.sample(every, len(every))
    found = custody(LOT, MAKER, shuffled)
    assert set(found) == {move.to_code for move in every}
    for holder in set(found) - {MAKER}:
        paths = list(every_path(every, holder))
        timely = [path for path in paths if all(a.occurred_at <= b.occurred_at for a, b in pairwise(path))]
        facts = found[holder]
        assert (facts.reachable, facts.in_time) == (bool(paths), bool(timely))
        assert facts.received == sum(move.quantity for move in every if move.to_code == holder)
        best = min(
            timely or paths,
            key=lambda path: (len(path), path[-1].occurred_at, [(move.from_code, move.shipment_id) for move in path]),
            default=(),
        )
        assert ids(facts) == [move.shipment_id for move in best]

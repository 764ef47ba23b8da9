from hypothesis import given
from hypothesis import strategies as st

from suyuan.domain.facts.balance import exceeded_by


def over(lot, shipments):
    return [(found.code, found.sent, found.received) for found in exceeded_by(lot, shipments)]


def moves(make, *moved):
    return [
        make.shipment(event_id=f"E{n}", shipment_id=f"S{n}", from_code=a, to_code=b, quantity=quantity)
        for n, (a, b, quantity) in enumerate(moved)
    ]


def test_a_holder_may_send_what_it_received_and_no_more(make):
    lot = make.lot(quantity=100)
    assert over(lot, moves(make, ("P", "A", 60), ("A", "B", 40), ("A", "C", 20))) == []
    assert over(lot, moves(make, ("P", "A", 60), ("A", "B", 40), ("A", "C", 21))) == [("A", 61, 60)]


def test_the_producer_may_send_the_lots_quantity_and_what_came_back(make):
    lot = make.lot(quantity=100)
    assert over(lot, moves(make, ("P", "A", 100), ("A", "P", 50), ("P", "B", 50))) == []
    assert over(lot, moves(make, ("P", "A", 100), ("A", "P", 50), ("P", "B", 51))) == [("P", 151, 150)]


def test_a_void_shipment_is_none(make):
    lot = make.lot(quantity=1)
    found = exceeded_by(lot, moves(make, ("P", "A", 2), ("P", "B", 0), ("A", "P", 0)))
    assert [x.evidence for x in found] == [("lot/X/E1", "shipment/X/E0")]
    assert over(lot, moves(make, ("A", "B", 0))) == []


def test_who_received_nothing_and_sends_has_exceeded(make):
    assert over(make.lot(), moves(make, ("A", "B", 1))) == [("A", 1, 0)]


def test_the_greatest_excess_comes_first_then_the_least_code(make):
    found = over(make.lot(), moves(make, ("B", "C", 1), ("A", "C", 1), ("D", "C", 2)))
    assert [code for code, _, _ in found] == ["D", "A", "B"]


def test_evidence_names_the_shipments_out_then_in_and_the_producers_lot(make):
    lot = make.lot(event_id="EL", quantity=1)
    shipments = moves(make, ("P", "A", 2), ("A", "B", 1), ("A", "B", 5))
    evidence = {found.code: found.evidence for found in exceeded_by(lot, shipments)}
    assert evidence == {"A": tuple(f"shipment/X/E{n}" for n in (2, 1, 0)), "P": ("lot/X/EL", "shipment/X/E0")}


def test_evidence_is_bounded(make):
    shipments = moves(make, *[("A", "B", 1)] * 50, *[(f"H{n}", "B", 1) for n in range(50)])
    found = exceeded_by(make.lot(), shipments)
    assert found[0].sent == 50
    assert len(found) == len(found[0].evidence) == 20


codes = st.sampled_from("PABC")


@given(st.lists(st.tuples(codes, codes, st.integers(0, 9)), max_size=12), st.integers(0, 20), st.randoms())
def test_it_is_the_sums_that_count_in_any_order(make, moved, quantity, chance):
    lot, shipments = make.lot(quantity=quantity), moves(make, *moved)
    found = exceeded_by(lot, shipments)
    sent = {code: sum(q for a, _, q in moved if a == code) for code in "PABC"}
    had = {code: sum(q for _, b, q in moved if b == code) for code in "PABC"}
    had["P"] += quantity
    assert {(x.code, x.sent, x.received) for x in found} == {
        (code, sent[code], had[code]) for code in "PABC" if sent[code] > had[code]
    }
    assert exceeded_by(lot, chance.sample(shipments, len(shipments))) == found

"""Seller: what is known of a seller is attached to its listings, and told again when it changes."""

import pytest

from suyuan.domain.keys import partition_of
from tests.streams.stages.part import T0, Part
from tests.streams.stages.published import OTHER_SELLER, PRODUCER, SHOP, event

FACTS = ("seller_registered", "seller_status", "seller_name", "seller_penalties")


def facts(rows):
    return {row["listing_id"]: tuple(row[name] for name in FACTS) for row in rows}


@pytest.fixture
def seller():
    return Part("seller", slice_rows=2)


def note(seller, upstream, *events, redelivered=False):
    return seller.rows("seller.record", upstream.records("seller.record", *events), redelivered=redelivered)


def meet(seller, upstream, *events):
    return seller.rows("seller.listing", upstream.seller_listings(*events))["producer.listing"]


def work_off(seller, sent):
    """The blocks of `producer.listing` of a message and of the backlog that it left."""
    blocks = [sent["producer.listing"]]
    while left := sent["seller.backlog"]:
        sent = seller.rows("seller.backlog", left)
        blocks.append(sent["producer.listing"])
    return blocks


def test_a_listing_before_anything_is_known_goes_on_at_once(seller, upstream):
    assert facts(meet(seller, upstream, event("listing"))) == {"1": (False, None, None, 0)}


def test_a_listing_gets_what_is_known_of_its_seller_and_of_no_other(seller, upstream):
    note(seller, upstream, event("entity", status="abnormal"), event("penalty"), event("penalty", decision_no="D2"))
    rows = meet(seller, upstream, event("listing"), event("listing", listing_id="2", seller_code=OTHER_SELLER))
    assert facts(rows) == {"1": (True, "abnormal", "店", 2), "2": (False, None, None, 0)}


def test_listings_go_to_their_producer_or_by_themselves():
    seller = Part("seller", partitions=8)
    rows = Part("intake", partitions=8).events(
        "listing", event("listing"), *(event("listing", listing_id=str(n), producer_code=None) for n in range(2, 20))
    )["seller.listing"]
    sent = seller.rows("seller.listing", rows)["producer.listing"]
    homes = {row["listing_id"]: row["@"] for row in sent}
    assert homes["1"] == partition_of(PRODUCER, 8)
    assert all(homes[str(n)] == partition_of(f"{SHOP}\x1f{n}", 8) for n in range(2, 20))


def test_a_change_is_told_to_every_listing_of_the_seller_slice_by_slice(seller, upstream):
    ids = [str(n) for n in range(5)]
    meet(seller, upstream, *(event("listing", listing_id=n) for n in ids))
    meet(seller, upstream, event("listing", listing_id="other", seller_code=OTHER_SELLER))
    record = event("entity")
    (row,) = upstream.records("seller.record", record)
    sent = seller.rows("seller.record", [row | {"received_at": T0 + 77}])
    blocks = work_off(seller, sent)
    assert [len(block) for block in blocks] == [2, 2, 1]
    told = [row for block in blocks for row in block]
    assert facts(told) == dict.fromkeys(ids, (True, "active", "店", 0))
    assert {row["received_at"] for row in told} == {T0 + 77}


def test_another_sellers_listing_goes_on_between_two_slices(seller, upstream):
    meet(seller, upstream, *(event("listing", listing_id=str(n)) for n in range(5)))
    sent = note(seller, upstream, event("entity"))
    assert sent["seller.backlog"]
    assert meet(seller, upstream, event("listing", listing_id="x", seller_code=OTHER_SELLER))
    assert sum(map(len, work_off(seller, sent))) == 5


def test_a_listing_that_comes_between_two_slices_is_not_left_with_the_facts_of_before(seller, upstream):
    meet(seller, upstream, *(event("listing", listing_id=str(n)) for n in range(5)))
    note(seller, upstream, event("entity"))
    (row,) = meet(seller, upstream, event("listing", listing_id="new"))
    assert row["seller_registered"]


def test_what_changes_nothing_is_told_to_nobody_unless_it_is_delivered_again(seller, upstream):
    meet(seller, upstream, event("listing"))
    rows = upstream.records("seller.record", event("entity"))
    assert len(seller.rows("seller.record", rows)["producer.listing"]) == 1
    assert not seller.rows("seller.record", rows)
    assert len(seller.rows("seller.record", rows, redelivered=True)["producer.listing"]) == 1


def test_decisions_of_one_number_count_by_authority_and_a_lifted_one_no_longer(seller, upstream):
    meet(seller, upstream, event("listing"))
    sent = note(seller, upstream, event("penalty"), event("penalty", division="330200"))
    assert facts(sent["producer.listing"])["1"][3] == 2
    sent = note(seller, upstream, event("penalty", at=1, status="lifted"))
    assert facts(sent["producer.listing"])["1"][3] == 1
    sent = note(seller, upstream, event("penalty", at=1, division="330200", status="lifted"))
    assert facts(sent["producer.listing"])["1"][3] == 0


def test_a_listing_that_moved_away_is_not_told_any_more(seller, upstream):
    meet(seller, upstream, event("listing", at=0), event("listing", listing_id="2"))
    meet(seller, upstream, event("listing", at=1, seller_code=OTHER_SELLER))
    assert set(facts(note(seller, upstream, event("entity"))["producer.listing"])) == {"2"}


def test_a_retraction_that_comes_late_does_not_remove_a_newer_version(seller, upstream):
    first = upstream.seller_listings(event("listing", at=0))
    away = upstream.seller_listings(event("listing", at=1, seller_code=OTHER_SELLER))
    back = upstream.seller_listings(event("listing", at=2))
    for rows in (first, back, [row for row in away if row["retracted"]]):
        seller.rows("seller.listing", rows)
    (row,) = note(seller, upstream, event("entity"))["producer.listing"]
    assert row["revision"] == 3

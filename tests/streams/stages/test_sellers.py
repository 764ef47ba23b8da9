"""What is known of a seller stands in each of its listings, wherever they are, and in all of them when it changes."""

import pytest

from suyuan.domain.keys import partition_of
from suyuan.streams.stages.producer.numbers import EPOCH_SHIFT
from tests.streams.stages.part import T0, Part
from tests.streams.stages.published import (
    OTHER_PRODUCER,
    OTHER_SELLER,
    PRODUCER,
    SELLER,
    event,
)
from tests.streams.stages.upstream import Upstream

NOWHERE = {"producer_code": None, "gtin": None, "lot": None}
"""of a listing that only its seller is known of"""
UNKNOWN = (None, 0)


class Producer(Part):
    """With `records` and `listings` for what comes in."""

    def __init__(self, upstream, **place):
        super().__init__("producer", **place)
        self.upstream = upstream

    def listings(self, *events, **how):
        return self.rows("producer.listing", self.upstream.producer_listings(*events), **how)

    def records(self, *events, **how):
        return self.rows("producer.record", self.upstream.records("producer.record", *events), **how)

    def begin_epoch(self, number):
        """Another owner has the partition now, or a former one."""
        self.context = type(self.context)(
            self.context.partition, self.context.partitions, number, self.context.slice_rows
        )


def facts(sent):
    """(status, penalties in force) of the seller, by listing."""
    return {row["listing_id"]: (row["seller_status"], row["seller_penalties"]) for row in sent["chain"]}


def listing(number, **fields):
    return event("listing", listing_id=str(number), **(NOWHERE | fields))


def worked_off(producer, sent):
    """The blocks of chains of a message and of the backlog that it left."""
    blocks = [sent["chain"]]
    while left := sent["producer.backlog"]:
        sent = producer.rows("producer.backlog", left)
        blocks.append(sent["chain"])
    return blocks


@pytest.fixture
def producer(upstream):
    return Producer(upstream, slice_rows=2)


def test_a_listing_before_anything_is_known_is_told_at_once(producer):
    assert facts(producer.listings(listing(1))) == {"1": UNKNOWN}


def test_a_listing_gets_what_is_known_of_its_seller_and_of_no_other(producer):
    producer.records(event("entity", status="abnormal"), event("penalty"), event("penalty", decision_no="D2"))
    sent = producer.listings(listing(1), listing(2, seller_code=OTHER_SELLER), listing(3, seller_code=""))
    assert facts(sent) == {"1": ("abnormal", 2), "2": UNKNOWN, "3": UNKNOWN}
    (party,) = [
        node
        for row in sent["chain.parties"]
        for node in row["nodes"]
        if node["role"] == "seller" and node["status"] == "abnormal"
    ]
    assert (party["key"], party["name"]) == (SELLER, "店") if "key" in party else party["name"] == "店"


def test_a_change_is_told_to_every_listing_of_the_seller_slice_by_slice(producer):
    producer.listings(*(listing(number) for number in range(5)))
    producer.listings(listing("other", seller_code=OTHER_SELLER))
    (row,) = producer.upstream.records("producer.record", event("entity"))
    sent = producer.rows("producer.record", [row | {"received_at": T0 + 77}])
    blocks = worked_off(producer, sent)
    assert [len(block) for block in blocks[:3]] == [2, 2, 1]
    told = [row for block in blocks for row in block]
    assert {row["listing_id"]: row["seller_status"] for row in told} == {str(n): "active" for n in range(5)}
    assert len(told) == 5
    assert {row["received_at"] for row in told} == {T0 + 77}


def test_the_listings_of_a_seller_are_found_wherever_they_lie(producer):
    places = [
        *(
            {"producer_code": code, "gtin": None, "lot": f"L{number}"}
            for number in range(9)
            for code in (PRODUCER, OTHER_PRODUCER)
        ),
        *({"producer_code": PRODUCER, "gtin": None, "lot": None}, NOWHERE),
    ]
    producer.listings(*(listing(number, **place) for number, place in enumerate(places)))
    blocks = worked_off(producer, producer.records(event("penalty")))
    assert max(map(len, blocks)) == 2
    told = {row["listing_id"]: row["seller_penalties"] for block in blocks for row in block}
    assert told == {str(number): 1 for number in range(len(places))}


def test_listings_at_one_place_are_one_entry(producer):
    producer.listings(*(listing(number) for number in range(30)))
    producer.listings(*(listing(number) for number in range(30, 60)))
    assert len(producer.store.scan(b"sells")) == 1


def test_another_sellers_listing_is_told_between_two_slices(producer):
    producer.listings(*(listing(number) for number in range(5)))
    sent = producer.records(event("entity"))
    assert sent["producer.backlog"]
    assert producer.listings(listing("x", seller_code=OTHER_SELLER))["chain"]
    assert sum(map(len, worked_off(producer, sent))) == 5


def test_a_listing_that_comes_between_two_slices_is_not_left_with_the_facts_of_before(producer):
    producer.listings(*(listing(number) for number in range(5)))
    producer.records(event("entity"))
    assert facts(producer.listings(listing("new"))) == {"new": ("active", 0)}


def test_what_changes_nothing_is_told_to_nobody_unless_it_is_delivered_again(producer):
    producer.listings(listing(1))
    rows = producer.upstream.records("producer.record", event("entity"))
    assert len(producer.rows("producer.record", rows)["chain"]) == 1
    assert not producer.rows("producer.record", rows)
    assert len(producer.rows("producer.record", rows, redelivered=True)["chain"]) == 1


def test_decisions_of_one_number_count_by_authority_and_a_lifted_one_no_longer(producer):
    producer.listings(listing(1))
    assert facts(producer.records(event("penalty"), event("penalty", division="330200")))["1"][1] == 2
    assert facts(producer.records(event("penalty", at=1, status="lifted")))["1"][1] == 1
    assert facts(producer.records(event("penalty", at=1, division="330200", status="lifted")))["1"][1] == 0


def test_a_listing_that_moved_away_is_not_told_any_more(producer):
    producer.listings(listing(1), listing(2, at=0))
    producer.listings(listing(1, at=1, seller_code=OTHER_SELLER))
    assert set(facts(producer.records(event("entity")))) == {"2"}


def test_a_place_that_all_have_left_is_forgotten_and_found_again_when_one_comes_back(producer):
    producer.listings(listing(1))
    producer.listings(listing(1, at=1, seller_code=OTHER_SELLER))
    assert not producer.records(event("entity"))["chain"]
    assert not producer.store.scan(f"sells\x1f{SELLER}".encode())
    producer.listings(listing(1, at=2))
    assert set(facts(producer.records(event("penalty")))) == {"1"}


def test_a_retraction_that_comes_late_does_not_remove_a_newer_version(producer):
    first = producer.upstream.producer_listings(listing(1, at=0))
    away = producer.upstream.producer_listings(listing(1, at=1, seller_code=OTHER_SELLER))
    back = producer.upstream.producer_listings(listing(1, at=2))
    for rows in (first, back, [row for row in away if row["retracted"]]):
        producer.rows("producer.listing", rows)
    (row,) = producer.records(event("entity"))["chain"]
    assert row["revision"] == 3


PARTITIONS = 16
HOME, AWAY = (partition_of(code, PARTITIONS) for code in (SELLER, PRODUCER))
SOLD = {"gtin": None, "lot": None}
"""a listing that its producer and its seller are known of"""


class Apart:
    """The partition of the seller's code, and that of a producer whose goods it sells."""

    def __init__(self):
        assert HOME != AWAY
        self.home, self.away = (
            Producer(Upstream(), partition=place, partitions=PARTITIONS, slice_rows=2) for place in (HOME, AWAY)
        )

    def told(self, sent, **how):
        """What the home sends to `away` comes there: what that sends."""
        return self.away.rows("producer.seller", sent.to(AWAY, "producer.seller"), **how)

    def asked(self, sent, **how):
        """What `away` asks comes to the home: what that sends."""
        return self.home.rows("producer.seller", sent.to(HOME, "producer.seller"), **how)


@pytest.fixture
def apart():
    return Apart()


def test_at_home_nothing_is_asked(apart):
    sent = apart.home.listings(listing(1))
    assert facts(sent) == {"1": UNKNOWN}
    assert not sent["producer.seller"]


def test_elsewhere_the_home_is_asked_once_and_nothing_is_said_before_it_has_answered(apart):
    sent = apart.away.listings(listing(1, **SOLD | {"producer_code": PRODUCER}), listing(2, seller_code=PRODUCER))
    assert set(facts(sent)) == {"2"}, "the home of its seller is here"
    (row,) = sent["producer.seller"]
    assert (row["message"], row["code"], row["asker"], row["@"]) == ("asked", SELLER, AWAY, HOME)
    later = apart.away.listings(listing(3))
    assert not later, "waits for the same answer"
    apart.home.records(event("entity"))
    assert facts(apart.told(apart.asked(sent))) == {"1": ("active", 0), "3": ("active", 0)}
    assert facts(apart.away.listings(listing(4))) == {"4": ("active", 0)}


def test_that_nothing_is_known_is_an_answer_too(apart):
    sent = apart.told(apart.asked(apart.away.listings(listing(1))))
    assert facts(sent) == {"1": UNKNOWN}
    assert facts(apart.away.listings(listing(2))) == {"2": UNKNOWN}


def test_who_asked_is_told_every_change_and_has_all_listings_assessed_again_in_slices(apart):
    sent = apart.told(apart.asked(apart.away.listings(*(listing(number, lot=f"L{number % 3}") for number in range(7)))))
    assert sum(map(len, worked_off(apart.away, sent))) == 7
    (row,) = apart.home.upstream.records("producer.record", event("penalty"))
    told = apart.home.rows("producer.record", [row | {"received_at": T0 + 77}])
    blocks = worked_off(apart.away, apart.told(told))
    assert max(map(len, blocks)) == 2
    found = [row for block in blocks for row in block]
    assert {row["listing_id"]: row["seller_penalties"] for row in found} == {str(number): 1 for number in range(7)}
    assert {row["received_at"] for row in found} == {T0 + 77}


def test_who_did_not_ask_is_told_nothing(apart):
    apart.asked(apart.away.listings(listing(1)))
    told = apart.home.records(event("entity"))["producer.seller"]
    assert [(row["message"], row["@"]) for row in told] == [("told", AWAY)]
    assert not apart.home.records(event("entity", code=OTHER_SELLER))["producer.seller"]


def test_a_question_that_was_lost_is_asked_again(apart):
    rows = apart.away.upstream.producer_listings(listing(1))
    first = apart.away.rows("producer.listing", rows)["producer.seller"]
    assert first
    assert apart.away.rows("producer.listing", rows, redelivered=True)["producer.seller"] == first


def test_a_question_that_was_lost_is_asked_again_though_no_listing_leads_to_it_any_more(apart):
    rows = apart.away.upstream.producer_listings(listing(1))
    apart.away.rows("producer.listing", rows)
    moved = [row | {"seller_code": PRODUCER} for row in rows]
    again = apart.away.rows("producer.listing", moved, redelivered=True)["producer.seller"]
    assert [(row["message"], row["code"]) for row in again] == [("asked", SELLER)]


def test_a_question_that_is_repeated_is_answered_again(apart):
    asked = apart.away.listings(listing(1))
    first, again = apart.asked(asked), apart.asked(asked, redelivered=True)
    assert [row["facts"] for row in again["producer.seller"]] == [row["facts"] for row in first["producer.seller"]]
    apart.told(first)
    assert not apart.told(again), "nothing new"


def test_a_change_whose_outputs_were_lost_is_told_again(apart):
    asked = apart.asked(apart.away.listings(listing(1)))
    apart.told(asked)
    rows = apart.home.upstream.records("producer.record", event("entity"))
    apart.home.rows("producer.record", rows)
    again = apart.home.rows("producer.record", rows, redelivered=True)
    assert facts(apart.told(again)) == {"1": ("active", 0)}


def test_what_was_told_is_done_again_when_it_is_delivered_again(apart):
    answer = apart.asked(apart.away.listings(listing(1)))
    assert facts(apart.told(answer)) == {"1": UNKNOWN}
    assert facts(apart.told(answer, redelivered=True)) == {"1": UNKNOWN}


def test_what_a_former_owner_of_the_home_tells_late_changes_nothing(apart):
    asked = apart.away.listings(listing(1))
    apart.told(apart.asked(asked))
    apart.home.begin_epoch(2)
    late = apart.home.records(event("entity", status="abnormal"))
    apart.home.begin_epoch(3)
    now = apart.home.records(event("entity", at=1))
    assert facts(apart.told(now)) == {"1": ("active", 0)}
    assert not apart.told(late)
    assert not apart.told(late, redelivered=True)
    assert facts(apart.away.listings(listing(2))) == {"2": ("active", 0)}


def test_versions_only_grow_with_each_message_and_each_owner(apart):
    asked = apart.away.listings(listing(1))
    versions = [apart.asked(asked, redelivered=bool(again))["producer.seller"][0]["version"] for again in range(3)]
    apart.home.begin_epoch(2)
    versions.append(apart.asked(asked)["producer.seller"][0]["version"])
    assert versions == sorted(set(versions))
    assert [version >> EPOCH_SHIFT for version in versions] == [1, 1, 1, 2]


def test_product_and_seller_are_asked_for_at_once(apart):
    apart.away.records(event("entity", code=PRODUCER))
    sent = apart.away.listings(event("listing"))
    assert sent["intake.lookup"]
    assert sent["producer.seller"]
    assert not sent["chain"]
    nothing = {"kind": "product", "key": sent["intake.lookup"][0]["key"]}
    assert not apart.away.rows("producer.record", [nothing])["chain"], "the seller's home has not answered"
    assert set(facts(apart.told(apart.asked(sent)))) == {"1"}

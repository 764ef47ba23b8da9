"""Intake: what is read, what is a dead letter, where each record goes and is called back from."""

import json
from hashlib import sha256

import msgspec
import pytest

from suyuan.domain.acceptance import refusal
from suyuan.domain.alerts.acts import Act
from suyuan.domain.calendar import china_day, days_after
from suyuan.domain.keys import partition_of
from suyuan.schemas.kinds import EVENT_KINDS
from suyuan.schemas.validation import parse_event
from suyuan.schemas.withheld import withheld_hash
from suyuan.streams.dead_letter_limit import DeadLetterLimit
from tests.streams.stages.part import T0, Part, encoded
from tests.streams.stages.published import (
    GTIN,
    LAB,
    NOON,
    OTHER_GTIN,
    OTHER_PRODUCER,
    OTHER_SELLER,
    PRODUCER,
    SELLER,
    SHOP,
    event,
)


def test_a_dead_letter_says_where_it_was_and_keeps_the_bytes_while_its_neighbours_pass():
    intake = Part("intake", partition=1, partitions=2)
    good, bad = event("entity"), encoded(event("entity"))[:-1]
    sent = intake.events("entity", good, bad, b"\x00", event("entity", code=PRODUCER), at=7)
    letters = sent["dead_letter"]
    assert [(row["topic"], row["source_partition"], row["source_offset"]) for row in letters] == [
        ("in.entity", 1, 8),
        ("in.entity", 1, 9),
    ]
    assert [(row["payload"], row["payload_bytes"]) for row in letters] == [(bad, len(bad)), (b"\x00", 1)]
    assert all(row["reason"] and row["kind"] == "entity" for row in letters)
    assert [row["key"] for row in letters] == [b"key-8", b"key-9"]
    assert [row["received_at"] for row in letters] == [T0 + 8, T0 + 9]
    assert [(row["source_offset"], row["outcome"]) for row in sent["event.entity"]] == [
        (7, "accepted"),
        (10, "accepted"),
    ]
    assert {row["route"] for row in sent["producer.record"]} == {SELLER, PRODUCER}


def test_a_dead_letter_keeps_a_mebibyte_of_the_payload_and_says_how_long_it_was():
    payload = b"x" * ((1 << 20) + 5)
    (letter,) = Part("intake").events("listing", payload)["dead_letter"]
    assert (len(letter["payload"]), letter["payload_bytes"]) == (1 << 20, len(payload))


def test_an_event_of_another_kind_in_a_topic_is_a_dead_letter():
    sent = Part("intake").events("lot", event("entity"))
    assert len(sent["dead_letter"]) == 1
    assert not sent["event.lot"]


def test_repeats_are_duplicates_wherever_the_first_was_seen():
    intake = Part("intake")
    first, second = event("entity"), event("entity", at=1)
    outcomes = [
        [row["outcome"] for row in intake.events("entity", *run)["event.entity"]]
        for run in ((first, first, second), (second, first), (event("entity", at=2),))
    ]
    assert outcomes == [["accepted", "duplicate", "accepted"], ["duplicate", "duplicate"], ["accepted"]]


def test_events_whose_names_join_to_the_same_text_are_two():
    intake = Part("intake")
    first = event("listing", at=0) | {"publisher": "X/A", "event_id": "1"}
    removal = event("listing", at=1, status="removed") | {"publisher": "X", "event_id": "A/1"}
    intake.events("listing", first)
    sent = intake.events("listing", removal, first)
    assert [row["outcome"] for row in sent["event.listing"]] == ["accepted", "duplicate"]
    assert [row["status"] for row in sent["producer.listing"]] == ["removed"]


def test_an_event_id_of_nothing_is_refused_and_does_not_count_to_the_limit():
    blank = [event("entity", event_id=text) for text in (" ", "\u200b", "\u202e\u3000")] * 20
    nobody = event("entity", publisher="\t")
    sent = Part("intake", dead_letter_limit=DeadLetterLimit(0.1, 10)).events("entity", *blank, nobody, event("entity"))
    assert [row["field"] for row in sent["dead_letter"]] == ["event_id"] * 60 + ["publisher"]
    assert all("is missing" in row["reason"] for row in sent["dead_letter"])
    assert [row["source_offset"] for row in sent["event.entity"]] == [61]
    (again,) = Part("intake").events("entity", event("entity", event_id=" \u200bE\u202e1"))["event.entity"]
    assert again["event_id"] == "E1"


def test_what_could_never_match_is_a_dead_letter_and_does_not_count_to_the_limit():
    wrong = [
        event("recall", lots=["H1、H2"]),
        event("recall", lots=["ALL"]),
        event("recall", gtin="6.90338E+12"),
        event("recall", producer_code="某某食品有限公司"),
        event("recall", occurred_at=1000),
        event("recall", occurred_at=T0 + 2 * 86_400_000 + 6),
    ]
    intake = Part("intake", dead_letter_limit=DeadLetterLimit(0.1, 10))
    good = event("recall", occurred_at=T0 + 2 * 86_400_000 + 6)
    sent = intake.events("recall", *wrong, good)
    fields = ["lots", "lots", "gtin", "producer_code", "occurred_at", "occurred_at"]
    assert [row["field"] for row in sent["dead_letter"]][: len(fields)] == fields
    for offset, (row, each) in enumerate(zip(sent["dead_letter"], wrong, strict=True)):
        parsed = parse_event(json.dumps(each).encode())
        assert row["reason"] == refusal(EVENT_KINDS["recall"], parsed.event, T0 + offset).reason, (
            "as it is told before an append"
        )
    assert [row["source_offset"] for row in sent["event.recall"]] == [6], "two days after the log took it, to the ms"


def test_json_is_told_as_json():
    (letter,) = Part("intake").events("entity", json.dumps(event("entity")).encode())["dead_letter"]
    assert "this is JSON; expected is Avro in Confluent's framing" in letter["reason"]


def test_categories_are_compared_in_normal_form():
    intake = Part("intake")
    (licence,) = intake.events("licence", event("licence", categories=["ｈoney\u200b", "/", " tea"]))["producer.record"]
    (product,) = intake.events("product", event("product", category="honey "))["producer.record"]
    assert json.loads(licence["body"])["categories"] == ["honey", "tea"]
    assert json.loads(product["body"])["category"] == "honey"


def test_days_of_anybody_and_of_the_far_future_are_refused():
    tomorrow = days_after(china_day(T0), 1)
    days = [
        event("day", date=str(tomorrow)),
        event("day", date=str(days_after(tomorrow, 1))),
        event("day", date="9999-12-31"),
        event("day", date="2026-06-04", publisher=LAB),
    ]
    sent = Part("intake").events("day", *days)
    assert [row["source_offset"] for row in sent["event.day"]] == [0]
    assert [(row["source_offset"], row["field"]) for row in sent["dead_letter"]] == [
        (1, "date"),
        (2, "date"),
        (3, "publisher"),
    ]
    assert {json.loads(row["body"])["date"] for row in sent["risk.record"]} == {str(tomorrow)}


def test_of_a_dead_complaint_neither_bytes_nor_key_are_kept():
    named = encoded(event("complaint", complainant="13912345678 张三"))
    sent = Part("intake").events("complaint", named, named[:-1], event("complaint"))
    assert [row["source_offset"] for row in sent["event.complaint"]] == [2]
    assert [(row["source_offset"], row["payload_bytes"]) for row in sent["dead_letter"]] == [
        (0, len(named)),
        (1, len(named) - 1),
    ]
    assert [withheld_hash(row["payload"]) for row in sent["dead_letter"]] == [
        sha256(value).hexdigest() for value in (named, named[:-1])
    ]
    assert [row["key"] for row in sent["dead_letter"]] == [None, None]
    assert "13912345678" not in repr(sent)


def test_a_run_delivered_again_says_and_sends_the_same():
    intake = Part("intake")
    intake.events("inspection", event("inspection", at=0))
    moved = event("inspection", at=1, producer_code=OTHER_PRODUCER)
    run = (moved, moved, event("inspection", report_no="R2"), b"bad")
    sent = intake.events("inspection", *run, at=1)
    assert {row["retracted"] for row in sent["producer.record"]} == {True, False}
    assert intake.events("inspection", *run, at=1, redelivered=True) == sent


def test_an_older_version_is_history_only():
    intake = Part("intake")
    intake.events("entity", event("entity", at=5))
    sent = intake.events("entity", event("entity", at=4))
    assert [row["outcome"] for row in sent["event.entity"]] == ["accepted"]
    assert set(sent) == {"event.entity"}


def test_of_a_run_only_the_version_that_stands_is_sent_on():
    older, newer = event("entity", at=1, name="旧"), event("entity", at=2, name="新")
    for run in ((older, newer), (newer, older)):
        sent = Part("intake").events("entity", *run)
        assert [json.loads(row["body"])["name"] for row in sent["producer.record"]] == ["新"]


def test_a_listing_that_moves_is_called_back_from_where_it_was():
    intake = Part("intake", partitions=4)
    intake.events("listing", event("listing", at=0, lot="L1"))
    moved = event("listing", at=1, seller_code=OTHER_SELLER, producer_code=OTHER_PRODUCER, lot="L2")
    sent = intake.events("listing", moved)["producer.listing"]
    assert sorted((row["retracted"], row["seller_code"], row["lot"], row["revision"]) for row in sent) == [
        (False, OTHER_SELLER, "L2", 2),
        (True, SELLER, "L1", 2),
    ]
    assert {row["@"] for row in sent if row["retracted"]} == {partition_of(PRODUCER, 4)}
    assert {row["@"] for row in sent if not row["retracted"]} == {partition_of(OTHER_PRODUCER, 4)}


def test_listings_go_to_their_producer_or_by_themselves_and_are_called_back_from_there():
    intake = Part("intake", partitions=8)
    alone = [event("listing", listing_id=str(number), producer_code=None) for number in range(2, 20)]
    sent = intake.events("listing", event("listing"), *alone)["producer.listing"]
    homes = {row["listing_id"]: row["@"] for row in sent}
    assert homes["1"] == partition_of(PRODUCER, 8)
    assert all(homes[str(number)] == partition_of(f"{SHOP}\x1f{number}", 8) for number in range(2, 20))
    moved = [each | {"producer_code": PRODUCER, "occurred_at": each["occurred_at"] + 1} for each in alone]
    sent = intake.events("listing", *moved)["producer.listing"]
    assert {row["listing_id"]: row["@"] for row in sent if row["retracted"]} | {"1": homes["1"]} == homes
    assert {row["@"] for row in sent if not row["retracted"]} == {homes["1"]}


def test_a_listing_that_stays_is_not_called_back():
    intake = Part("intake")
    intake.events("listing", event("listing", at=0, price_fen=1))
    (row,) = intake.events("listing", event("listing", at=1, price_fen=2))["producer.listing"]
    assert (row["retracted"], row["price_fen"], row["revision"]) == (False, 2, 2)


def test_records_that_move_are_called_back_from_where_they_were():
    moves = {
        "inspection": ("producer.record", {"producer_code": OTHER_PRODUCER}, PRODUCER, OTHER_PRODUCER),
        "complaint": ("risk.record", {"listing_id": "2"}, f"{SHOP}\x1f1", f"{SHOP}\x1f2"),
    }
    for kind, (topic, change, there, here) in moves.items():
        intake = Part("intake")
        first = event(kind, at=0)
        intake.events(kind, first)
        rows = intake.events(kind, event(kind, at=1, **change))[topic]
        assert sorted((row["retracted"], row["route"]) for row in rows) == [(False, here), (True, there)], kind
        (back,) = (row for row in rows if row["retracted"])
        assert (back["event_id"], json.loads(back["body"])["event_id"]) == (first["event_id"], first["event_id"])


OF_ANOTHER = {
    "shipment": [
        {"from_code": OTHER_SELLER},
        {"producer_code": OTHER_PRODUCER},
        {"gtin": OTHER_GTIN},
        {"lot": "L2"},
        {"to_code": OTHER_SELLER},
        {"line": "2"},
    ],
    "inspection": [{"agency_code": OTHER_SELLER}],
    "recall": [{"producer_code": OTHER_PRODUCER}, {"gtin": OTHER_GTIN}],
    "penalty": [{"division": "330200"}, {"subject_code": OTHER_SELLER}],
    "complaint": [{"channel": "12312"}],
}


@pytest.mark.parametrize(("kind", "other"), [(kind, other) for kind, others in OF_ANOTHER.items() for other in others])
def test_a_number_that_another_has_given_is_another_record(kind, other):
    intake = Part("intake")
    intake.events(kind, event(kind, at=1))
    sent = intake.events(kind, event(kind, at=0, **other))
    (topic,) = set(sent) - {f"event.{kind}", "audit.record"}
    assert [row["retracted"] for row in sent[topic]] == [False], "older, and current: nothing is called back"


def test_a_kind_that_no_stage_keeps_goes_to_the_tables_alone():
    intake = Part("intake")
    first, other = event("certificate", gtin=" 6901234567892"), event("certificate", issuer_code=OTHER_SELLER)
    sent = intake.events("certificate", first, first, event("certificate", at=1, status="revoked"), other)
    assert set(sent) == {"event.certificate"}
    assert [(row["outcome"], row["status"], row["gtin"]) for row in sent["event.certificate"]] == [
        ("accepted", "valid", GTIN),
        ("duplicate", "valid", GTIN),
        ("accepted", "revoked", None),
        ("accepted", "valid", None),
    ]
    again = intake.rows("intake.lookup", [{"kind": "everything", "key": "", "asker": 0}])
    assert again["producer.record"] == [], "whoever is told everything anew is told nothing of them"


def test_a_line_of_blanks_is_no_line():
    intake = Part("intake")
    intake.events("shipment", event("shipment", at=1))
    assert set(intake.events("shipment", event("shipment", at=0, line=" \t"))) == {"event.shipment"}


def test_a_complaint_about_no_listing_any_more_is_called_back():
    intake = Part("intake")
    intake.events("complaint", event("complaint", at=0))
    (row,) = intake.events("complaint", event("complaint", at=1, listing_id=None, platform_code=None))["risk.record"]
    assert (row["retracted"], row["route"]) == (True, f"{SHOP}\x1f1")


def test_acts_go_where_their_alert_is():
    group = "5f" * 16
    intake = Part("intake", partitions=8)
    acts = [event("alert_act", alert_id=alert) for alert in (group, f"{group}-330106", f"{group}-110000", "60" * 16)]
    sent = intake.events("alert_act", *acts, acts[1])
    by_key = {row["key"].split("\x1f")[0]: row for row in sent["alert.record"]}
    assert by_key.keys() == {act["alert_id"] for act in acts}
    for alert_id, row in by_key.items():
        assert (row["route"], row["@"]) == (alert_id, partition_of(alert_id, 8))
    kept = msgspec.json.decode(by_key[group]["body"], type=Act)
    assert (kept.alert_id, kept.act, kept.actor, kept.occurred_at) == (group, "acknowledge", "oidc:li", NOON)
    assert [row["outcome"] for row in sent["event.alert_act"]] == [*["accepted"] * 4, "duplicate"]


def test_an_act_that_this_version_does_not_know_is_a_dead_letter_that_can_be_replayed():
    later, anybodys, ahead = (
        event("alert_act", act="escalate"),
        event("alert_act", publisher=LAB),
        event("alert_act", occurred_at=T0 + 2 + 5 * 60_000 + 1),
    )
    sent = Part("intake").events("alert_act", later, anybodys, ahead, event("alert_act"))
    letters = sent["dead_letter"]
    assert [(row["source_offset"], row["field"]) for row in letters] == [
        (0, "act"), (1, "publisher"), (2, "occurred_at"),
    ]  # fmt: skip
    assert "a later version may know it" in letters[0]["reason"]
    assert letters[0]["payload"] == encoded(later), "with all its bytes"
    assert [row["source_offset"] for row in sent["event.alert_act"]] == [3]


def test_of_two_versions_of_an_act_the_later_one_is_kept():
    intake = Part("intake")
    first = event("alert_act", act="assign", assignee="wang")
    for version, outcomes in (
        (first, ["accepted"]),
        (first | {"assignee": "li"}, ["accepted"]),
        (first, ["duplicate"]),
    ):
        assert [row["outcome"] for row in intake.events("alert_act", version)["event.alert_act"]] == outcomes


def test_a_day_goes_to_every_partition():
    sent = Part("intake", partition=2, partitions=3).events("day", event("day"))
    for topic in ("producer.record", "risk.record"):
        assert [(row["@"], json.loads(row["body"])["date"]) for row in sent[topic]] == [
            (partition, "2026-06-04") for partition in range(3)
        ]


def lookup(kind, key, asker):
    return {"kind": kind, "key": key, "asker": asker}


def test_a_record_that_nobody_published_is_answered_without_a_body_and_sent_when_it_comes():
    intake = Part("intake", partitions=8)
    elsewhere = (partition_of(PRODUCER, 8) + 1) % 8
    (answer,) = intake.rows("intake.lookup", [lookup("product", GTIN, elsewhere)])["producer.record"]
    assert (answer["@"], answer["kind"], answer["key"], answer["body"]) == (elsewhere, "product", GTIN, None)
    sent = intake.events("product", event("product"))["producer.record"]
    assert {row["@"] for row in sent} == {elsewhere, partition_of(PRODUCER, 8)}
    assert {json.loads(row["body"])["producer_code"] for row in sent} == {PRODUCER}


def test_who_asked_once_and_who_held_it_once_gets_every_later_version():
    intake = Part("intake", partitions=8)
    intake.events("licence", event("licence", at=0))
    holder, next_holder = partition_of(PRODUCER, 8), partition_of(OTHER_PRODUCER, 8)
    asker = next(partition for partition in range(8) if partition not in {holder, next_holder})
    (answer,) = intake.rows("intake.lookup", [lookup("licence", "SC1", asker)])["producer.record"]
    assert json.loads(answer["body"])["holder_code"] == PRODUCER
    sent = intake.events("licence", event("licence", at=1, holder_code=OTHER_PRODUCER))["producer.record"]
    assert {row["@"] for row in sent} == {asker, holder, next_holder}


def test_identifiers_go_on_in_normal_form_with_what_is_wrong_with_them():
    intake = Part("intake")
    written = event(
        "listing", seller_code=f" {SELLER.lower()} ", producer_code="not a code", gtin="6901234567892", lot=" "
    )
    (row,) = intake.events("listing", written)["producer.listing"]
    assert (row["seller_code"], row["seller_code_fault"]) == (SELLER, None)
    assert (row["producer_code"], row["producer_code_fault"]) == ("NOTACODE", "format")
    assert (row["gtin"], row["gtin_valid"], row["lot"]) == (GTIN, True, None)
    assert row["publisher"] == LAB

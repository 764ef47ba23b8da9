"""What a platform relies on when it publishes, on a real broker."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import Counter
from zlib import crc32

import msgspec
import pytest

from suyuan.domain.privacy.pseudonym import Pseudonyms
from suyuan.publishing.publisher import (
    BrokersUnavailable,
    InvalidEvent,
    KafkaConnection,
    Publisher,
    PublishingError,
    Undelivered,
    WrongTopics,
)
from suyuan.schemas.events import decode_event
from suyuan.schemas.framing import MAX_EVENT_BYTES
from suyuan.simulation.market import Market
from tests import identities

PATIENCE = 60.0
PLATFORM = "91330106009900005E"


def listing(number=1, **changed):
    return {
        "kind": "listing",
        "event_id": f"E{number}",
        "publisher": PLATFORM,
        "occurred_at": 1_770_000_000_000 + number,
        "platform_code": PLATFORM,
        "listing_id": f"I{number}",
        "status": "active",
        "title": "龙井茶",
        "category": "food",
        "seller_code": "91370202005000018L",
        "price_fen": 100,
        "sold_30d": 3,
        **changed,
    }


def until(condition):
    patience = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < patience
        time.sleep(0.01)


def test_every_kind_is_stored_in_the_partition_of_its_key(connection, log):
    deliveries = []
    events = [event for event in Market(7).events(1_500) if event["kind"] in {"listing", "recall", "lot"}]
    with Publisher(connection, on_delivery=deliveries.append) as publisher:
        for event in events:
            publisher.publish(event)
        publisher.flush()
        assert len(deliveries) == len(events)
    stored = {}
    for kind in ("listing", "recall", "lot"):
        for record in log.read(f"in.{kind}"):
            assert record.partition == crc32(record.key) % 3
            stored[record.topic, record.partition, record.offset] = decode_event(record.value)
    assert len(stored) == len(events)
    for delivery in deliveries:
        assert delivery.error is None
        kind, event = stored[delivery.topic, delivery.partition, delivery.offset]
        assert kind == delivery.kind == delivery.event["kind"]
        assert event["event_id"] == delivery.event["event_id"]
        assert event["publisher"] == delivery.event["publisher"]


def test_the_key_is_in_normal_form(connection, log):
    with Publisher(connection) as publisher:
        publisher.publish(listing(platform_code=f" {PLATFORM.lower()}"))
    (record,) = log.read("in.listing")
    assert record.key == f"{PLATFORM}\x1fI1".encode()


def test_events_of_one_key_stay_in_order(connection, log):
    with Publisher(connection) as publisher:
        for number in range(3_000):
            publisher.publish(listing(number, listing_id="the one"))
    stored = [decode_event(record.value)[1]["event_id"] for record in log.read("in.listing")]
    assert stored == [f"E{number}" for number in range(3_000)]


def test_a_single_event_goes_without_a_flush(connection):
    stored = threading.Event()
    with Publisher(connection, on_delivery=lambda _: stored.set()) as publisher:
        publisher.publish(listing())
        assert stored.wait(PATIENCE)


MARCH = 1_772_323_200_000


class Recall(msgspec.Struct, tag="recall", tag_field="kind"):
    event_id: str
    publisher: str
    occurred_at: dt.datetime
    recall_no: str
    producer_code: str
    gtin: str
    lots: list[str]
    level: int = 1
    reason: str = ""
    status: str = "open"


class Day(msgspec.Struct):
    event_id: str
    publisher: str
    occurred_at: int
    date: dt.date


def test_structs_dates_and_times(connection, log):
    moment = dt.datetime(2026, 3, 1, 8, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    recall = {"event_id": "R1", "publisher": "P", "recall_no": "N1", "producer_code": "91110000600037341L"}
    recall["gtin"] = "06901234567892"
    with Publisher(connection) as publisher:
        publisher.publish(Recall(**recall, occurred_at=moment, lots=["L1"]))
        publisher.publish(Day("D1", "SUYUAN", MARCH, dt.date(2026, 3, 2)), kind="day")
        publisher.publish(
            {"event_id": "D2", "publisher": "SUYUAN", "occurred_at": MARCH, "date": "2026-03-03"},
            kind="day",
        )
    (record,) = log.read("in.recall")
    assert decode_event(record.value)[1]["occurred_at"] == MARCH
    days = [decode_event(record.value)[1]["date"] for record in log.read("in.day")]
    assert sorted(days) == [dt.date(2026, 3, 2), dt.date(2026, 3, 3)]


def test_a_cell_that_looks_spoilt_is_stored_and_told(connection):
    delivered = []
    with Publisher(connection, on_delivery=delivered.append) as publisher:
        publisher.publish(listing(1, producer_code="9.13301E+17"))
        publisher.publish(listing(2))
    told = {delivery.event["listing_id"]: [each.field for each in delivery.cautions] for delivery in delivered}
    assert told == {"I1": ["producer_code"], "I2": []}
    assert all(delivery.error is None for delivery in delivered)


DAY = {"kind": "day", "event_id": "D", "publisher": "SUYUAN", "occurred_at": MARCH, "date": "2026-01-01"}
COMPLAINT = {
    "kind": "complaint",
    "event_id": "C",
    "publisher": "P",
    "occurred_at": MARCH,
    "channel": "12315",
} | {
    "complaint_no": "1",
    "category": "x",
    "complainant": "13912345678 张三",
}


@pytest.mark.parametrize(
    ("event", "field", "reason"),
    [
        (listing(price_fen="12"), "price_fen", "expected integer"),
        (listing(status="sold"), "status", "not one of"),
        ({name: value for name, value in listing().items() if name != "title"}, "title", "missing"),
        (listing(kind="unheard-of"), "kind", "not one of listing"),
        ({}, "kind", "missing"),
        (listing(event_id=""), "event_id", "is missing"),
        (listing(event_id="\u200b "), "event_id", "is missing"),
        (listing(publisher="\u3000"), "publisher", "is missing"),
        (DAY | {"date": "9999-12-31"}, "date", "more than a day after"),
        (DAY | {"publisher": "P"}, "publisher", "only the running system"),
        (COMPLAINT, "complainant", "no pseudonym"),
        (listing(occurred_at=10**17), "occurred_at", "mend the year, the unit or the clock"),
        (listing(colour="green"), "colour", "a listing has no such field"),
        (listing(title=b"\xe9\xbe\x99"), "title", "bytes, not text"),
        (listing(title=object()), "", "cannot be written as JSON"),
        (listing(title="x" * MAX_EVENT_BYTES), "", "too large"),
        (listing(title="\ud800"), "", "JSON"),
    ],
)
def test_what_is_no_event_is_refused_with_its_field_and_reason(publisher, log, event, field, reason):
    with pytest.raises(InvalidEvent) as caught:
        publisher.publish(event)
    assert caught.value.field == field
    assert reason in caught.value.reason
    assert "13912345678" not in str(caught.value)
    publisher.flush()
    assert log.read("in.listing") == []


@pytest.fixture
def publisher(connection):
    with Publisher(connection) as opened:
        yield opened


def test_who_complained_is_a_pseudonym_before_anything_is_sent(connection, log, tmp_path):
    key = tmp_path / "pseudonym.key"
    key.write_text("k" * 40 + "\n")
    person, who = COMPLAINT["complainant"], identities.person()
    recall = {"kind": "recall", "event_id": "R1", "publisher": "P", "recall_no": "N1", "occurred_at": MARCH}
    recall |= {"producer_code": "91110000600037341L", "gtin": "06901234567892", "lots": [], "level": 1}
    recall |= {"reason": "请致电 139 1234 5678", "status": "open"}
    delivered = []
    with Publisher(connection, on_delivery=delivered.append, pseudonym_key_file=key) as publisher:
        publisher.publish(COMPLAINT)
        publisher.publish(COMPLAINT | {"event_id": "C2", "complaint_no": "2", "complainant": f" {person}\u3000"})
        publisher.publish(recall)
        for number, said in enumerate((who.name, who.phone, who.identity)):
            named = {"event_id": f"C{number}-", "complaint_no": f"{number}-", "complainant": said, "category": who.told}
            publisher.publish(COMPLAINT | named)
        assert "k" * 8 not in repr(vars(publisher))
    records = log.read("in.complaint")
    sent = [decode_event(record.value)[1] for record in records]
    assert [each["complainant"] for each in sent].count(Pseudonyms(b"k" * 40).of(person)) == 2
    assert len({each["complainant"] for each in sent}) == 4
    assert identities.found_in(b"".join(record.key + record.value for record in records), [who]) == []
    assert identities.found_in(repr(delivered).encode(), [who]) == []
    (record,) = log.read("in.recall")
    assert decode_event(record.value)[1]["reason"] == "请致电 [电话 phone]"
    assert "13912345678" not in repr(delivered)
    assert "139 1234" not in repr(delivered)


@pytest.mark.parametrize(("text", "says"), [(None, "No such file"), ("short", "shorter than 32 characters")])
def test_a_key_that_cannot_be_used_is_named_and_not_shown(connection, tmp_path, text, says):
    key = tmp_path / "pseudonym.key"
    if text is not None:
        key.write_text(text)
    with pytest.raises(ValueError, match=says) as caught:
        Publisher(connection, pseudonym_key_file=key)
    assert str(key) in str(caught.value)
    assert text is None or f": {text}:" not in str(caught.value)


def test_unknown_fields_may_be_left_aside(connection, log):
    with Publisher(connection, ignore_unknown=True) as publisher:
        publisher.publish(listing(colour="green"))
    assert len(log.read("in.listing")) == 1


@pytest.mark.parametrize("compression", ["lz4", "zstd", "gzip", None])
def test_the_largest_event_and_any_compression(connection, log, compression):
    large = listing(title="x" * (MAX_EVENT_BYTES - 1_000))
    with Publisher(connection, compression=compression) as publisher:
        for event in (listing(1), large, listing(2)):
            publisher.publish(event)
    assert sorted(len(record.value) > 1_000_000 for record in log.read("in.listing")) == [False, False, True]


def test_many_threads(connection, log):
    deliveries = []
    with Publisher(connection, on_delivery=deliveries.append) as publisher:
        threads = [
            threading.Thread(target=lambda n=n: [publisher.publish(listing(n * 500 + i)) for i in range(500)])
            for n in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        publisher.flush()
    assert len({delivery.event["event_id"] for delivery in deliveries}) == len(deliveries) == 2_000
    assert len(log.read("in.listing")) == 2_000


def test_publish_waits_while_the_buffer_is_full(broker, log):
    deliveries, taken = [], []
    with Publisher(broker.connection, on_delivery=deliveries.append, buffer_bytes=40_000) as publisher:
        publisher.publish(listing(-1))
        publisher.flush()
        broker.pause()
        try:

            def publish_all():
                for number in range(1_000):
                    publisher.publish(listing(number))
                    taken.append(number)

            thread = threading.Thread(target=publish_all)
            thread.start()
            until(lambda: publisher._sender._bytes > 39_000)
            with pytest.raises(TimeoutError, match="still on their way"):
                publisher.flush(0.5)
            assert thread.is_alive()
            assert len(taken) < 200
        finally:
            broker.resume()
        thread.join(PATIENCE)
        publisher.flush()
    assert len(taken) == 1_000
    assert len(log.read("in.listing")) == len(deliveries) == 1_001


def test_a_broker_that_dies_and_comes_back_costs_nothing(broker, log):
    deliveries = []
    with Publisher(broker.connection, on_delivery=deliveries.append) as publisher:
        for number in range(6_000):
            publisher.publish(listing(number))
            if number == 3_000:
                until(lambda: len(deliveries) > 500)
                broker.kill()
                broker.restart()
        publisher.flush()
    assert Counter(delivery.error for delivery in deliveries) == {None: 6_000}
    stored = Counter(decode_event(record.value)[1]["event_id"] for record in log.read("in.listing"))
    assert stored == Counter(f"E{number}" for number in range(6_000))


def test_what_is_not_stored_in_time_is_said(broker):
    deliveries = []
    publisher = Publisher(broker.connection, on_delivery=deliveries.append, patience_seconds=1.0)
    try:
        broker.pause()
        publisher.publish(listing(1))
        publisher.publish(listing(2))
        with pytest.raises(Undelivered, match="2 events were not stored: no answer from the brokers for 1 s") as caught:
            publisher.flush()
        assert caught.value.count == 2
        publisher.flush()  # said once
        with pytest.raises(PublishingError, match="given up: no answer"):
            publisher.publish(listing(3))
    finally:
        broker.resume()
        publisher.close()
    assert [(delivery.offset, bool(delivery.error)) for delivery in deliveries] == [(None, True)] * 2


def test_a_delivery_report_that_fails_or_publishes_hurts_nobody(connection):
    errors = []

    def report(delivery):
        try:
            publisher.publish(delivery.event)
        except PublishingError as error:
            errors.append(str(error))
        raise RuntimeError

    with Publisher(connection, on_delivery=report) as publisher:
        for number in range(3):
            publisher.publish(listing(number))
        publisher.flush()
    assert len(errors) == 3
    assert "within a delivery report" in errors[0]


def test_a_closed_publisher_takes_nothing(connection):
    publisher = Publisher(connection)
    publisher.close()
    publisher.close()
    with pytest.raises(PublishingError, match="closed"):
        publisher.publish(listing())


def test_nobody_there():
    with pytest.raises(BrokersUnavailable, match=r"127\.0\.0\.1:1: .*Connect"):
        Publisher(KafkaConnection(("127.0.0.1:1",)))


def test_without_topics(start_broker, tmp_path):
    with start_broker(tmp_path / "bare") as bare, pytest.raises(WrongTopics, match="suyuan topics create"):
        Publisher(bare.connection)

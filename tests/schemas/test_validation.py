import datetime as dt
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.schemas.events import decode_event, encode_event
from suyuan.schemas.framing import MAX_EVENT_BYTES
from suyuan.schemas.kinds import KINDS
from suyuan.schemas.validation import InvalidEvent, parse_event

LISTING = {
    "kind": "listing",
    "event_id": "E1",
    "publisher": "P",
    "occurred_at": 1_790_000_000_000,
    "platform_code": "PC",
    "listing_id": "I1",
    "status": "active",
    "title": "标题",
    "category": "food",
    "seller_code": "S",
    "price_fen": 100,
    "sold_30d": 4,
}
RECALL = {
    "kind": "recall",
    "event_id": "E1",
    "publisher": "P",
    "occurred_at": 0,
    "recall_no": "R",
    "producer_code": "C",
    "gtin": "G",
    "lots": ["L"],
    "level": 1,
    "reason": "x",
    "status": "open",
}
LOT = {
    "kind": "lot",
    "event_id": "E1",
    "publisher": "P",
    "occurred_at": 0,
    "producer_code": "C",
    "gtin": "G",
    "lot": "L",
    "produced_on": "2026-03-11",
    "quantity": 5,
    "inputs": [{"producer_code": "C", "gtin": "G", "lot": "L0", "quantity": 1}],
}


def line(event, **changes):
    return json.dumps({name: value for name, value in (event | changes).items() if value is not ...}).encode()


@settings(deadline=None)
@given(data=st.data(), kind=st.sampled_from(KINDS))
def test_what_is_written_as_json_is_parsed_and_can_be_published(events_of, data, kind):
    event = data.draw(events_of(kind))
    text = json.dumps({"kind": kind, **event}, default=dt.date.isoformat, ensure_ascii=data.draw(st.booleans()))
    parsed = parse_event(text.encode())
    assert (parsed.kind, parsed.event, parsed.ignored) == (kind, event, ())
    assert decode_event(encode_event(parsed.kind, parsed.event)) == (kind, event)


def test_optional_fields_may_be_absent_or_null():
    assert parse_event(line(LISTING)) == parse_event(line(LISTING, gtin=None, url=None))
    assert parse_event(line(LISTING)).event["gtin"] is None


@pytest.mark.parametrize(
    ("event", "changes", "field", "reason"),
    [
        (LISTING, {"title": ...}, "title", "missing"),
        (LISTING, {"kind": ...}, "kind", "missing"),
        (LISTING, {"kind": "offer"}, "kind", "listing, entity, licence"),
        (LISTING, {"kind": 5}, "kind", "listing, entity, licence"),
        (LISTING, {"title": None}, "title", "expected text, got null"),
        (LISTING, {"title": 5}, "title", "expected text, got integer"),
        (LISTING, {"price_fen": "100"}, "price_fen", "expected integer, got text"),
        (LISTING, {"price_fen": 1.0}, "price_fen", "got number with a fraction"),
        (LISTING, {"price_fen": True}, "price_fen", "got true or false"),
        (LISTING, {"price_fen": 1 << 63}, "price_fen", "64-bit"),
        (LISTING, {"price_fen": -(1 << 63) - 1}, "price_fen", "64-bit"),
        (LISTING, {"price_fen": 10**40}, "price_fen", "64-bit"),
        (LISTING, {"lot": 5}, "lot", "expected text or null"),
        (LISTING, {"status": "sold"}, "status", "'sold' is not one of active, removed"),
        (LISTING, {"occurred_at": True}, "occurred_at", "true or false"),
        (LISTING, {"occurred_at": 1.5}, "occurred_at", "fraction"),
        (LISTING, {"occurred_at": 10**30}, "occurred_at", "64-bit"),
        (LISTING, {"occurred_at": "2026-09-21T08:00:00"}, "occurred_at", "offset"),
        (LISTING, {"occurred_at": "2026-09-21"}, "occurred_at", "ISO 8601"),
        (LISTING, {"occurred_at": "yesterday"}, "occurred_at", "ISO 8601"),
        (RECALL, {"level": 4}, "level", "4 is not one of 1, 2, 3"),
        (RECALL, {"level": True}, "level", ""),
        (RECALL, {"lots": "L"}, "lots", "expected array, got text"),
        (RECALL, {"lots": [1]}, "lots[0]", "expected text, got integer"),
        (RECALL, {"lots": ...}, "lots", "missing"),
        (LOT, {"produced_on": "2026-02-30"}, "produced_on", "YYYY-MM-DD"),
        (LOT, {"produced_on": "11.03.2026"}, "produced_on", "YYYY-MM-DD"),
        (LOT, {"inputs": [LOT["inputs"][0] | {"quantity": "1"}]}, "inputs[0].quantity", "expected integer"),
        (LOT, {"inputs": [{"gtin": "G"}]}, "inputs[0].producer_code", "missing"),
    ],
)
def test_an_invalid_event_names_field_and_reason(event, changes, field, reason):
    with pytest.raises(InvalidEvent) as caught:
        parse_event(line(event, **changes))
    assert caught.value.field.replace("[...]", "[0]") == field
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "not JSON"),
        (b'{"kind": "day"', "not JSON"),
        (b"{} {}", "not JSON"),
        (b"[]", "expected object"),
        (b"null", "expected object"),
        (b'{"kind": "day", "event_id": "\xff"}', "UTF-8"),
        (b"[" * 100_000, ""),
        (b'{"kind": "day", "x": ' + b"[" * 100_000, "JSON"),
        (b" " * (MAX_EVENT_BYTES + 1), "too large"),
        (line(LISTING).replace(b'"E1"', b'"\\ud800"'), "not JSON"),
    ],
)
def test_what_is_no_json_object_is_told_as_a_whole(text, reason):
    with pytest.raises(InvalidEvent) as caught:
        parse_event(text)
    assert caught.value.field == ""
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-09-21T08:00:00.123456+08:00", 1_789_948_800_123),
        ("2026-09-20T19:00:00.123-05:00", 1_789_948_800_123),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ],
)
def test_times_with_an_offset_are_taken(text, expected):
    assert parse_event(line(LISTING, occurred_at=text)).event["occurred_at"] == expected


def test_unknown_fields_are_taken_and_named():
    parsed = parse_event(line(LISTING, colour="red", size=None))
    assert parsed.ignored == ("colour", "size")
    assert parsed.event == parse_event(line(LISTING)).event


def test_a_byte_order_mark_is_passed_over():
    assert parse_event(b"\xef\xbb\xbf" + line(LISTING)) == parse_event(line(LISTING))


def test_every_time_of_an_event_is_read_as_its_first():
    act = {
        "kind": "alert_act",
        "event_id": "a",
        "publisher": "SUYUAN",
        "occurred_at": 0,
        "alert_id": "5f",
        "actor": "li",
    }
    act |= {"act": "acknowledge", "takedown": False}
    assert parse_event(line(act, until="2026-03-11T08:00:00+08:00")).event["until"] == 1_773_187_200_000
    assert parse_event(line(act, until=7)).event["until"] == 7
    assert parse_event(line(act)).event["until"] is None
    with pytest.raises(InvalidEvent) as refused:
        parse_event(line(act, until="2026-03-11T08:00:00"))
    assert refused.value.field == "until"
    office = parse_event(line(act, until="2026/3/11 8:00"), office_times=True)
    assert (office.event["until"], office.assumed) == (1_773_187_200_000, ("until",))

import datetime as dt
import io
import json
import shutil

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.schemas import events, kinds, runs
from suyuan.schemas.events import decode_event, encode_event
from suyuan.schemas.framing import MAX_EVENT_BYTES, UnreadableEvent, frame, unframe
from suyuan.schemas.kinds import KINDS, event_schema

DAY = {"event_id": "E1", "publisher": "P", "occurred_at": 1, "date": dt.date(2026, 9, 21)}


def test_a_message_byte_by_byte():
    assert encode_event("day", DAY).hex(" ") == "00 00 00 00 0b 04 45 31 02 50 02 da c3 02"


@given(data=st.data(), kind=st.sampled_from(KINDS))
def test_what_is_encoded_is_decoded(events_of, data, kind):
    event = data.draw(events_of(kind))
    assert decode_event(encode_event(kind, event)) == (kind, event)


@given(data=st.data(), kind=st.sampled_from(KINDS))
@settings(max_examples=30)
def test_any_avro_reader_takes_the_body(events_of, data, kind):
    event = data.draw(events_of(kind)) | {"occurred_at": data.draw(st.integers(0, 253_402_300_799_999))}
    schema = json.loads((kinds.EVENTS / f"{kind}.avsc").read_bytes())
    _, body = unframe(encode_event(kind, event))
    read = fastavro.schemaless_reader(io.BytesIO(body), fastavro.parse_schema(schema), None)
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    told = {name: event[name] for name in ("occurred_at", "until") if event.get(name) is not None}
    assert read == event | {name: epoch + dt.timedelta(milliseconds=at) for name, at in told.items()}


def test_optional_fields_may_be_left_out_and_required_ones_not():
    entity = {
        "event_id": "E",
        "publisher": "P",
        "occurred_at": 0,
        "code": "C",
        "name": "n",
        "status": "active",
    }
    assert decode_event(encode_event("entity", entity))[1]["division"] is None
    with pytest.raises(ValueError, match="entity"):
        encode_event("entity", {name: value for name, value in entity.items() if name != "name"})


@pytest.mark.parametrize(
    ("value", "reason", "field"),
    [
        (b"", "empty", None),
        (b"\x01\x00\x00\x00\x0b\x00", "magic byte 0x01", None),
        (b"\x00\x00\x00", "shorter than its header", None),
        (b"\x00\x00\x00\x03\xe7\x00", "unknown schema id 999", None),
        (b"\x00" * (MAX_EVENT_BYTES + 1), "too large", None),
        (frame(11, b""), "ends within", "event_id"),
        (frame(11, b"\x04E1\x02P"), "ends within", "occurred_at"),
        (frame(11, b"\x04E1\x02P\x02"), "ends within", "date"),
        (frame(11, b"\x04E1\x02P\x02\x02\x00"), "1 bytes left over", None),
        (frame(11, b"\x04\xff\xfe\x02P\x02\x02"), "UTF-8", "event_id"),
        (frame(11, b"\x04E1\x02P\x02\xfe\xff\xff\xff\x0f"), "outside 0001", "date"),
        (frame(11, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" + b"x" * 50), "", "event_id"),
    ],
)
def test_what_cannot_be_read_says_why_and_where(value, reason, field):
    with pytest.raises(UnreadableEvent) as caught:
        decode_event(value)
    assert reason in caught.value.reason
    assert caught.value.field == field


@pytest.mark.parametrize("index", [b"\x01", b"\x08"])
def test_an_enum_index_out_of_range_is_unreadable(index):
    """-1 and 4, of four symbols."""
    with pytest.raises(UnreadableEvent) as caught:
        decode_event(frame(2, b"\x04E1\x02P\x02\x02C\x02n" + index + b"\x00"))
    assert caught.value.field == "status"


def test_values_beyond_a_list_are_unreadable(market):
    message = encode_event("recall", market["recall"][0] | {"level": 4})
    with pytest.raises(UnreadableEvent, match="level: not one of 1, 2, 3"):
        decode_event(message)


@pytest.fixture
def evolved(tmp_path, monkeypatch):
    """`day` gets a version 2: a note with a default, and `date` renamed to `begins`."""
    folder = tmp_path / "events"
    shutil.copytree(kinds.EVENTS, folder)
    schema = json.loads((folder / "day.avsc").read_bytes())
    schema["fields"][3] |= {"name": "begins", "aliases": ["date"]}
    schema["fields"].append({"name": "note", "type": "string", "default": "none"})
    (folder / "history" / "day.v2.avsc").write_text(json.dumps(schema))
    before = encode_event("day", DAY)
    caches = [kinds.event_schema, kinds.schema_by_id, events._parsed, events._wire_fields, events._plain]
    caches += [runs._walk, runs._empty, runs._block_schema]
    monkeypatch.setattr(kinds, "EVENTS", folder)
    monkeypatch.setitem(kinds.SCHEMA_IDS, 12, ("day", 2))
    for cached in caches:
        cached.cache_clear()
    yield before
    monkeypatch.undo()
    for cached in caches:
        cached.cache_clear()


def test_an_event_of_an_earlier_version_is_read_as_the_current_one(evolved):
    expected = {"event_id": "E1", "publisher": "P", "occurred_at": 1, "begins": DAY["date"], "note": "none"}
    assert decode_event(evolved) == ("day", expected)
    run = runs.decode_run("day", [encode_event("day", expected | {"note": "x"}), evolved])
    assert run.failures == []
    assert run.rows.drop("index").to_dicts() == [expected | {"note": "x"}, expected]
    assert event_schema("day").schema_id == 12

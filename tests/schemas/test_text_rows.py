import datetime as dt
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.schemas.kinds import KINDS, event_schema
from suyuan.schemas.text_rows import event_from_text
from suyuan.schemas.validation import InvalidEvent

ENVELOPE = {"event_id": "E1", "publisher": "P", "occurred_at": "2026-09-21T08:00:00+08:00"}
PRODUCT = ENVELOPE | {"gtin": "0690000000000", "producer_code": "C", "name": "茶", "category": "food"}
LICENCE = ENVELOPE | {"licence_no": "SC1", "holder_code": "C", "valid_from": "2026-01-01", "status": "valid"}
LOT = ENVELOPE | {
    "producer_code": "C",
    "gtin": "G",
    "lot": "001",
    "produced_on": "2026-03-11",
    "quantity": "5",
}


def as_cell(value):
    if value is None:
        return ""
    if isinstance(value, list):
        return json.dumps(value)
    return value.isoformat() if isinstance(value, dt.date) else str(value)


@settings(deadline=None)
@given(data=st.data(), kind=st.sampled_from(KINDS))
def test_a_row_gives_the_event_it_was_made_from(events_of, data, kind):
    event = data.draw(events_of(kind))
    for field in event_schema(kind).fields:
        if field.type == "string":
            text = (event[field.name] or "").lstrip("=' ").strip()
            event[field.name] = text or (None if field.optional else "x")
    parsed = event_from_text(kind, {name: as_cell(value) for name, value in event.items()})
    assert (parsed.kind, parsed.event, parsed.ignored) == (kind, event, ())


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("true", True),
        ("TRUE", True),
        ("1", True),
        ("是", True),
        ("false", False),
        ("0", False),
        (" 否 ", False),
    ],
)
def test_booleans(cell, value):
    assert event_from_text("product", PRODUCT | {"requires_licence": cell}).event["requires_licence"] is value


@pytest.mark.parametrize(
    ("cell", "value"),
    [("", []), ("food", ["food"]), ("food; tea ;", ["food", "tea"]), ('["a;b", "c"]', ["a;b", "c"])],
)
def test_lists_of_texts(cell, value):
    assert event_from_text("licence", LICENCE | {"categories": cell}).event["categories"] == value


def test_inputs_are_json():
    inputs = [{"producer_code": "C", "gtin": "G", "lot": "L", "quantity": 3}]
    assert event_from_text("lot", LOT | {"inputs": json.dumps(inputs)}).event["inputs"] == inputs
    assert event_from_text("lot", LOT | {"inputs": ""}).event["inputs"] == []


def test_codes_keep_their_zeros_and_times_may_be_numbers():
    event = event_from_text("product", PRODUCT | {"requires_licence": "0", "occurred_at": "1000"}).event
    assert (event["gtin"], event["occurred_at"]) == ("0690000000000", 1000)


def test_columns_that_the_kind_does_not_have_are_named():
    parsed = event_from_text("product", PRODUCT | {"kind": "product", "requires_licence": "是", "remark": "x"})
    assert parsed.ignored == ("remark",)


@pytest.mark.parametrize(
    ("kind", "row", "field", "reason"),
    [
        ("offer", {}, "kind", "not one of listing"),
        ("product", PRODUCT, "requires_licence", "missing"),
        ("product", PRODUCT | {"requires_licence": ""}, "requires_licence", "empty"),
        (
            "product",
            PRODUCT | {"requires_licence": "maybe"},
            "requires_licence",
            "'maybe' is not one of true, 1, 是",
        ),
        ("licence", LICENCE, "categories", "missing"),
        ("licence", LICENCE | {"categories": "[1]"}, "categories", "Expected str"),
        ("licence", LICENCE | {"categories": '["a"'}, "categories", "JSON"),
        (
            "licence",
            LICENCE | {"categories": "", "status": "good"},
            "status",
            "'good' is not one of valid, suspended",
        ),
        ("licence", LICENCE | {"categories": "", "valid_from": "1/1/26"}, "valid_from", "not a date"),
        ("licence", LICENCE | {"categories": "", "valid_from": "2026-02-30"}, "valid_from", "not a date"),
        ("licence", LICENCE | {"categories": "", "occurred_at": "noon"}, "occurred_at", "ISO 8601"),
        ("lot", LOT | {"inputs": "", "quantity": "5.0"}, "quantity", "not an integer"),
        ("lot", LOT | {"inputs": "", "quantity": "５"}, "quantity", "not an integer"),
        ("lot", LOT | {"inputs": "", "quantity": "9223372036854775808"}, "quantity", "64-bit"),
        ("lot", LOT | {"inputs": "G1;G2"}, "inputs", "JSON"),
        ("lot", LOT | {"inputs": '[{"gtin": "G"}]'}, "inputs", "missing"),
        ("lot", LOT | {"inputs": "", "lot": "\ud800"}, "lot", "Unicode"),
    ],
)
def test_a_bad_cell_is_named_with_the_reason(kind, row, field, reason):
    with pytest.raises(InvalidEvent) as caught:
        event_from_text(kind, row)
    assert caught.value.field == field
    assert reason in caught.value.reason

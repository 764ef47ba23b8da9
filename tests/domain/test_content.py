"""The content of an event is one text, whoever writes it down: one at a time, or by column."""

import datetime as dt
import json
from hashlib import sha256

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from suyuan.domain.content import ID_BYTES, content, contents, digest, digests, event_ids, event_ids_in_hex

SCHEMA = {
    "event_id": pl.String,
    "publisher": pl.String,
    "occurred_at": pl.Int64,
    "title": pl.String,
    "lot": pl.String,
    "day": pl.Date,
    "held": pl.Boolean,
    "lots": pl.List(pl.String),
    "inputs": pl.List(pl.Struct({"producer_code": pl.String, "lot": pl.String, "quantity": pl.Int64})),
    "url": pl.String,
}
texts = st.text(max_size=12) | st.sampled_from(['"lot":null,', '\\"lot":null,', ',"url":null}', "\\", '"', "\x01\n"])
numbers = st.integers(-(2**63), 2**63 - 1)
inputs = st.fixed_dictionaries({"producer_code": texts, "lot": texts, "quantity": numbers})
events = st.fixed_dictionaries(
    {
        "event_id": texts,
        "publisher": texts,
        "occurred_at": numbers,
        "title": texts,
        "lot": st.none() | texts,
        "day": st.none() | st.dates(),
        "held": st.none() | st.booleans(),
        "lots": st.none() | st.lists(texts, max_size=3),
        "inputs": st.lists(inputs, max_size=3),
        "url": st.none() | texts,
    }
)


def test_what_the_contract_says_of_it():
    event = {
        "url": None,
        "title": '茅台 "a"\\/\n',
        "event_id": "e",
        "publisher": "p",
        "lots": ["b", "a"],
        "n": 1,
        "ok": True,
    }
    event |= {"day": dt.date(2026, 2, 1), "in": [{"q": 2, "lot": None, "g": "é"}]}
    text = '{"day":"2026-02-01","in":[{"g":"é","q":2}],"lots":["b","a"],"n":1,"ok":true,"title":"茅台 \\"a\\"\\\\/\\n"}'
    assert content(event) == text
    assert digest(text) == sha256(text.encode()).hexdigest()[:16]


@given(st.lists(events, min_size=1, max_size=4))
def test_by_column_it_is_what_it_is_one_at_a_time(given):
    rows = pl.DataFrame(given, schema=SCHEMA)
    found = contents(rows, SCHEMA)
    assert found.to_list() == [content(event) for event in given]
    assert [json.loads(text).get("title") for text in found] == [event["title"] for event in given]
    assert digests(found).to_list() == [digest(content(event)) for event in given]


flat = st.fixed_dictionaries(
    {
        "event_id": texts,
        "publisher": texts,
        "occurred_at": numbers,
        "lot": st.none() | texts,
        "seller_code": st.sampled_from(["", "X", ',"url":null}']),
        "url": st.none() | texts,
    }
)


@given(st.lists(flat, min_size=1, max_size=4))
def test_what_all_some_or_none_leave_out_is_left_out(given):
    rows = pl.DataFrame(given, schema={name: SCHEMA.get(name, pl.String) for name in given[0]})
    for event in given:
        event["seller_code"] = event["seller_code"] or None
    assert contents(rows, rows.columns).to_list() == [content(event) for event in given]


def test_an_id_tells_versions_apart_and_knows_what_comes_again():
    rows = pl.DataFrame({"publisher": ["P", "P", "P", "Q"], "event_id": ["1", "1", "1", "1"]})
    one, again, other, others = event_ids("lot", rows, pl.Series(["00" * 8, "00" * 8, "01" * 8, "00" * 8]))
    digest = pl.Series(["00" * 8])
    assert one == again
    assert len({one, other, others, *event_ids("recall", rows[:1], digest)}) == 4
    assert one[:8] == other[:8]
    assert len(one) == ID_BYTES
    assert event_ids_in_hex("lot", rows[:1], digest).to_list() == [one.hex()]


def test_a_listing_without_a_seller_says_nothing_of_one():
    rows = pl.DataFrame({"seller_code": ["", "X", ""], "title": ["t", "t", ""], "url": [None, None, "u"]})
    assert contents(rows, ["seller_code", "title", "url"]).to_list() == [
        '{"title":"t"}',
        '{"seller_code":"X","title":"t"}',
        '{"title":"","url":"u"}',
    ]

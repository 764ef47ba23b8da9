"""What is told of alerts outside, how they are chosen, and places in their topic."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.access.scope import Platform, Scope
from suyuan.operations.alerts.cursor import BadCursor, read_cursor, write_cursor
from suyuan.operations.alerts.filters import BadFilter, read_filter
from suyuan.operations.alerts.outward import BLOCK, TOPIC, alerts_in, outward
from suyuan.operations.webhooks.events import Filters
from suyuan.operations.webhooks.filtering import wanted_alerts
from suyuan.queries.alert_parts import part_of
from suyuan.schemas.topics import topic
from tests.sinks.rows import NOW, alert, block

PLATFORM = "91330000PLATFORM01"


def said(**fields):
    (one,) = alerts_in(block(BLOCK, alert("a", **fields)))
    return msgspec.json.decode(msgspec.json.encode(outward(one)))


def test_an_alert_of_a_block_is_told_as_one_of_a_subject():
    told = said(triggering='{"recall_level":1}', bureau="330106", listing_id="l/1", seller_code="S")
    assert told["subject"] == f"listing:{PLATFORM}/l%2F1"
    assert (told["listings"], told["condition"], told["change"]) == (1, "standing", "raised")
    assert told["triggering"] == {"recall_level": 1}
    assert (told["bureau"], told["raised_at"], told["sequence"]) == ("330106", NOW, 1)
    assert (told["title_zh"], told["producer_code"]) == ("", None)
    assert (told["handling"], told["assignee"], told["platforms"]) == (
        "open",
        None,
        [{"platform_code": PLATFORM, "listings": 1}],
    )
    assert said(state="cleared", change="cleared", sequence=2)["condition"] == "cleared"
    assert said(triggering="{not json")["triggering"] == "{not json"


def test_an_alert_of_many_listings_names_none_of_them():
    of_lot = {"subject": "lot:M/1/L", "subject_kind": "lot", "listings": 1_204, "gtin": "1", "lot": "L"}
    people = {"handling": "assigned", "assignee": "a", "act": "assign", "actor": "b", "acted_at": NOW, "note_id": "n"}
    told = said(**of_lot, **people, bureau_why="because", basis="0f")
    assert (told["platform_code"], told["listing_id"], told["platforms"]) == (None, None, [])
    assert of_lot.items() <= told.items()
    assert {name: people[name] for name in people if name != "note_id"}.items() <= told.items()
    assert (told["bureau_why"], told["basis"], "note_id" in told) == ("because", "0f", False)


def test_a_platform_whose_part_of_an_alert_has_ended_is_told_that_it_is_cleared():
    """The alert stands on, of others' listings: webhooks, streams and `--follow` all tell the part."""
    counts = [{"platform_code": PLATFORM, "listings": 0}, {"platform_code": "Q", "listings": 3}]
    of_lot = {"subject": "lot:M/1/L", "subject_kind": "lot", "listings": 3, "platforms": counts}
    (one,) = alerts_in(block(BLOCK, alert("a", change="changed", **of_lot)))
    for part in (
        part_of(Scope((Platform(PLATFORM),)), one),
        wanted_alerts(Scope((Platform(PLATFORM),)), Filters())(one),
    ):
        assert (part.state, part.listings, [each.platform_code for each in part.platforms]) == (
            "cleared",
            0,
            [PLATFORM],
        )
    told = part_of(Scope((Platform("Q"),)), one)
    assert (told.state, told.listings) == ("raised", 3)


def test_the_topic_is_that_of_the_table_and_what_cannot_be_read_is_passed_over(caplog):
    assert topic(TOPIC).schema == BLOCK
    assert list(alerts_in(b"nonsense")) == list(alerts_in(None)) == []
    assert "passed over" in caplog.text


@given(st.lists(st.integers(0, (1 << 63) - 1), min_size=1, max_size=40))
def test_a_cursor_is_read_as_it_was_written(offsets):
    places = {(TOPIC, number): offset for number, offset in enumerate(offsets)}
    text = write_cursor(TOPIC, places)
    assert read_cursor(text, TOPIC, len(offsets)) == places
    assert text.isascii()
    for partitions in (len(offsets) + 1, len(offsets) - 1):
        with pytest.raises(BadCursor):
            read_cursor(text, TOPIC, partitions)
    with pytest.raises(BadCursor):
        read_cursor(text, "alert", len(offsets))
    with pytest.raises(BadCursor):
        read_cursor(text[:-2] + "!", TOPIC, len(offsets))


@given(st.text(max_size=60) | st.text(alphabet="AQgf-_", max_size=40).map(lambda text: f"{TOPIC}.v1.{text}"))
def test_what_nobody_was_given_is_refused_or_a_place(text):
    try:
        found = read_cursor(text, TOPIC, 2)
    except BadCursor:
        return
    assert len(found) == 2
    assert min(found.values()) >= 0


def test_a_cursor_of_many_partitions_is_short():
    assert len(write_cursor(TOPIC, {(TOPIC, number): 1 << 30 for number in range(8)})) < 70
    assert len(write_cursor(TOPIC, {(TOPIC, number): 1 << 30 for number in range(256)})) < 2_000


def test_a_filter_is_read_from_texts():
    wanted = read_filter(severity="high, critical,high", bureau="33,3401", platform="p1", since=5, condition="standing")
    assert (wanted.severity, wanted.bureau, wanted.platform_code) == (("high", "critical"), ("33", "3401"), ("p1",))
    assert (wanted.since, wanted.state, wanted.rule) == (5, "raised", ())
    assert read_filter(subject=f"listing:{PLATFORM.lower()}/l%2F1").subject == f"listing:{PLATFORM}/l%2F1"
    assert read_filter(subject="lot:a/6901234567892/c").subject == "lot:A/06901234567892/c"
    of = read_filter(handling="open,assigned", assignee="a b,c")
    assert (of.handling, of.assignee) == (("open", "assigned"), ("a b", "c"))
    assert read_filter(severity="", bureau=None, condition="").values == {}


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("severity", "grave"),
        ("severity", "high,grave"),
        ("bureau", "33x"),
        ("bureau", "1234567"),
        ("condition", "raised"),
        ("subject", "nonsense"),
        ("subject", "lot:a/b"),
        ("handling", "done"),
        ("rule", ",".join(map(str, range(60)))),
    ],
)
def test_a_filter_that_makes_no_sense_is_named(field, text):
    with pytest.raises(BadFilter) as refused:
        read_filter(**{field: text})
    assert refused.value.field == field

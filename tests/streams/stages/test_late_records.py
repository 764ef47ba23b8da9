"""Records that an owner of their home sends when it is one no more, after its successor: the newest stay."""

import pytest

from tests.streams.stages.part import Part
from tests.streams.stages.published import OTHER_PRODUCER, PRODUCER, event
from tests.streams.stages.upstream import Upstream

RECORDS = [
    (event("entity", name="旧"), event("entity", at=9, name="新")),
    (event("penalty"), event("penalty", at=9, status="lifted")),
    (event("entity", code=PRODUCER), event("entity", code=PRODUCER, at=9, status="revoked")),
    (event("licence"), event("licence", at=9, status="revoked")),
    (event("licence"), event("licence", at=9, holder_code=OTHER_PRODUCER)),
    (event("product"), event("product", at=9, requires_licence=True)),
    (event("product"), event("product", at=9, producer_code=OTHER_PRODUCER)),
    (event("lot", expires_on="2026-06-02"), event("lot", at=9, expires_on="2026-07-02")),
    (event("shipment"), event("shipment", at=9, quantity=7)),
    (event("inspection"), event("inspection", at=9, result="fail")),
    (event("inspection"), event("inspection", at=9, lot="L2")),
    (event("recall"), event("recall", at=9, status="closed")),
]


@pytest.mark.parametrize(
    ("old", "new"), RECORDS, ids=[f"{new['kind']}-{number}" for number, (_, new) in enumerate(RECORDS)]
)
def test_an_older_version_that_comes_late_changes_nothing(old, new):
    topic = "producer.record"
    first, then = (home := Upstream()).records(topic, old), home.records(topic, new)
    late = Upstream().records(topic, old)
    part = Part("producer")
    part.rows(topic, first)
    part.rows(topic, then)
    kept = kept_records(part)
    part.rows(topic, late)
    assert kept_records(part) == kept


def test_a_retraction_that_comes_late_takes_no_later_version_away():
    """The record went elsewhere and came back; the retraction of its first version is sent again after that."""
    topic = "producer.record"
    home, part = Upstream(), Part("producer")
    sent = [home.records(topic, event("inspection", at=at, lot=lot)) for at, lot in enumerate(("L1", "L2", "L1"))]
    for rows in sent:
        part.rows(topic, rows)
    kept = kept_records(part)
    part.rows(topic, [row for row in sent[1] if row["retracted"]])
    assert kept_records(part) == kept
    assert any(b"L1" in key for key, _ in kept)


def kept_records(part):
    """All but what says when something was last done."""
    return [(key, value) for key, value in part.store.scan(b"") if key.split(b"\x1f")[0] not in (b"count", b"gone")]

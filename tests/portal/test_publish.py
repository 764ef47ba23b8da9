"""Events by HTTP: a verdict for each, whatever is sent, by whomever; and what became of an event."""

from __future__ import annotations

import gzip
import itertools
import json
import logging
import re
import time

import pytest

from suyuan.domain.privacy.pseudonym import Pseudonyms
from suyuan.publishing.files.body import MOST_BYTES
from suyuan.publishing.keys import identities
from suyuan.schemas.events import decode_event, encode_event
from tests.identities import found_in, person
from tests.portal.worlds import A, B
from tests.sinks.contract.views import load
from tests.sinks.rows import block, chain, dead_letter, events
from tests.streams.event_messages import parsed_whenever
from tests.streams.stages.published import event

NUMBERS = itertools.count(1)


def listing(world=A, **changed):
    number = next(NUMBERS)
    fields = {"event_id": f"o-{number}", "publisher": world.platform, "platform_code": world.platform}
    return {"kind": "listing", **event("listing"), **fields, "listing_id": f"n-{number}", **changed}


def lines(*events):
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in events).encode()


def said(answer):
    assert answer.status_code == 200, answer.text
    return [(each["line"], each["verdict"], each.get("field")) for each in answer.json()["results"]]


@pytest.fixture
def platform(portal):
    return portal.client("platform")


def came(portal, *kinds):
    """(kind, event_id) of everything in the log."""
    topics = [f"in.{kind}" for kind in kinds]
    found = []
    with portal.deployment.tail(topics, {}) as tail:
        while sum(tail.next_offsets.values()) < sum(tail.end_offsets().values()):
            for messages in tail.read(10):
                decoded = [decode_event(value) for value in messages.values]
                found += [(kind, fields["event_id"]) for kind, fields in decoded]
    return found


def test_each_event_has_its_verdict_and_what_is_accepted_is_in_the_log(portal, platform):
    first, bad, last = listing(), listing(price_fen=None), listing()
    answer = platform.post("/api/v1/events", content=lines(first, bad, first, last))
    assert said(answer) == [
        (1, "accepted", None),
        (2, "rejected", "price_fen"),
        (3, "duplicate", None),
        (4, "accepted", None),
    ]
    body = answer.json()
    assert {name: body[name] for name in ("received", "accepted", "duplicate", "rejected")} == {
        "received": 4,
        "accepted": 2,
        "duplicate": 1,
        "rejected": 1,
    }
    assert body["batch"] == answer.headers["x-request-id"]
    assert body["results"][0]["ref"].startswith(f"listing/{A.platform}/{first['event_id']}~")
    assert body["results"][1]["reason"]
    again = platform.post("/api/v1/events", content=lines(first, last))
    assert [verdict for _, verdict, _ in said(again)] == ["duplicate", "duplicate"]
    found = came(portal, "listing")
    assert [found.count(("listing", each["event_id"])) for each in (first, bad, last)] == [1, 0, 1]


def test_arrays_tables_and_packed_bodies_are_read_as_files_are(platform):
    array = json.dumps([listing(), listing()]).encode()
    assert len(said(platform.post("/api/v1/events", content=array))) == 2
    one = {name: value for name, value in listing().items() if value is not None}
    table = ",".join(one) + "\n" + ",".join(map(str, one.values())) + "\n"
    packed = platform.post(
        "/api/v1/events", content=gzip.compress(table.encode()), headers={"Content-Encoding": "gzip"}
    )
    assert said(packed) == [(2, "accepted", None)]
    del one["kind"]  # a platform publishes listings alone: that need not be said
    table = ",".join(one) + "\n" + ",".join(map(str, one.values())) + "\n"
    assert said(platform.post("/api/v1/events", content=table.encode())) == [(2, "duplicate", None)]


def test_what_looks_wrong_is_told_of_objects_as_it_is_of_tables(platform):
    odd = {"gtin": "2100000001231", "lot": "2.0261E+15", "seller_code": "913301060000000000"}
    events = [listing(**odd) for _ in range(3)]
    names = list(events[0])
    rows = [",".join("" if each[name] is None else str(each[name]) for name in names) for each in events[:1]]
    bodies = (
        json.dumps(events[1:2]).encode(),
        lines(events[2]),
        "\n".join([",".join(names), *rows]).encode(),
    )
    told = []
    for body in bodies:
        answer = platform.post("/api/v1/events", content=body)
        assert [verdict for _, verdict, _ in said(answer)] == ["accepted"]
        odd_notes = [note for note in answer.json()["notes"] if note.startswith("a listing's ")]
        told.append(sorted(re.sub(r" at [^)]*", "", note) for note in odd_notes))
    assert len(told[0]) == len(odd)
    assert told == [told[0]] * 3


def test_who_complained_becomes_a_pseudonym_or_is_refused_where_there_is_no_key(portal, caplog):
    """The key of a data folder is made; beside Kafka it is to be given."""
    regulator, who = portal.client("regulator"), person()
    named = event("complaint", complainant=who.name, category=who.told, publisher=A.producer)
    other = event("complaint", publisher=A.producer)
    with caplog.at_level(logging.ERROR, "suyuan.portal"):
        answer = regulator.post("/api/v1/events", content=lines(named, other, named))
    first, second, third = answer.json()["results"]
    assert second["verdict"] == "accepted"
    assert found_in(answer.content + caplog.text.encode(), [who]) == []
    key = portal.settings.data / "portal" / "pseudonym.key"
    if portal.shape == "cluster":
        assert (first["verdict"], first["field"]) == ("rejected", "complainant")
        assert "SUYUAN_PSEUDONYM_KEY_FILE" in first["reason"]
        assert caplog.text.count("SUYUAN_PSEUDONYM_KEY_FILE is not set") == 1, "the operator is told, once"
        assert not key.exists()
        return
    assert (first["verdict"], third["verdict"]) == ("accepted", "duplicate")
    with portal.deployment.tail(["in.complaint"], {}) as tail:
        values = [value for messages in tail.read(10) for value in messages.values]
    (kept,) = (said for value in values if (said := decode_event(value)[1])["event_id"] == named["event_id"])
    assert kept["complainant"] == Pseudonyms(key.read_bytes()).of(who.name)
    assert found_in(b"".join(values), [who]) == []


def test_what_is_somebody_elses_is_rejected_named_and_logged(portal, platform, caplog):
    with caplog.at_level(logging.WARNING, "suyuan.portal"):
        answer = platform.post(
            "/api/v1/events", content=lines(listing(), listing(B), listing(platform_code=B.platform))
        )
    assert said(answer) == [
        (1, "accepted", None),
        (2, "rejected", "publisher"),
        (3, "rejected", "platform_code"),
    ]
    (line,) = [each.getMessage() for each in caplog.records if "foreign events" in each.getMessage()]
    assert line.startswith("foreign events: 2 of principal=")
    assert A.platform not in line
    recall = {"kind": "recall", **event("recall", publisher=A.platform)}
    assert said(platform.post("/api/v1/events", content=lines(recall))) == [(1, "rejected", "kind")]
    assert said(portal.client("regulator").post("/api/v1/events", content=lines(recall))) == [(1, "accepted", None)]


def test_a_producer_publishes_its_own_lots_and_no_others(portal):
    producer = portal.client("publisher")
    own = {"kind": "lot", **event("lot", publisher=A.producer), "producer_code": A.producer}
    foreign = own | {"producer_code": B.producer, "event_id": "another"}
    answer = producer.post("/api/v1/events", content=lines(own, foreign))
    assert said(answer) == [(1, "accepted", None), (2, "rejected", "producer_code")]


@pytest.mark.parametrize(
    ("content", "status", "problem"),
    [
        (b"", 422, "unreadable-body"),
        (b"<html></html>", 422, "unreadable-body"),
        (b"a,b\n1,2\n", 422, "unreadable-body"),
        (gzip.compress(b"[]" * 1000)[:-9], 422, "unreadable-body"),
        (gzip.compress(b" " * (MOST_BYTES + 1)), 413, "body-too-large"),
        (b" " * (MOST_BYTES + 1), 413, "body-too-large"),
        (b"[" + b"{}," * 10_001 + b"{}]", 413, "body-too-large"),
    ],
    ids=["nothing", "markup", "table", "broken off", "bomb", "large", "many"],
)
def test_a_body_that_cannot_be_read_or_holds_too_much_publishes_nothing(platform, content, status, problem):
    answer = platform.post("/api/v1/events", content=content)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{problem}")
    assert "--" not in answer.text


def test_a_body_is_read_as_events_whatever_a_client_such_as_curl_calls_it(platform):
    for kind in ("application/x-www-form-urlencoded", "application/octet-stream", "text/plain"):
        answer = platform.post("/api/v1/events", content=lines(listing()), headers={"Content-Type": kind})
        assert said(answer) == [(1, "accepted", None)]


def test_forms_other_codings_and_unknown_words_are_refused(platform):
    assert platform.post("/api/v1/events", files={"file": b"x"}).status_code == 415
    assert platform.post("/api/v1/events", content=b"x", headers={"Content-Encoding": "br"}).status_code == 415
    for wrong in ({"kind": "nonsense"}, {"encoding": "nonsense"}):
        assert platform.post("/api/v1/events", params=wrong, content=b"x").status_code == 400
    assert platform.post("/api/v1/events", params={"seconds": 31}, content=b"x").status_code == 422


def loaded(portal, sent, verdict="broken"):
    """Brings an event and the chain that rests on it into the tables, as stages and loader would."""
    parsed = parsed_whenever(sent)
    named = identities("listing", [parsed.event])
    row = dict(parsed.event) | {"digest": named.digests[0]}
    load(portal.clickhouse, "event.listing", events("listing", row, first=5000 + next(NUMBERS)))
    of = {name: sent[name] for name in ("platform_code", "listing_id")}
    rests = chain(0, **of, verdict=verdict, gap_names=["lot_unknown"], listing_event=named.refs()[0])
    load(portal.clickhouse, "chain", block("chain", rests))


def test_who_waits_is_told_what_the_chains_say_or_that_time_is_up(portal, platform):
    ready, late = listing(), listing()
    platform.post("/api/v1/events", content=lines(ready))
    loaded(portal, ready)
    began = time.monotonic()
    answer = platform.post("/api/v1/events", params={"wait": "assessed", "seconds": 1}, content=lines(ready, late))
    assert answer.json()["assessed"] == 1
    first, second = answer.json()["results"]
    assert first["chain"] == {"verdict": "broken", "gaps": ["lot_unknown"], "rests_on": first["ref"]}
    assert "chain" not in second
    assert second["verdict"] == "accepted"
    assert second["key"] == [late["platform_code"], late["listing_id"]]
    at_once = platform.post("/api/v1/events", params={"wait": "assessed"}, content=lines(ready))
    assert at_once.json()["assessed"] == 1
    assert time.monotonic() - began < 30  # nobody waited for what had come


def test_what_became_of_an_event_is_told_to_whom_it_belongs(portal, platform):
    sent = listing(event_id="o/ü~1")
    ref = platform.post("/api/v1/events", content=lines(sent)).json()["results"][0]["ref"]
    assert platform.get(f"/api/v1/events/{ref}").status_code == 404  # the tables do not have it yet
    loaded(portal, sent)
    (row,) = platform.get(f"/api/v1/events/{ref}").json()["rows"]
    assert (row["evidence"], row["outcome"], row["listing_id"]) == (ref, "accepted", sent["listing_id"])
    assert len(platform.get(f"/api/v1/events/{ref.rpartition('~')[0]}").json()["rows"]) == 1
    assert portal.client("platform", "B").get(f"/api/v1/events/{ref}").status_code == 404
    assert platform.get("/api/v1/events/nonsense/x/y").status_code == 404
    refused = dead_letter("in.listing", 0, 7000 + next(NUMBERS), reason="is late", field="occurred_at", kind="listing")
    parsed = parsed_whenever(listing(event_id="dead one"))
    refused["payload"] = encode_event("listing", parsed.event)
    load(portal.clickhouse, "dead_letter", block("dead_letter", refused))
    path = f"/api/v1/events/listing/{A.platform}/dead%20one"
    (row,) = platform.get(path).json()["rows"]
    assert (row["outcome"], row["field"], row["reason"]) == ("dead_letter", "occurred_at", "is late")
    assert portal.client("platform", "B").get(path).status_code == 404


def test_a_platform_sees_what_was_refused_of_its_own_after_it_was_sent(portal, platform):
    for world in (A, B):
        sent = parsed_whenever(listing(world, event_id=f"refused {world.letter}"))
        letter = dead_letter(
            "in.listing", 0, 8000 + next(NUMBERS), reason="is late", field="occurred_at", kind="listing"
        )
        letter["payload"] = encode_event("listing", sent.event)
        load(portal.clickhouse, "dead_letter", block("dead_letter", letter))
    rows = platform.get("/api/v1/rejections").json()["rows"]
    named = [(row["event_id"], row["field"], row["reason"]) for row in rows]
    assert ("refused A", "occurred_at", "is late") in named
    assert "refused B" not in str(rows)
    assert platform.get("/api/v1/rejections", params={"reason": "nothing of the kind"}).json()["rows"] == []
    assert portal.client("regulator").get("/api/v1/rejections").status_code == 403


def test_a_repeat_of_what_the_tables_have_is_known_after_a_restart_of_the_portal(portal, platform):
    """An embedded log knows it by itself; over Kafka the tables are asked."""
    sent = listing()
    parsed = parsed_whenever(sent)
    if portal.shape == "embedded":
        platform.post("/api/v1/events", content=lines(sent))
    else:
        row = dict(parsed.event) | {"digest": identities("listing", [parsed.event]).digests[0]}
        load(portal.clickhouse, "event.listing", events("listing", row, first=9000))
    assert said(platform.post("/api/v1/events", content=lines(sent))) == [(1, "duplicate", None)]
    assert said(platform.post("/api/v1/events", content=lines(sent | {"title": "more"}))) == [(1, "accepted", None)]

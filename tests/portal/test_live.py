"""The stream of alerts on both shapes, as it is asked for."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from suyuan.access.events import Revoked
from suyuan.access.keys import parse_key
from suyuan.access.principal import Role
from suyuan.portal.live import feed as feeding
from tests.portal.live.conftest import told
from tests.portal.shapes import given_for
from tests.portal.worlds import WORLDS, A, B
from tests.sinks.rows import block

LIVE = "/api/v1/alerts/live"
PATIENCE = 30.0


def events(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    return list(told(answer.content))


def names(answer):
    return [data["alert_id"] for name, data, _ in events(answer) if name == "alert"]


def place(answer):
    return [id_ for *_, id_ in events(answer) if id_][-1]


def now_of(client):
    """Where the topic ends."""
    return place(client.get(LIVE, params={"seconds": 0}))


def missed(client, begin):
    """What is told behind a place, once two alerts are: a feed that is under way reads what comes a moment later."""
    until = time.monotonic() + PATIENCE
    while len(names(answer := client.get(LIVE, params={"seconds": 0, "after": begin}))) < 2:
        assert time.monotonic() < until
    return answer


def said(world, name, **fields):
    row = next(iter(world.alerts)) | {"alert_id": name, "received_at": time.time_ns() // 1_000_000}
    return row | fields


def test_each_role_is_told_what_it_may_see_and_may_go_on_from_any_place(portal):
    client = portal.client("regulator")
    begin = now_of(client)
    portal.say("alert", 0, block("alert", said(A, "live-a-1"), said(B, "live-b-1")))
    portal.say("alert", 1, block("alert", said(A, "live-a-2", severity="low"), said(B, "live-b-2")))
    for world, mine in ((A, "a"), (B, "b")):
        for role in (Role.REGULATOR, Role.INVESTIGATOR, Role.PLATFORM):
            answer = missed(portal.client(role, world.letter), begin)
            assert sorted(names(answer)) == [f"live-{mine}-1", f"live-{mine}-2"]
            other = next(each for each in WORLDS.values() if each is not world)
            assert other.mark not in answer.text
            assert [code for code in other.codes if code in answer.text] == []
            again = portal.client(role, world.letter).get(LIVE, params={"seconds": 0, "after": place(answer)})
            assert names(again) == []
    by_header = client.get(LIVE, params={"seconds": 0, "severity": "low"}, headers={"Last-Event-ID": begin})
    assert names(by_header) == ["live-a-2"]
    (last,) = [data for name, data, _ in events(by_header) if name == "bye"]
    assert last == {"reason": "time"}


def test_an_alert_that_the_tables_do_not_have_yet_is_shown_as_it_was_told(portal):
    client, other = portal.client("regulator"), portal.client("regulator", "B")
    begin = now_of(client)
    portal.say("alert", 0, block("alert", said(A, "live-a-3"), said(A, "live-a-4", sequence=2)))
    missed(client, begin)
    for path in ("/api/v1/alerts/live-a-4", "/alerts/live-a-4"):
        assert A.text("recalled")[:8] in client.get(path, params={"lang": "en"}, headers={"Accept": "*/*"}).text
        assert other.get(path).status_code == 404
    assert client.get("/api/v1/alerts/live-a-4").json()["sequence"] == 2


def test_what_comes_while_somebody_listens_is_told_at_once(portal):
    client = portal.client("regulator")
    with ThreadPoolExecutor(1) as beside:
        listening = beside.submit(client.get, LIVE, params={"seconds": 3})
        until = time.monotonic() + PATIENCE
        while not portal.app.state.portal.feed._subscribers:
            assert time.monotonic() < until
            time.sleep(0.02)
        portal.say("alert", 1, block("alert", said(A, "live-now")))
        assert names(listening.result(PATIENCE)) == ["live-now"]


def test_a_key_that_is_revoked_ends_its_stream(portal, monkeypatch):
    monkeypatch.setattr(feeding, "CHECK_SECONDS", 0.3)
    key = portal.grant(**given_for(Role.REGULATOR, A, "leaves"))
    client = portal.client(key=key)
    until = time.monotonic() + PATIENCE
    while client.get("/api/v1/alerts").status_code != 200:
        assert time.monotonic() < until
        time.sleep(0.05)
    with ThreadPoolExecutor(1) as beside:
        listening = beside.submit(client.get, LIVE, params={"seconds": PATIENCE})
        portal.append(Revoked(parse_key(key).id, int(time.time() * 1000), "command"))
        assert [data for name, data, _ in events(listening.result(PATIENCE)) if name] == [{"reason": "revoked"}]
    assert client.get(LIVE).status_code == 401


def test_a_place_that_nobody_was_given_begins_anew(portal):
    answer = portal.client("regulator").get(LIVE, params={"seconds": 0, "after": "x"})
    assert [name for name, *_ in events(answer) if name] == ["reset", "bye"]


@pytest.mark.parametrize(("field", "value"), [("severity", "grave"), ("seconds", "-1"), ("after", "x" * 5_000)])
def test_a_stream_whose_filters_make_no_sense_is_refused(portal, field, value):
    answer = portal.client("regulator").get(LIVE, params={"seconds": 0, field: value})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, field)

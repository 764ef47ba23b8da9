"""The stream of alerts on both shapes, as it is asked for."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest
import uvicorn

from suyuan.access.events import Revoked
from suyuan.access.keys import parse_key
from suyuan.access.principal import Role
from suyuan.portal.live import feed as feeding
from suyuan.portal.live.subscriber import MOST_PENDING
from suyuan.portal.metrics import LIVE_EVICTED
from tests.portal.live.conftest import told
from tests.portal.shapes import given_for
from tests.portal.worlds import WORLDS, A, B
from tests.sinks.rows import block

LIVE = "/api/v1/alerts/live"
PATIENCE = 120.0


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
    portal.say("alert.state", 0, block("alert_state", said(A, "live-a-1"), said(B, "live-b-1")))
    portal.say("alert.state", 1, block("alert_state", said(A, "live-a-2", severity="low"), said(B, "live-b-2")))
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
    portal.say("alert.state", 0, block("alert_state", said(A, "live-a-3"), said(A, "live-a-4", sequence=2)))
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
        portal.say("alert.state", 1, block("alert_state", said(A, "live-now")))
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


@contextmanager
def served(portal):
    """The portal behind a socket, by its port."""
    config = uvicorn.Config(portal.app, lifespan="off", log_config=None, access_log=False)
    server, listens = uvicorn.Server(config), socket.create_server(("127.0.0.1", 0))
    over = portal.loop.start_task_soon(server.serve, [listens])
    try:
        yield listens.getsockname()[1]
    finally:
        portal.app.state.portal.feed.end_all()
        server.should_exit = True
        over.result(PATIENCE)


def unread(port, key, begin):
    """A stream's socket of which only the beginning is read, and the place that it was told."""
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    opened.settimeout(PATIENCE)
    opened.connect(("127.0.0.1", port))
    head = f"GET {LIVE}?after={begin} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n\r\n"
    opened.sendall(head.encode())
    came = b""
    while b"\nid: " not in came or not came.endswith(b"\r\n"):
        came += opened.recv(512)
    assert came.startswith(b"HTTP/1.1 200 "), came
    return opened, came.partition(b"\nid: ")[2].split(b"\n")[0].decode()


def listen(port, key, heard, until):
    """Has `heard` grow with what a stream tells, until it has come to that."""
    with httpx.stream(
        "GET",
        f"http://127.0.0.1:{port}{LIVE}",
        headers={"Authorization": f"Bearer {key}"},
        timeout=PATIENCE,
        trust_env=False,
    ) as answer:
        waiting = b""
        for data in answer.iter_raw():
            whole, cut, rest = (waiting + data).rpartition(b"\n\n")
            waiting = rest
            heard += [row["alert_id"] for name, row, _ in told(whole + cut) if name == "alert"]
            if until in heard:
                return


def evicted():
    return sum(sample.value for metric in LIVE_EVICTED.collect() for sample in metric.samples if "total" in sample.name)


def test_a_socket_that_is_not_read_is_ended_holds_nobody_up_and_goes_on_where_it_was(portal):
    """Fault 23, over a real socket."""
    key, begin, before = portal.key(Role.REGULATOR), now_of(portal.client("regulator")), evicted()
    wanted, heard, subscribers = [], [], portal.app.state.portal.feed._subscribers
    with served(portal) as port, ThreadPoolExecutor(1) as beside:
        stuck, place_ = unread(port, key, begin)
        (stalled,) = subscribers
        listening = beside.submit(listen, port, key, heard, "last")
        wait(lambda: len(subscribers) == 2)
        for number in range(400):  # as much as the buffers of the system take
            rows = [long(number, each) for each in range(20)]
            wanted.extend(row["alert_id"] for row in rows)
            portal.say("alert.state", number % 2, block("alert_state", *rows))
            wait(lambda: len(heard) == len(wanted))
            assert stalled.pending <= MOST_PENDING
            if stalled.evicted:
                break
        wait(lambda: stalled not in subscribers)
        assert (stalled.evicted in {"behind", "not reading"}, evicted() - before) == (True, 1)
        assert stalled.pending == 0
        portal.say("alert.state", 0, block("alert_state", said(A, "last")))
        listening.result(PATIENCE)
        stuck.close()
    assert heard == [*wanted, "last"]
    again = names(portal.client("regulator").get(LIVE, params={"seconds": 0}, headers={"Last-Event-ID": place_}))
    assert sorted(again) == sorted(heard)


def long(number, each):
    return said(A, f"unread-{number}-{each}", explanation_zh="很长的说明" * 500)


def wait(met):
    until = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_a_place_that_nobody_was_given_begins_anew(portal):
    answer = portal.client("regulator").get(LIVE, params={"seconds": 0, "after": "x"})
    first, *latest, last = [name for name, *_ in events(answer) if name]
    assert (first, set(latest) - {"alert"}, last) == ("reset", set(), "bye")


@pytest.mark.parametrize(("field", "value"), [("severity", "grave"), ("seconds", "-1"), ("after", "x" * 5_000)])
def test_a_stream_whose_filters_make_no_sense_is_refused(portal, field, value):
    answer = portal.client("regulator").get(LIVE, params={"seconds": 0, field: value})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, field)

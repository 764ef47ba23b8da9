"""What a stream of alerts promises: nothing left out, nothing twice that a client knows how to drop, and an end for who
does not take it.
"""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suyuan.access.scope import Division, Platform, Scope
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.alerts.cursor import write_cursor
from suyuan.operations.alerts.outward import TOPIC
from suyuan.operations.tail import Messages
from suyuan.portal.live import feed as feeding
from suyuan.portal.live import replay
from suyuan.portal.live.frames import placed
from suyuan.portal.live.ring import Ring
from suyuan.portal.live.rows import live_messages
from suyuan.portal.live.subscriber import MOST_PENDING, Chunk, Subscriber
from suyuan.portal.problems import Problem
from suyuan.queries.sql.alerts import AlertFilter
from tests.portal.live.conftest import Client, Log, a, listening, until
from tests.sinks.rows import block

START = write_cursor(TOPIC, {(TOPIC, 0): 0, (TOPIC, 1): 0})


def run(test):
    asyncio.run(test)


def test_what_comes_is_told_with_a_place_behind_it_and_only_what_is_in_scope_and_wanted():
    async def test():
        async with listening(Log()) as live:
            log = live.log
            everything, zhejiang, high = Client(), Client(), Client()
            await live.open(everything)
            await live.open(zhejiang, scope=Scope((Division("33"),)))
            await live.open(high, scope=Scope((Platform("P1"),)), wanted=AlertFilter(severity=("high", "critical")))
            log.say(0, a("one", bureau="330106", platform_code="P2"), a("two", severity="low", platform_code="P1"))
            log.say(1, a("three", severity="critical", platform_code="P1", producer_division="330000"))
            await until(lambda: len(everything.alerts) == 3 and len(zhejiang.alerts) == 2 and high.alerts)
            assert sorted(zhejiang.alerts) == [("one", 1), ("three", 1)]
            assert high.alerts == [("three", 1)]
            assert everything.place == write_cursor(TOPIC, {(TOPIC, 0): 1, (TOPIC, 1): 1})
            (told,) = [data for _, data in high.events]
            assert (told["listings"], told["condition"], told["subject"]) == (1, "standing", "listing:P1/three")

    run(test())


def test_nothing_is_read_while_nobody_listens(monkeypatch):
    monkeypatch.setattr(feeding, "LINGER_SECONDS", 0.05)

    async def test():
        async with listening(Log()) as live:
            await asyncio.sleep(0.1)
            assert live.log.asked == 0
            client = Client()
            task = await live.open(client)
            await until(lambda: live.log.asked > 3)
            client.gone.set()
            await task
            await until(lambda: live.feed.lag() == 0 and not live.feed._ready.is_set())
            asked = live.log.asked
            live.log.say(0, a("meanwhile"))
            await asyncio.sleep(0.1)
            assert live.log.asked == asked
            again = Client()
            await live.open(again, client.place)
            await until(lambda: again.alerts == [("meanwhile", 1)])

    run(test())


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 1 << 32), ring=st.sampled_from([1, 5, 20_000]))
def test_wherever_writes_are_cut_and_streams_resume_no_alert_is_missing(seed, ring):
    """On this portal or another one; a client drops what it knows by alert and sequence."""
    rng = Random(seed)

    async def test():
        log = Log()
        async with listening(log) as one, listening(log) as other:
            feeds, said, known, order = (one, other), 0, set(), []
            client, place = Client(), START
            await one.open(client, place)
            for _ in range(rng.randrange(3, 12)):
                for _ in range(rng.randrange(0, 4)):
                    rows = [a(f"a{rng.randrange(4)}-{said + number}", said + number + 1) for number in range(3)]
                    rows = rows[: rng.randrange(1, 4)]
                    said += len(rows)
                    log.say(rng.randrange(2), *rows)
                if rng.random() < 0.6:
                    await asyncio.sleep(rng.choice([0, 0.001, 0.01]))
                    client.gone.set()
                    client.data = client.data[: rng.randrange(len(client.data) + 1)]
                    known |= set(client.alerts)
                    order += client.alerts
                    place = client.place or place
                    client = Client(budget=rng.choice([None, None, rng.randrange(1, 3_000)]))
                    await rng.choice(feeds).open(client, place)
            known |= set(client.alerts)
            client.gone.set()
            place, last = client.place or place, Client()
            await rng.choice(feeds).open(last, place)
            everything = set(range(1, said + 1))
            await until(lambda: {sequence for _, sequence in known | set(last.alerts)} == everything)
            assert not [name for name, _ in last.events if name == "reset"]

    before, Ring.__init__.__defaults__ = Ring.__init__.__defaults__, (ring,)
    try:
        run(test())
    finally:
        Ring.__init__.__defaults__ = before


def test_a_stream_that_resumes_behind_a_whole_write_is_told_nothing_twice():
    async def test():
        async with listening(Log()) as live:
            first = Client()
            task = await live.open(first)
            for number in range(5):
                live.log.say(number % 2, a(f"x{number}"))
            await until(lambda: len(first.alerts) == 5)
            first.gone.set()
            await task
            live.log.say(0, a("y"))
            second = Client()
            await live.open(second, first.place)
            await until(lambda: second.alerts == [("y", 1)])

    run(test())


def test_who_was_away_for_too_long_begins_anew_and_goes_on_from_there(monkeypatch):
    monkeypatch.setattr(replay, "MOST_ROWS", 10)

    async def test():
        log = Log()
        for number in range(20):
            log.say(0, a(f"x{number}"))
        async with listening(log) as live:
            for place in (
                START,
                "nonsense",
                "alert.state.v1.AAA",
                write_cursor(TOPIC, {(TOPIC, 0): 99, (TOPIC, 1): 0}),
            ):
                client = Client()
                await live.open(client, place)
                await until(lambda client=client: [name for name, _ in client.events][-1:] == ["reset"])
                again = Client()
                log.say(1, a("new"))
                await until(lambda client=client: client.alerts[-1:] == [("new", 1)])
                await live.open(again, client.place)
                client.gone.set()
                again.gone.set()
            log.delete(0, 15)
            gone = Client()
            await live.open(gone, START)
            await until(lambda: [name for name, _ in gone.events] == ["reset"])
            old = Client()
            log.say(1, a("old", received_at=1))
            await until(lambda: gone.alerts)
            monkeypatch.setattr(live.feed, "_ring", Ring({(TOPIC, 0): 1 << 40, (TOPIC, 1): 1 << 40}))
            monkeypatch.setattr(replay, "LOOK_BACK", 0)
            await live.open(old, write_cursor(TOPIC, {(TOPIC, 0): 20, (TOPIC, 1): 4}))
            await until(lambda: [name for name, _ in old.events] == ["reset"])

    run(test())


def test_who_begins_anew_is_told_the_latest_which_the_tables_may_not_have_yet(monkeypatch):
    monkeypatch.setattr(replay, "LOOK_BACK", 2)

    async def test():
        log = Log()
        for number in range(5):
            log.say(0, a(f"x{number}"))
        log.say(1, a("y", received_at=1))  # long ago: nothing came since
        async with listening(log) as live:
            client, page = Client(), Client()
            await live.open(client, "nonsense")
            await until(lambda: client.place == write_cursor(TOPIC, {(TOPIC, 0): 5, (TOPIC, 1): 1}))
            assert next(name for name, _ in client.events) == "reset"
            assert sorted(client.alerts) == [("x3", 1), ("x4", 1), ("y", 1)]
            await live.open(page, await live.feed.recent_place())
            await until(lambda: len(page.alerts) == 3)
            assert sorted(page.alerts) == sorted(client.alerts)
            assert {name for name, _ in page.events} == {"alert"}

    run(test())


def test_who_does_not_read_is_evicted_and_the_others_are_told_everything(monkeypatch):
    """Fault 23."""
    monkeypatch.setattr(feeding, "SEND_SECONDS", 0.2)

    async def test():
        async with listening(Log()) as live:
            stuck, reading = Client(), Client()
            stalled = await live.open(stuck)
            await live.open(reading)
            await until(lambda: stuck.data)
            stuck.reads.clear()
            live.log.say(0, a("first"))
            await until(lambda: stalled.done() and reading.alerts == [("first", 1)])
            assert stalled.subscriber.evicted == "not reading"
            assert stuck.gone.is_set()
            again = Client()
            await live.open(again, stuck.place)
            await until(lambda: again.alerts == [("first", 1)])

    run(test())


def test_what_waits_for_a_client_is_bounded():
    async def test():
        async with listening(Log()) as live:
            client = Client()
            task = await live.open(client)
            await until(lambda: client.data)
            client.reads.clear()
            most = 0
            for number in range(400):
                live.log.say(0, a(f"x{number}", severity="high", explanation_zh="很长" * 2_000))
                if number % 20 == 0:
                    await asyncio.sleep(0.01)
                    most = max(most, task.subscriber.pending)
                if task.done():
                    break
            await until(task.done)
            assert task.subscriber.evicted == "behind"
            assert 0 < most <= MOST_PENDING
            assert task.subscriber.pending == 0

    run(test())


def test_what_waits_for_many_alike_is_joined_once_and_for_each_as_it_waits_for_them():
    (said,) = live_messages([Messages(TOPIC, 0, [7], [block("alert_state", *map(a, "xyz"))])])
    chunks = [Chunk([row]) for row in said.rows]
    early, alike, late = (Subscriber("who", bool, {}, lambda: None) for _ in range(3))
    for number, chunk in enumerate(chunks):
        for each in (early, alike, late) if number else (early, alike):
            each.offer(chunk)
    told = early.take("here")
    assert alike.take("here")[0] is told[0]
    assert told == (placed([chunk.data for chunk in chunks], "here"), 3)
    assert late.take("here") == (placed([chunk.data for chunk in chunks[1:]], "here"), 2)
    assert early.take("here") == (b"", 0)


def test_a_storm_is_told_by_rule_but_for_the_grave_ones():
    async def test():
        async with listening(Log()) as live:
            client = Client()
            await live.open(client)
            await until(lambda: client.data)
            rows = [a(f"x{number}", severity="low", rule=f"r{number % 2}") for number in range(300)]
            rows += [a("y", severity="medium", rule="r1"), a("grave", severity="critical")]
            live.log.say(0, *rows)
            await until(lambda: len(client.events) == 3)
            assert client.alerts == [("grave", 1)]
            bursts = [data for name, data in client.events if name == "burst"]
            assert bursts == [
                {"rule": "r0", "count": 150, "severity": "low", "alert_id": "x0"},
                {"rule": "r1", "count": 151, "severity": "medium", "alert_id": "x1"},
            ]
            assert client.place == write_cursor(TOPIC, {(TOPIC, 0): 1, (TOPIC, 1): 0})

    run(test())


def test_who_may_no_longer_listen_is_told_so_and_nothing_else(monkeypatch):
    monkeypatch.setattr(feeding, "CHECK_SECONDS", 0.03)

    async def test():
        async with listening(Log()) as live:
            client, other = Client(), Client()
            task = await live.open(client, who="revoked")
            await live.open(other, who="good")
            await until(lambda: b":" in other.data and other.writes > 2)  # signs of life
            live.may["revoked"] = "revoked"
            await task
            assert client.events == [("bye", {"reason": "revoked"})]
            live.log.say(0, a("x"))
            await until(lambda: other.alerts)
            assert client.alerts == []

    run(test())


def test_a_portal_that_ends_tells_its_streams_so_first():
    async def test():
        async with listening(Log()) as live:
            client = Client()
            task = await live.open(client)
            await until(lambda: client.data)
            live.feed.end_all()
            await task
            assert client.events == [("bye", {"reason": "restart"})]

    run(test())


def test_streams_have_a_number(monkeypatch):
    async def test():
        async with listening(Log()) as live:
            tasks = [await live.open(Client(), who="one") for _ in range(feeding.MOST_OF_ONE)]
            with pytest.raises(Problem) as refused:
                await live.open(Client(), who="one")
            assert refused.value.name == "too-many-requests"
            monkeypatch.setattr(feeding, "MOST_STREAMS", len(tasks))
            with pytest.raises(Problem) as refused:
                await live.open(Client(), who="other")
            assert refused.value.name == "unavailable"

    run(test())


def test_a_feed_whose_log_does_not_answer_goes_on_where_it_was(monkeypatch):
    monkeypatch.setattr(feeding, "_AGAIN_SECONDS", 0.01)

    async def test():
        async with listening(Log()) as live:
            client = Client()
            await live.open(client)
            live.log.say(0, a("x"))
            await until(lambda: client.alerts)
            whole, live.log.end_offsets = live.log.end_offsets, _away
            await until(lambda: live.feed.trouble)
            live.log.say(1, a("y"))
            live.log.end_offsets = whole
            await until(lambda: client.alerts == [("x", 1), ("y", 1)])
            await until(lambda: not live.feed.trouble)

    run(test())


def _away():
    raise SuyuanError("no answer", ErrorKind.UNAVAILABLE)

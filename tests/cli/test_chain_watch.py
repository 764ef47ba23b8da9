"""A hole in the state of a running system, and who says so."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from suyuan.access.scope import EVERYTHING
from suyuan.domain.keys import join_key, partition_of
from suyuan.eventlog.log import Record
from suyuan.operations.state_rebuild.embedded import rebuild_partition
from suyuan.queries.chain_check import Look
from suyuan.queries.metrics import VERIFIER_WRONG_CHAINS
from suyuan.queries.sql import chain
from suyuan.runtime.chain_watch import SETTLED_MS, ChainWatch
from suyuan.runtime.embedded.system import EmbeddedRun
from suyuan.runtime.settings import Settings
from tests.reference.markets import with_listings
from tests.streams.event_messages import event_messages

CASE = Path(__file__).parents[1] / "data" / "cases" / "market-11.events.jsonl"
PARTITIONS = 2
MINUTE = 60_000
NOW = 1_900_000_000_000


class System:
    """The embedded system on a market, with the clock of its chain watch in our hands."""

    def __init__(self, run):
        self.run = run
        self.now = NOW
        self.run.monitor._chains._clock = lambda: self.now

    async def publish(self, events):
        batches = {}
        for topic, partition, key, value in event_messages(events, PARTITIONS):
            batches.setdefault((topic, partition), []).append(Record(key, value))
        self.run.log.append_many(batches)
        await self.run.wait_drained()

    async def looks(self, count=8):
        """So many looks within a few seconds of the watch's clock: all chains, more than once."""
        for _ in range(count):
            self.now += 1000
            await asyncio.to_thread(self.run.monitor.look_at_chains)

    async def lose(self, stage, partition, keys):
        """Keys out of a stage's state, here and in its changelog: as if they had never been written."""
        state = self.run.streams.states[stage]
        view = state.view(partition)
        found = [key for start in keys for key, _ in view.scan(start)]
        assert found
        for key in found:
            view.delete(key)
        await state.commit(partition, view, {})

    def chain(self, event):
        return chain(self.run.clickhouse, EVERYTHING, event["platform_code"], event["listing_id"])


@asynccontextmanager
async def running(folder, events):
    run = EmbeddedRun(Settings(data=folder, partitions=PARTITIONS, fsync=False), once=True)
    await run.start()
    try:
        system = System(run)
        await system.publish(events)
        await asyncio.to_thread(run.monitor.verify_all)
        yield system
    finally:
        await run.stop()


def market():
    return with_listings([json.loads(line) for line in CASE.read_text(encoding="utf-8").splitlines()], 150)


def said(caplog):
    return [record.getMessage() for record in caplog.records if "by its records" in record.getMessage()]


def listing_of_known_lot(events):
    """The last listing that declares a lot of which there is a record, as its newest version says it."""
    lots = {(event["producer_code"], event["gtin"], event["lot"]) for event in events if event["kind"] == "lot"}
    newest = {}
    for event in sorted((e for e in events if e["kind"] == "listing"), key=lambda e: (e["occurred_at"], e["event_id"])):
        newest[event["platform_code"], event["listing_id"]] = event
    return next(
        event
        for event in newest.values()
        if event["status"] == "active" and (event.get("producer_code"), event.get("gtin"), event.get("lot")) in lots
    )


def later(event, number=1):
    return event | {"event_id": f"later-{number}", "occurred_at": event["occurred_at"] + number, "price_fen": 1}


def elsewhere(event):
    """At a place that the stages have no template of: one that they have shows no hole as long as they remember it."""
    return event | {"producer_name": "换了名字"}


def test_a_hole_in_the_state_is_told_at_the_second_look_and_mended(tmp_path, caplog):
    events = market()
    listed = listing_of_known_lot(events)
    partition = partition_of(listed["producer_code"], PARTITIONS)

    async def course():
        async with running(tmp_path, events) as system:
            checker = system.run.monitor._chains.checker
            await system.looks(3)
            assert not checker._suspected
            stands = system.chain(listed)
            lot = (stands["producer_code"], stands["gtin"], stands["lot"])
            await system.lose("producer", partition, [join_key(kind, *lot).encode() for kind in ("lot", "facts-lot")])
            await system.publish([elsewhere(later(listed))])
            assert "lot_unknown" in system.chain(listed)["gap_names"]
            system.now = system.chain(listed)["received_at"] + SETTLED_MS - 10_000
            await system.looks(3)
            assert not checker._suspected  # it came within the minute
            system.now = NOW
            await system.looks(3)
            assert not said(caplog)
            system.now += MINUTE
            await system.looks(3)
            assert VERIFIER_WRONG_CHAINS._value.get() == 1
            rebuild_partition(tmp_path, partition)
            await system.run.wait_drained()
            assert "lot_unknown" not in system.chain(listed)["gap_names"]
            system.now += MINUTE
            await system.looks(3)
            assert VERIFIER_WRONG_CHAINS._value.get() == 0

    with caplog.at_level(logging.ERROR):
        asyncio.run(course())
    (line,) = said(caplog)
    assert repr(listed["listing_id"]) in line
    assert "lot_unknown" in line
    assert f"suyuan state rebuild --partition {partition}" in line


def test_the_doctor_tells_a_hole_of_a_system_that_has_stopped(suyuan, data):
    events = market()
    listed = listing_of_known_lot(events)
    partition = partition_of(listed["producer_code"], PARTITIONS)

    async def course(publish=(), lose=()):
        async with running(data, events) as system:
            if lose:
                await system.lose("producer", partition, lose)
            await system.publish(publish)

    def chains():
        answer = suyuan("doctor", "--json")
        (found,) = [row for row in map(json.loads, answer.output.splitlines()) if row["check"] == "chains"]
        return answer.code, found["status"], found["detail"]

    asyncio.run(course())
    assert chains() == (0, "ok", "150 of them assessed anew from the records are right")
    asyncio.run(course([later(listed), later(listed, 2) | {"listing_id": "[/x]"}], [b"facts-lot"]))
    code, status, detail = chains()
    assert (code, status) == (1, "failed")
    assert f"suyuan state rebuild --partition {partition}" in detail
    assert "'[/x]'" in suyuan("doctor", COLUMNS="10000").output  # nothing in it is markup
    assert suyuan("state", "rebuild", "--partition", partition).code == 0
    asyncio.run(course())
    assert chains()[:2] == (0, "ok")
    refused = suyuan("state", "rebuild", "--partition", 2)
    assert refused.code == 2
    assert "0 to 1" in refused.errors


class Still:
    """Log and snapshot of a system in which everything is loaded."""

    def __init__(self):
        self.inputs = {}

    def partitions(self, _topic):
        return 1

    def is_loaded(self, _log):
        return True


@pytest.mark.parametrize(
    ("before", "after", "looks"),
    [
        ({("producer.listing", 0): (5, 7)}, {("producer.listing", 0): (7, 9)}, True),
        ({("producer.listing", 0): (5, 7)}, {("producer.listing", 0): (6, 9)}, False),
        ({("producer.backlog", 0): (5, 7)}, {("producer.backlog", 0): (7, 8)}, False),
        ({("producer.backlog", 0): (5, 7)}, {("producer.backlog", 0): (8, 8)}, True),
    ],
)
def test_nothing_is_judged_before_the_stages_are_through(before, after, looks):
    standing = [before]
    watch = ChainWatch(Still(), Still(), Still, lambda: standing[-1], pause=lambda _: None)
    watch.checker.look = lambda *_: Look(right=1)
    assert watch.look() is None
    standing.append(after)
    assert (watch.look() is not None) == looks


pytestmark = pytest.mark.timeout(240)

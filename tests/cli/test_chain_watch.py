"""A hole in the state of a running system, and who says so."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from suyuan.cli.chain_watch import SETTLED_MS
from suyuan.cli.embedded.run import EmbeddedRun
from suyuan.cli.settings import Settings
from suyuan.domain.keys import join_key, partition_of
from suyuan.sinks.metrics import VERIFIER_WRONG_CHAINS
from suyuan.sinks.queries import chain
from suyuan.streams.transport.embedded.log import Record
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
        self.run.watch._chains._clock = lambda: self.now

    async def publish(self, events):
        batches = {}
        for topic, partition, key, value in event_messages(events, PARTITIONS):
            batches.setdefault((topic, partition), []).append(Record(key, value))
        self.run.log.append_many(batches)
        await self.run.wait_drained()

    async def looks(self, count=4):
        """So many looks within a few seconds of the watch's clock: all chains, more than once."""
        for _ in range(count):
            self.now += 1000
            await asyncio.to_thread(self.run.watch.look_at_chains)

    async def lose(self, prefix, keys):
        """Keys out of a stage's state, here and in its changelog: as if they had never been written."""
        stage, code = prefix
        state = self.run.streams.states[stage]
        partition = partition_of(code, PARTITIONS)
        view = state.view(partition)
        found = [key for start in keys for key, _ in view.scan(start)]
        assert found
        for key in found:
            view.delete(key)
        await state.commit(partition, view, {})

    def chain(self, event):
        return chain(self.run.clickhouse, event["platform_code"], event["listing_id"])


@asynccontextmanager
async def running(folder, events):
    run = EmbeddedRun(Settings(data=folder, partitions=PARTITIONS, fsync=False), once=True)
    await run.start()
    try:
        system = System(run)
        await system.publish(events)
        await asyncio.to_thread(run.watch.verify_all)
        yield system
    finally:
        await run.stop()


def market():
    return [json.loads(line) for line in CASE.read_text(encoding="utf-8").splitlines()]


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


def test_a_hole_in_the_producers_state_is_told_at_the_second_look(tmp_path, caplog):
    events = market()
    listed = listing_of_known_lot(events)

    async def course():
        async with running(tmp_path, events) as system:
            await system.looks()
            assert not system.run.watch._chains.checker._suspected
            stands = system.chain(listed)
            lot = (stands["producer_code"], stands["gtin"], stands["lot"])
            names = [join_key(kind, *lot).encode() for kind in ("lot", "facts-lot")]
            await system.lose(("producer", listed["producer_code"]), names)
            await system.publish([later(listed)])
            assert "lot_unknown" in system.chain(listed)["gap_names"]
            await system.looks()
            assert not said(caplog)
            system.now += MINUTE
            await system.looks()

    with caplog.at_level(logging.ERROR):
        asyncio.run(course())
    (line,) = said(caplog)
    assert repr(listed["listing_id"]) in line
    assert "lot_unknown" in line
    assert f"suyuan state rebuild --partition {partition_of(listed['producer_code'], PARTITIONS)}" in line
    assert VERIFIER_WRONG_CHAINS._value.get() == 1


def test_what_came_within_the_minute_is_left_alone(tmp_path, caplog):
    events = market()
    listed = listing_of_known_lot(events)

    async def course():
        async with running(tmp_path, events) as system:
            await system.lose(("producer", listed["producer_code"]), [b"facts-"])
            await system.publish([later(listed)])
            system.now = system.chain(listed)["received_at"] + SETTLED_MS - 10_000
            await system.looks()
            checker = system.run.watch._chains.checker
            assert (listed["platform_code"], listed["listing_id"]) not in checker._suspected

    asyncio.run(course())
    assert not said(caplog)


def test_an_unread_backlog_is_waited_for(tmp_path):
    async def course():
        async with running(tmp_path, market()) as system:
            watch = system.run.watch._chains
            assert watch.look() is None
            stages = watch._stages()
            watch._stages = lambda: stages | {("producer.backlog", 0): (0, 1)}
            assert watch.look() is None
            watch._stages = lambda: stages
            assert watch.look() is not None

    asyncio.run(course())


pytestmark = pytest.mark.timeout(120)

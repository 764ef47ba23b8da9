"""A topic that two stages read: each gets everything, and what it holds is acknowledged once both are done with it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import polars as pl
import pytest

import suyuan.streams.app
from suyuan.schemas.blocks import block_schema
from suyuan.streams.app import StreamApp
from suyuan.streams.block_cache import BlockCache
from suyuan.streams.consumer_group import GROUP
from suyuan.streams.dead_letter_limit import DeadLetterLimit, TooManyDeadLetters
from suyuan.streams.stage import Stage
from suyuan.streams.stages.intake_lookups import REMEMBERED
from suyuan.streams.topology import READERS, TOPOLOGY, readers_of
from tests.reference.assessment import expected_chains
from tests.reference.markets import generate
from tests.streams.embedded_world import EmbeddedWorld
from tests.streams.results import current_chains


class Second:
    """A stage that reads what others read; `fails`: on everything."""

    def __init__(self):
        self.fails = False
        self.stage = Stage("second", runs={"in.listing": self.run}, blocks={"chain": self.block}, writes=())
        self.listings = 0
        self.chains = []

    def run(self, run, *_):
        assert not self.fails
        self.listings += len(run.offsets)
        return []

    def block(self, block, *_):
        assert not self.fails
        self.chains += block.rows.select("listing_id", "assessment").rows()
        return []


@pytest.fixture
def world(tmp_path):
    with EmbeddedWorld(tmp_path) as world:
        yield world


@pytest.fixture
def second(monkeypatch):
    second = Second()
    monkeypatch.setattr(suyuan.streams.app, "TOPOLOGY", (*TOPOLOGY, second.stage))
    return second


async def work(world):
    async with world.running() as app:
        await world.drained(app)


@asynccontextmanager
async def shown_further(world, at, offset):
    """The app where more was shown of an input than the log has."""
    app = StreamApp(
        f"suyuan-embedded://{world.folder}?fsync=never",
        world.folder / "state",
        partitions=world.partitions,
        shown={at: offset},
        end_may_be_lost=True,
    )
    try:
        await app.start()
        yield app
    finally:
        await app.stop()


def test_each_gets_everything_once(world, second):
    events = generate(21, listings=12, products=4, noise=3)
    world.publish_events(events)
    asyncio.run(work(world))
    assert current_chains(world) == expected_chains(events)
    assert second.listings == sum(world.log.end_offset("in.listing", number) for number in range(world.partitions))
    assert sorted(second.chains) == sorted((row["listing_id"], row["assessment"]) for row in world.rows("chain"))


def test_nothing_is_acknowledged_that_one_of_them_has_not_done(world, second):
    events = generate(21, listings=12, products=4, noise=3)
    world.publish_events(events)
    second.fails = True
    with pytest.raises(AssertionError):
        asyncio.run(work(world))
    assert not any(world.committed(topic, number) for topic in ("in.listing", "chain") for number in (0, 1))
    second.fails = False
    asyncio.run(work(world))
    assert current_chains(world) == expected_chains(events)
    assert second.listings == sum(world.log.end_offset("in.listing", number) for number in range(world.partitions))


@pytest.mark.usefixtures("second")
def test_where_one_stops_at_too_many_dead_letters_the_other_misses_nothing(world):
    world.dead_letter_limit = DeadLetterLimit(0.5, 10)
    world.publish("in.listing", 0, [b"no event"] * 30)
    with pytest.raises(TooManyDeadLetters):
        asyncio.run(work(world))
    assert world.log.committed(GROUP, "in.listing", 0)[0] in {None, 0}


@pytest.mark.usefixtures("second")
def test_a_log_that_lost_its_end_is_another_one_for_both(world):
    world.publish_events(generate(21, listings=12, products=4, noise=3))
    asyncio.run(work(world))
    at = ("in.listing", 0)
    end = world.log.end_offset(*at)

    async def lives():
        async with shown_further(world, at, end + 5) as app:
            return [app.states[stage].life(at) for stage in ("intake", "second")]

    assert [(life.passed, life.reached) for life in asyncio.run(lives())] == [(5, end)] * 2


def test_a_cached_block_is_there_for_each_reader_once():
    rows = pl.DataFrame({"reason": ["a"]}, schema_overrides={"reason": block_schema("backlog")["reason"]})
    cache = BlockCache(rows=1, readers={"chain": ("risk", "second"), "alert": ()})
    cache.put(("chain", 0, 7), rows)
    for reader in ("risk", "second"):
        assert cache.take(reader, "chain", 0, [7]).equals(rows)
        assert cache.take(reader, "chain", 0, [7]) is None
    cache.put(("chain", 0, 8), rows)
    cache.put(("alert", 0, 1), rows)
    assert cache.take("risk", "chain", 0, [8]).equals(rows), "what was taken, and what nobody reads, takes no room"


def test_who_reads_a_topic_is_told_of_all_stages():
    assert readers_of((*TOPOLOGY, Second().stage))["chain"] == ("risk", "second")
    assert all(stage.name in READERS[topic] for stage in TOPOLOGY for topic in stage.reads)


def test_what_is_sent_anew_passes_by_the_stages_that_remember():
    records = {topic for stage in TOPOLOGY if stage.remembers for topic in stage.reads if topic.endswith(".record")}
    assert records == set(REMEMBERED)

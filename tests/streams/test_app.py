"""The stages on the real Faust app over the embedded log: restarts, lost state, a stage that cannot do a block."""

import asyncio
import shutil
from collections import Counter
from dataclasses import replace

import pytest

import suyuan.streams.app
from suyuan.streams.consumer_group import GROUP
from suyuan.streams.topology import TOPOLOGY
from tests.reference.acceptance import fault
from tests.reference.assessment import expected_chains
from tests.reference.markets import generate
from tests.reference.records import NOW, accepted_records, normal
from tests.streams.embedded_world import EmbeddedWorld, digests
from tests.streams.results import current_chains, outcomes


@pytest.fixture
def world(tmp_path):
    with EmbeddedWorld(tmp_path) as world:
        yield world


@pytest.fixture
def events():
    return generate(21, listings=12, products=4, noise=3)


async def work(world):
    """Start, do everything that waits, stop; the digests of what the state is then."""
    async with world.running() as app:
        await world.drained(app)
        return digests(app, world.partitions)


def test_a_restart_goes_on_where_it_stopped(world, events):
    for half in (events[::2], events[1::2]):
        world.publish_events(half)
        asyncio.run(work(world))
    assert current_chains(world) == expected_chains(events)
    counts = Counter(outcomes(world).values())
    assert counts["accepted"] == len(accepted_records(events))
    assert counts["dead"] == sum(fault(normal(event), event, NOW) is not None for event in events)
    assert counts.total() == len(events)
    sent = {topic: world.log.end_offset(topic, 0) for topic in ("chain", "finding", "alert.state", "event.listing")}
    asyncio.run(work(world))
    assert {topic: world.log.end_offset(topic, 0) for topic in sent} == sent


def test_events_published_while_it_runs_are_worked_through(world, events):
    async def scenario():
        async with world.running() as app:
            for start in range(0, len(events), 10):
                await asyncio.to_thread(world.publish_events, events[start : start + 10])
            await world.drained(app)

    asyncio.run(scenario())
    assert current_chains(world) == expected_chains(events)


def test_state_whose_folder_is_gone_comes_back_from_the_changelog(world, events):
    world.publish_events(events[::2])
    before = asyncio.run(work(world))
    assert len(set(before.values())) == len(before) == world.partitions * len(TOPOLOGY)
    shutil.rmtree(world.folder / "state")
    assert asyncio.run(work(world)) == before
    shutil.rmtree(world.folder / "state")
    world.publish_events(events[1::2])
    asyncio.run(work(world))
    assert current_chains(world) == expected_chains(events)


@pytest.mark.parametrize("topic", ["in.lot", "producer.listing", "producer.record", "chain"])
def test_a_stage_that_fails_stops_the_app_before_the_acknowledgement(world, events, monkeypatch, topic):
    world.publish_events(events)

    async def scenario():
        async with world.running() as app:
            with pytest.raises(ZeroDivisionError):
                await world.drained(app)
            assert isinstance(app.failure.result(), ZeroDivisionError)

    with monkeypatch.context() as patch:
        patch.setattr(suyuan.streams.app, "TOPOLOGY", tuple(broken(stage, topic) for stage in TOPOLOGY))
        asyncio.run(scenario())
    ends = [world.log.end_offset(topic, partition) for partition in range(world.partitions)]
    acknowledged = [world.log.committed(GROUP, topic, partition)[0] for partition in range(world.partitions)]
    assert any(ends)
    assert not any(acknowledged)
    asyncio.run(work(world))
    assert current_chains(world) == expected_chains(events)


def broken(stage, topic):
    """The stage, its function of one topic failing."""

    def fail(*_):
        return 1 // 0

    runs = {each: fail if each == topic else function for each, function in stage.runs.items()}
    blocks = {each: fail if each == topic else function for each, function in stage.blocks.items()}
    return replace(stage, runs=runs, blocks=blocks)


async def for_ever(*_):
    await asyncio.Event().wait()


def test_a_start_that_crashes_says_so_where_faust_would_wait_for_ever(world, monkeypatch):
    async def crash(app):
        await app.crash(RuntimeError("no state"))
        await for_ever()

    async def scenario():
        async with world.running():
            raise AssertionError("started")

    monkeypatch.setattr("faust.App.start", crash)
    monkeypatch.setattr("faust.App.stop", for_ever)
    monkeypatch.setattr(suyuan.streams.app, "CLOSE_SECONDS", 0.1)
    with pytest.raises(RuntimeError, match="no state"):
        asyncio.run(scenario())


def test_a_stop_does_not_wait_for_faust_for_ever(world, monkeypatch):
    async def scenario():
        async with world.running() as app:
            stop = app.app.stop
            monkeypatch.setattr(app.app, "stop", for_ever)
        await stop()

    monkeypatch.setattr(suyuan.streams.app, "CLOSE_SECONDS", 0.1)
    asyncio.run(scenario())


def test_events_linger_as_long_as_blocks_take(world, events):
    async def scenario():
        async with world.running() as app:
            linger = app.app.transport_options.linger
            assert {topic for stage in TOPOLOGY for topic in (*stage.runs, *stage.lingers)} == set(linger)
            world.publish_events(events)
            await world.drained(app)
            return {topic: seconds() for topic, seconds in linger.items() if topic.startswith("in.")}

    waits = set(asyncio.run(scenario()).values())
    assert len(waits) == 1
    assert 0 < waits.pop() <= 0.25

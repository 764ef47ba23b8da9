"""Faults 4, 19: what is in work when a process dies; state folders and changelogs that are deleted."""

from __future__ import annotations

import asyncio
import random
import shutil

import pytest
from kafka import KafkaAdminClient

from suyuan.operations.topics.create import make_topics
from suyuan.streams import app as apps
from suyuan.streams.runner import StageRunner
from suyuan.streams.state.errors import StateCorruptError
from suyuan.streams.topology import TOPOLOGY
from tests.cluster.amounts import SEED, amount, keep_figures
from tests.cluster.kafka_world import KafkaWorld
from tests.cluster.undisturbed import assert_as_undisturbed
from tests.end_to_end.markets import markets
from tests.flips import flip
from tests.streams.embedded_world import digests

pytestmark = pytest.mark.real_time

MARKETS = amount(6, 100)


@pytest.fixture
def world(kafka, tmp_path):
    world = KafkaWorld(kafka, tmp_path, partitions=2)
    yield world
    world.end()


@pytest.fixture
def events():
    events = markets(range(100 * SEED, 100 * SEED + MARKETS))
    random.Random(SEED).shuffle(events)
    return events


def work(world):
    """All that there is; the state's digests."""

    async def run():
        async with world.running() as app:
            await world.drained(app)
            return digests(app, world.partitions)

    return asyncio.run(run())


def test_the_state_is_as_before_when_its_folder_or_its_changelogs_are_deleted(world, events):
    world.publish_events(events[::3])
    before = work(world)

    shutil.rmtree(world.folder / "state")
    assert work(world) == before, "read back from the changelogs"

    delete_changelogs(world)
    assert work(world) == before, "from the folder"
    world.publish_events(events[1::3])
    then = work(world)  # the first commit of each partition writes its changelog anew

    shutil.rmtree(world.folder / "state")
    restored = work(world)
    assert {at for at in then if restored[at] != then[at]} == set()
    world.publish_events(events[2::3])
    work(world)
    assert_as_undisturbed(world, events)
    keep_figures("19: state folder deleted, changelogs deleted", events=len(events), differences=0)


def test_state_in_which_bits_flipped_is_rebuilt_and_the_results_are_as_undisturbed(world, events):
    world.publish_events(events[::2])
    before = work(world)
    chance = random.Random(SEED)
    damaged = [next((world.folder / "state").rglob(f"{stage}-state-*.db/*.sst")) for stage in ("producer", "risk")]
    for table in damaged:
        flip(table, chance, until=0.5)
    world.publish_events(events[1::2])
    starts = 0
    while True:  # each ends at the first damage that it meets
        starts += 1
        try:
            then = work(world)
            break
        except StateCorruptError as error:
            assert starts <= len(damaged), error  # noqa: PT017
    assert then.keys() == before.keys()
    assert_as_undisturbed(world, events)
    keep_figures("19: bits flipped in the state", events=len(events), differences=0)


def delete_changelogs(world):
    changelogs = [f"suyuan-{stage.name}-state-changelog" for stage in TOPOLOGY]
    admin = KafkaAdminClient(**world.connection.kafka_python())
    try:
        admin.delete_topics(changelogs)
    finally:
        admin.close()
    assert set(make_topics(world.connection, world.partitions).made) == set(changelogs)


def test_a_slow_first_block_comes_again_when_the_process_dies_in_it(world, events, monkeypatch):
    """Faust commits past what is in work when later messages are done (#606)."""
    world.publish_events(events)
    monkeypatch.setattr(apps, "STOP_SECONDS", 0.1)
    held = []

    async def die_while_the_first_block_is_held():
        begin = StageRunner.begin

        async def hold_the_first(runner, message):
            if runner.stage.name == "intake" and message.topic == "in.listing" and message.partition == 0:
                held.append(message)
                await asyncio.Event().wait()
            return await begin(runner, message)

        monkeypatch.setattr(StageRunner, "begin", hold_the_first)
        async with world.running() as app, asyncio.timeout(180):
            while not held or not world_done(app):  # noqa: ASYNC110 -- what is waited for lies in Faust
                await asyncio.sleep(0.05)
            assert world.committed("in.listing", 0) == 0

    asyncio.run(die_while_the_first_block_is_held())
    monkeypatch.undo()
    assert held
    work(world)
    assert_as_undisturbed(world, events)
    keep_figures("4: the first block slow", events=len(events), differences=0)


def world_done(app):
    """Something that came with or after it is committed."""
    return any(offset for at, offset in app.app.consumer._committed_offset.items() if offset)

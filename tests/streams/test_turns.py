"""What waits for its turn in a partition of a stage is done as one block, and in which order."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

import suyuan.streams.app
from suyuan.streams.consumer_group import GROUP
from suyuan.streams.stage import Run, Stage
from suyuan.streams.topology import TOPOLOGY
from suyuan.streams.turns import JOINED_BYTES, Turns, joined
from tests.reference.markets import generate
from tests.streams.embedded_world import EmbeddedWorld
from tests.streams.transport.contract import eventually


def nothing(*_):
    return []


STAGE = Stage("stage", runs={"events": nothing}, blocks={"records": nothing, "listings": nothing}, writes=())


@dataclass
class Log:
    """Gives each topic's runs of one message the offsets that follow."""

    next_offsets: dict[str, int]

    def event(self, topic, *, size=1, generation=1):
        offset = self.next_offsets.get(topic, 0)
        self.next_offsets[topic] = offset + 1
        run = Run(
            topic, 0, [offset], [None], [b"x" * size], [1000 + offset], first_offset=offset, next_offset=offset + 1
        )
        return SimpleNamespace(message=SimpleNamespace(topic=topic, value=run, generation_id=generation))


@pytest.fixture
def log():
    return Log({})


@pytest.fixture
def turns():
    return Turns(STAGE)


def all_taken(turns):
    """(topic, offsets) of each block, in their order."""
    blocks = []
    while events := turns.take():
        run = joined([event.message.value for event in events])
        blocks.append((run.topic, list(run.offsets)))
    return blocks


def test_where_nothing_waits_nothing_is_taken(turns):
    assert turns.take() == []


def test_blocks_of_a_topic_that_wait_are_taken_together(turns, log):
    for topic in ("listings", "listings", "records", "listings"):
        turns.put(log.event(topic))
    assert all_taken(turns) == [("listings", [0, 1]), ("records", [0]), ("listings", [2])]


def test_what_comes_while_a_block_is_done_goes_with_what_waited_already(turns, log):
    turns.put(log.event("listings"))
    assert len(turns.take()) == 1
    turns.put(log.event("listings"))
    turns.put(log.event("listings"))
    assert all_taken(turns) == [("listings", [1, 2])]


def test_a_listing_never_passes_a_record_that_came_before_it_but_records_pass_listings(turns, log):
    for topic in ("listings", "records", "listings", "records"):
        turns.put(log.event(topic))
    assert all_taken(turns) == [("listings", [0]), ("records", [0, 1]), ("listings", [1])]


def test_the_one_that_waits_longest_is_next_however_much_comes_of_others(turns, log):
    turns.put(log.event("listings"))
    for _ in range(3):
        turns.put(log.event("records"))
    assert turns.take()[0].message.topic == "listings"


def test_runs_of_events_are_not_joined(turns, log):
    turns.put(log.event("events"))
    turns.put(log.event("events"))
    assert all_taken(turns) == [("events", [0]), ("events", [1])]


def test_a_block_that_is_large_enough_takes_no_more(turns, log):
    for size in (1, JOINED_BYTES, 1):
        turns.put(log.event("records", size=size))
    assert all_taken(turns) == [("records", [0, 1]), ("records", [2])]


def test_what_was_read_from_elsewhere_or_under_another_assignment_is_a_block_of_its_own(turns, log):
    turns.put(log.event("records"))
    log.next_offsets["records"] = 0
    turns.put(log.event("records"))
    turns.put(log.event("records", generation=2))
    assert all_taken(turns) == [("records", [0]), ("records", [0]), ("records", [1])]


def test_joined_runs_are_one_with_all_their_columns_and_where_reading_goes_on():
    first = Run("t", 3, [4, 6], [b"a", None], [b"1", b"2"], [10, 11], first_offset=4, next_offset=8)
    second = Run("t", 3, [9], [b"c"], [None], [12], first_offset=8, next_offset=10)
    whole = Run("t", 3, [4, 6, 9], [b"a", None, b"c"], [b"1", b"2", None], [10, 11, 12], first_offset=4, next_offset=10)
    assert joined([first, second]) == whole
    assert joined([first]) is first


class Held:
    """A stage that reads chains, and is not done with its first block before `may_go_on`."""

    def __init__(self):
        self.began, self.may_go_on = threading.Event(), threading.Event()
        self.blocks = []
        self.stage = Stage("held", runs={}, blocks={"chain": self.block}, writes=())

    def block(self, block, *_):
        self.blocks.append((block.first_offset, block.offset))
        self.began.set()
        assert self.may_go_on.wait(60)
        return []


def waiting_but_of_chains(world):
    return (waiting for (topic, _), waiting in world.log.lag(GROUP).items() if topic != "chain")


def test_all_that_came_while_a_block_was_done_is_the_next_one(tmp_path, monkeypatch):
    held = Held()
    monkeypatch.setattr(suyuan.streams.app, "TOPOLOGY", (*TOPOLOGY, held.stage))
    listings = [event for event in generate(21, listings=12, products=4, noise=0) if event["kind"] == "listing"]

    async def scenario(world):
        async with world.running() as app:
            for listing in listings:
                await asyncio.to_thread(world.publish_events, [listing])
                await eventually(lambda: not any(waiting_but_of_chains(world)))
            assert await asyncio.to_thread(held.began.wait, 60)
            held.may_go_on.set()
            await world.drained(app)

    with EmbeddedWorld(tmp_path, partitions=1) as world:
        asyncio.run(scenario(world))
        end = world.log.end_offset("chain", 0)
    first, *others = held.blocks
    assert end - first[1] > 4
    assert others == [(first[1] + 1, end - 1)]

"""What was published before the audit existed gets into its tree in the order of topic, partition and offset."""

from __future__ import annotations

import pytest

from suyuan.eventlog.log import Log, Record
from suyuan.operations.audit.backfill import TOPICS, backfill_blocks
from suyuan.operations.audit.embedded import backfill_at_start, backfill_log
from suyuan.schemas.blocks import decode_block
from suyuan.schemas.topics import TOPICS as EVERY_TOPIC
from suyuan.streams.consumer_group import GROUP
from tests.streams.stages.part import encoded
from tests.streams.stages.published import event
from tests.streams.world import World

EVENTS = [
    *(event("recall", at=at, recall_no=f"R{at % 3}") for at in range(9)),
    *(event("penalty", at=at, decision_no=f"D{at % 5}") for at in range(17)),
    event("entity"),
]


@pytest.fixture
def log(tmp_path):
    with Log.open(tmp_path, "process", fsync="never") as log:
        for topic in EVERY_TOPIC:
            log.create_topic(topic.name, 2)
        yield log


def publish(log, events=EVENTS):
    """In both partitions, with a repeat and what is no event."""
    for number, each in enumerate(events):
        log.append(f"in.{each['kind']}", number % 2, [Record(b"k", encoded(each))])
    log.append("in.recall", 0, [Record(b"k", encoded(events[0])), Record(b"k", b"no event")])


def records(log):
    return [
        row
        for partition in range(2)
        for value in log.fetch("audit.record", partition, 0).values
        for row in decode_block(value).to_dicts()
    ]


def test_the_order_is_topic_partition_offset(log):
    publish(log)
    assert backfill_log(log) == 27
    found = [(row["source_topic"], row["source_partition"], row["source_offset"]) for row in records(log)]
    assert found == sorted(found)
    assert len(found) == 27
    assert {topic for topic, *_ in found} == {"in.penalty", "in.recall"}


def test_it_is_as_intake_would_have_sent_it(log):
    world = World(2, 1)
    for topic, partition, offset in world.publish_events(EVENTS):
        taken_at, key, value = world.log[topic, partition][offset]
        log.append(topic, partition, [Record(key, value, taken_at)])
    world.drain()
    backfill_log(log)
    by_id = {row["id"]: row for row in world.rows("audit.record")}
    assert {row["id"]: row for row in records(log)} == by_id
    assert len(by_id) == 26


def test_sent_again_it_changes_nothing(log):
    publish(log)
    backfill_log(log)
    backfill_log(log)
    world = World(2, 1)
    for partition in range(2):
        for value in log.fetch("audit.record", partition, 0).values:
            world.publish("audit.record", partition, None, value)
    world.drain()
    rows = {row["leaf_index"]: row for row in world.rows("audit.entry")}
    places = [(row["source_topic"], row["source_partition"], row["source_offset"]) for _, row in sorted(rows.items())]
    assert len(rows) == 26
    assert places == sorted(places)


def test_a_start_does_it_once(log):
    publish(log)
    assert backfill_at_start(log, GROUP) == 0, "nothing was read yet: intake will send it"
    log.commit(GROUP, {("in.recall", 0): 3})
    assert backfill_at_start(log, GROUP) == 27
    assert backfill_at_start(log, GROUP) == 27, "interrupted before any of it was read"
    log.commit(GROUP, {("audit.record", 0): 1})
    assert backfill_at_start(log, GROUP) == 0


def test_small_pieces_give_the_same(log):
    publish(log)
    ends = log.end_offsets()
    ranges = {at: (0, end) for at, end in ends.items() if at[0] in TOPICS}

    def small(topic, partition, offset, _records, size):
        return log.fetch(topic, partition, offset, 2, size)

    rows = [row for each in backfill_blocks(ranges, small, 2) for row in each.rows.to_dicts()]
    assert len(rows) == 27
    backfill_log(log)
    assert rows == records(log)

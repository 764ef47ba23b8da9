import datetime as dt

from suyuan.schemas.blocks import BLOCKS, FORMER_BLOCKS
from suyuan.schemas.kinds import KINDS
from suyuan.schemas.topics import TOPICS, topic, topics_table


def test_names_are_unique_and_found():
    assert len({one.name for one in TOPICS}) == len(TOPICS)
    assert all(topic(one.name) is one for one in TOPICS)


def test_every_schema_travels_somewhere_and_every_topic_has_one():
    assert {one.schema for one in TOPICS if one.value == "event"} == set(KINDS)
    assert {one.schema for one in TOPICS if one.value == "block"} == set(BLOCKS) - set(FORMER_BLOCKS.values())


def test_what_was_published_is_kept_and_the_rest_is_not():
    audit = {"audit.entry", "audit.root", "audit.checkpoint"}
    assert all(
        (one.retention is None) == (one.name.startswith("in.") or one.compacted or one.name in audit) for one in TOPICS
    )


def test_the_table_names_every_topic():
    lines = topics_table().splitlines()
    assert len(lines) == len(TOPICS) + 3
    assert "| `in.complaint` | channel, complaint_no | one framed `complaint` event | for ever | – |" in lines
    assert "| `producer.backlog` | – | block `backlog` | 1 d after it was read; in a folder 1 min | – |" in lines


def test_a_folder_keeps_what_is_said_to_people_and_what_was_published_as_long_as_kafka():
    same = {one.name for one in TOPICS if one.kept_in_a_folder == one.retention}
    assert {"alert.state", "dead_letter", "dead_letter.replay", "in.listing", "webhook.pending"} <= same
    passed = {one.name: one.kept_in_a_folder for one in TOPICS if one.name not in same}
    assert {"chain", "chain.parties", "event.listing", "producer.listing", "risk.record"} <= set(passed)
    assert set(passed.values()) == {dt.timedelta(minutes=1)}

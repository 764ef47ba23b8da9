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
    assert all((one.retention is None) == (one.name.startswith("in.") or one.compacted) for one in TOPICS)


def test_the_table_names_every_topic():
    lines = topics_table().splitlines()
    assert len(lines) == len(TOPICS) + 3
    assert "| `in.complaint` | channel, complaint_no | one framed `complaint` event | for ever | – |" in lines
    assert "| `producer.backlog` | – | block `backlog` | 1 d after it was read | – |" in lines

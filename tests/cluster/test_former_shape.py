"""Topics on which workers of a former shape of the streams worked: refused, made anew, and then as if they had always
been of this one.
"""

from __future__ import annotations

import json
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata

from suyuan.eventlog.log import Log
from suyuan.operations.exporting.embedded import folder_lines
from suyuan.operations.exporting.lines import Exported
from suyuan.operations.state_rebuild import kafka as state_rebuild
from suyuan.operations.state_rebuild.kafka import rebuild, rebuild_partition
from suyuan.operations.topics.check import mismatches
from suyuan.operations.topics.create import make_topics
from suyuan.runtime.exit_codes import Exit
from suyuan.schemas.former_shape import MARK, FormerShape
from suyuan.sinks.tables import GROUP as LOADERS
from suyuan.streams.consumer_group import GROUP
from suyuan.streams.state.position import POSITION_KEY, decode_position, encode_position
from tests.cluster.kafka_cluster import PATIENCE_SECONDS
from tests.cluster.kafka_world import KafkaWorld
from tests.former_shape import GONE, PARTITIONS, former_folder, messages, standing
from tests.reference.assessment import expected_chains
from tests.streams.results import current_chains

pytestmark = pytest.mark.real_time


class FormerCluster(KafkaWorld):
    """With the topics, messages and committed offsets of the data folder, but its tables."""

    def __init__(self, connection, folder):
        super().__init__(connection, folder, PARTITIONS)
        self.admin = KafkaAdminClient(**connection.kafka_python())
        self.admin.delete_topics([MARK])
        settings = {"num_partitions": PARTITIONS, "replication_factor": 1}
        self.admin.create_topics(dict.fromkeys(GONE, settings), wait_for_metadata=True)
        described = self.admin.describe_topics()
        self._ids = {topic["name"]: str(topic["topic_id"]) for topic in described}
        self.former = former_folder(Path(tempfile.mkdtemp(dir=folder)))
        with Log.open(self.former, "read") as log:
            for topic in log.topics():
                for number, fetched in messages(log, topic):
                    values = [self._of_this_log(*pair) for pair in zip(fetched.keys, fetched.values, strict=True)]
                    assert self.publish(topic, number, values, fetched.keys) == fetched.offsets[0]
            for group in (GROUP, LOADERS):
                committed = {
                    TopicPartition(*at): OffsetAndMetadata(offset, metadata, -1)
                    for at, (offset, metadata) in log.committed_offsets(group).items()
                    if offset is not None
                }
                self.admin.alter_group_offsets(group, committed)

    def _of_this_log(self, key, value):
        """State says of which log it was made."""
        if key != POSITION_KEY:
            return value
        position = decode_position(value)
        lives = {at: replace(life, log=self._ids[at[0]]) for at, life in position.lives.items()}
        return encode_position(replace(position, lives=lives))

    def end(self):
        self.admin.delete_topics(list(GONE), raise_errors=False)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while set(GONE) & set(self.admin.list_topics()):  # the broker hears of it later
            assert time.monotonic() < deadline
        self.admin.close()
        super().end()

    def offsets(self, group):
        return {tuple(at): found.offset for at, found in self.admin.list_group_offsets({group: None})[group].items()}


@pytest.fixture
def former(kafka, tmp_path):
    cluster = FormerCluster(kafka, tmp_path)
    yield cluster
    cluster.end()


def events_of(folder):
    return [json.loads(line) for line in folder_lines(folder, Exported())]


def refused_start(cluster):
    worker = cluster.begin_worker("refused", "--once")
    assert worker.wait(120) == Exit.BAD_CONFIGURATION, cluster.said("refused")
    return cluster.said("refused")


def interrupted_rebuilds(cluster, monkeypatch):
    """Each is killed at a later moment, and at all of them a start is refused."""

    class Killed(BaseException):
        pass

    def die(*_):
        raise Killed

    for step in ("create_topics", "_refuse_errors", "_send", "_forget_gone_topics"):
        with monkeypatch.context() as patched:
            patched.setattr(state_rebuild, step, die)
            with pytest.raises(Killed):
                rebuild(cluster.connection)
        with pytest.raises(FormerShape):
            mismatches(cluster.connection, PARTITIONS)
    made = state_rebuild.create_topics

    def die_at_the_mark(client, wanted):
        if any(topic.name == MARK for topic in wanted):
            raise Killed
        return made(client, wanted)

    with monkeypatch.context() as patched:
        patched.setattr(state_rebuild, "create_topics", die_at_the_mark)
        with pytest.raises(Killed):
            rebuild(cluster.connection)


def test_topics_of_a_former_shape_are_refused_made_anew_and_gone_on_with(former, monkeypatch):
    events = events_of(former.former)
    stages, loaders = former.offsets(GROUP), former.offsets(LOADERS)
    assert {topic for topic, _ in stages} >= {"seller.listing", "producer.listing", "in.listing"}
    assert f"`suyuan state rebuild --kafka {former.connection.servers[0]}`" in refused_start(former)
    for refused in (
        lambda: make_topics(former.connection, PARTITIONS),
        lambda: rebuild_partition(former.connection, 0),
    ):
        with pytest.raises(FormerShape, match=MARK):
            refused()
    assert former.offsets(GROUP) == stages

    interrupted_rebuilds(former, monkeypatch)
    assert MARK in refused_start(former)
    assert rebuild(former.connection) == len(events)
    assert mismatches(former.connection, PARTITIONS) == []
    assert not {topic for topic, _ in former.offsets(GROUP)} & set(GONE), "they would wait for ever"
    assert former.offsets(LOADERS) == loaders, "what is not loaded yet will be"

    former.work_once(2)
    assert current_chains(former) == expected_chains(events)
    assert len(standing(former.rows("alert.state"))) > 10
    assert rebuild(former.connection) == len(events), "as often as one likes"


def test_a_worker_is_not_let_in_beside_those_of_another_version(kafka, make_cluster):
    """They name themselves to the group by another protocol."""
    cluster = make_cluster(partitions=2)
    over = threading.Event()
    other = KafkaConsumer("in.listing", **kafka.kafka_python(), group_id=GROUP)

    def belong():
        while not over.is_set():
            other.poll(200)

    belonging = threading.Thread(target=belong)
    belonging.start()
    try:
        while not other.assignment():
            over.wait(0.1)
        worker = cluster.begin_worker("beside", "--once")
        assert worker.wait(120) == Exit.UNAVAILABLE, cluster.said("beside")
        assert "has members of another version" in cluster.said("beside")
        assert other.assignment(), "it is left alone"
    finally:
        over.set()
        belonging.join()
        other.close()
    cluster.work_once()

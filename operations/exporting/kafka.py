"""The topics of events of a cluster, of this version or a former one."""

from __future__ import annotations

from collections.abc import Iterator

from suyuan.connections.kafka import KafkaConnection
from suyuan.operations.exporting.lines import Exported, exported_lines
from suyuan.operations.kafka_admin import administration
from suyuan.schemas.topics import INPUTS
from suyuan.sinks.kafka_log import KafkaLog

GROUP = "export"
"""named to the brokers; nothing is ever committed for it"""


def cluster_lines(connection: KafkaConnection, done: Exported) -> Iterator[bytes]:
    """The lines of a cluster's topics of events: what is there when it begins, whether read or not. Raises
    SuyuanError.
    """
    with administration(connection) as client:
        there = {topic["name"] for topic in client.describe_topics()}
    topics = [topic for topic in INPUTS if topic in there] or INPUTS
    done.lacking = tuple(topic for topic in INPUTS if topic not in topics)
    log = KafkaLog(connection, topics, GROUP)
    try:
        starts, ends = log.start_offsets(), log.end_offsets()
        ranges = {
            (topic, number): (starts[topic, number], ends[topic, number])
            for topic in topics
            for number in range(log.partitions(topic))
        }
        yield from exported_lines(ranges, log.fetch, done)
    finally:
        log.close()

"""The topics of events of a cluster, of this version or a former one."""

from __future__ import annotations

from collections.abc import Iterator

from suyuan.connections.kafka import KafkaConnection
from suyuan.operations.exporting.lines import Exported, exported_lines, in_topics
from suyuan.sinks.kafka_log import KafkaLog

GROUP = "export"
"""named to the brokers; nothing is ever committed for it"""


def cluster_lines(connection: KafkaConnection, done: Exported) -> Iterator[bytes]:
    """The lines of a cluster's topics of events: what is there when it begins, whether read or not. Raises
    SuyuanError.
    """
    log = KafkaLog(connection, in_topics(), GROUP)
    try:
        starts, ends = log.start_offsets(), log.end_offsets()
        ranges = {
            (topic, number): (starts[topic, number], ends[topic, number])
            for topic in in_topics()
            for number in range(log.partitions(topic))
        }
        yield from exported_lines(ranges, log.fetch, done)
    finally:
        log.close()

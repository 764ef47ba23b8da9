"""How far the tables have come in the topics of events."""

from __future__ import annotations

from suyuan.connections.topic_partition import TopicPartition
from suyuan.schemas.kinds import KINDS
from suyuan.sinks.clickhouse import ClickHouse


def reached_in_tables(clickhouse: ClickHouse) -> dict[TopicPartition, int]:
    """The offset behind the last event of each partition of in.<kind> that the tables have. A log that ends before it
    has lost its end, or is another one.
    """
    of_kinds = (f"SELECT 'in.{kind}' AS topic, source_partition, source_offset FROM event_{kind}" for kind in KINDS)  # noqa: S608
    everything = " UNION ALL ".join((*of_kinds, "SELECT topic, source_partition, source_offset FROM dead_letter"))
    statement = f"SELECT topic, source_partition, max(source_offset) + 1 FROM ({everything}) GROUP BY ALL"  # noqa: S608
    with clickhouse.reader() as client:
        rows = client.query(statement).result_rows
    return {(topic, partition): reached for topic, partition, reached in rows if topic.startswith("in.")}

"""How far the stages are in an embedded log."""

from __future__ import annotations

from suyuan.connections.topic_partition import TopicPartition
from suyuan.eventlog.log import Log
from suyuan.streams.consumer_group import GROUP
from suyuan.streams.topology import READ_TOPICS
from suyuan.streams.watchdog import Progress


def stages_progress(log: Log) -> dict[TopicPartition, Progress]:
    """Of every partition of the topics that they read. Commits are read before the ends: where all are equal, nothing
    was left to do then.
    """
    committed = log.committed_offsets(GROUP)
    return {
        at: Progress(committed.get(at, (None, ""))[0] or 0, end)
        for at, end in log.end_offsets().items()
        if at[0] in READ_TOPICS
    }

"""What stages and loaders have yet to do, of a log in a data folder; of Kafka: `consumer_lag`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from suyuan.eventlog.log import Log
from suyuan.sinks.tables import GROUP as LOADERS
from suyuan.streams.consumer_group import GROUP as STAGES
from suyuan.streams.watchdog import Progress

Read = Mapping[tuple[str, str, int], Progress]
"""how far groups are, by group, topic and partition"""


@dataclass(frozen=True, slots=True)
class WorkLeft:
    """`messages` that either group has yet to commit; `partitions` of each topic; `read`: how far each group is at
    least, and what the ends were before that was asked.
    """

    messages: int
    partitions: int
    read: Read = field(default_factory=dict)


def folder_work_left(folder: Path) -> WorkLeft:
    """Raises LogError, also where there is no log."""
    with Log.open(folder, role="read") as log:
        ends = log.end_offsets()
        left = {(group, *at): count for group in (STAGES, LOADERS) for at, count in log.lag(group).items()}
        read = {
            (group, topic, partition): Progress(max(0, end - count), end)
            for (group, topic, partition), count in left.items()
            for end in (ends.get((topic, partition), 0),)
        }
        return WorkLeft(sum(left.values()), log.partitions("chain"), read)

"""What stages and loaders have yet to do, of a log in a data folder; of Kafka: `consumer_lag`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from suyuan.eventlog.log import Log
from suyuan.sinks.tables import GROUP as LOADERS
from suyuan.streams.consumer_group import GROUP as STAGES


@dataclass(frozen=True, slots=True)
class WorkLeft:
    """`messages` that either group has yet to commit; `partitions` of each topic."""

    messages: int
    partitions: int


def folder_work_left(folder: Path) -> WorkLeft:
    """Raises LogError, also where there is no log."""
    with Log.open(folder, role="read") as log:
        return WorkLeft(sum(sum(log.lag(group).values()) for group in (STAGES, LOADERS)), log.partitions("chain"))

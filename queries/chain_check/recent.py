"""What happened so lately that the stages may not have come to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from suyuan.connections.topic_partition import TopicPartition
from suyuan.queries.rows import Row


@dataclass(frozen=True, slots=True)
class Recent:
    """`settled`: ms UTC; what the log took in after it is recent. `taken_in`: (start, next) of each partition of in.*
    when the stages were last known to be through with all that; None: nothing is known of that.
    """

    settled: int
    taken_in: Mapping[TopicPartition, tuple[int, int]] | None = None

    def is_recent(self, kind: str, row: Row) -> bool:
        """Of a row of event_<kind>."""
        if row["received_at"] > self.settled:
            return True
        if self.taken_in is None:
            return False
        _, end = self.taken_in.get((f"in.{kind}", row["source_partition"]), (0, 0))
        return bool(row["source_offset"] >= end)

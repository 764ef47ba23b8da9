"""Listings of which none was read yet wait until the records beside them are through all stages.

So it is at the first start on what was published before, and after a rebuild of the state. A chain that is assessed
before its records are known has gaps that nobody has to mend, and an alert of them is raised, and cleared a moment
later. Records before listings is also the order in which each chain is assessed once.
"""

from __future__ import annotations

from collections.abc import Mapping

from suyuan.connections.topic_partition import TopicPartition
from suyuan.streams.watchdog import Progress

LISTINGS = "in.listing"
PATIENCE_SECONDS = 60.0


class ListingsLast:
    """Whether listings wait. `waits` is looked at by the transport, `observe` is called again and again meanwhile."""

    def __init__(self, now: float, progress: Mapping[TopicPartition, Progress]) -> None:
        """`now`: see `observe`; `progress`: of every topic that stages read, at the start."""
        listings = [seen for (topic, _), seen in progress.items() if topic == LISTINGS]
        self._records = {at: seen.end for at, seen in progress.items() if at[0].startswith("in.") and at[0] != LISTINGS}
        self._done, self._moved_at = 0, now
        unread = any(seen.end for seen in listings) and not any(seen.committed for seen in listings)
        self.waits = unread and not _drained(progress)

    def holds(self, topic: str) -> bool:
        """Whether messages of a topic are not to be read yet."""
        return self.waits and topic == LISTINGS

    def observe(self, now: float, progress: Mapping[TopicPartition, Progress]) -> None:
        """Take the progress at `now` (seconds of a clock that never goes back). Listings go on when nothing else is
        left to do; also a minute after the records that there were at the start were through, since new ones may come
        without an end, and when nothing has moved for a minute: one partition that stands still holds up no other.
        """
        done = sum(seen.committed for (topic, _), seen in progress.items() if topic != LISTINGS)
        through = all(progress[at].committed >= end for at, end in self._records.items())
        if not through and done != self._done:
            self._done, self._moved_at = done, now
        if _drained(progress) or now - self._moved_at > PATIENCE_SECONDS:
            self.waits = False


def _drained(progress: Mapping[TopicPartition, Progress]) -> bool:
    return all(seen.committed >= seen.end for (topic, _), seen in progress.items() if topic != LISTINGS)

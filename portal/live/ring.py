"""The latest messages, for who was away for a moment."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from suyuan.connections.topic_partition import TopicPartition
from suyuan.operations.alerts.outward import TOPIC
from suyuan.portal.live.rows import LiveMessage, LiveRow

MOST_ROWS = 20_000


class Ring:
    """All messages of each partition from some offset on. Whole messages leave it, the oldest first, so that there are
    at most so many rows.
    """

    def __init__(self, first_offsets: Mapping[TopicPartition, int], most_rows: int = MOST_ROWS) -> None:
        self._first = dict(first_offsets)
        self._most_rows = most_rows
        self._messages: deque[LiveMessage] = deque()
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    def add(self, message: LiveMessage) -> None:
        """The next one of its partition."""
        self._messages.append(message)
        self._rows += len(message.rows)
        while self._rows > self._most_rows:
            gone = self._messages.popleft()
            self._rows -= len(gone.rows)
            self._first[TOPIC, gone.partition] = gone.offset + 1

    def latest(self, alert_id: str) -> LiveRow | None:
        """The last row of an alert; None where none is kept."""
        rows = (row for message in reversed(self._messages) for row in reversed(message.rows))
        return next((row for row in rows if row.alert_id == alert_id), None)

    def since(self, offsets: Mapping[TopicPartition, int]) -> list[LiveMessage] | None:
        """What came at or behind these offsets; None where some of it may have left."""
        if any(offsets[at] < first for at, first in self._first.items()):
            return None
        return [message for message in self._messages if message.offset >= offsets[TOPIC, message.partition]]

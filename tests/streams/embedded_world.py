"""The real stream app over the embedded log of a folder, seen like a `World`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from suyuan.eventlog.log import Log, Record, Records, TopicConfig
from suyuan.eventlog.shared import acquire, release
from suyuan.schemas.blocks import decode_block
from suyuan.schemas.topics import TOPICS
from suyuan.streams.app import StreamApp
from suyuan.streams.consumer_group import GROUP
from suyuan.streams.dead_letter_limit import DeadLetterLimit
from suyuan.streams.topology import TOPOLOGY
from tests.streams.event_messages import event_messages

READ_BY_STAGES = {topic for stage in TOPOLOGY for topic in stage.reads}
PATIENCE_SECONDS = 120


class EmbeddedWorld:
    """`with` it the log is open; `running` starts the app, as often as one likes."""

    def __init__(
        self, folder: Path, partitions: int = 2, *, slice_rows: int = 20, patience: float = PATIENCE_SECONDS
    ) -> None:
        self.folder = folder
        self.partitions = partitions
        self.slice_rows = slice_rows
        self.patience = patience
        self.dead_letter_limit: DeadLetterLimit | None = None
        """of the apps that are started from now on"""

    def __enter__(self) -> Self:
        self.log: Log = acquire(self.folder, "never")
        for topic in TOPICS:
            self.log.create_topic(topic.name, self.partitions, TopicConfig(topic.compacted))
        return self

    def __exit__(self, *error: object) -> None:
        release(self.log)

    def publish_events(self, events: Iterable[Mapping[str, Any]], taken_at: Sequence[int] | None = None) -> None:
        """In one append. `taken_at`: the log's time of each, ms; else now."""
        messages = list(event_messages(events, self.partitions))
        moments = [None] * len(messages) if taken_at is None else taken_at
        batches: dict[tuple[str, int], list[Record]] = {}
        for (topic, partition, key, value), at in zip(messages, moments, strict=True):
            batches.setdefault((topic, partition), []).append(Record(key, value, at))
        self.log.append_many(batches)

    def publish(
        self, topic: str, partition: int, values: Sequence[bytes | None], keys: Sequence[bytes | None] | None = None
    ) -> int:
        """Messages as they are, one after another; the offset of the first."""
        return self.log.append(topic, partition, Records(keys or [None] * len(values), values))

    def value(self, topic: str, partition: int, offset: int) -> bytes | None:
        """The value of one message."""
        return self.log.fetch(topic, partition, offset, 1).values[0]

    def committed(self, topic: str, partition: int) -> int:
        """Below it everything is acknowledged."""
        return self.log.committed(GROUP, topic, partition)[0] or 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[StreamApp]:
        """The app, started; stopped at the end."""
        app = StreamApp(
            f"suyuan-embedded://{self.folder}?fsync=never",
            self.folder / "state",
            partitions=self.partitions,
            slice_rows=self.slice_rows,
            dead_letter_limit=self.dead_letter_limit,
        )
        try:
            await app.start()
            yield app
        finally:
            await app.stop()

    async def drained(self, app: StreamApp) -> None:
        """Until the stages have acknowledged everything. Raises what stopped one."""
        async with asyncio.timeout(self.patience):
            while not self._is_drained():
                app.check()
                if app.failure.done():
                    raise app.failure.result()
                await asyncio.sleep(0.02)

    def _is_drained(self) -> bool:
        lag = self.log.lag(GROUP)
        return {topic for topic, _ in lag} >= READ_BY_STAGES and not any(lag.values())

    def rows(self, topic: str) -> Iterator[dict[str, Any]]:
        """Every row that was ever sent to a topic of blocks."""
        for partition in range(self.partitions):
            offset, end = 0, self.log.end_offset(topic, partition)
            while offset < end:
                fetched = self.log.fetch(topic, partition, offset)
                offset = fetched.offsets[-1] + 1
                for value in fetched.values:
                    assert value is not None
                    yield from decode_block(value).iter_rows(named=True)


def digests(app: StreamApp, partitions: int) -> dict[tuple[str, int], str]:
    """Digest of every partition's state, by stage and partition."""
    return {
        (name, partition): state.digest(partition)
        for name, state in app.states.items()
        for partition in range(partitions)
    }

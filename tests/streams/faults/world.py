"""What a test of faults needs of a shape: its log, and the stream app on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from suyuan.streams.app import StreamApp
from suyuan.streams.dead_letter_limit import DeadLetterLimit


class StreamWorld(Protocol):
    """Topics exist and are empty; state and committed offsets outlive each `running`."""

    partitions: int
    dead_letter_limit: DeadLetterLimit | None

    def publish(
        self, topic: str, partition: int, values: Sequence[bytes | None], keys: Sequence[bytes | None] | None = None
    ) -> int:
        """Messages as they are, one after another; the offset of the first."""

    def value(self, topic: str, partition: int, offset: int) -> bytes | None:
        """The value of one message."""

    def committed(self, topic: str, partition: int) -> int:
        """Below it everything is acknowledged; 0 before anything is."""

    def running(self) -> AbstractAsyncContextManager[StreamApp]:
        """The app, started; stopped at the end."""

    async def drained(self, app: StreamApp) -> None:
        """Until the stages have acknowledged everything. Raises what stopped one."""

    def rows(self, topic: str) -> Iterator[dict[str, Any]]:
        """Every row that was ever sent to a topic of blocks."""


async def work(world: StreamWorld) -> None:
    """Start, do everything that waits, stop. Raises what stopped a stage."""
    async with world.running() as app:
        await world.drained(app)


def by_place(rows: Iterator[dict[str, Any]]) -> dict[tuple[int, int], dict[str, Any]]:
    """Rows by source partition and offset; the same row may have been sent more than once, another one may not."""
    found: dict[tuple[int, int], dict[str, Any]] = {}
    for row in rows:
        place = row["source_partition"], row["source_offset"]
        assert found.setdefault(place, row) == row
    return found

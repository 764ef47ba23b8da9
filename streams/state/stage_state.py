"""What the runner of a stage holds: a state per partition, its position, and the commit.

Order of a commit: **changelog first, store second.** Both hold the block's pairs, the position (offsets applied, epoch)
and, in the store, the changelog offset that they came from, each in one batch. A kill
- before the changelog has the whole batch: neither counts it; the input comes again and the block is new;
- between the two: the store's offset lies before the batch; recovery replays it, and the block is `redelivered`;
- after: the block is `redelivered`.
The store flushes when it likes, so a kill or a power loss may take its last batches: the second case again, with more
to replay. Store first would need an fsync a block, and a way to find in the store what the changelog never got: a block
whose redelivery changes nothing writes nothing, so those pairs would be missing the day the folder is lost.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from suyuan.streams.state.memory_store import MemoryStore
from suyuan.streams.state.partition import PartitionState
from suyuan.streams.state.republish import must_republish, republish
from suyuan.streams.state.rocks_store import RocksMemory
from suyuan.streams.state.settings import StateSettings
from suyuan.streams.state.table import StateTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from suyuan.connections.topic_partition import TopicPartition
    from suyuan.streams.state.changelog import ChangelogWriter
    from suyuan.streams.state.view import Overlay
    from suyuan.streams.transport.faust_app import FaustApp
    from suyuan.streams.transport.life import Life


class KeyedState(Protocol):
    """State of the partitions of one stage. In each partition one block at a time: take a view, run the stage (in any
    thread), commit. Partitions do not wait for each other.
    """

    def begin_epoch(self, partition: int) -> int:
        """The partition's new epoch: the stored one + 1. To be called once per assignment, after recovery. It is
        durable with the next commit, which precedes the outputs; to have it durable at once commit an empty view.
        """

    def view(self, partition: int) -> Overlay:
        """A view for the next block."""

    def applied(self, partition: int) -> dict[TopicPartition, int]:
        """Last offset of each input partition that the state has; a block at or below it is `redelivered`."""

    def passed(self, at: TopicPartition) -> int:
        """Offsets that an input partition had before its topic was made again; see `Life.passed`."""

    async def commit(self, partition: int, view: Overlay, applied: Mapping[TopicPartition, int]) -> None:
        """Make the view's writes and the offsets `applied` durable together. After any error the same view may be
        committed again, and nothing else before it. Raises StateClosedError when the partition was revoked.
        """

    def digest(self, partition: int) -> str:
        """Digest of the partition's pairs, equal exactly when the pairs are (see `Store.digest`)."""


class StageState:
    """`KeyedState` in a Faust table. Create it before the app starts; partitions are there once Faust assigned them."""

    def __init__(
        self,
        app: FaustApp,
        stage: str,
        changelog: ChangelogWriter,
        *,
        partitions: int,
        settings: StateSettings | None = None,
        memory: RocksMemory | None = None,
    ) -> None:
        """Registers table `<stage>-state` with the app. Stages of one process share one `memory`."""
        self.table = StateTable(
            app,
            name=f"{stage}-state",
            partitions=partitions,
            settings=settings or StateSettings(),
            memory=memory or RocksMemory(),
        )
        app.tables.add(self.table)
        self._app = app
        self._changelog = changelog

    def begin_epoch(self, partition: int) -> int:
        """The partition's new epoch: the stored one + 1. The next commit makes it durable."""
        return self._partition(partition).begin_epoch()

    def view(self, partition: int) -> Overlay:
        """A view for the next block."""
        return self._partition(partition).view()

    def applied(self, partition: int) -> dict[TopicPartition, int]:
        """Last offset of each input partition that the state has."""
        return dict(self._partition(partition).position.applied)

    def passed(self, at: TopicPartition) -> int:
        """Offsets that an input partition had before its topic was made again."""
        return self._partition(at[1]).position.life(at).passed

    def life(self, at: TopicPartition) -> Life | None:
        """The life of an input partition's log that the state was read from; None while the partition is not
        assigned.
        """
        state = self.table.data.partitions.get(at[1])
        return None if state is None else state.position.life(at)

    async def begin_anew(self, logs: Mapping[TopicPartition, tuple[str, int, int]]) -> None:
        """Note that these logs are others than the state was read from: by topic-partition, (the log's id, the first
        offset to read, how far the former one was read). Durable on return.
        """
        for at, (log, first_offset, reached) in logs.items():
            self._partition(at[1]).begin_anew(at, log, first_offset, reached)
        for partition in {partition for _, partition in logs}:
            await self.commit(partition, self.view(partition), {})

    async def commit(self, partition: int, view: Overlay, applied: Mapping[TopicPartition, int]) -> None:
        """Commit a view and the offsets applied: changelog first, store second (see above). A changelog that was lost
        is written anew before it.
        """
        state = self._partition(partition)

        async def append(keys: Sequence[bytes], values: Sequence[bytes | None]) -> int:
            return await self._changelog.append_many(self.table.changelog_topic_name, partition, keys, values)

        if must_republish(state):
            await republish(state, append)
        commit = state.prepare(view, applied, self._app.consumer.log_of)
        offset = await append(*commit.records())
        await asyncio.to_thread(state.write, commit, offset)

    def digest(self, partition: int) -> str:
        """Digest of the partition's pairs."""
        return self._partition(partition).store.digest()

    def _partition(self, partition: int) -> PartitionState:
        return self.table.data.partition(partition)


class MemoryStageState:
    """`KeyedState` without Faust, log or files; every partition exists at once."""

    def __init__(self) -> None:
        self._partitions: dict[int, PartitionState] = {}

    def begin_epoch(self, partition: int) -> int:
        """The partition's new epoch: the stored one + 1."""
        return self._partition(partition).begin_epoch()

    def view(self, partition: int) -> Overlay:
        """A view for the next block."""
        return self._partition(partition).view()

    def applied(self, partition: int) -> dict[TopicPartition, int]:
        """Last offset of each input partition that the state has."""
        return dict(self._partition(partition).position.applied)

    def passed(self, at: TopicPartition) -> int:
        """Offsets that an input partition had before its topic was made again."""
        return self._partition(at[1]).position.life(at).passed

    async def commit(self, partition: int, view: Overlay, applied: Mapping[TopicPartition, int]) -> None:
        """Commit a view and the offsets applied; nothing outlives the process."""
        self.commit_now(partition, view, applied)

    def commit_now(self, partition: int, view: Overlay, applied: Mapping[TopicPartition, int]) -> None:
        """`commit`, for callers without an event loop."""
        state = self._partition(partition)
        state.write(state.prepare(view, applied))

    def digest(self, partition: int) -> str:
        """Digest of the partition's pairs."""
        return self._partition(partition).store.digest()

    def _partition(self, partition: int) -> PartitionState:
        if partition not in self._partitions:
            self._partitions[partition] = PartitionState(MemoryStore())
        return self._partitions[partition]

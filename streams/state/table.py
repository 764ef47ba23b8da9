"""State as a Faust table: Faust declares the changelog, assigns partitions and reads the changelog at recovery. What is
read is applied here; what is written goes to the changelog without Faust (see `stage_state`).
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from time import monotonic
from typing import TYPE_CHECKING, Any, NoReturn, cast

from faust.stores.base import Store
from mode import Service

from suyuan.streams import metrics
from suyuan.streams.faust_internals import StoredTable, bound_changelog_queue
from suyuan.streams.stage import Run
from suyuan.streams.state.changelog import COMPACTION_LAG_MS
from suyuan.streams.state.errors import (
    ChangelogUnreadableError,
    RecoveryStalledError,
    StateBehindError,
    StateClosedError,
    StateCorruptError,
    StateDivergedError,
    StateError,
)
from suyuan.streams.state.folders import PartitionFolders
from suyuan.streams.state.partition import PartitionState
from suyuan.streams.state.republish import must_republish
from suyuan.streams.state.rocks_store import RocksMemory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from faust.types import TP

    from suyuan.streams.state.settings import StateSettings
    from suyuan.streams.transport.faust_app import FaustApp

logger = logging.getLogger(__name__)

PROGRESS_SECONDS = 5.0
RUNS_BUFFERED = 4
"""fetched runs of a changelog (8 MiB at most each) applied at once; 1 has another meaning to Faust"""


class StateStore(Store):  # type: ignore[misc]
    """Faust's storage driver of a `StateTable`: a RocksDB folder `<tabledir>/<table>-<partition>.db` per partition."""

    app: FaustApp

    def __init__(self, app: FaustApp, table: Any, settings: StateSettings, memory: RocksMemory) -> None:
        super().__init__("suyuan-state://", app, table)
        self.data: dict[Any, Any] = {}
        self.partitions: dict[int, PartitionState] = {}
        self.progressed_at = monotonic()
        self._settings = settings
        self._folders = PartitionFolders(app.conf.tabledir, table.name, settings, memory)
        self._recovering = False
        self._applying = asyncio.Lock()
        """a state is for one thread at a time"""
        self._replayed: dict[int, int] = defaultdict(int)
        self._ends: dict[TP, int] = {}
        self._reported_at = 0.0
        stage = table.name.removesuffix("-state")
        self._recovering_gauge = metrics.RECOVERING.labels(stage)
        self._recovered_counter = metrics.RECOVERED.labels(stage)

    def partition(self, partition: int) -> PartitionState:
        """The state of an assigned partition. Raises StateClosedError when it is not, or no longer, assigned."""
        try:
            return self.partitions[partition]
        except KeyError:
            raise StateClosedError(f"{self.table_name}: partition {partition} is not assigned here") from None

    # Faust's side

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Close the partitions that were revoked, open those that were assigned."""
        del newly_assigned, generation_id
        topic = self.table.changelog_topic_name
        for tp in revoked - assigned:
            if tp.topic == topic and tp.partition in self.partitions:
                self.partitions.pop(tp.partition).store.close()
        given = sorted(tp for tp in assigned if tp.topic == topic)
        starts = await self.app.consumer.earliest_offsets(*given) if given else {}
        self._ends = await self.app.consumer.highwaters(*given) if given else {}
        async with self._applying:
            for tp in given:
                if tp.partition not in self.partitions:
                    self.partitions[tp.partition] = self._opened(tp.partition, self._ends[tp])
                state = self.partitions[tp.partition]
                state.begins_at(starts[tp])
                have = state.changelog_offset
                state.begin_recovery(self._ends[tp] - (starts[tp] if have is None else have + 1))
        self.progressed_at = monotonic()
        self._recovering = True
        self._recovering_gauge.set(1)

    def persisted_offset(self, tp: TP) -> int | None:
        """The changelog offset from which Faust reads on."""
        if tp.partition not in self.partitions:  # a standby
            self.partitions[tp.partition] = self._opened_copy(tp.partition)
        return self.partitions[tp.partition].changelog_offset

    def set_persisted_offset(self, tp: TP, offset: int) -> None:
        """Nothing to do: the offset is written with the pairs it belongs to, never alone."""

    def apply_changelog_batch(self, batch: Iterable[Any], to_key: Any, to_value: Any) -> None:
        """Nothing to do: each was applied as it came (`apply`)."""

    async def apply(self, event: Any) -> None:
        """Apply what Faust read, in a thread: the next records are fetched and unpacked meanwhile. Any error stops the
        process: Faust would log it and read on.
        """
        message = event.message
        async with self._applying:
            state = self.partitions.get(message.partition)
            if state is None:
                return  # Faust kept it until now, and the partition was revoked: its new owner reads it again
            try:
                count = await asyncio.to_thread(_replay, state, message)
            except Exception as error:
                if self.partitions.get(message.partition) is not state:
                    return  # taken away meanwhile, and so closed
                self._give_up(message.partition, error)
                raise
        self._replayed[message.partition] += count
        self._recovered_counter.inc(count)
        self._report()

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Log what was recovered."""
        del standby_tps
        self._recovering = False
        self._recovering_gauge.set(0)
        for tp in sorted(active_tps):
            state = self.partition(tp.partition)
            try:
                async with self._applying:
                    await asyncio.to_thread(state.end_recovery)
                self._refuse_holes(tp, state)
            except StateClosedError:  # taken away meanwhile: its new owner reads all of it
                continue
            except StateError as error:
                self._give_up(tp.partition, error)
                raise
            logger.info(
                "state %s-%d is whole: %d changelog records replayed, epoch %d%s",
                self.table_name,
                tp.partition,
                self._replayed.pop(tp.partition, 0),
                state.position.epoch,
                ", changelog to be written anew" if must_republish(state) else "",
            )

    async def need_active_standby_for(self, tp: TP) -> bool:
        """True: a copy on another machine keeps itself up to date from the changelog."""
        del tp
        return True

    def reset_state(self) -> None:
        """Set every folder aside."""
        while self.partitions:
            self._folders.set_aside(*self.partitions.popitem())

    async def on_stop(self) -> None:
        """Flush and close every partition."""
        while self.partitions:
            self.partitions.popitem()[1].store.close()

    async def backup_partition(self, tp: TP | int, flush: bool = True, purge: bool = False, keep: int = 1) -> NoReturn:  # noqa: FBT001, FBT002
        """Refused: the changelog is the backup."""
        raise NotImplementedError

    def restore_backup(self, tp: TP | int, latest: bool = True, backup_id: int = 0) -> NoReturn:  # noqa: FBT001, FBT002
        """Refused: the changelog is the backup."""
        raise NotImplementedError

    # ours

    def _refuse_holes(self, tp: TP, state: PartitionState) -> None:
        """Raise StateBehindError or StateDivergedError unless everything was fed, and came to what the last writer
        had.
        """
        where, end = f"{self.table_name}-{tp.partition}", self._ends[tp]
        if not state.has_all(end) and not must_republish(state):
            # Faust lets go of what it holds at a rebalance, but a put that waits survives it
            raise StateBehindError(
                f"state {where}: not all of the changelog's {end} records came; the next start reads on"
            )
        stage = self.table_name.removesuffix("-state")
        metrics.STATE_KEYS_DIFFER.labels(stage, str(tp.partition)).set(state.lacks_keys)
        if not state.lacks_keys:
            return
        found, claimed = state.found_keys, state.position.keys
        text = f"state {where} has {found and found.count} keys, and its last writer had {claimed and claimed.count}"
        if state.rebuilt:
            logger.error("%s: its changelog lacks them too; have it made from the events: suyuan state rebuild", text)
            return
        raise StateDivergedError(text)

    def _give_up(self, partition: int, error: Exception) -> None:
        """Stop the process; Faust would log the error and read on. A state that cannot be trusted is set aside first:
        the next owner of the partition makes it from the changelog.
        """
        if isinstance(error, StateDivergedError) and partition in self.partitions:
            logger.error("state %s-%d does not come from its changelog: %s", self.table_name, partition, error)
            self._folders.set_aside(partition, self.partitions.pop(partition))
        self.add_future(self.app.crash(error))

    def _opened(self, partition: int, end: int) -> PartitionState:
        try:
            state = self._folders.open(partition)
        except StateCorruptError as damage:
            return self._folders.rebuilt(partition, damage, end)
        return self._folders.reconciled(partition, state, end)

    def _opened_copy(self, partition: int) -> PartitionState:
        try:
            return self._folders.open(partition)
        except StateCorruptError as damage:
            return self._folders.rebuilt(partition, damage)

    @Service.task  # type: ignore[untyped-decorator]
    async def _watch_recovery(self) -> None:
        deadline = self._settings.recovery_deadline
        while not self.should_stop:
            await self.sleep(min(1.0, deadline / 4))
            tables = [table.data for table in self.app.tables.values() if isinstance(table, StateTable)]
            waited = monotonic() - max(store.progressed_at for store in tables)
            if self._recovering and waited > deadline:
                await self.app.crash(
                    RecoveryStalledError(
                        f"state {self.table_name}: no changelog record came for {waited:.0f} s and recovery is not "
                        f"complete (recovery_deadline is {deadline:.0f} s); is the log reachable?"
                    )
                )
                return

    def _report(self) -> None:
        self.progressed_at = monotonic()
        if self._recovering and self.progressed_at - self._reported_at > PROGRESS_SECONDS:
            self._reported_at = self.progressed_at
            logger.info("restoring %s: records replayed per partition %s", self.table_name, dict(self._replayed))


def _replay(state: PartitionState, message: Any) -> int:
    """Apply a run of changelog records, or one. Returns how many they are."""
    value = message.value
    if not isinstance(value, Run):
        state.replay([(message.offset, message.key, value)])
        return 1
    state.replay_columns(value.offsets, _keys_of(value), value.values, value.first_offset, value.next_offset)
    return len(value.offsets)


def _keys_of(run: Run) -> Sequence[bytes]:
    if None in run.keys:
        index = run.keys.index(None)
        reason = getattr(run.values[index], "reason", "a record without a key, which no stage writes")
        raise ChangelogUnreadableError(f"{run.topic}-{run.partition}, offset {run.offsets[index]}: {reason}")
    return cast("Sequence[bytes]", run.keys)


def read_in_runs(app: FaustApp, changelog: str) -> None:
    """Have the changelog delivered in fetched runs where the transport can (Faust takes 80 us a message, however
    large), and few of them held at once, since they are large.
    """
    app.deliver_in_runs(changelog)
    bound_changelog_queue(app, RUNS_BUFFERED)


class StateTable(StoredTable):
    """One stage's state, `<stage>-state`; changelog `<app id>-<stage>-state-changelog`, compacted."""

    app: FaustApp
    data: StateStore

    def __init__(self, app: FaustApp, *, settings: StateSettings, memory: RocksMemory, **kwargs: Any) -> None:
        super().__init__(
            app,
            key_type=bytes,
            value_type=bytes,
            recovery_buffer_size=RUNS_BUFFERED,
            extra_topic_configs={"min.compaction.lag.ms": COMPACTION_LAG_MS},
            **kwargs,
        )
        self._settings = settings
        self._memory = memory
        read_in_runs(app, self.changelog_topic_name)

    def new_store(self) -> StateStore:
        """The driver of this table."""
        return StateStore(self.app, self, self._settings, self._memory)

    async def on_changelog_event(self, event: Any) -> None:
        """Apply it."""
        await self.data.apply(event)

    def on_key_set(self, key: Any, value: Any) -> NoReturn:
        """Refused: state is written by commits."""
        del key, value
        raise TypeError("state is written by StageState.commit")

    def on_key_del(self, key: Any) -> NoReturn:
        """Refused: state is written by commits."""
        del key
        raise TypeError("state is written by StageState.commit")

"""State as a Faust table: Faust declares the changelog, assigns partitions and reads the changelog at recovery;
what is read is applied here, and what is written goes past Faust (see `stage_state`).
"""

from __future__ import annotations

import logging
from collections import defaultdict
from time import monotonic
from typing import TYPE_CHECKING, Any, NoReturn, cast

import faust
from faust.stores.base import Store
from mode import Service

from suyuan.streams import metrics
from suyuan.streams.stage import Run
from suyuan.streams.state.changelog import COMPACTION_LAG_MS
from suyuan.streams.state.errors import RecoveryStalledError, StateClosedError, StateCorruptError, StateError
from suyuan.streams.state.folders import PartitionFolders
from suyuan.streams.state.partition import PartitionState
from suyuan.streams.state.republish import must_republish
from suyuan.streams.state.rocks_store import RocksMemory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from faust.types import TP

    from suyuan.streams.state.settings import StateSettings

logger = logging.getLogger(__name__)

PROGRESS_SECONDS = 5.0
RUNS_BUFFERED = 4
"""fetched runs of a changelog (8 MiB at most each) applied at once; 1 has another meaning to Faust"""


class StateStore(Store):  # type: ignore[misc]
    """Faust's storage driver of a `StateTable`: a RocksDB folder `<tabledir>/<table>-<partition>.db` per partition."""

    def __init__(self, app: Any, table: Any, settings: StateSettings, memory: RocksMemory) -> None:
        super().__init__("suyuan-state://", app, table)
        self.data: dict[Any, Any] = {}
        self.partitions: dict[int, PartitionState] = {}
        self.progressed_at = monotonic()
        self._settings = settings
        self._folders = PartitionFolders(app.conf.tabledir, table.name, settings, memory)
        self._recovering = False
        self._replayed: dict[int, int] = defaultdict(int)
        self._reported_at = 0.0
        stage = table.name.removesuffix("-state")
        self._recovering_gauge = metrics.RECOVERING.labels(stage)
        self._recovered_counter = metrics.RECOVERED.labels(stage)

    def partition(self, partition: int) -> PartitionState:
        """The state of an assigned partition. StateClosedError when it is not, or no longer, assigned."""
        try:
            return self.partitions[partition]
        except KeyError:
            raise StateClosedError(f"{self.table_name}: partition {partition} is not assigned here") from None

    # Faust's side

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Close what was taken away, open what was given."""
        del newly_assigned, generation_id
        topic = self.table.changelog_topic_name
        for tp in revoked - assigned:
            if tp.topic == topic and tp.partition in self.partitions:
                self.partitions.pop(tp.partition).store.close()
        for tp in sorted(assigned):
            if tp.topic == topic and tp.partition not in self.partitions:
                self.partitions[tp.partition] = await self._opened(tp)
        self.progressed_at = monotonic()
        self._recovering = True
        self._recovering_gauge.set(1)

    def persisted_offset(self, tp: TP) -> int | None:
        """The changelog offset from which Faust reads on."""
        if tp.partition not in self.partitions:  # a standby
            self.partitions[tp.partition] = self._opened_copy(tp.partition)
        return self.partitions[tp.partition].changelog_offset

    def set_persisted_offset(self, tp: TP, offset: int) -> None:
        """Written with the pairs it belongs to, never alone."""

    def apply_changelog_batch(self, batch: Iterable[Any], to_key: Any, to_value: Any) -> None:
        """Apply what Faust read. An error here stops the process: Faust would log it and read on."""
        del to_key, to_value
        records: dict[int, list[tuple[int, bytes, bytes | None]]] = defaultdict(list)
        for event in batch:
            message, value = event.message, event.message.value
            if isinstance(value, Run):
                keys = cast("Sequence[bytes]", value.keys)
                records[message.partition].extend(zip(value.offsets, keys, value.values, strict=True))
            else:
                records[message.partition].append((message.offset, message.key, value))
        for partition, run in records.items():
            state = self.partitions.get(partition)
            if state is None:
                continue  # Faust kept it until now, and the partition was taken away: whoever has it reads it again
            try:
                state.replay(run)
            except StateError as error:
                self.add_future(self.app.crash(error))
                raise
            self._replayed[partition] += len(run)
            self._recovered_counter.inc(len(run))
        if records:
            self._report()

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Say what came back."""
        del standby_tps
        self._recovering = False
        self._recovering_gauge.set(0)
        for tp in sorted(active_tps):
            state = self.partition(tp.partition)
            logger.info(
                "state %s-%d is whole: %d changelog records replayed, epoch %d%s",
                self.table_name,
                tp.partition,
                self._replayed.pop(tp.partition, 0),
                state.position.epoch,
                ", changelog to be written anew" if must_republish(state) else "",
            )

    async def need_active_standby_for(self, tp: TP) -> bool:
        """A copy on another machine keeps itself up to date from the changelog too."""
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
        """The changelog is the backup."""
        raise NotImplementedError

    def restore_backup(self, tp: TP | int, latest: bool = True, backup_id: int = 0) -> NoReturn:  # noqa: FBT001, FBT002
        """The changelog is the backup."""
        raise NotImplementedError

    # ours

    async def _opened(self, tp: TP) -> PartitionState:
        try:
            state = self._folders.open(tp.partition)
        except StateCorruptError as damage:
            return self._folders.rebuilt(tp.partition, damage, (await self.app.consumer.highwaters(tp))[tp])
        offset = state.changelog_offset
        if offset is None:
            return state
        end: int = (await self.app.consumer.highwaters(tp))[tp]
        return self._folders.reconciled(tp.partition, state, end)

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


def read_in_runs(app: Any, changelog: str) -> None:
    """Have the changelog delivered a fetched run at a time where the transport can (Faust takes 80 us a message,
    whatever it holds), and few of them held, for they are large.
    """
    app.batch_topics = {*getattr(app, "batch_topics", ()), changelog}
    if app.tables._changelog_queue is None:  # noqa: SLF001 - one queue for all tables, as long as stream buffers are
        app.tables._changelog_queue = app.FlowControlQueue(maxsize=RUNS_BUFFERED, clear_on_resume=True)  # noqa: SLF001


class StateTable(faust.Table):  # type: ignore[misc]
    """One stage's state, `<stage>-state`; changelog `<app id>-<stage>-state-changelog`, compacted."""

    data: StateStore

    def __init__(self, app: Any, *, settings: StateSettings, memory: RocksMemory, **kwargs: Any) -> None:
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

    def _new_store(self) -> StateStore:
        return StateStore(self.app, self, self._settings, self._memory)

    def on_key_set(self, key: Any, value: Any) -> NoReturn:
        """Not the way to write."""
        del key, value
        raise TypeError("state is written by StageState.commit")

    def on_key_del(self, key: Any) -> NoReturn:
        """Not the way to write."""
        del key
        raise TypeError("state is written by StageState.commit")

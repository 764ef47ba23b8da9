"""The loaders of a process and their monitor, from Kafka into the tables of a server and files of dead letters."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from suyuan.connections.kafka import KafkaConnection
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.kafka_admin import administration
from suyuan.operations.topics.former import refuse_former
from suyuan.runtime.cluster.loader import ClusterLoader
from suyuan.runtime.cluster.loader_monitor import LoaderMonitor
from suyuan.runtime.service import Service
from suyuan.runtime.settings import Settings
from suyuan.runtime.waiting import first_of
from suyuan.sinks.clickhouse import ClickHouse
from suyuan.sinks.damage import report_detached
from suyuan.sinks.dead_letter_files import DeadLetterFiles
from suyuan.sinks.errors import MigrationError
from suyuan.sinks.migrations import migrate, pending
from suyuan.sinks.sink import Sink
from suyuan.sinks.table_sink import TableSink
from suyuan.sinks.tables import GROUP as LOADERS
from suyuan.sinks.verifier import Verification

GRACE_SECONDS = 20.0
"""that an insert in flight may still take when the process is told to stop"""


class LoaderService(Service):
    """Tables, loaders and monitor, started in this order. `check_schema`: make no tables, refuse to start where some
    are missing. `say` is told what was not ended in time.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        say: Callable[[str], None],
        once: bool = False,
        check_schema: bool = False,
        accept_loss: bool = False,
    ) -> None:
        super().__init__()
        self._settings = settings
        self._say = say
        self._once = once
        self._check_schema = check_schema
        self._accept_loss = accept_loss
        self._loading = 0
        self._ended = asyncio.Event()

    @property
    def rows(self) -> dict[str, int]:
        """Rows loaded since the start, by table."""
        return dict(self._loaders[0].rows)

    async def wait_drained(self) -> None:
        """Until what was published is loaded; only where it was asked to load once."""
        await first_of(self._ended.wait(), self.wait_failed())

    async def verify(self) -> Verification:
        """Every offset and every key, of loaders that have drained."""
        return await asyncio.to_thread(self._monitor.verify_all)

    async def _start(self) -> None:
        connection = self._settings.kafka_connection()
        self.tables = await self._opened(self._open_tables, ClickHouse.close)
        self._loaders = await self._opened(partial(self._open_loaders, connection), self._close_loaders)
        self._monitor = await self._opened(partial(self._open_monitor, connection), LoaderMonitor.stop)

    def _open_tables(self) -> ClickHouse:
        server = self._settings.clickhouse_settings()
        if server is None:
            raise SuyuanError("bad configuration: SUYUAN_CLICKHOUSE: missing", ErrorKind.CONFIGURATION)
        return ClickHouse(server, make=not self._check_schema)

    def _open_loaders(self, connection: KafkaConnection) -> list[ClusterLoader]:
        with administration(connection) as client:
            refuse_former(client)
        self._prepare_tables()
        sinks: list[Sink] = [TableSink(self.tables.writer)]
        if self._settings.dead_letter_files is not None:
            sinks.append(DeadLetterFiles(self._settings.dead_letter_files))
        once, accept_loss = self._once, self._accept_loss
        loaders = [
            ClusterLoader(connection, sink, once=once, accept_loss=accept_loss, on_end=self._note_end) for sink in sinks
        ]
        self._loading = len(loaders)
        for loader in loaders:
            loader.start()
        return loaders

    def _close_loaders(self, loaders: Sequence[ClusterLoader]) -> None:
        """Raises what a loader's last batch failed with: nobody waits for it any more."""
        until = time.monotonic() + GRACE_SECONDS
        for loader in loaders:
            loader.begin_to_stop()
        for loader in loaders:
            if loader.stop(max(0.0, until - time.monotonic())):
                loader.log.close()
            elif loader.group == LOADERS:
                self._say(
                    "suyuan: ClickHouse did not answer in time; the next start repeats the insert under the same token"
                )
            else:
                self._say("suyuan: dead letters were not written in time; the next start goes on with them")
        for loader in loaders:
            if loader.error is not None:
                raise loader.error

    def _open_monitor(self, connection: KafkaConnection) -> LoaderMonitor:
        monitor = LoaderMonitor(
            self._loaders[0], self.tables, connection, self._loaders[1:], budget=self._settings.alert_budget
        )
        monitor.start()
        return monitor

    def _note_end(self, error: BaseException | None) -> None:
        """In a loader's thread, which may outlive the loop."""
        if error is not None:
            self._fail(error)
            return
        with suppress(RuntimeError):
            self.failed.get_loop().call_soon_threadsafe(self._count_end)

    def _count_end(self) -> None:
        self._loading -= 1
        if not self._loading:
            self._ended.set()

    def _prepare_tables(self) -> None:
        tables = self.tables
        with tables.answering():
            numbers = pending(tables.writer) if self._check_schema else []
            if not self._check_schema:
                migrate(tables.writer, cluster=tables.settings.cluster)
            report_detached(tables.writer)
        if numbers:
            raise MigrationError(
                f"database {tables.settings.database} lacks migrations {', '.join(map(str, numbers))}: start a loader "
                "without --check-schema once, by a user who may make tables"
            )

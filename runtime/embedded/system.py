"""The embedded system as a whole: what is started in which order, what stops it, when it has nothing left to do."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from suyuan.domain.calendar import china_day
from suyuan.errors import SuyuanError
from suyuan.eventlog.errors import LogError
from suyuan.eventlog.log import Log, TopicConfig
from suyuan.eventlog.schema import Fsync
from suyuan.eventlog.shared import acquire, release
from suyuan.eventlog.wal import accept_lost_end
from suyuan.operations.audit.embedded import backfill_at_start
from suyuan.operations.former_folder import refuse_former_folder
from suyuan.operations.webhooks.log import SUBSCRIPTIONS
from suyuan.queries.open_tables import OpenTables
from suyuan.queries.over_socket.server import QueryService
from suyuan.runtime.chain_watch import LOOK_SECONDS
from suyuan.runtime.desk_figures import LOOK_SECONDS as DESKS_SECONDS
from suyuan.runtime.embedded.child import Child, jobs_child, portal_child
from suyuan.runtime.embedded.days import publish_day
from suyuan.runtime.embedded.loader_thread import LoaderThread
from suyuan.runtime.embedded.monitor import SystemMonitor
from suyuan.runtime.embedded.stages_progress import stages_progress
from suyuan.runtime.service import Service
from suyuan.runtime.settings import Settings
from suyuan.runtime.unmatched_count import COUNT_SECONDS
from suyuan.schemas.topics import TOPICS
from suyuan.sinks.ahead import reached_in_tables
from suyuan.sinks.clickhouse import ClickHouse, ClickHouseSettings
from suyuan.sinks.damage import report_detached
from suyuan.sinks.dead_letter_files import GROUP as FILES_GROUP
from suyuan.sinks.dead_letter_files import DeadLetterFiles
from suyuan.sinks.definitions import damaged, keep, mend
from suyuan.sinks.errors import FolderInUse
from suyuan.sinks.migrations import migrate
from suyuan.sinks.sink import Sink
from suyuan.sinks.table_sink import TableSink
from suyuan.streams.app import StreamApp
from suyuan.streams.consumer_group import GROUP
from suyuan.streams.listings_last import ListingsLast

logger = logging.getLogger(__name__)

DRAINED_SECONDS = 0.1
DAY_CHECK_SECONDS = 20.0
WATCH_SECONDS = 1.0
READERS_SECONDS = 60.0
"""that a start waits for readers of the tables"""
TELL_SECONDS = 2.0
"""after which it says so"""
VERIFY_SECONDS = 60.0


@dataclass(slots=True)
class Progress:
    """Messages that are still to be worked through, by topic, and what is loaded."""

    streams: dict[str, int] = field(default_factory=dict)
    loader: dict[str, int] = field(default_factory=dict)

    @property
    def drained(self) -> bool:
        """Nothing left."""
        return not any(self.streams.values()) and not any(self.loader.values())


class EmbeddedRun(Service):
    """Log, tables, others' queries, loaders and stages, started in this order.

    `once`: publish no `day` of its own. `rebuild_damaged`: rebuild damaged state though not for the first time.
    `accept_loss`: go on behind messages that were deleted before they were read. `portal`: serve one too, where the
    settings name its port.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        once: bool = False,
        rebuild_damaged: bool = False,
        accept_loss: bool = False,
        portal: bool = False,
    ) -> None:
        super().__init__()
        self._portal = portal and bool(settings.portal_port)
        self._settings = settings
        self._accept_loss = accept_loss
        self._rebuild_damaged = rebuild_damaged
        self._once = once
        self._loaders: list[LoaderThread] = []
        self._service: QueryService | None = None
        self._jobs: Child | None = None
        # a commit that takes longer than its interval on a busy machine is nothing that anybody must act on
        logging.getLogger("mode.timers").setLevel(logging.ERROR)

    @property
    def folder(self) -> Path:
        """The data folder."""
        return self._settings.data

    async def stop(self) -> None:
        """Queries of others first, then the last first. Safe to call twice."""
        if self._service is not None:
            await asyncio.to_thread(self._service.stop)
        await super().stop()

    def progress(self) -> Progress:
        """What is left to do."""
        progress = Progress()
        for (topic, _), behind in self.log.lag(GROUP).items():
            progress.streams[topic] = progress.streams.get(topic, 0) + behind
        for loader in self._loaders:
            for (topic, _), behind in loader.lag().items():
                progress.loader[topic] = progress.loader.get(topic, 0) + behind
        return progress

    async def wait_drained(self) -> None:
        """Until everything that is published is in the tables. Raises what stopped the run, if something does."""
        try:
            while True:
                if self.failed.done():
                    raise self.failed.result()
                progress = await asyncio.to_thread(self.progress)
                if progress.drained:
                    return
                self._have_rows_wait(wait=any(progress.streams.values()))  # what no stage adds to waits for nothing
                await asyncio.wait([self.failed], timeout=DRAINED_SECONDS)
        finally:
            self._have_rows_wait(wait=True)

    def _have_rows_wait(self, *, wait: bool) -> None:
        for loader in self._loaders:
            loader.wait_for_more(wait=wait)

    async def _start(self) -> None:
        self.log = await self._open_log()
        self.clickhouse = await self._open_tables()
        self.queries = OpenTables(self.clickhouse)
        self._service = QueryService(self.folder, self.queries)
        await self._in_thread(self._service.start)
        self.loader = await self._start_loader(TableSink(self.clickhouse.writer))
        await self._write_dead_letters()
        self.streams = await self._start_streams()
        if self._portal:
            await self._start_child(portal_child(self._settings))
        self.monitor = SystemMonitor(
            self.log, self.clickhouse, self._loaders, self.folder, budget=self._settings.alert_budget
        )
        self._every(WATCH_SECONDS, self.monitor.observe)
        self._repeat(WATCH_SECONDS, self._check_streams)
        if not self._once:
            self._waiting_for_jobs = asyncio.create_task(self._start_jobs())
            self._parts.push_async_callback(self._stop_jobs)
            self._every(VERIFY_SECONDS, self.monitor.verify)
            self._every(LOOK_SECONDS, self.monitor.look_at_chains)
            self._every(COUNT_SECONDS, self.monitor.count_unmatched)
            self._every(DESKS_SECONDS, self.monitor.look_at_desks)
            self._every(DAY_CHECK_SECONDS, self._turn_day)

    async def _start_child(self, child: Child) -> None:
        self._parts.push_async_callback(child.stop)
        await child.start()

    async def _start_jobs(self) -> None:
        """With the first webhook that somebody makes, or at once where the audit is to be signed: a system without
        either has no process for them. What is to be sent from the time before is told by the webhook itself.
        """
        found = self._settings.audit_key_file is not None
        while not found:
            with suppress(SuyuanError):
                found = any(end for (topic, _), end in self.log.end_offsets().items() if topic == SUBSCRIPTIONS)
            if not found:
                await asyncio.sleep(WATCH_SECONDS)
        self._jobs = jobs_child(self._settings)
        await self._jobs.start()

    async def _stop_jobs(self) -> None:
        self._waiting_for_jobs.cancel()
        await asyncio.gather(self._waiting_for_jobs, return_exceptions=True)
        if self._jobs is not None:
            await self._jobs.stop()

    async def _open_log(self) -> Log:
        if self._accept_loss:
            await self._in_thread(partial(accept_lost_end, self.folder))
        fsync: Fsync = "always" if self._settings.fsync else "interval"
        await self._in_thread(partial(refuse_former_folder, self.folder, fsync))
        log = await self._opened(partial(acquire, self.folder, fsync), release)
        await self._in_thread(partial(self._make_topics, log))
        return log

    def _make_topics(self, log: Log) -> None:
        """Every topic, with the partition count that the folder was made with."""
        known = log.topics()
        self.partitions = log.partitions(next(iter(known))) if known else self._settings.partitions
        for topic in TOPICS:
            kept = topic.kept_in_a_folder
            kept_ms = None if kept is None else int(kept.total_seconds() * 1000)
            config = TopicConfig(topic.compacted, delete_consumed_after_ms=kept_ms)
            log.create_topic(topic.name, self.partitions, config)
        if count := backfill_at_start(log, GROUP):
            logger.info("%d events of before the audit go to its tree", count)

    async def _open_tables(self) -> ClickHouse:
        """Others that run on the folder are kept out by the log: who has the tables open is a reader, and goes soon."""
        began, told = time.monotonic(), 0.0
        while True:
            try:
                return await self._opened(self._open_clickhouse, ClickHouse.close)
            except FolderInUse as error:
                waited = time.monotonic() - began
                if waited > READERS_SECONDS:
                    raise FolderInUse(f"{error}, and still was after {READERS_SECONDS:.0f} s: end it") from None
                if waited - told > TELL_SECONDS:
                    told = waited
                    logger.warning("%s: waiting for its question to end", error)
            await asyncio.sleep(DRAINED_SECONDS)

    def _open_clickhouse(self) -> ClickHouse:
        path = self.folder / "clickhouse"
        mend(damaged(path))
        clickhouse = ClickHouse(ClickHouseSettings(path=path))
        try:
            with clickhouse.answering():
                migrate(clickhouse.writer)
                keep(path, clickhouse.settings.database)
                report_detached(clickhouse.writer)
        except BaseException:
            clickhouse.close()
            raise
        return clickhouse

    async def _start_loader(self, sink: Sink) -> LoaderThread:
        def open_loader() -> LoaderThread:
            loader = LoaderThread(self.log, sink, self._fail, accept_loss=self._accept_loss)
            loader.start()
            return loader

        loader = await self._opened(open_loader, LoaderThread.stop)
        self._loaders.append(loader)
        return loader

    async def _write_dead_letters(self) -> None:
        """To files as well, where somebody wants them; else nothing is kept for such a reader in the log."""
        folder = self._settings.dead_letter_files
        if folder is None:
            await self._in_thread(partial(self.log.forget_group, FILES_GROUP))
        else:
            await self._start_loader(await self._in_thread(partial(DeadLetterFiles, folder)))

    async def _start_streams(self) -> StreamApp:
        fsync = "always" if self._settings.fsync else "interval"
        self._listings_last = ListingsLast(time.monotonic(), await self._in_thread(partial(stages_progress, self.log)))
        streams = StreamApp(
            f"suyuan-embedded://{self.folder.resolve()}?fsync={fsync}",
            self.folder.resolve() / "state",
            partitions=self.partitions,
            rebuild_damaged=self._rebuild_damaged,
            dead_letter_limit=self._settings.limit_of_dead_letters(),
            accept_loss=self._accept_loss,
            shown=await self._in_thread(partial(reached_in_tables, self.clickhouse)),
            end_may_be_lost=not self._settings.fsync,
            holds=self._listings_last.holds,
        )
        streams.failure.add_done_callback(lambda failure: self._fail(failure.result()))
        self._parts.push_async_callback(streams.stop)
        await streams.start()
        if self._listings_last.waits:
            letting = asyncio.create_task(self._let_listings_go())
            self._parts.callback(letting.cancel)
        return streams

    async def _let_listings_go(self) -> None:
        logger.info("listings wait until the records before them are through")
        while self._listings_last.waits:
            await asyncio.sleep(DRAINED_SECONDS)
            try:
                progress = await asyncio.to_thread(stages_progress, self.log)
            except LogError as error:
                logger.warning("how far the records are is not known at the moment: %s", error)
            else:
                self._listings_last.observe(time.monotonic(), progress)

    def _every(self, seconds: float, work: Callable[[], None]) -> None:
        async def attempt() -> None:
            try:
                await asyncio.to_thread(work)
            except Exception:
                logger.exception("%s failed, trying again in %s s", work.__name__, seconds)

        self._repeat(seconds, attempt)

    async def _check_streams(self) -> None:
        try:
            self.streams.check()
        except Exception as error:  # noqa: BLE001 -- whoever runs the process decides
            self._fail(error)

    def _turn_day(self) -> None:
        day = china_day(time.time_ns() // 1_000_000)
        if publish_day(self.log, day):
            logger.info("day %s", day)

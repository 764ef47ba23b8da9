"""A worker of the cluster: the stages of the partitions that Kafka gives this process, and what watches them."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path

from suyuan.connections.kafka import KafkaConnection
from suyuan.connections.log_errors import MessagesLost
from suyuan.domain.calendar import china_day
from suyuan.domain.keys import partition_of
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.consumer_lag import GroupLag
from suyuan.operations.kafka_admin import BrokersError
from suyuan.operations.topics.check import mismatches, partition_count
from suyuan.runtime.days import day_event
from suyuan.runtime.registry import accept_registered_ids
from suyuan.runtime.service import Service
from suyuan.runtime.settings import Settings
from suyuan.runtime.state_size import observe_state_size
from suyuan.schemas.events import encode_event
from suyuan.streams import metrics
from suyuan.streams.app import StreamApp
from suyuan.streams.consumer_group import GROUP
from suyuan.streams.listings_last import ListingsLast
from suyuan.streams.topology import READ_TOPICS
from suyuan.streams.watchdog import Watchdog

logger = logging.getLogger(__name__)

CHECK_SECONDS = 1.0
WATCH_SECONDS = 10.0
TOPICS_SECONDS = 2.0
DRAINED_SECONDS = 0.5
STAGE_THREADS = 1
"""workers are as many as cores"""


def _unfit(wrong: Iterable[object]) -> SuyuanError:
    listed = "; ".join(map(str, wrong))
    return SuyuanError(
        f"the topics are not as they have to be (suyuan topics create makes what is missing): {listed}",
        ErrorKind.CONFIGURATION,
    )


class Worker(Service):
    """The stages, of the partitions that the group gives this process."""

    def __init__(
        self, settings: Settings, *, once: bool = False, rebuild_damaged: bool = False, accept_loss: bool = False
    ) -> None:
        super().__init__()
        self._settings = settings
        self._accept_loss = accept_loss
        self._once = once
        self._rebuild_damaged = rebuild_damaged
        self._watchdog = Watchdog()
        self._day: dt.date | None = None

    @property
    def state_folder(self) -> Path:
        """The worker's own; another process may not share it."""
        return self._settings.data.resolve() / "state"

    async def wait_drained(self) -> None:
        """Wait until the group has done all that there is, in any worker. Raises what stopped this one."""
        while True:
            if self.failed.done():
                raise self.failed.result()
            try:
                progress = await asyncio.to_thread(self._lag.progress)
            except BrokersError as error:  # brokers that are restarted; the streams wait for them too
                logger.warning("%s", error)
            else:
                if all(seen.committed >= seen.end for seen in progress.values()):
                    return
            await asyncio.wait([self.failed], timeout=DRAINED_SECONDS)

    async def _start(self) -> None:
        """Check the topics, join the group, recover state. SuyuanError when the topics are not as they must be."""
        connection = self._settings.kafka_connection()
        self.partitions = await asyncio.to_thread(self._checked_partitions, connection)
        await asyncio.to_thread(accept_registered_ids, self._settings)
        self._lag = await self._opened(partial(GroupLag, connection, GROUP, READ_TOPICS), GroupLag.close)
        self._topics = await asyncio.to_thread(self._lag.described)
        self._listings_last = ListingsLast(time.monotonic(), await asyncio.to_thread(self._lag.progress))
        self.state_folder.mkdir(parents=True, exist_ok=True)
        self.streams = StreamApp(
            "suyuan-kafka://" + ";".join(connection.servers),
            self.state_folder,
            partitions=self.partitions,
            rebuild_damaged=self._rebuild_damaged,
            kafka=connection,
            session_seconds=self._settings.kafka_session_seconds,
            standby_replicas=self._settings.standby_replicas,
            dead_letter_limit=self._settings.limit_of_dead_letters(),
            stage_threads=STAGE_THREADS,
            accept_loss=self._accept_loss,
            topic_ids=self._topics.ids,
            holds=self._listings_last.holds,
        )
        self.streams.failure.add_done_callback(lambda failure: self._fail(failure.result()))
        self._parts.push_async_callback(self.streams.stop)
        await self.streams.start()
        self._every(CHECK_SECONDS, self._check)
        self._every(WATCH_SECONDS, self._watch)
        self._every(TOPICS_SECONDS, self._check_topics)
        if self._listings_last.waits:
            logger.info("listings wait until the records before them are through")
            self._every(DRAINED_SECONDS, self._let_listings_go)

    def _checked_partitions(self, connection: KafkaConnection) -> int:
        asked_for = self._settings.partitions_asked_for()
        partitions = asked_for or partition_count(connection, READ_TOPICS[0]) or self._settings.partitions
        wrong = mismatches(connection, partitions, self._settings.kafka_replication)
        if wrong:
            raise _unfit(wrong)
        return partitions

    async def _check(self) -> None:
        self.streams.check()
        if not self._once:
            await self._turn_day(china_day(time.time_ns() // 1_000_000))

    async def _check_topics(self) -> None:
        try:
            now = await asyncio.to_thread(self._lag.described)
        except BrokersError:  # no broker answers, which `_watch` says
            return
        if grown := self._topics.grown(now):
            self._fail(_unfit(grown))
        if names := self._topics.made_again(now):
            said = f"{', '.join(names)}: deleted and made again while they were read"
            self._fail(MessagesLost(f"{said}. Nothing goes on until somebody decides: the next start says of what"))

    async def _turn_day(self, day: dt.date) -> None:
        """Publish the day's turn, if this worker is to publish it. After a restart it is published twice; intake takes
        one.
        """
        if day == self._day:
            return
        key, _, event = day_event(day)
        at = ("in.day", partition_of(key, self.partitions))
        if at in self.streams.assignment():
            await self.streams.publish(at, key, encode_event("day", event))
            self._day = day
            logger.info("day %s", day)

    async def _watch(self) -> None:
        try:
            progress = await asyncio.to_thread(self._lag.progress)
        except BrokersError:
            self._watchdog.look_away()
            raise
        behind: defaultdict[str, int] = defaultdict(int)
        for (topic, _), seen in progress.items():
            behind[topic] += max(0, seen.end - seen.committed)
        for topic, messages in behind.items():
            metrics.LAG.labels(GROUP, topic).set(messages)
        ours = self.streams.assignment()
        self._watchdog.observe(
            time.monotonic(),
            {at: seen for at, seen in progress.items() if at in ours and not self._listings_last.holds(at[0])},
        )
        await asyncio.to_thread(observe_state_size, self.state_folder)

    async def _let_listings_go(self) -> None:
        if self._listings_last.waits:
            self._listings_last.observe(time.monotonic(), await asyncio.to_thread(self._lag.progress))

    def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        async def attempt() -> None:
            try:
                await work()
            except BrokersError as error:  # no broker answers; the streams wait for one too
                logger.warning("%s", error)
            except Exception as error:  # noqa: BLE001 -- whoever runs the process decides
                self._fail(error)

        self._repeat(seconds, attempt)

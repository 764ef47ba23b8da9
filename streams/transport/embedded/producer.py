"""Faust's producer over the embedded log."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from faust.transport import base
from faust.types.tuples import TP, RecordMetadata

from suyuan.domain.keys import partition_of
from suyuan.eventlog.catalog import TopicConfig
from suyuan.eventlog.errors import RecordRefused
from suyuan.eventlog.records import Record
from suyuan.eventlog.shared import release

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from suyuan.eventlog.log import Appended, Log
    from suyuan.eventlog.records import Headers, Records


class Producer(base.Producer):  # type: ignore[misc] # faust is untyped here
    """Messages sent singly are joined for LINGER_SECONDS; `append_many` takes many at once. Messages of a partition lie
    there in the order of the calls.
    """

    LINGER_SECONDS = 0.001

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # an app that could not start flushes what never began
        self._waiting: dict[TP, list[tuple[Record, asyncio.Future[RecordMetadata]]]] = {}
        self._in_flight: set[asyncio.Future[Any]] = set()

    async def on_start(self) -> None:
        """Open the log."""
        await super().on_start()
        self._log: Log = await asyncio.to_thread(self.transport.open_log)

    async def on_stop(self) -> None:
        """Wait until what was sent is committed, and release the log."""
        await super().on_stop()
        await self.flush()
        if hasattr(self, "_log"):  # it was started
            await asyncio.to_thread(release, self._log)

    async def append_many(self, records: Mapping[TP, Sequence[Record] | Records]) -> dict[TP, Sequence[int]]:
        """Append to many partitions in one transaction and wait until it is durable.

        Returns the offset of each record. Raises LogError (LogFull: none of them was kept; try again).
        """
        self._submit()
        # in a thread: batches are compressed before they are submitted
        submitted = await asyncio.to_thread(self._log.append_async, records)
        appended = await asyncio.wrap_future(submitted)
        return {TP(*at): range(each.base_offset, each.last_offset + 1) for at, each in appended.items()}

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: Mapping[str, bytes] | Headers | None,
        *,
        transactional_id: str | None = None,  # noqa: ARG002 - Faust's signature
    ) -> Awaitable[RecordMetadata]:
        """Queue one message. The awaitable that this returns is done when the message is durable."""
        at = self.key_partition(topic, key) if partition is None else TP(topic, partition)
        if self._log.partition(*at).compacted and key is None:
            raise RecordRefused(f"topic {topic} is compacted: every record needs a key")
        pairs = tuple(headers.items() if isinstance(headers, Mapping) else headers or ())
        at_ms = None if timestamp is None else round(timestamp * 1000)
        future: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        if not self._waiting:
            asyncio.get_running_loop().call_later(self.LINGER_SECONDS, self._submit)
        self._waiting.setdefault(at, []).append((Record(key, value, at_ms, pairs), future))
        return future

    async def send_and_wait(self, *args: Any, **kwargs: Any) -> RecordMetadata:
        """Send one message and wait until it is durable."""
        return await (await self.send(*args, **kwargs))

    async def flush(self) -> None:
        """Wait until everything sent so far is committed, or has failed with its own awaitable."""
        self._submit()
        if self._in_flight:
            await asyncio.wait(set(self._in_flight))

    def key_partition(self, topic: str, key: bytes | None) -> TP:
        """crc32 of the key modulo the topic's partition count."""
        return TP(topic, partition_of(key or b"", self._log.partitions(topic)))

    def supports_headers(self) -> bool:
        """True: the log keeps headers."""
        return True

    async def create_topic(
        self,
        topic: str,
        partitions: int,
        replication: int,  # noqa: ARG002 - Faust's signature
        *,
        retention: float | None = None,
        compacting: bool | None = None,
        **_options: Any,
    ) -> None:
        """Make a topic where it is missing; one that exists keeps its configuration."""
        if topic in self._log.topics():
            config = None
        else:
            config = TopicConfig(bool(compacting), None if retention is None else round(float(retention) * 1000))
        await asyncio.to_thread(self._log.create_topic, topic, partitions, config)

    def _submit(self) -> None:
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, {}
        try:
            submitted = self._log.append_async({at: [record for record, _ in sent] for at, sent in waiting.items()})
        except Exception as error:  # noqa: BLE001 - handed to whoever sent
            for sent in waiting.values():
                for _, future in sent:
                    future.set_exception(error)
            return
        done = asyncio.wrap_future(submitted)
        self._in_flight.add(done)
        done.add_done_callback(lambda each: self._resolve(each, waiting))

    def _resolve(
        self,
        done: asyncio.Future[dict[tuple[str, int], Appended]],
        waiting: dict[TP, list[tuple[Record, asyncio.Future[RecordMetadata]]]],
    ) -> None:
        self._in_flight.discard(done)
        error = done.exception()
        for at, sent in waiting.items():
            offset = 0 if error else done.result()[at].base_offset
            for index, (record, future) in enumerate(sent):
                if future.done():
                    continue
                if error:
                    future.set_exception(error)
                else:
                    future.set_result(
                        RecordMetadata(
                            topic=at.topic,
                            partition=at.partition,
                            topic_partition=at,
                            offset=offset + index,
                            timestamp=record.timestamp,
                            timestamp_type=0,
                        )
                    )

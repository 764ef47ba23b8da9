"""Messages to Kafka from any thread: an idempotent producer in a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError

from suyuan.connections.causes import cause_of_failure
from suyuan.connections.kafka import KafkaConnection
from suyuan.connections.packing import pack_fast
from suyuan.domain.keys import partition_of
from suyuan.publishing.errors import BrokersUnavailable, PublishingError, Undelivered, WrongTopics
from suyuan.schemas.kinds import KINDS
from suyuan.schemas.topics import CONTROLS, FORMER_TOPICS, KEYS_MARK

Compression = Literal["lz4", "zstd", "gzip"]

BATCH_BYTES = 900_000
"""before compression: a topic of default settings takes a batch of 1 MiB"""
_DISCONNECT_SECONDS = 10
_OVERHEAD_BYTES = 200
"""of a message on its way, in memory"""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of messages of one `send`: `rows` are their indices in it, `offsets` theirs in the partition (empty
    where there is an `error`).
    """

    topic: str
    partition: int
    rows: Sequence[int]
    offsets: range
    error: str | None = None


Answered = Callable[[Answer], None]
_Waiting = tuple[int, bytes, bytes, Answered]


class Sender:
    """Sends messages. Those with one key are stored in the order of sending, each once, by all replicas in sync.

    Answers come in a thread of the sender's, which waits until they are taken.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        *,
        compression: Compression | None,
        buffer_bytes: int,
        patience_seconds: float,
    ) -> None:
        """Raises BrokersUnavailable, WrongTopics; WrongConnection where the connection is described badly."""
        arguments = connection.aiokafka()
        self._state = threading.Condition()
        self._bytes = self._messages = 0
        self._failed, self._reason = 0, ""
        self._gave_up = False
        self._progress_at = time.monotonic()
        self._buffer_bytes = buffer_bytes
        self._patience_seconds = patience_seconds
        self._under_way: dict[int, tuple[str, int, list[_Waiting]]] = {}
        self._numbers = 0
        self._lanes: dict[tuple[str, int], asyncio.Queue[_Waiting]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="suyuan-publishing", daemon=True)
        self._thread.start()
        try:
            self._run(self._connect(connection, arguments, compression))
        except BaseException:
            self._end_thread()
            raise

    @property
    def gave_up(self) -> bool:
        """Whether it takes nothing more."""
        return self._gave_up

    def reserve(self, kind: str, messages: int, size: int) -> None:
        """Reserve room for messages of `size` bytes in all, which will be sent; waits while the buffer is full.

        Raises WrongTopics where there is no topic for the kind, PublishingError once the sender has given up.
        """
        if kind not in self._kinds:
            raise WrongTopics(f"in.{kind}: there is no such topic, or not for us: suyuan topics create makes it")
        if threading.current_thread() is self._thread:
            raise PublishingError("nothing can be published from within a delivery report: it would wait for itself")
        size += messages * _OVERHEAD_BYTES
        with self._state:
            while self._bytes and self._bytes + size > self._buffer_bytes and not self._gave_up:
                self._state.wait()
            if self._gave_up:
                raise PublishingError(f"given up: {self._reason}")
            if not self._messages:
                self._progress_at = time.monotonic()
            self._bytes += size
            self._messages += messages

    def send(self, kind: str, keys: Sequence[bytes], values: Sequence[bytes], answered: Answered) -> None:
        """Send messages for which there is room; returns at once."""
        self.loop.call_soon_threadsafe(self._sort, kind, keys, values, answered)

    def wait(self, timeout_seconds: float | None = None) -> None:
        """Wait until everything that there was room for is answered. Raises Undelivered for what was not stored since
        the last time, TimeoutError.
        """
        until = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        with self._state:
            while self._messages:
                left = None if until is None else until - time.monotonic()
                if left is not None and left <= 0:
                    raise TimeoutError(f"{self._messages:,} events are still on their way")
                self._state.wait(left)
        self.check()

    def check(self) -> None:
        """Raise Undelivered for what was not stored since the last time."""
        with self._state:
            failed, self._failed = self._failed, 0
        if failed:
            raise Undelivered(failed, self._reason)

    def close(self) -> None:
        """Disconnect; what is still on its way is given up."""
        self._run(self._disconnect())
        self._end_thread()

    # in the thread of the loop from here on

    async def _connect(self, connection: KafkaConnection, arguments: dict[str, Any], compression: str | None) -> None:
        pack_fast()
        self._kafka = AIOKafkaProducer(
            **arguments,
            client_id="suyuan-publisher",
            acks="all",
            enable_idempotence=True,
            max_batch_size=BATCH_BYTES,
            compression_type=compression,
        )
        with cause_of_failure("aiokafka") as cause:
            try:
                await self._kafka.start()
                metadata = await self._kafka.client.fetch_all_metadata()
            except KafkaError as error:
                await self._kafka.stop()
                servers = ", ".join(connection.servers)
                raise BrokersUnavailable(f"no broker lets us in at {servers}: {cause.last or error}") from error
        try:
            self._partitions, self._kinds = _topics(metadata)
        except WrongTopics:
            await self._kafka.stop()
            raise
        self._start(self._watch())

    async def _disconnect(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            async with asyncio.timeout(_DISCONNECT_SECONDS):
                await self._kafka.stop()  # which waits for ever for what the brokers do not answer
        except TimeoutError:
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            await self._kafka.client.close()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.add(self.loop.create_task(work))

    async def _watch(self) -> None:
        """Give up when nothing at all was answered for so long; an idempotent producer would try for ever."""
        while not self._gave_up:
            await asyncio.sleep(min(1.0, self._patience_seconds / 10))
            with self._state:
                late = self._messages and time.monotonic() - self._progress_at > self._patience_seconds
            if late:
                self._give_up(
                    f"no answer from the brokers for {self._patience_seconds:g} s; whether it is stored is open"
                )

    def _give_up(self, reason: str) -> None:
        with self._state:
            self._gave_up = True
        for number in list(self._under_way):
            self._answer(number, range(0), reason)
        for (topic, partition), lane in self._lanes.items():
            part = [lane.get_nowait() for _ in range(lane.qsize())]
            self._answer(self._note(topic, partition, part), range(0), reason)

    def _note(self, topic: str, partition: int, part: list[_Waiting]) -> int:
        number = self._numbers = self._numbers + 1
        self._under_way[number] = topic, partition, part
        return number

    def _sort(self, kind: str, keys: Sequence[bytes], values: Sequence[bytes], answered: Answered) -> None:
        topic = f"in.{kind}"
        for row, (key, value) in enumerate(zip(keys, values, strict=True)):
            at = topic, partition_of(key, self._partitions)
            if at not in self._lanes:
                self._lanes[at] = asyncio.Queue()
                self._start(self._work(*at, self._lanes[at]))
            self._lanes[at].put_nowait((row, key, value, answered))
        if self._gave_up:
            self._give_up(self._reason)

    async def _work(self, topic: str, partition: int, lane: asyncio.Queue[_Waiting]) -> None:
        """Send the messages of one partition, in batches of what has come together while the one before was being
        sent.
        """
        while not self._gave_up:
            waiting = [await lane.get()]
            while not lane.empty():
                waiting.append(lane.get_nowait())
            batches = [(batch, self._note(topic, partition, part)) for batch, part in self._batches(waiting)]
            for batch, number in batches:
                try:
                    sent = await self._send(batch, topic, partition)
                except Exception as error:  # noqa: BLE001 - whatever it is, it is these messages' answer
                    self._answer(number, range(0), _reason(error))
                else:
                    sent.add_done_callback(partial(self._sent, number, batch.record_count()))

    async def _send(self, batch: Any, topic: str, partition: int) -> asyncio.Future[Any]:
        """Returns once the batch before is on its way, so they stay in order."""
        while True:
            try:
                sent: asyncio.Future[Any] = await self._kafka.send_batch(batch, topic, partition=partition)
            except KafkaTimeoutError:
                continue  # the one before is still being tried
            return sent

    def _batches(self, waiting: Sequence[_Waiting]) -> Iterator[tuple[Any, list[_Waiting]]]:
        batch = self._kafka.create_batch()
        part: list[_Waiting] = []
        for message in waiting:
            _, key, value, _ = message
            if batch.append(timestamp=None, key=key, value=value) is None:
                yield batch, part  # full, and closed by that
                batch, part = self._kafka.create_batch(), []
                batch.append(timestamp=None, key=key, value=value)
            part.append(message)
        batch.close()
        yield batch, part

    def _sent(self, number: int, count: int, done: asyncio.Future[Any]) -> None:
        if done.cancelled():
            self._answer(number, range(0), "given up: the publisher was closed")
        elif (error := done.exception()) is not None:
            self._answer(number, range(0), _reason(error))
        else:
            first = done.result().offset
            self._answer(number, range(first, first + count), None)

    def _answer(self, number: int, offsets: range, error: str | None) -> None:
        if number not in self._under_way:
            return  # given up before
        topic, partition, part = self._under_way.pop(number)
        begin = 0
        for end in range(1, len(part) + 1):
            if end == len(part) or part[end][3] is not part[begin][3]:
                rows = [row for row, *_ in part[begin:end]]
                try:
                    part[begin][3](Answer(topic, partition, rows, offsets[begin:end], error))
                except Exception:
                    logger.exception("a delivery report failed")
                begin = end
        with self._state:
            self._bytes -= sum(len(value) + _OVERHEAD_BYTES for _, _, value, _ in part)
            self._messages -= len(part)
            self._progress_at = time.monotonic()
            if error is not None:
                self._reason = self._reason if self._failed else error
                self._failed += len(part)
            self._state.notify_all()

    # either

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def _end_thread(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


def _topics(metadata: Any) -> tuple[int, set[str]]:
    """The partition count, and the kinds whose topics there are (and which we may see)."""
    counts = {kind: len(metadata.partitions_for_topic(f"in.{kind}") or ()) for kind in (*KINDS, *CONTROLS)}
    there = {kind: count for kind, count in counts.items() if count}
    if not there:
        raise WrongTopics("there are no topics of events, or none for us: suyuan topics create makes them")
    if KEYS_MARK not in metadata.topics():
        raise WrongTopics(FORMER_TOPICS)
    if len(set(there.values())) > 1:
        said = ", ".join(f"in.{kind}: {count}" for kind, count in there.items())
        raise WrongTopics(f"topics differ in their partition counts ({said}): see suyuan topics check")
    return next(iter(there.values())), set(there)


def _reason(error: BaseException) -> str:
    if isinstance(error, MessageSizeTooLargeError):
        return "larger than the topic's max.message.bytes"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__

"""What a stream missed while it was away, from the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing

from suyuan.connections.log_errors import MessagesLost
from suyuan.connections.topic_partition import TopicPartition
from suyuan.operations.alerts.outward import TOPIC
from suyuan.portal.live.rows import LiveMessage, LiveRow, live_messages
from suyuan.portal.ports import Ports

MOST_ROWS = 10_000
"""that are told again"""
MOST_LOOKED_AT = 200_000
"""rows that filters are held against for one replay"""
MOST_AGE_MS = 24 * 3_600_000
LOOK_BACK = 32
"""messages of each partition that are told again however old they are, since tables may not have them yet"""
AT_A_TIME = 4
"""replays from the log"""
WRITE_ROWS = 200
_WAIT_SECONDS = 0.2


class TooFar(Exception):
    """More was missed than is told again."""


def recent(place: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
    """A little before a place: from there on listens whose list comes from the tables, which may lag."""
    return {at: max(0, offset - LOOK_BACK) for at, offset in place.items()}


class Replays:
    """Of a portal. `clock`: ms UTC."""

    def __init__(self, ports: Ports, clock: Callable[[], int]) -> None:
        self._ports = ports
        self._clock = clock
        self._turns = asyncio.Semaphore(AT_A_TIME)

    async def read(
        self, first: Mapping[TopicPartition, int], until: Mapping[TopicPartition, int]
    ) -> AsyncGenerator[LiveMessage]:
        """Messages from the first offsets up to others, each partition's in order. Raises TooFar, SuyuanError."""
        looked_at, oldest = 0, self._clock() - MOST_AGE_MS
        async with self._turns:
            try:
                async with self._ports.tail([TOPIC], first) as tail:
                    while any(tail.next_offsets[at] < end for at, end in until.items()):
                        found = await tail.read(_WAIT_SECONDS)
                        for message in await asyncio.to_thread(live_messages, found):
                            if message.offset >= until[TOPIC, message.partition]:
                                continue
                            looked_at += len(message.rows)
                            latest = message.offset >= until[TOPIC, message.partition] - LOOK_BACK
                            too_old = not latest and any(row.received_at < oldest for row in message.rows)
                            if looked_at > MOST_LOOKED_AT or too_old:
                                raise TooFar
                            yield message
            except MessagesLost as error:
                raise TooFar from error


async def in_writes(
    messages: AsyncGenerator[LiveMessage],
    first: Mapping[TopicPartition, int],
    part: Callable[[LiveRow], LiveRow | None],
) -> AsyncGenerator[tuple[list[bytes], dict[TopicPartition, int]]]:
    """Events of what is told of the rows, so many at a time, and the place behind the messages that were told whole.
    Raises TooFar.
    """
    place, waiting, told = dict(first), list[bytes](), 0
    async with aclosing(messages):
        async for message in messages:
            for row in message.rows:
                if (seen := part(row)) is not None:
                    waiting.append(seen.data)
                    told += 1
                if told > MOST_ROWS:
                    raise TooFar
                if len(waiting) >= WRITE_ROWS:
                    yield waiting, dict(place)  # the message is not whole yet: its first rows may be told twice
                    waiting = []
            place[TOPIC, message.partition] = message.offset + 1
    if waiting:
        yield waiting, place

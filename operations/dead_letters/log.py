"""The log as a replay needs it: reading messages, and sending them once more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from suyuan.errors import SuyuanError
from suyuan.operations.dead_letters.place import Place
from suyuan.schemas.blocks import block_schema, decode_block, encode_block

TOPIC = "dead_letter.replay"
FETCH_RECORDS = 1000
FETCH_BYTES = 8 << 20


class Fetched(Protocol):
    """Records of one partition, columns of equal length."""

    @property
    def offsets(self) -> Sequence[int]:
        """Offset of each record, ascending; may have holes."""

    @property
    def values(self) -> Sequence[bytes | None]:
        """Value of each record."""


class Reader(Protocol):
    """Reads the log."""

    def partitions(self, topic: str) -> int:
        """The topic's number of partitions."""

    def end_offsets(self) -> Mapping[tuple[str, int], int]:
        """The next offset of every partition."""

    def fetch(self, topic: str, partition: int, offset: int, max_records: int, max_bytes: int) -> Fetched:
        """Records from `offset` on, or from the start where that is later; at least one record where there is one."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message to send. `identity`: 16 bytes; the embedded log refuses to take a second message with the same one."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    identity: bytes | None = None


class ReplayLog(Protocol):
    """A log of either shape: embedded, or Kafka."""

    @property
    def reader(self) -> Reader:
        """Reads what is there."""

    def send(self, messages: Sequence[Message]) -> list[int | None]:
        """Send the messages. Returns the offset of each, once all are stored; None: the log has taken its identity
        before.

        Raises SuyuanError where the log does not take them.
        """


class Gone(SuyuanError):
    """The log no longer has the message."""


def value_at(reader: Reader, place: Place) -> bytes | None:
    """The whole value of a message. Raises Gone."""
    found = reader.fetch(*place, 1, FETCH_BYTES)
    if not found.offsets or found.offsets[0] != place.offset:
        raise Gone
    return found.values[0]


def replays_noted(reader: Reader) -> Counter[Place]:
    """How often each dead letter was sent again, by the log's own record of it: tables may be behind."""
    noted: Counter[Place] = Counter()
    ends = reader.end_offsets()
    for partition in range(reader.partitions(TOPIC)):
        offset, end = 0, ends[TOPIC, partition]
        while offset < end:
            found = reader.fetch(TOPIC, partition, offset, FETCH_RECORDS, FETCH_BYTES)
            if not found.offsets:
                break
            offset = found.offsets[-1] + 1
            for value in found.values:
                if value is not None:
                    rows = decode_block(value, "replay").select("topic", "source_partition", "source_offset")
                    noted.update(Place(*row) for row in rows.iter_rows())
    return noted


@dataclass(frozen=True, slots=True)
class Replayed:
    """A message that was sent again. `offset`: where it is now, None: not known."""

    place: Place
    partition: int
    offset: int | None
    edited: bool


def note(log: ReplayLog, replayed: Sequence[Replayed], now_ms: int) -> None:
    """Record what was sent, each in the partition that its dead letter is in."""
    by_partition: dict[int, list[Replayed]] = {}
    for each in replayed:
        by_partition.setdefault(each.place.partition, []).append(each)
    log.send([Message(TOPIC, partition, None, _block(rows, now_ms)) for partition, rows in by_partition.items()])


def _block(rows: Sequence[Replayed], now_ms: int) -> bytes:
    given = [(*row.place, row.partition, row.offset, row.edited, now_ms) for row in rows]
    return encode_block("replay", pl.DataFrame(given, schema=block_schema("replay"), orient="row"))

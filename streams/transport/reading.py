"""From fetched records to Faust messages: a whole run as one, or one per record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suyuan.streams.stage import Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from suyuan.eventlog.records import Fetched, Headers


@dataclass(frozen=True, slots=True)
class Incoming:
    """What becomes one Faust message. `first_offset`: the read position before it; `next_offset`: the one after it,
    beyond `offset` (its last record's) and any hole; `size`: keys and values in bytes.
    """

    first_offset: int
    next_offset: int
    offset: int
    timestamp: int
    headers: Headers
    key: bytes | None
    value: Any
    size: int


def as_run(
    topic: str, partition: int, first_offset: int, fetched: Fetched, next_offset: int | None = None
) -> Iterator[Incoming]:
    """All records as one message whose value is a Run; nothing for none. `next_offset`: where reading goes on; None:
    behind the last record.
    """
    if not len(fetched):
        return
    last = fetched.offsets[-1]
    following = last + 1 if next_offset is None else next_offset
    columns = fetched.offsets, fetched.keys, fetched.values, fetched.timestamps
    run = Run(topic, partition, *columns, first_offset=first_offset, next_offset=following)
    size = sum(map(len, filter(None, fetched.keys))) + sum(map(len, filter(None, fetched.values)))
    yield Incoming(first_offset, following, last, fetched.timestamps[-1], (), None, run, size)


def singly(first_offset: int, fetched: Fetched, next_offset: int | None = None) -> Iterator[Incoming]:
    """One message per record. `next_offset`: where reading goes on; None: behind the last record."""
    last = fetched.offsets[-1] if fetched.offsets else None
    for offset, key, value, timestamp, headers in zip(
        fetched.offsets, fetched.keys, fetched.values, fetched.timestamps, fetched.headers, strict=True
    ):
        following = next_offset if next_offset is not None and offset == last else offset + 1
        size = len(key or b"") + len(value or b"")
        yield Incoming(first_offset, following, offset, timestamp, headers, key, value, size)
        first_offset = following

"""From fetched records to what becomes a Faust message each: a whole run, or one record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suyuan.streams.stage import Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from suyuan.streams.transport.records import Fetched, Headers


@dataclass(frozen=True, slots=True)
class Incoming:
    """`since`: the read position that this follows; `then`: the one after it, beyond `offset` (its last record's) and
    any hole; `size`: keys and values in bytes.
    """

    since: int
    then: int
    offset: int
    timestamp: int
    headers: Headers
    key: bytes | None
    value: Any
    size: int


def as_run(topic: str, partition: int, since: int, fetched: Fetched, then: int | None = None) -> Iterator[Incoming]:
    """All of it as one message whose value is a Run."""
    if not len(fetched):
        return
    last = fetched.offsets[-1]
    after = last + 1 if then is None else then
    columns = fetched.offsets, fetched.keys, fetched.values, fetched.timestamps
    run = Run(topic, partition, *columns, first_offset=since, next_offset=after)
    size = sum(map(len, filter(None, fetched.keys))) + sum(map(len, filter(None, fetched.values)))
    yield Incoming(since, after, last, fetched.timestamps[-1], (), None, run, size)


def singly(since: int, fetched: Fetched, then: int | None = None) -> Iterator[Incoming]:
    """A message per record."""
    last = fetched.offsets[-1] if fetched.offsets else None
    for offset, key, value, timestamp, headers in zip(
        fetched.offsets, fetched.keys, fetched.values, fetched.timestamps, fetched.headers, strict=True
    ):
        after = then if then is not None and offset == last else offset + 1
        yield Incoming(since, after, offset, timestamp, headers, key, value, len(key or b"") + len(value or b""))
        since = after

"""The events of a log as JSONL: each event once, the order of each partition kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b

import msgspec

from suyuan.connections.topic_partition import TopicPartition
from suyuan.domain.acceptance import refusal
from suyuan.schemas.events import decode_event
from suyuan.schemas.framing import UnreadableEvent
from suyuan.schemas.kinds import EVENT_KINDS, PERSONAL
from suyuan.sinks.log_reader import Fetched

FETCH_RECORDS = 8_192
FETCH_BYTES = 8 << 20

Fetch = Callable[[str, int, int, int, int], Fetched]
"""topic, partition, offset, most records, most bytes"""


@dataclass(slots=True)
class Exported:
    """Counts of the messages by what became of them. `withheld`: complaints that name a person and were refused for
    that. `lacking`: topics that there are none of, since whoever made the others knew no such kind.
    """

    events: int = 0
    repeated: int = 0
    unreadable: int = 0
    withheld: int = 0
    lacking: tuple[str, ...] = ()


def exported_lines(ranges: dict[TopicPartition, tuple[int, int]], fetch: Fetch, done: Exported) -> Iterator[bytes]:
    """The lines of all ranges. `ranges`: (from, to) of each partition. A message that is no event, or was refused since
    it names a person, is counted and left out; whether the others are accepted today shows when they are published.
    """
    for (topic, partition), (start, end) in ranges.items():
        seen: set[bytes] = set()  # what comes again is in the same partition
        offset = start
        while offset < end:
            fetched = fetch(topic, partition, offset, FETCH_RECORDS, FETCH_BYTES)
            if not len(fetched.offsets):
                break
            for at, value in zip(fetched.offsets, fetched.values, strict=True):
                offset = at + 1
                if at >= end:
                    break
                line = _line(topic.removeprefix("in."), value, done)
                if line is None:
                    continue
                name = blake2b(line, digest_size=16).digest()
                if name in seen:
                    done.repeated += 1
                    continue
                seen.add(name)
                done.events += 1
                yield line


def _line(kind: str, value: bytes | None, done: Exported) -> bytes | None:
    try:
        written, event = decode_event(value or b"", kind)
    except UnreadableEvent:
        done.unreadable += 1
        return None
    if written != kind:
        done.unreadable += 1
        return None
    if (
        kind in PERSONAL
        and (refused := refusal(EVENT_KINDS[kind], event, 0)) is not None
        and refused.field in {*EVENT_KINDS[kind].persons, *EVENT_KINDS[kind].scrubbed}
    ):
        done.withheld += 1
        return None
    said = {"kind": kind} | {name: value for name, value in event.items() if value is not None}
    return msgspec.json.encode(said) + b"\n"

"""Server-sent events as bytes (HTML, 9.2). What is written at once ends with the place behind it (`id:`), and holds no
other: who loses the connection in the middle goes on from the place before, and is told it again.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from fastapi.sse import format_sse_event

MEDIA_TYPE = "text/event-stream"
RETRY_MS = 2_000
"""before a browser connects again"""


def event(name: str, data: bytes) -> bytes:
    """An event without a place. `data`: JSON in one line."""
    return format_sse_event(event=name, data_str=data.decode())


def data_of(written: bytes) -> bytes:
    """What `event` was given."""
    return written.partition(b"\ndata: ")[2].rstrip(b"\n")


def hello(place: str) -> bytes:
    """What a stream begins with; it is no event."""
    return format_sse_event(id=place, retry=RETRY_MS)


def still_here(place: str) -> bytes:
    """A comment that keeps the connection, and the place so far: what the filters left out is not looked at again."""
    return format_sse_event(comment="", id=place)


def ended(why: str, place: str) -> bytes:
    """The last event of a stream that is ended from here."""
    return placed([event("bye", msgspec.json.encode({"reason": why}))], place)


def begin_anew(place: str) -> bytes:
    """More was missed than is told again: whoever listens reads the list anew, and goes on from this place."""
    return placed([event("reset", b"{}")], place)


def placed(events: Iterable[bytes], place: str) -> bytes:
    """Events that are written at once, the last of them with the place behind all of them."""
    *others, last = events
    return b"".join((*others, memoryview(last)[:-1], b"id: ", place.encode(), b"\n\n"))

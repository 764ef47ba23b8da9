"""The bytes of an event as they were published, from the log of either shape."""

from __future__ import annotations

from collections.abc import Sequence

from suyuan.operations.dead_letters.log import Gone, Reader, value_at
from suyuan.operations.dead_letters.place import Place


def raw_event(log: Reader, place: Place) -> bytes:
    """Raises Gone where the log does not have it any more, and what the log raises."""
    try:
        return value_at(log, place) or b""
    except Gone:
        raise Gone(f"the log does not have {place.topic}-{place.partition} at offset {place.offset} any more") from None


def raw_events(log: Reader, places: Sequence[Place]) -> list[bytes | None]:
    """Several; None for each that the log does not have any more. Raises what the log raises."""
    found: list[bytes | None] = []
    for place in places:
        try:
            found.append(raw_event(log, place))
        except Gone:
            found.append(None)
    return found

"""What a publisher is told of each event."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import msgspec


class Said(StrEnum):
    """What became of an event. `accepted` and `duplicate` mean that it is durable in the log."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of one event. `index`: its place among those of the publication, from 0; `line`: on which it begins; `ref`: its
    evidence id, of one that was not rejected; `key`: its business key, where that is wanted; `field`, `reason`: why one
    was rejected.
    """

    index: int
    line: int
    verdict: Said
    kind: str | None = None
    event_id: str | None = None
    ref: str | None = None
    key: tuple[str, ...] | None = None
    field: str | None = None
    reason: str | None = None


class Place(msgspec.Struct, frozen=True):
    """Where an event stands in what was sent."""

    index: int
    line: int


Told = Callable[[Verdict], None]

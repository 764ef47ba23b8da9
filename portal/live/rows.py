"""Changes of alerts on their way to streams: what filters look at, and the bytes that all streams share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from suyuan.operations.alerts.outward import alerts_in, outward
from suyuan.operations.tail import Messages
from suyuan.portal.live.frames import event
from suyuan.queries.answers import Alert


@dataclass(frozen=True, slots=True)
class LiveRow:
    """A change of an alert. `data`: its event, as it is written."""

    alert_id: str
    rule: str
    severity: str
    state: str
    platform_code: str
    listing_id: str
    seller_code: str | None
    seller_division: str | None
    producer_division: str | None
    bureau: str | None
    raised_at: int
    received_at: int
    data: bytes


@dataclass(frozen=True, slots=True)
class LiveMessage:
    """The rows of a message of the topic, and where it is."""

    partition: int
    offset: int
    rows: tuple[LiveRow, ...]


_FIELDS = tuple(name for name in LiveRow.__dataclass_fields__ if name != "data")


def live_messages(found: Iterable[Messages]) -> list[LiveMessage]:
    """Decoded, and encoded once for everybody."""
    return [
        LiveMessage(messages.partition, offset, tuple(map(live_row, alerts_in(value))))
        for messages in found
        for offset, value in zip(messages.offsets, messages.values, strict=True)
    ]


def live_row(alert: Alert) -> LiveRow:
    """Of an alert as it stood after a change."""
    data = event("alert", msgspec.json.encode(outward(alert)))
    return LiveRow(data=data, **{name: getattr(alert, name) for name in _FIELDS})

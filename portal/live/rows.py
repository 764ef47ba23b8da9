"""Changes of alerts on their way to streams: what filters look at, and the bytes that streams share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from suyuan.access.scope import Scope
from suyuan.operations.alerts.filters import CONDITIONS
from suyuan.operations.alerts.outward import OutwardAlert, alerts_in, outward
from suyuan.operations.tail import Messages
from suyuan.portal.live.frames import data_of, event
from suyuan.queries.alert_parts import part_of
from suyuan.queries.answers import Alert, PlatformCount
from suyuan.queries.visible import sees_alert, sees_whole_alert


@dataclass(frozen=True, slots=True)
class LiveRow:
    """A change of an alert. `data`: its event, as it is written."""

    alert_id: str
    rule: str
    severity: str
    state: str
    handling: str
    assignee: str | None
    actor: str | None
    subject: str
    platform_code: str | None
    platforms: Sequence[PlatformCount]
    seller_code: str | None
    seller_division: str | None
    producer_division: str | None
    bureau: str
    raised_at: int
    received_at: int
    data: bytes


@dataclass(frozen=True, slots=True)
class LiveMessage:
    """The rows of a message of the topic, and where it is."""

    partition: int
    offset: int
    rows: tuple[LiveRow, ...]


_FIELDS = tuple(name for name in LiveRow.__dataclass_fields__ if name not in {"data", "state"})


def live_messages(found: Iterable[Messages]) -> list[LiveMessage]:
    """Decoded, and encoded once for everybody."""
    return [
        LiveMessage(messages.partition, offset, tuple(map(live_row, alerts_in(value))))
        for messages in found
        for offset, value in zip(messages.offsets, messages.values, strict=True)
    ]


def live_row(alert: Alert) -> LiveRow:
    """Of an alert as it stood after a change."""
    return _row(outward(alert))


def told(row: LiveRow) -> OutwardAlert:
    """What its event tells."""
    return msgspec.json.decode(data_of(row.data), type=OutwardAlert)


def live_part(scope: Scope, row: LiveRow) -> LiveRow | None:
    """What a scope shows of it; None: nothing."""
    if sees_whole_alert(scope, row):
        return row
    part = part_of(scope, told(row)) if sees_alert(scope, row) else None
    return None if part is None else _row(part)


def _row(alert: OutwardAlert) -> LiveRow:
    data = event("alert", msgspec.json.encode(alert))
    return LiveRow(data=data, state=CONDITIONS[alert.condition], **{name: getattr(alert, name) for name in _FIELDS})

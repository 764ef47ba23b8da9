"""The turn of each day, China Standard Time, as an event: the only way in which time enters the streams."""

from __future__ import annotations

import datetime as dt
from typing import Any

from suyuan.domain.acceptance import SYSTEM
from suyuan.domain.calendar import day_start_ms
from suyuan.publishing.keys import keys_and_ids


def day_event(day: dt.date) -> tuple[bytes, bytes, dict[str, Any]]:
    """(key, identity, event) of a day's turn; the same each time it is asked for."""
    event = {
        "event_id": f"day-{day.isoformat()}",
        "publisher": SYSTEM,
        "occurred_at": day_start_ms(day),
        "date": day,
    }
    (key,), (identity,) = keys_and_ids("day", [event])
    return key, identity, event

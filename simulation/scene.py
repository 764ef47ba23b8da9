"""What every part of the market shares: chance, the calendar, new identifiers, the way out for events."""

from __future__ import annotations

from random import Random
from typing import Any

from suyuan.simulation.calendar import Calendar
from suyuan.simulation.minting import Mint
from suyuan.simulation.outbox import Outbox

AUTHORITY = "11100000MB0143028R"
"""publishes registrations, licences, penalties and complaints: 国家市场监督管理总局"""

_LATE_RECORDS = 0.08
_LATE_LISTINGS = 0.01
_REPEATED = 0.001
_LONGEST_DELAY = 400


class Scene:
    """Chance comes from one seeded generator, so a seed gives the same events again."""

    def __init__(self, rng: Random, calendar: Calendar) -> None:
        self.rng = rng
        self.calendar = calendar
        self.mint = Mint()
        self.outbox = Outbox()
        self.on_time = False
        """from here on nothing is late, nothing comes twice"""

    def emit(
        self, kind: str, publisher: str, occurred_at: int, fields: dict[str, Any], *, prompt: bool = False
    ) -> None:
        """Publish an event. Some arrive late, few come twice, unless `prompt`."""
        event = {
            "kind": kind,
            "event_id": self.mint.number("E"),
            "publisher": publisher,
            "occurred_at": min(occurred_at, self.calendar.now),
            **fields,
        }
        if prompt or self.on_time:
            self.outbox.put(event)
            return
        rng = self.rng
        late = _LATE_LISTINGS if kind == "listing" else _LATE_RECORDS
        self.outbox.put(event, rng.randint(1, _LONGEST_DELAY) if rng.random() < late else 0)
        if rng.random() < _REPEATED:
            self.outbox.put(event, rng.randint(1, _LONGEST_DELAY))

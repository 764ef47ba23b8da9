"""The simulated calendar: time moves a step with each event, days turn in China Standard Time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
CST_MS = 8 * HOUR_MS
_EPOCH = date(1970, 1, 1)


def moment(day: date, hour: float = 10) -> int:
    """Milliseconds since the epoch of an hour of a day in China."""
    return (day - _EPOCH).days * DAY_MS - CST_MS + int(hour * HOUR_MS)


class Calendar:
    """`now` in ms UTC, `today` in China. `step` ms go by with each event."""

    def __init__(self, start: date, step: int) -> None:
        self.step = step
        self.today = start
        self.now = moment(start, 0)
        self._turn = self.now + DAY_MS

    def tick(self) -> bool:
        """Move on; whether a new day began."""
        self.now += self.step
        if self.now < self._turn:
            return False
        self.today = (datetime.fromtimestamp(self.now / 1000, UTC) + timedelta(milliseconds=CST_MS)).date()
        self._turn = moment(self.today, 24)
        return True

    def days_ago(self, days: int) -> date:
        """A day before today."""
        return self.today - timedelta(days=days)

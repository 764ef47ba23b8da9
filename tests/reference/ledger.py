"""What a generated market has published: events as people write them, at instants where boundaries meet."""

from __future__ import annotations

import datetime as dt

from tests.reference import names
from tests.reference.acceptance import PAST
from tests.reference.records import CODES, FORMS, KEYS, NUMBERS, TEXTS

FIRST_DAY = dt.date(2026, 9, 1)
DAYS = 8
HOUR = 3_600_000
TIMES_OF_DAY = (0, 1, 8 * HOUR - 1, 8 * HOUR, 15 * HOUR, 24 * HOUR - 1)
"""In China: the first and last instants of its day, and of a day by UTC."""

ABSENT = ("producer_code", "gtin", "lot", "licence_no", "subject_code")
"""fields in which people put a word for nothing"""


class Ledger:
    """The events so far; `rng` decides all that is left open."""

    def __init__(self, rng):
        self.rng = rng
        self.events = []
        self.known = []
        """kind, and fields in normal form, of those that count"""
        self.publishers = [names.credit_code(rng) for _ in range(4)]
        self.last = {}
        """of each business key: at, publisher, event_id"""

    def publish(self, kind, at=None, *, refused=False, publisher=None, event_id=None, **fields):
        """Add an event, sometimes at the instant of the last one of its key.

        Half of the publishers number the rows of what they send each time: their event_ids come again and again, with
        other contents, also for one key and at one instant.
        """
        rng = self.rng
        key = (kind, *(plain(part, fields.get(part)) for part in KEYS[kind]))
        if at is None:
            at = self.instant()
            if key in self.last and rng.random() < 0.3:
                at, *same = self.last[key]
                if rng.random() < 0.3:
                    publisher, event_id = same
            if not refused:
                at = max([at, *(china_midnight(fields[name]) - 24 * HOUR for name in PAST if name in fields)])
        if publisher is None:
            publisher = "SUYUAN" if kind == "day" else rng.choice(self.publishers)
        if event_id is None:
            numbers_rows = publisher in self.publishers[:2]
            event_id = f"row-{rng.randrange(8)}" if numbers_rows else f"E{rng.randrange(10_000)}"
        if not refused:
            self.last[key] = (at, publisher, event_id)
        envelope = {"kind": kind, "event_id": event_id, "publisher": publisher, "occurred_at": at}
        event = {name: self.written(name, value) for name, value in (envelope | fields).items()}
        self.events.append(event)
        if not refused:
            self.known.append((kind, {name: plain(name, event[name]) for name in fields}))

    def written(self, name, value):
        """A field's value as somebody might type it."""
        if value is None and name == "seller_code":
            return self.rng.choice(names.NOTHING)
        if value is None and name in ABSENT:
            return names.written_nothing(self.rng)
        for group, write in WRITTEN:
            if name in group and isinstance(value, str):
                return write(self.rng, value)
        if name in {"lots", "categories"}:
            return [names.written_text(self.rng, text) for text in value]
        return value

    def of_kind(self, kind):
        """The fields of all events of a kind that count, with identifiers in normal form."""
        return [dict(fields) for of, fields in self.known if of == kind]

    def instant(self):
        day = FIRST_DAY + dt.timedelta(days=self.rng.randrange(DAYS))
        return china_midnight(str(day)) + self.rng.choice(TIMES_OF_DAY)

    def day(self, first=0, last=DAYS):
        return str(FIRST_DAY + dt.timedelta(days=self.rng.randint(first, last)))


WRITTEN = (
    (CODES, names.written_code),
    ({"gtin"}, names.written_gtin),
    ({"licence_no"}, names.written_code),
    (TEXTS, names.written_text),
    (NUMBERS, names.written_number),
)


def china_midnight(day):
    return (dt.date.fromisoformat(day) - dt.date(1970, 1, 1)).days * 24 * HOUR - 8 * HOUR


def plain(name, value):
    """A field's value in normal form."""
    return FORMS[name](value) if name in FORMS else value

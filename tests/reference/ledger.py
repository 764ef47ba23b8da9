"""What a generated market has published: events as people write them, at instants where boundaries meet."""

from __future__ import annotations

import datetime as dt

from tests.reference import names
from tests.reference.records import CODES, TEXTS
from tests.reference.spelling import code_form, gtin_form, trimmed

FIRST_DAY = dt.date(2026, 9, 1)
DAYS = 8
HOUR = 3_600_000
TIMES_OF_DAY = (0, 1, 8 * HOUR - 1, 8 * HOUR, 15 * HOUR, 24 * HOUR - 1)
"""In China: the first and last instants of its day, and of a day by UTC."""

KEYS = {
    "listing": ("platform_code", "listing_id"),
    "entity": ("code",),
    "licence": ("licence_no",),
    "product": ("gtin",),
    "lot": ("producer_code", "gtin", "lot"),
    "shipment": ("from_code", "shipment_id", "producer_code", "gtin", "lot", "to_code", "line"),
    "inspection": ("agency_code", "report_no"),
    "recall": ("producer_code", "recall_no", "gtin"),
    "complaint": ("channel", "complaint_no"),
    "penalty": ("division", "decision_no", "subject_code"),
    "day": (),
}
PAST = ("produced_on", "inspected_on", "decided_on")
ENVELOPE = ("kind", "event_id", "publisher", "occurred_at")


class Ledger:
    """The events so far; `rng` decides all that is left open."""

    def __init__(self, rng):
        self.rng = rng
        self.events = []
        self.publishers = [names.credit_code(rng) for _ in range(4)]
        self.last_instant = {}
        self.used = set()

    def publish(self, kind, at=None, **fields):
        """Add an event, sometimes at the instant of the last one of its key.

        (publisher, event_id) never repeats, nor does (key, occurred_at, event_id): which of two such events
        is current, the contract does not say.
        """
        key = (kind, *(plain(part, fields.get(part)) for part in KEYS[kind]))
        if at is None:
            at = self.instant()
            if self.rng.random() < 0.3:
                at = self.last_instant.get(key, at)
            at = max([at, *(china_midnight(fields[name]) - 24 * HOUR for name in PAST if name in fields)])
        self.last_instant[key] = at
        publisher, event_id = "SUYUAN" if kind == "day" else self.rng.choice(self.publishers), None
        while event_id is None or self.used & {(publisher, event_id), (key, at, event_id)}:
            event_id = f"E{self.rng.randrange(10_000)}"
        self.used |= {(publisher, event_id), (key, at, event_id)}
        written = {name: self.written(name, value) for name, value in fields.items()}
        envelope = {"kind": kind, "event_id": event_id, "publisher": publisher, "occurred_at": at}
        self.events.append(envelope | written)

    def written(self, name, value):
        """A field's value as somebody might type it."""
        if name in CODES:
            return names.written_code(self.rng, value)
        if name == "gtin":
            return names.written_gtin(self.rng, value)
        return names.written_text(self.rng, value) if name in TEXTS else value

    def of_kind(self, kind):
        """The fields of all events of a kind, with identifiers in normal form."""
        return [
            {name: plain(name, value) for name, value in event.items() if name not in ENVELOPE}
            for event in self.events
            if event["kind"] == kind
        ]

    def instant(self):
        day = FIRST_DAY + dt.timedelta(days=self.rng.randrange(DAYS))
        return china_midnight(str(day)) + self.rng.choice(TIMES_OF_DAY)

    def day(self, first=0, last=DAYS):
        return str(FIRST_DAY + dt.timedelta(days=self.rng.randint(first, last)))


def china_midnight(day):
    return (dt.date.fromisoformat(day) - dt.date(1970, 1, 1)).days * 24 * HOUR - 8 * HOUR


def plain(name, value):
    """A field's value in normal form."""
    if name in CODES:
        return code_form(value)
    if name == "gtin":
        return gtin_form(value)
    return trimmed(value) if name in TEXTS else value

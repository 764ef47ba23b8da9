"""Events in normal form, and which of them is current."""

from __future__ import annotations

import datetime as dt

from tests.reference.spelling import code_form, gtin_form, trimmed

CODES = {"platform_code", "seller_code", "producer_code", "code", "holder_code", "from_code", "to_code"}
CODES |= {"agency_code", "subject_code"}
TEXTS = {"listing_id", "lot", "licence_no", "shipment_id", "report_no", "recall_no", "complaint_no"}
TEXTS |= {"decision_no"}
KEYS = {
    "listing": ("platform_code", "listing_id"),
    "entity": ("code",),
    "licence": ("licence_no",),
    "product": ("gtin",),
    "lot": ("producer_code", "gtin", "lot"),
    "shipment": ("from_code", "shipment_id", "producer_code", "gtin", "lot", "to_code", "line"),
    "inspection": ("agency_code", "report_no"),
    "recall": ("producer_code", "recall_no", "gtin"),
}


def current_records(events):
    """{kind: {business key: record}} of the greatest (occurred_at, event_id), in normal form."""
    current = {kind: {} for kind in KEYS}
    for event in sorted(events, key=lambda e: (e["occurred_at"], e["event_id"], e["publisher"])):
        record = normal(event)
        if event["kind"] in KEYS:
            current[event["kind"]][tuple(record.get(part) for part in KEYS[event["kind"]])] = record
    return current


def normal(event):
    """The event with its identifiers in normal form."""
    record = dict(event)
    for name, value in event.items():
        if name in CODES:
            record[name] = code_form(value)
        elif name == "gtin":
            record[name] = gtin_form(value)
        elif name in TEXTS:
            record[name] = trimmed(value)
        elif name == "lots":
            record[name] = [trimmed(lot) for lot in value]
        elif name == "inputs":
            record[name] = [lot_key(part["producer_code"], part["gtin"], part["lot"]) for part in value]
    for name in ("producer_code", "gtin", "lot", "licence_no"):
        record.setdefault(name, None)
    return record


def lot_key(producer_code, gtin, lot):
    return code_form(producer_code), gtin_form(gtin), trimmed(lot)


def day(text):
    return dt.date.fromisoformat(text)


def day_of(event):
    """The day in China on which an event occurred."""
    return (dt.datetime(1970, 1, 1, 8, tzinfo=dt.UTC) + dt.timedelta(milliseconds=event["occurred_at"])).date()

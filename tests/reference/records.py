"""Events in normal form, and which of them is current."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from urllib.parse import quote

from tests.reference.acceptance import china_day, fault
from tests.reference.spelling import code_form, gtin_form, number_form, text_form

CODES = {"publisher", "platform_code", "seller_code", "producer_code", "code", "holder_code", "from_code", "to_code"}
CODES |= {"agency_code", "subject_code", "issuer_code"}
NUMBERS = {"event_id", "listing_id", "shipment_id", "line", "report_no", "recall_no", "complaint_no", "decision_no"}
NUMBERS |= {"certificate_no", "handled_by"}
TEXTS = {"lot", "category"}
FORMS = {"gtin": gtin_form, "licence_no": code_form} | dict.fromkeys(TEXTS, text_form)
FORMS |= dict.fromkeys(CODES, code_form) | dict.fromkeys(NUMBERS, number_form)
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
    "certificate": ("issuer_code", "certificate_no"),
    "bureau": ("division",),
    "day": ("date",),
    "alert_act": ("alert_id", "publisher", "event_id"),
    "check_act": ("check_id", "publisher", "event_id"),
    "order": ("order_no",),
    "order_answer": ("order_no", "publisher", "event_id"),
    "check_item": ("item_no",),
    "officer": ("bureau", "staff_no"),
}
"""business keys: the numbers count within whoever gives them out"""
NOW = 1_800_000_000_000
"""when the log takes what a test does not say otherwise of"""


def accepted_records(events, taken_at=NOW):
    """The events that count, each once, in normal form. `taken_at`: ms at which the log took them, one or of each."""
    moments = [taken_at] * len(events) if isinstance(taken_at, int) else taken_at
    found = {}
    for event, moment in zip(events, moments, strict=True):
        record = normal(event)
        if fault(record, event, moment) is None:
            found.setdefault(identity(record), record)
    return list(found.values())


def current_records(events, taken_at=NOW):
    """{kind: {business key: record}} of the greatest (occurred_at, event_id, publisher, content)."""
    current = {kind: {} for kind in KEYS}
    for record in sorted(accepted_records(events, taken_at), key=recency):
        current[record["kind"]][key_of(record)] = record
    return current


def current_listings(events, taken_at=NOW):
    """The current listings as events that may be published again: a seller that is absent is the empty text."""
    found = current_records(events, taken_at)["listing"].values()
    return [listing | {"seller_code": listing["seller_code"] or ""} for listing in found]


def recency(record):
    return record["occurred_at"], *(x.encode() for x in (record["event_id"], record["publisher"], content(record)))


def key_of(record):
    return tuple(record.get(part) for part in KEYS[record["kind"]])


def identity(record):
    """What two deliveries of one event have in common. The business key is part of the content."""
    return record["kind"], record["publisher"], record["event_id"], content(record)


def evidence_id(record):
    """The name by which chains and gaps cite an event."""
    parts = (quote(record[name], safe="") for name in ("kind", "publisher", "event_id"))
    return (
        "/".join(part.replace("~", "%7E") for part in parts)
        + "~"
        + hashlib.sha256(content(record).encode()).hexdigest()[:8]
    )


def content(record):
    """All that the event says, as one text: not which event it is, nor by whom."""
    said = {name: value for name, value in record.items() if name not in {"kind", "event_id", "publisher"}}
    return json.dumps(stated(said), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def stated(value):
    """Without fields that hold nothing."""
    if isinstance(value, dict):
        return {name: stated(part) for name, part in value.items() if part is not None}
    return [stated(part) for part in value] if isinstance(value, list) else value


def normal(event):
    """The event with its identifiers in normal form; what is absent is None."""
    record = dict(event)
    for name, value in event.items():
        if name in FORMS:
            record[name] = FORMS[name](value)
        elif name in {"lots", "categories"}:
            record[name] = [text_form(text) for text in value]
        elif name == "inputs":
            record[name] = [{field: input_form(field, part) for field, part in each.items()} for each in value]
    for name in ("producer_code", "gtin", "lot", "licence_no"):
        record.setdefault(name, None)
    return record


def input_form(field, part):
    """What stands for nothing is kept as the text that it is."""
    form = FORMS[field](part) if field in FORMS else part
    return part if form is None else form


def inputs_of(lot):
    """The lots that went into one, as their keys."""
    return [(part["producer_code"], part["gtin"], part["lot"]) for part in lot["inputs"]]


def day(text):
    return dt.date.fromisoformat(text)


def day_of(event):
    """The day in China on which an event occurred."""
    return china_day(event["occurred_at"])

"""Section 3 of the domain's contract: which events count. Everything else is as if it had never been sent."""

from __future__ import annotations

import datetime as dt
import re

from tests.reference.spelling import has_code_format, is_gtin

DAY_MS = 86_400_000
FIRST_MOMENT = 946_684_800_000
"""2000-01-01, UTC"""
NEEDED = {
    "listing": ("platform_code", "listing_id", "category"),
    "entity": ("code",),
    "licence": ("licence_no", "holder_code"),
    "product": ("gtin", "producer_code", "category"),
    "lot": ("producer_code", "gtin", "lot"),
    "shipment": ("from_code", "shipment_id", "producer_code", "gtin", "lot", "to_code"),
    "inspection": ("agency_code", "report_no", "producer_code", "gtin"),
    "recall": ("producer_code", "recall_no", "gtin"),
    "complaint": ("complaint_no", "category"),
    "penalty": ("decision_no", "subject_code"),
    "certificate": ("issuer_code", "certificate_no", "holder_code"),
    "bureau": ("division",),
    "day": (),
    "alert_act": (),
    "check_act": (),
    "order": ("order_no", "platform_code", "listing_id"),
    "order_answer": (),
    "check_item": ("item_no",),
    "officer": ("bureau", "staff_no"),
}
"""fields in normal form that must hold something, besides event_id and publisher"""
MATCHED = ("code", "holder_code", "producer_code", "from_code", "to_code", "agency_code", "subject_code")
PAST = ("inspected_on", "produced_on", "decided_on")
AMOUNTS = ("price_fen", "quantity")
ALL_LOTS = {"全部", "全部批次", "所有批次", "all"}
BETWEEN_LOTS = set("、，；;|~至:：")


def fault(record, event, taken_at):
    """The field for which a record (the normal form of an event) is refused; None where it is accepted."""
    kind = record["kind"]
    for name in ("event_id", "publisher", *NEEDED[kind]):
        if record[name] is None:
            return name
    if not FIRST_MOMENT <= record["occurred_at"] <= taken_at + 2 * DAY_MS:
        return "occurred_at"
    for name in AMOUNTS:
        if record.get(name, 0) < 0:
            return name
    if kind == "listing":
        return None
    if record.get("gtin") is not None and not is_gtin(record["gtin"]):
        return "gtin"
    for name in MATCHED:
        if record.get(name) is not None and not has_code_format(record[name]):
            return name
    for name in PAST:
        if name in record and dt.date.fromisoformat(record[name]) > china_day(record["occurred_at"]) + dt.timedelta(1):
            return name
    for lot, written in zip(record.get("lots", []), event.get("lots", []), strict=True):
        # a full-width comma is a plain one in normal form, and plain ones may stand in a lot
        if lot is None or lot.lower() in ALL_LOTS or BETWEEN_LOTS & set(lot + written):
            return "lots"
    if kind == "complaint" and not re.fullmatch("p[0-9a-f]{32}", record["complainant"]):
        return "complainant"
    if kind == "inspection" and (record.get("order_no") or record.get("sample_no")):
        if not re.fullmatch("[0-9]{6}-[0-9]{4}-[1-9][0-9]*-[1-9][0-9]*", record.get("order_no") or ""):
            return "order_no" if record.get("order_no") else "sample_no"
        if not record.get("sample_no"):
            return "sample_no"
        if record["purpose"] != "spot_check":
            return "purpose"
    if kind == "officer" and not re.fullmatch("[0-9]{6}", record["bureau"]):
        return "bureau"
    if kind == "bureau":
        for name in ("division", "handled_by"):
            if record.get(name) is not None and not re.fullmatch("[0-9]{6}", record[name]):
                return name
        heir = record.get("handled_by")
        if heir == record["division"] or (heir is None and record["status"] == "merged"):
            return "handled_by"
    if kind == "day":
        if record["publisher"] != "SUYUAN":
            return "publisher"
        if dt.date.fromisoformat(record["date"]) > china_day(taken_at) + dt.timedelta(1):
            return "date"
    return None


def china_day(ms):
    return (dt.datetime(1970, 1, 1, 8, tzinfo=dt.UTC) + dt.timedelta(milliseconds=ms)).date()

"""Events as publishers write them, with what a test does not care about filled in."""

import random
from itertools import count

from suyuan.domain.checks.bodies import canonical
from tests.reference import names
from tests.spot_checks import CHECK, plan

_rng = random.Random(3)
SHOP, SELLER, OTHER_SELLER, PRODUCER, OTHER_PRODUCER, LAB = (names.credit_code(_rng) for _ in range(6))
GTIN, OTHER_GTIN = ("06901234567892", "06901028075763")
NOON = 1_780_459_200_000
"""2026-06-03, noon in China"""
_numbers = count()

_DEFAULTS = {
    "listing": {
        "platform_code": SHOP,
        "listing_id": "1",
        "status": "active",
        "title": "绿茶",
        "category": "tea",
        "seller_code": SELLER,
        "producer_code": PRODUCER,
        "gtin": GTIN,
        "lot": "L1",
        "price_fen": 100,
        "sold_30d": 1,
    },
    "entity": {"code": SELLER, "name": "店", "status": "active"},
    "penalty": {
        "decision_no": "D1",
        "subject_code": SELLER,
        "division": "330106",
        "ground": "x",
        "amount_fen": 1,
        "status": "in_force",
        "decided_on": "2026-01-01",
    },
    "licence": {
        "licence_no": "SC1",
        "holder_code": PRODUCER,
        "categories": ["tea"],
        "valid_from": "2020-01-01",
        "status": "valid",
    },
    "product": {
        "gtin": GTIN,
        "producer_code": PRODUCER,
        "name": "绿茶",
        "category": "tea",
        "requires_licence": False,
    },
    "lot": {
        "producer_code": PRODUCER,
        "gtin": GTIN,
        "lot": "L1",
        "produced_on": "2026-06-01",
        "quantity": 100,
        "inputs": [],
    },
    "shipment": {
        "shipment_id": "S1",
        "producer_code": PRODUCER,
        "gtin": GTIN,
        "lot": "L1",
        "from_code": PRODUCER,
        "to_code": SELLER,
        "quantity": 10,
    },
    "inspection": {
        "report_no": "R1",
        "agency_code": LAB,
        "producer_code": PRODUCER,
        "gtin": GTIN,
        "lot": "L1",
        "purpose": "self",
        "result": "pass",
        "failed_items": [],
        "inspected_on": "2026-06-02",
    },
    "recall": {
        "recall_no": "C1",
        "producer_code": PRODUCER,
        "gtin": GTIN,
        "lots": [],
        "level": 1,
        "reason": "x",
        "status": "open",
    },
    "complaint": {
        "channel": "12315",
        "complaint_no": "K1",
        "platform_code": SHOP,
        "listing_id": "1",
        "category": "tea",
        "complainant": "p" + "0" * 32,
    },
    "certificate": {
        "issuer_code": LAB,
        "certificate_no": "Z1",
        "holder_code": PRODUCER,
        "scheme": "organic",
        "products": ["绿茶"],
        "valid_from": "2026-01-01",
        "status": "valid",
    },
    "bureau": {
        "division": "330106",
        "name_zh": "西湖区市场监督管理局",
        "name_en": "Xihu",
        "level": "county",
        "status": "active",
    },
    "alert_act": {"alert_id": "5f" * 16, "act": "acknowledge", "actor": "oidc:li", "basis": "b1", "takedown": False},
    "day": {"date": "2026-06-04"},
    "check_act": {"check_id": CHECK, "act": "plan", "actor": "oidc:li", "body": canonical(plan()).decode()},
    "order": {
        "order_no": f"{CHECK}-1",
        "check_id": CHECK,
        "platform_code": SHOP,
        "listing_id": "L1",
        "title": "honey",
        "seller_code": SELLER,
        "producer_code": PRODUCER,
        "gtin": "06901234567892",
        "stratum": "330106",
        "weight": 1,
        "ticket": "0." + "1" * 77,
        "officers": ["A-01", "A-02"],
        "items": ["F-12"],
    },
    "order_answer": {"order_no": f"{CHECK}-1", "answer": "accepted", "actor": "oidc:li"},
    "check_item": {
        "item_no": "F-12",
        "title": "网售糕点标签",
        "item_class": "general",
        "share_cap": 500,
        "status": "active",
    },
    "officer": {"bureau": "330106", "staff_no": "A-17", "unit": "一科", "qualifications": ["food"], "status": "active"},
}


def event(kind, *, at=0, **fields):
    """An event of that kind, `at` ms after noon of 3 June 2026, with an event_id of its own."""
    envelope = {"kind": kind, "event_id": f"e{next(_numbers):06}", "publisher": LAB, "occurred_at": NOON + at}
    if kind in {"day", "alert_act", "check_act", "order", "order_answer"}:
        envelope["publisher"] = "SUYUAN"
    return envelope | _DEFAULTS[kind] | fields

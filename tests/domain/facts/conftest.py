"""Records with everything filled in that a test does not care for."""

import datetime as dt
from types import SimpleNamespace

import pytest

from suyuan.domain.records import Entity, Inspection, Licence, Lot, Product, Recall, Shipment

ENVELOPE = {"event_id": "E1", "publisher": "X", "occurred_at": 0}
ITEM = {"producer_code": "P", "gtin": "06900000000014"}
DEFAULTS = {
    Entity: {"code": "P", "name": "企业", "status": "active", "division": "110101"},
    Licence: {
        "licence_no": "SC1",
        "holder_code": "P",
        "categories": ("food",),
        "valid_from": dt.date(2026, 1, 1),
        "status": "valid",
    },
    Product: {**ITEM, "name": "产品", "category": "food", "requires_licence": True},
    Lot: {**ITEM, "lot": "L1", "produced_on": dt.date(2026, 1, 1), "quantity": 100},
    Shipment: {**ITEM, "lot": "L1", "shipment_id": "S1", "from_code": "P", "to_code": "S", "quantity": 1},
    Inspection: {
        **ITEM,
        "report_no": "R1",
        "agency_code": "A",
        "purpose": "self",
        "result": "pass",
        "inspected_on": dt.date(2026, 2, 1),
    },
    Recall: {**ITEM, "recall_no": "RC1", "level": 2, "reason": "x", "status": "open"},
}


@pytest.fixture(scope="session")
def make():
    """make.lot(quantity=5): a record; fields not named have ordinary values."""

    def maker(kind):
        return lambda **fields: kind(**{**ENVELOPE, **DEFAULTS[kind], **fields})

    return SimpleNamespace(**{kind.__name__.lower(): maker(kind) for kind in DEFAULTS})

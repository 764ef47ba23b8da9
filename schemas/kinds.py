"""The kinds of input events: their schemas, ids and business keys (docs: the events' own .avsc).

A schema that has been published never changes: a new version is a new file in avro/events/history/ with a new
id here, and avro/events/<kind>.avsc equals the latest of them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from suyuan.schemas.fields import Avro, Field, record_fields

BUSINESS_KEYS: dict[str, tuple[str, ...]] = {
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
    "day": ("date",),
}
"""of each kind; an absent field is the empty text in a key. Numbers are unique only within whoever gives them"""
KINDS = tuple(BUSINESS_KEYS)
"""every kind; listing first"""

PUBLISHER_FIRST = frozenset({"listing", "lot", "shipment", "inspection", "recall", "penalty"})
"""kinds whose business key begins with whose event it is: the platform, the producer, who sends, the laboratory, whose
goods come back, the authority by its division
"""

SCHEMA_IDS: dict[int, tuple[str, int]] = {
    1: ("listing", 1),
    2: ("entity", 1),
    3: ("licence", 1),
    4: ("product", 1),
    5: ("lot", 1),
    6: ("shipment", 1),
    7: ("inspection", 1),
    8: ("recall", 1),
    9: ("complaint", 1),
    10: ("penalty", 1),
    11: ("day", 1),
    12: ("shipment", 2),
}
"""id on the wire → kind and version"""

EVENTS = Path(__file__).with_name("avro") / "events"


@dataclass(frozen=True)
class EventSchema:
    """One version of a kind's schema. `avro`: the parsed .avsc."""

    kind: str
    version: int
    schema_id: int
    avro: Avro
    fields: tuple[Field, ...]
    business_key: tuple[str, ...]


@cache
def event_schema(kind: str) -> EventSchema:
    """The current schema of a kind. Raises KeyError for no such kind."""
    versions = {version: number for number, (name, version) in SCHEMA_IDS.items() if name == kind}
    if not versions:
        raise KeyError(kind)
    return schema_by_id(versions[max(versions)])


@cache
def schema_by_id(schema_id: int) -> EventSchema:
    """The schema, of whatever version, that an id on the wire stands for. Raises KeyError."""
    kind, version = SCHEMA_IDS[schema_id]
    avro = json.loads((EVENTS / "history" / f"{kind}.v{version}.avsc").read_bytes())
    return EventSchema(kind, version, schema_id, avro, record_fields(avro), BUSINESS_KEYS[kind])

"""Records of every kind but listings, as the `body` of a `record` block holds them: normalised fields as
JSON.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

from suyuan.domain.evidence import evidence_id


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """The envelope of every event. `occurred_at`: ms since the epoch, UTC. `digest`: of its content
    (`domain/content.py`). `tie`: of events that share the rest of `recency` the greater content has the greater one.
    """

    event_id: str
    publisher: str
    occurred_at: int
    digest: str = ""
    tie: int = 0

    @property
    def evidence(self) -> str:
        """The evidence id of the event."""
        return evidence_id(type(self).__name__.lower(), self.publisher, self.event_id, self.digest)

    @property
    def recency(self) -> tuple[int, str, str, int]:
        """Orders the versions of one business key: the greatest is current."""
        return (self.occurred_at, self.event_id, self.publisher, self.tie)


class Entity(Event, frozen=True, kw_only=True):
    """Registration of a business, by credit code."""

    code: str
    name: str
    status: Literal["active", "abnormal", "revoked", "deregistered"]
    division: str | None = None


class Licence(Event, frozen=True, kw_only=True):
    """Permission to make goods of some categories; both days of validity included."""

    licence_no: str
    holder_code: str
    categories: tuple[str, ...]
    valid_from: dt.date
    valid_to: dt.date | None = None
    status: Literal["valid", "suspended", "revoked"]


class Product(Event, frozen=True, kw_only=True):
    """What a GTIN names, and who makes it."""

    gtin: str
    producer_code: str
    name: str
    category: str
    requires_licence: bool


class LotInput(msgspec.Struct, frozen=True, kw_only=True):
    """A lot that went into another one."""

    producer_code: str
    gtin: str
    lot: str
    quantity: int


class Lot(Event, frozen=True, kw_only=True):
    """A quantity made at one time, and the lots that went into it."""

    producer_code: str
    gtin: str
    lot: str
    produced_on: dt.date
    expires_on: dt.date | None = None
    quantity: int
    inputs: tuple[LotInput, ...] = ()


class Shipment(Event, frozen=True, kw_only=True):
    """A quantity of one lot that passed from one holder to another at `occurred_at`; of 0 it is void, as if it
    had never been.
    """

    shipment_id: str
    line: str | None = None
    producer_code: str
    gtin: str
    lot: str
    from_code: str
    to_code: str
    quantity: int


class Inspection(Event, frozen=True, kw_only=True):
    """A laboratory's report on a lot, or on the product when no lot is named."""

    report_no: str
    agency_code: str
    producer_code: str
    gtin: str
    lot: str | None = None
    purpose: Literal["self", "supervision", "spot_check"]
    result: Literal["pass", "fail"]
    failed_items: tuple[str, ...] = ()
    inspected_on: dt.date


class Recall(Event, frozen=True, kw_only=True):
    """A producer's recall of some lots of a GTIN; of every lot when `lots` is empty. Level 1 is the
    gravest.
    """

    recall_no: str
    producer_code: str
    gtin: str
    lots: tuple[str, ...] = ()
    level: int
    reason: str
    status: Literal["open", "closed"]


class Complaint(Event, frozen=True, kw_only=True):
    """A consumer's complaint; `complainant` is a pseudonym."""

    channel: Literal["12315", "12312", "12348", "12301", "other"]
    complaint_no: str
    platform_code: str | None = None
    listing_id: str | None = None
    subject_code: str | None = None
    category: str
    complainant: str


class Penalty(Event, frozen=True, kw_only=True):
    """An administrative decision against a business."""

    decision_no: str
    subject_code: str
    division: str
    ground: str
    amount_fen: int
    status: Literal["in_force", "lifted"]
    decided_on: dt.date


class Bureau(Event, frozen=True, kw_only=True):
    """The market regulator of a division, or of a development zone that has one of its own. `handled_by`: the division
    whose bureau does its work; `merged`: it is no more, and that one has taken its place; `officers`: how many people
    work its alerts off, None where nobody said.
    """

    division: str
    name_zh: str
    name_en: str
    code: str | None = None
    level: Literal["county", "city", "province", "nation", "zone"]
    handled_by: str | None = None
    status: Literal["active", "merged"]
    officers: int | None = None


class Day(Event, frozen=True, kw_only=True):
    """The turn of a day, China Standard Time."""

    date: dt.date


Record = Entity | Licence | Product | Lot | Shipment | Inspection | Recall | Complaint | Penalty | Bureau | Day

_DECODERS: dict[str, msgspec.json.Decoder[Record]] = {
    "entity": msgspec.json.Decoder(Entity),
    "licence": msgspec.json.Decoder(Licence),
    "product": msgspec.json.Decoder(Product),
    "lot": msgspec.json.Decoder(Lot),
    "shipment": msgspec.json.Decoder(Shipment),
    "inspection": msgspec.json.Decoder(Inspection),
    "recall": msgspec.json.Decoder(Recall),
    "complaint": msgspec.json.Decoder(Complaint),
    "penalty": msgspec.json.Decoder(Penalty),
    "bureau": msgspec.json.Decoder(Bureau),
    "day": msgspec.json.Decoder(Day),
}


def decode_record(kind: str, body: str | bytes) -> Record:
    """The record that a body holds; fields the kind does not have are ignored.

    Raises KeyError for an unknown kind, msgspec.DecodeError for a body that is not such a record.
    """
    return _DECODERS[kind].decode(body)

"""What is found by an identifier or a name: the answer of the question `find`."""

from __future__ import annotations

from typing import Literal

import msgspec

from suyuan.domain.identifiers.readings import Reading

SHOWN = 5
"""of each group"""


class UsedAs(msgspec.Struct, frozen=True):
    """In how many records of a kind an identifier stands in a field."""

    identifier: str
    kind: str
    field: str
    records: int


class Hit(msgspec.Struct, frozen=True):
    """A record, by the newest version of it that may be seen. `key`: its business key, by field; `facts`: the plain
    values of it, as text, what is absent left out; `occurred_at`: ms UTC.
    """

    kind: str
    key: dict[str, str]
    evidence: str | None
    occurred_at: int | None
    facts: dict[str, str]


class Hits(msgspec.Struct, frozen=True):
    """Records of one kind: how many, and the first of them by key."""

    kind: str
    count: int
    first: list[Hit]


class FoundListing(msgspec.Struct, frozen=True):
    """A listing with its verdict; None, as all that the chain says, where the chain may not be seen or is not there
    yet. `current`: whether the listing says so now; None: not known.
    """

    platform_code: str
    listing_id: str
    verdict: str | None = None
    status: str | None = None
    title: str | None = None
    seller_code: str | None = None
    producer_code: str | None = None
    gtin: str | None = None
    lot: str | None = None
    current: bool | None = None


class FoundListings(msgspec.Struct, frozen=True):
    """How many there are, of which verdicts, and the worst of them."""

    count: int
    verdicts: dict[str, int]
    first: list[FoundListing]


class FoundAlert(msgspec.Struct, frozen=True):
    """An alert about one of the listings, or that covers it. `subject`: a node of traces; `listings`: how many it
    covers; `platform_code`, `listing_id`: of one about a listing.
    """

    alert_id: str
    rule: str
    severity: str
    state: str
    title_zh: str
    title_en: str
    subject: str
    platform_code: str | None
    listing_id: str | None
    listings: int
    raised_at: int


class FoundAlerts(msgspec.Struct, frozen=True):
    """How many there are, how many of them stand, and the gravest that stand."""

    count: int
    raised: int
    first: list[FoundAlert]


class Near(msgspec.Struct, frozen=True):
    """An identifier that there is. `why`: the text is its beginning (`begins`), differs from it in one character or two
    exchanged (`mistyped`), or has its first characters in common with it (`nearest`).
    """

    identifier: str
    kinds: list[str]
    why: Literal["begins", "mistyped", "nearest"]


class Found(msgspec.Struct, frozen=True):
    """`readings`: what the text may be. `matched`: whether records have it as an identifier, or else in a name; None:
    none has. `subjects`: entities and products; `records`: of all other kinds, those that matter most first.
    """

    text: str
    readings: list[Reading]
    matched: Literal["identifier", "name"] | None
    uses: list[UsedAs]
    subjects: list[Hits]
    listings: FoundListings
    lots: Hits
    records: list[Hits]
    alerts: FoundAlerts
    near: list[Near]

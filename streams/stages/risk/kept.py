"""State of a risk partition, and how a listing is written in it.

| key | value |
|---|---|
| listing, platform_code, listing_id | version of its newest chain, `Said` or nothing, newline, chain if any |
| leave, date, platform_code, listing_id | empty: on that day a complaint leaves a counter of the listing |
| day | greatest `day` event |
| slice, topic | listings last gone through on behalf of that topic's block: see `slices.py` |

Parts are joined by U+001F, values are JSON. Chains are made and read by column; of a listing about which
nothing was said, which is most, only the version is looked at.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec
import polars as pl

from suyuan.domain.evidence import evidence_id
from suyuan.domain.keys import SEPARATOR
from suyuan.schemas.blocks import block_schema
from suyuan.streams.stages.listing_rows import keys

if TYPE_CHECKING:
    from collections.abc import Sequence

DAY = b"day"
CHAIN = pl.Struct(
    {
        name: block_schema("chain")[name]
        for name in (
            *("platform_code", "listing_id", "verdict", "title", "category", "seller_code", "producer_code"),
            *("gtin", "lot", "price_fen", "sold_30d", "listed_at", "listing_event", "gap_names", "gaps"),
            *("seller_status", "producer_status", "seller_division", "producer_division", "seller_penalties"),
            *("recall_level", "revision", "assessment"),
        )
    }
)
"""What is kept of a chain row: what rules ask about, what an alert shows and what it rests on."""

_DIGITS = 19
VERSION_BYTES = 2 * _DIGITS
NO_CHAIN = b"0" * VERSION_BYTES + b"\n"
"""value of a listing of which no chain has come"""
_NEWLINE = ord("\n")
# as text that orders as the pair does
_VERSION = pl.concat_str(pl.col(name).cast(pl.String).str.zfill(_DIGITS) for name in ("revision", "assessment"))
_SILENT = pl.concat_str(_VERSION, pl.lit("\n"), pl.struct(list(CHAIN.to_schema())).struct.json_encode()).cast(pl.Binary)


class Complaint(msgspec.Struct, array_like=True, frozen=True):
    """One version of a complaint. `gone`: it names another listing now; kept, so that no older one counts."""

    occurred_at: int
    event_id: str
    publisher: str
    tie: int
    digest: str
    gone: bool = False

    @property
    def recency(self) -> tuple[int, str, str, int, bool]:
        """Orders versions of one complaint; of the same version, the one that is `gone` is the later."""
        return (self.occurred_at, self.event_id, self.publisher, self.tie, self.gone)

    @property
    def evidence(self) -> str:
        """Evidence id of the complaint's event."""
        return evidence_id("complaint", self.publisher, self.event_id, self.digest)


class Spoken(msgspec.Struct, array_like=True, frozen=True):
    """An alert as published last: `change` raised, changed or cleared; `basis`: digest of what it rests on;
    `cause`: topic:offset of the block that had it published; times in ms since the epoch.
    """

    change: str
    sequence: int
    rule_version: int
    severity: str
    basis: str
    raised_at: int
    changed_at: int
    cause: str

    @property
    def stands(self) -> bool:
        """Whether the alert is not cleared."""
        return self.change != "cleared"


class Said(msgspec.Struct, array_like=True):
    """What was said about a listing: by people, by complaint key, and by us, by rule id."""

    complaints: dict[str, Complaint] = {}
    alerts: dict[str, Spoken] = {}


_decoder = msgspec.json.Decoder(Said)
_encode = msgspec.json.Encoder().encode


def names(rows: pl.DataFrame) -> list[bytes]:
    """State keys of the listings of the rows (platform_code, listing_id)."""
    return keys(rows, "listing", "platform_code", "listing_id")


def name_of(listing_key: str) -> bytes:
    """State key of platform_code, listing_id joined by U+001F."""
    return f"listing{SEPARATOR}{listing_key}".encode()


def present_day(value: bytes | None) -> dt.date:
    """The day that the state knows, the least date while it knows none."""
    return dt.date.fromisoformat(value.decode()) if value else dt.date.min


def said_in(value: bytes | None) -> Said | None:
    """What was said about a listing, None for nothing."""
    if value is None or value[VERSION_BYTES] == _NEWLINE:
        return None
    return _decoder.decode(value[VERSION_BYTES : value.index(b"\n")])


def chain_in(value: bytes) -> bytes:
    """The chain's JSON, empty while no chain has come."""
    return value[value.index(b"\n") + 1 :]


def chains(texts: Sequence[bytes]) -> pl.DataFrame:
    """The chains of JSON texts, none of them empty, as a frame with the columns of the block schema `chain`."""
    return pl.Series("chain", texts, dtype=pl.Binary).cast(pl.String).str.json_decode(CHAIN).struct.unnest()


def silent_values(rows: pl.DataFrame) -> list[bytes]:
    """State values of chains (columns of the block schema `chain`) of listings about which nothing was said."""
    return rows.select(_SILENT).to_series().to_list()


def with_said(value: bytes, said: Said | None) -> bytes:
    """The state value with `said` in place of what was said before."""
    words = _encode(said) if said is not None and (said.complaints or said.alerts) else b""
    return value[:VERSION_BYTES] + words + value[value.index(b"\n") :]

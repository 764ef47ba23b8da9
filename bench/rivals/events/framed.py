"""The events and the join for the rivals in Python: framed Avro (fastavro) and plain dicts."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from typing import Any

import fastavro

_EVENTS = Path(__file__).resolve().parent / "src" / "main" / "avro"
_CHAIN = Path(__file__).resolve().parents[2] / "trace_join" / "chain.avsc"
_CHINA_STANDARD_TIME_MS, _DAY_MS = 8 * 3_600_000, 86_400_000

LISTING, LOT, CHAIN = 1, 5, 101


class Framed:
    """One schema in Confluent's framing: 0x00, schema id as a big-endian int, the body."""

    def __init__(self, schema_id: int) -> None:
        files = {LISTING: _EVENTS / "Listing.avsc", LOT: _EVENTS / "Lot.avsc", CHAIN: _CHAIN}
        self._header = struct.pack(">bi", 0, schema_id)
        self._schema = fastavro.parse_schema(json.loads(files[schema_id].read_bytes()))

    def decode(self, message: bytes) -> dict[str, Any]:
        """ValueError for another frame than this one's."""
        if not message.startswith(self._header):
            raise ValueError(f"not a message of {self._schema['name']}")
        stream = io.BytesIO(message)
        stream.seek(len(self._header))
        event: dict[str, Any] = fastavro.schemaless_reader(stream, self._schema, None)
        return event

    def encode(self, event: dict[str, Any]) -> bytes:
        """The message."""
        out = io.BytesIO()
        out.write(self._header)
        fastavro.schemaless_writer(out, self._schema, event)
        return out.getvalue()


def waiting_of(listing: dict[str, Any]) -> list[Any]:
    """What the chain of a listing needs of it; JSON, for state."""
    names = ("platform_code", "listing_id", "seller_code", "event_id", "occurred_at", "sold_30d")
    return [listing[name] for name in names]


def facts_of(lot: dict[str, Any]) -> list[Any]:
    """What chains need of the record of a lot; JSON, for state."""
    names = ("producer_code", "lot", "event_id", "produced_on", "expires_on", "quantity")
    return [lot[name] for name in names]


def chain_of(waiting: list[Any], facts: list[Any]) -> dict[str, Any]:
    """A listing and the record of its lot."""
    platform, listing, seller, listing_event, listed_at, sold = waiting
    producer, lot, record_event, produced_on, expires_on, quantity = facts
    expired = expires_on is not None and (listed_at + _CHINA_STANDARD_TIME_MS) // _DAY_MS > expires_on
    return {
        "platform_code": platform,
        "listing_id": listing,
        "producer_code": producer,
        "lot": lot,
        "seller_code": seller,
        "verdict": "contradicted" if expired else "complete",
        "listing_event": listing_event,
        "record_event": record_event,
        "listed_at": listed_at,
        "produced_on": produced_on,
        "expires_on": expires_on,
        "quantity": quantity,
        "sold_30d": sold,
    }

"""Blocks of rows that say only what a test is about."""

from __future__ import annotations

import datetime as dt
import json
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro
import polars as pl

from suyuan.domain.alerts.subject import node_name
from suyuan.schemas.blocks import block_schema, encode_block

NOW = 1_790_000_000_000
PLATFORM = "91330000PLATFORM01"
MAKER = "91330106MA20000017"
SELLER = "91330106MA20000025"
FORMER_CHAIN = Path(__file__).with_name("former") / "chain.avsc"
DIGEST = "0123456789abcdef"


def block(name: str, *rows: dict[str, Any]) -> bytes:
    """A chain that has nodes or hops is written as by the former version, which had no `chain.parties`."""
    if name == "chain" and any(row.get("nodes") or row.get("hops") for row in rows):
        return former_chains(*rows)
    schema = block_schema(name)
    full = [dict.fromkeys(schema) | row for row in rows]
    return encode_block(name, pl.DataFrame(full, schema=schema))


def former_chains(*rows: dict[str, Any]) -> bytes:
    """A block of chains as they were before their parties were kept apart."""
    avro = json.loads(FORMER_CHAIN.read_bytes())
    out = BytesIO()
    fastavro.writer(out, avro, rows)
    return out.getvalue()


def apart(*rows: dict[str, Any]) -> tuple[bytes, bytes]:
    """The blocks of `chain.parties` and of `chain` that chains with nodes and hops are now. Nodes of platforms are none
    of theirs.
    """
    chains, parties = [], {}
    for row in rows:
        kept = {"nodes": [node for node in row["nodes"] if node["role"] != "platform"], "hops": row["hops"]}
        name = blake2b(repr(kept).encode(), digest_size=16).hexdigest()
        parties[name] = kept | {"parties": name}
        chains.append({field: value for field, value in row.items() if field not in kept} | {"parties": name})
    return block("chain_parties", *parties.values()), block("chain", *chains)


def events(kind: str, *rows: dict[str, Any], partition: int = 0, first: int = 0) -> bytes:
    """A block of event_<kind>; offsets count up from `first`."""
    given = [
        {
            "event_id": f"{kind}-{first + number}",
            "publisher": MAKER,
            "occurred_at": NOW,
            "received_at": NOW,
            "outcome": "accepted",
            "digest": DIGEST,
            "tie": 0,
            "source_partition": partition,
            "source_offset": first + number,
        }
        | row
        for number, row in enumerate(rows)
    ]
    return block(f"event_{kind}", *given)


def listing(number: int, **fields: Any) -> dict[str, Any]:
    said = {
        "platform_code": PLATFORM,
        "listing_id": f"l{number}",
        "status": "active",
        "title": "绿茶",
        "category": "tea",
    }
    return said | {"seller_code": SELLER, "price_fen": 100, "sold_30d": 1} | fields


def chain(number: int, revision: int = 1, assessment: int = 1, **fields: Any) -> dict[str, Any]:
    said = listing(number) | {"verdict": "complete", "listed_at": NOW, "as_of": NOW, "received_at": NOW}
    said |= {"listing_event": f"{PLATFORM}/l{number}", "gap_names": [], "gaps": [], "nodes": [], "hops": []}
    return said | {"revision": revision, "assessment": assessment} | fields


def node(role: str, identifier: str, **fields: Any) -> dict[str, Any]:
    return dict.fromkeys(("name", "status", "division", "evidence")) | {"role": role, "id": identifier} | fields


def chain_hop(shipment_id: str = "S") -> dict[str, Any]:
    """Five units from A to B."""
    sent = {"shipment_id": shipment_id, "from_code": "A", "to_code": "B", "quantity": 5}
    return sent | {"shipped_at": NOW, "evidence": f"A/{shipment_id.lower()}"}


def alert(identifier: str, sequence: int = 1, **fields: Any) -> dict[str, Any]:
    """About one listing, if `fields` do not say another subject."""
    said = {"alert_id": identifier, "rule": "recalled_on_sale", "rule_version": 1, "severity": "high"}
    said |= {"state": "raised", "handling": "open", "change": "raised", "gap_names": [], "evidence": []}
    said |= {"raised_at": NOW, "changed_at": NOW, "received_at": NOW, "sequence": sequence}
    if "subject" not in fields:
        of = {"platform_code": PLATFORM, "listing_id": identifier, "subject_kind": "listing", "listings": 1} | fields
        said |= of | {"subject": node_name("listing", [of["platform_code"], of["listing_id"]])}
        said |= {"platforms": [{"platform_code": of["platform_code"], "listings": of["listings"]}]}
    return said | fields


def finding(identifier: str, alert_id: str, sequence: int = 1, **fields: Any) -> dict[str, Any]:
    """About the listing of the same name."""
    said = {"finding_id": identifier, "alert_id": alert_id, "rule": "recalled_on_sale", "rule_version": 1}
    said |= {"severity": "high", "change": "raised", "platform_code": PLATFORM, "listing_id": identifier}
    said |= {"listed_at": NOW, "raised_at": NOW, "changed_at": NOW, "received_at": NOW, "sequence": sequence}
    return said | {"gap_names": [], "evidence": [], "revision": 1, "assessment": 1} | fields


def dead_letter(topic: str, partition: int, offset: int, **fields: Any) -> dict[str, Any]:
    said = {"topic": topic, "source_partition": partition, "source_offset": offset, "reason": "unreadable"}
    return said | {"payload": b"\x00\xff", "payload_bytes": 2, "received_at": NOW} | fields


def replay(topic: str, partition: int, offset: int, number: int = 0, **fields: Any) -> dict[str, Any]:
    said = {"topic": topic, "source_partition": partition, "source_offset": offset, "replayed_partition": partition}
    return said | {"replayed_offset": 1000, "edited": False, "replayed_at": NOW + number} | fields


def lot(name: str, *inputs: str, quantity: int = 100, maker: str = MAKER) -> dict[str, Any]:
    """`inputs`: names of lots of the same maker and product, 10 units each."""
    made_of = [{"producer_code": maker, "gtin": GTIN, "lot": other, "quantity": 10} for other in inputs]
    said = {"producer_code": maker, "gtin": GTIN, "lot": name, "quantity": quantity, "inputs": made_of}
    return said | {"produced_on": dt.date(2026, 9, 1)}


GTIN = "06901234567892"

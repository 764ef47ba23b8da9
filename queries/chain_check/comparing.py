"""A chain as it stands beside what it has to be."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from suyuan.queries.records import chunks
from suyuan.queries.rows import Row, Tables, read
from suyuan.queries.sql.parties import with_parties

PLAIN = (
    "verdict", "status", "seller_code", "producer_code", "gtin", "lot", "licence_no", "sold_30d", "listing_event",
    "seller_status", "producer_status", "seller_penalties", "recall_level",
)  # fmt: skip
"""columns that are compared as they are; names, titles and what people read of a gap are not: a new version of this
program may word them otherwise
"""

_IN_KEYS = "(platform_code, listing_id) IN {keys:Array(Tuple(String, String))}"


def standing_chains(tables: Tables, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Row]:
    """The current chains of listings, with `nodes` and `hops`; None where these are not of the same assessment."""
    found: dict[tuple[str, str], Row] = {}
    for some in chunks(sorted(keys)):
        rows = read(tables, f"SELECT * FROM chain_current WHERE {_IN_KEYS}", {"keys": some})  # noqa: S608
        whole = read(
            tables,
            f"""
            SELECT platform_code, listing_id, revision, assessment, parties, nodes, hops FROM chain_history
            WHERE {_IN_KEYS}
            ORDER BY platform_code, listing_id, version DESC LIMIT 1 BY platform_code, listing_id
            """,  # noqa: S608 - fixed texts
            {"keys": some},
        )
        parts = {(*_key(row), *version(row)): row for row in with_parties(tables, whole)}
        for row in rows:
            part = parts.get((*_key(row), *version(row)), {"nodes": None, "hops": None})
            found[_key(row)] = row | {"nodes": part["nodes"], "hops": part["hops"]}
    return found


def version(chain: Row) -> tuple[int, int]:
    """Which assessment of a listing a chain is."""
    return chain["revision"], chain["assessment"]


def differences(standing: Row, right: Row) -> list[str]:
    """What of a chain is not what it has to be, by name; nothing for a chain that is right."""
    wrong = [name for name in PLAIN if standing[name] != right[name]]
    if _gaps(standing) != _gaps(right):
        wrong.append("gaps")
    if _hops(standing) != _hops(right):
        wrong.append("hops")
    if _nodes(standing) != _nodes(right):
        wrong.append("nodes")
    return wrong


def _gaps(chain: Row) -> list[Any]:
    return sorted((gap["gap"], gap["subject"] or "", sorted(gap["evidence"])) for gap in chain["gaps"])


def _hops(chain: Row) -> list[Any] | None:
    fields = ("shipment_id", "from_code", "to_code", "quantity", "shipped_at", "evidence")
    return None if chain["hops"] is None else [[hop[field] for field in fields] for hop in chain["hops"]]


def _nodes(chain: Row) -> list[Any] | None:
    fields = ("role", "id", "status", "evidence")
    return None if chain["nodes"] is None else [[node[field] for field in fields] for node in chain["nodes"]]


def _key(row: Row) -> tuple[str, str]:
    return row["platform_code"], row["listing_id"]

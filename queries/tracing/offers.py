"""Active listings of lots, and of their products where no lot is declared."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from suyuan.queries.records import LotKey, chunks, known_by
from suyuan.queries.rows import Row, Tables, read

_OF_LOTS = """
    gtin IN {gtins:Array(String)}
    AND (ifNull(producer_code, ''), ifNull(gtin, ''), ifNull(lot, '')) IN {lots:Array(Tuple(String, String, String))}
"""
_OF_PRODUCTS = "gtin IN {gtins:Array(String)} AND lot IS NULL"


def offers(
    tables: Tables,
    lots: Collection[LotKey],
    gtins: Collection[str],
    as_of: int | None,
    happened_by: int | None = None,
) -> list[Row]:
    """Chains of active listings by platform and listing, without nodes and hops: as they are, or as they were
    known at `as_of` (ms UTC), the latest that rest on nothing later than `happened_by`.
    """
    moments = (as_of, happened_by)
    found: list[Row] = []
    for some in chunks(sorted(lots)):
        found += _chains(tables, _OF_LOTS, {"lots": some, "gtins": sorted({key.gtin for key in some})}, moments)
    for products in chunks(sorted(gtins)):
        found += _chains(tables, _OF_PRODUCTS, {"gtins": products}, moments)
    return sorted(found, key=lambda row: (row["platform_code"], row["listing_id"]))


def _chains(
    tables: Tables, condition: str, values: Mapping[str, Any], moments: tuple[int | None, int | None]
) -> list[Row]:
    """Asked twice: which listings ever met the condition, by columns alone, and whether their current chain
    does.
    """
    as_of, happened_by = moments
    table = "chain" if moments == (None, None) else "chain_history"
    known = known_by("received_at", as_of, "as_of") + known_by("as_of", happened_by, "happened_by")
    return read(
        tables,
        f"""
        SELECT * {"" if table == "chain" else "EXCEPT (parties, nodes, hops)"} FROM (
            SELECT * FROM {table}
            WHERE (platform_code, listing_id) IN (SELECT platform_code, listing_id FROM {table} WHERE {condition})
            {known}
            ORDER BY platform_code, listing_id, version DESC
            LIMIT 1 BY platform_code, listing_id
        ) WHERE status = 'active' AND {condition}
        """,  # noqa: S608 - fixed texts, bound values
        {**values, "as_of": as_of, "happened_by": happened_by},
    )

"""Backward: from a listing or a lot to everything that it was made of."""

from __future__ import annotations

from dataclasses import dataclass

from suyuan.access.scope import Scope
from suyuan.queries.records import LotKey, Records
from suyuan.queries.rows import Row, Tables
from suyuan.queries.sql.chains import chain
from suyuan.queries.tracing.lineage import Link, upstream
from suyuan.queries.tracing.lots import TracedLot, traced_lots
from suyuan.queries.visible import must_see_the_country


@dataclass(frozen=True, slots=True)
class BackwardTrace:
    """`chain`: of the listing asked for; None where a lot was. `lots`: the lot itself first, then by depth;
    none for a listing that declares no lot. `as_of`: ms UTC, None for now.
    """

    as_of: int | None
    chain: Row | None
    lots: list[TracedLot]
    links: list[Link]
    cycles: list[list[LotKey]]


def trace_listing(
    tables: Tables, scope: Scope, platform_code: str, listing_id: str, as_of: int | None = None
) -> BackwardTrace | None:
    """From a listing; None for no such listing (then)."""
    must_see_the_country(scope, "traces")
    found = chain(tables, scope, platform_code, listing_id, as_of)
    if found is None:
        return None
    declared = (found["producer_code"], found["gtin"], found["lot"])
    if None in declared:
        return BackwardTrace(as_of, found, [], [], [])
    return _trace(tables, LotKey(*declared), as_of, found)


def trace_lot(tables: Tables, scope: Scope, lot: LotKey, as_of: int | None = None) -> BackwardTrace:
    """From a lot, known or not."""
    must_see_the_country(scope, "traces")
    return _trace(tables, lot, as_of, None)


def _trace(tables: Tables, lot: LotKey, as_of: int | None, found: Row | None) -> BackwardTrace:
    records = Records(tables, as_of)
    lineage = upstream(records, [lot])
    return BackwardTrace(as_of, found, traced_lots(records, lineage), lineage.links, lineage.cycles)

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
    none for a listing that declares no lot. `as_of`, `happened_by`: ms UTC, None for now.
    """

    as_of: int | None
    happened_by: int | None
    chain: Row | None
    lots: list[TracedLot]
    links: list[Link]
    cycles: list[list[LotKey]]


def trace_listing(
    tables: Tables,
    scope: Scope,
    platform_code: str,
    listing_id: str,
    as_of: int | None = None,
    happened_by: int | None = None,
) -> BackwardTrace | None:
    """From a listing; None for no such listing (then)."""
    must_see_the_country(scope, "traces")
    found = chain(tables, scope, platform_code, listing_id, as_of, happened_by)
    if found is None:
        return None
    declared = (found["producer_code"], found["gtin"], found["lot"])
    if None in declared:
        return BackwardTrace(as_of, happened_by, found, [], [], [])
    return _trace(Records(tables, as_of, happened_by), LotKey(*declared), found)


def trace_lot(
    tables: Tables, scope: Scope, lot: LotKey, as_of: int | None = None, happened_by: int | None = None
) -> BackwardTrace:
    """From a lot, known or not."""
    must_see_the_country(scope, "traces")
    return _trace(Records(tables, as_of, happened_by), lot, None)


def _trace(records: Records, lot: LotKey, found: Row | None) -> BackwardTrace:
    lineage = upstream(records, [lot])
    return BackwardTrace(
        records.as_of, records.happened_by, found, traced_lots(records, lineage), lineage.links, lineage.cycles
    )

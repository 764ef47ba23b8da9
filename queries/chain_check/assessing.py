"""What the chains of listings have to be, by the records in the tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field

import polars as pl

from suyuan.domain.chain.anew import CurrentRecords, chains_anew
from suyuan.domain.facts.genealogy import ancestors, inputs_of
from suyuan.domain.keys import join_key, split_key
from suyuan.domain.records import Entity, Inspection, Licence, Lot, Penalty, Product, Recall, Shipment
from suyuan.queries.chain_check.inputs import KINDS, Group, Names, RecordsFound
from suyuan.queries.chain_check.recent import Recent
from suyuan.queries.records import chunks, current_of_any
from suyuan.queries.rows import Row, Tables, read
from suyuan.schemas.blocks import block_schema

MOST_LOTS, MOST_LEVELS = 2_000, 40
"""lots that are read in one look because they went into others, and how far down"""

Key = tuple[str, str]
"""platform_code, listing_id"""

_SCHEMA = {**block_schema("event_listing"), "revision": pl.Int64()}


@dataclass(slots=True)
class Assessed:
    """`chains`: what is right, columns as of `chains_anew`. `unsettled`: something that they rest on came lately.
    `too_large`: they rest on more than is read. Listings that have no event are in none of these.
    """

    chains: dict[Key, Row] = field(default_factory=dict)
    unsettled: set[Key] = field(default_factory=set)
    too_large: set[Key] = field(default_factory=set)


def assess_anew(tables: Tables, keys: Collection[Key], recent: Recent) -> Assessed:
    """The chains of these listings."""
    assessed = Assessed()
    listings = _listings(tables, keys)
    today, turning = _today(tables, recent)
    found = RecordsFound(tables, recent)
    genealogies = _Genealogies(found, {lot for row in listings.values() if (lot := _lot(row)) is not None})
    needs = {key: _needs(row, genealogies) for key, row in listings.items()}
    for name in KINDS:
        found.ask(name, {names for groups in needs.values() for of, names in groups or () if of == name})
    for key, row in listings.items():
        groups = needs[key]
        if groups is None or groups & found.too_large:
            assessed.too_large.add(key)
        elif turning or recent.is_recent("listing", row) or groups & found.changing:
            assessed.unsettled.add(key)
    left = [row for key, row in listings.items() if key not in assessed.too_large | assessed.unsettled]
    if left:
        frame = pl.DataFrame(left, schema=_SCHEMA)
        assessed.chains = {_key(row): row for row in chains_anew(frame, _records(found, today)).iter_rows(named=True)}
    return assessed


class _Genealogies:
    """Which lots went into which, read level by level."""

    def __init__(self, found: RecordsFound, lots: set[Names]) -> None:
        self._found = found
        self._read: set[Names] = set()
        level = lots
        for _ in range(MOST_LEVELS):
            if not level or len(self._read) + len(level) > MOST_LOTS + len(lots):
                break
            found.ask("lot", level)
            self._read |= level
            level = {_parts(key) for lot in level for key in self._inputs(join_key(*lot))} - self._read

    def behind(self, lot: Names) -> list[Names] | None:
        """The lots that went into one, at any depth; None where not all were read."""
        behind = [_parts(key) for _, key in ancestors(join_key(*lot), self._inputs)]
        return behind if self._read.issuperset(behind) else None

    def _inputs(self, key: str) -> list[str]:
        return inputs_of(self._found.lot(_parts(key)))


def _needs(row: Row, genealogies: _Genealogies) -> set[Group] | None:
    """The groups of records that a listing's chain rests on; None where they are too many to tell."""
    seller, producer, gtin, number = row["seller_code"], row["producer_code"], row["gtin"], row["licence_no"]
    groups: set[Group] = {("entity", (seller,)), ("penalty", (seller,))}
    if number is not None:
        groups.add(("licence", (number,)))
    if producer is None:
        return groups
    groups |= {("entity", (producer,)), ("held", (producer,))}
    if gtin is None:
        return groups
    groups |= {("product", (gtin,)), ("inspection", (producer, gtin, "")), ("recall", (producer, gtin))}
    lot = _lot(row)
    if lot is None:
        return groups
    behind = genealogies.behind(lot)
    if behind is None:
        return None
    groups.add(("shipment", lot))
    for each in (lot, *behind):
        groups |= {("lot", each), ("inspection", each), ("recall", each[:2])}
    return groups


def _listings(tables: Tables, keys: Collection[Key]) -> dict[Key, Row]:
    condition = "(platform_code, listing_id) IN {keys:Array(Tuple(String, String))}"
    rows = [
        row
        for some in chunks(sorted(keys))
        for row in read(tables, current_of_any("listing", condition), {"keys": some})
    ]
    return {_key(row): row | {"revision": row["source_offset"] + 1} for row in rows}


def _today(tables: Tables, recent: Recent) -> tuple[dt.date | None, bool]:
    """The greatest day, and whether it has come lately."""
    rows = read(tables, "SELECT * FROM event_day WHERE outcome = 'accepted' ORDER BY date DESC, received_at LIMIT 1")
    return (rows[0]["date"], recent.is_recent("day", rows[0])) if rows else (None, False)


def _records(found: RecordsFound, today: dt.date | None) -> CurrentRecords:
    return CurrentRecords(
        entities=found.of(Entity),
        licences=found.of(Licence),
        products=found.of(Product),
        lots=found.of(Lot),
        shipments=found.of(Shipment),
        inspections=found.of(Inspection),
        recalls=found.of(Recall),
        penalties=found.of(Penalty),
        today=today,
    )


def _key(row: Row) -> Key:
    return row["platform_code"], row["listing_id"]


def _lot(row: Row) -> Names | None:
    lot = (row["producer_code"], row["gtin"], row["lot"])
    return None if None in lot else lot


def _parts(lot_key: str) -> Names:
    return tuple(split_key(lot_key))

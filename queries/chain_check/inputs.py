"""The records that listings rest on, as they are in the tables: of each what is current, in bounded amounts.

What is asked for is a group: all records of a kind that share some fields (a lot's shipments, a code's penalties). A
group that is too large to be read is told, and so is one in which something happened lately.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from suyuan.domain.records import Entity, Inspection, Licence, Lot, Penalty, Product, Recall, Record, Shipment
from suyuan.queries.chain_check.recent import Recent
from suyuan.queries.records import chunks, current_of_any
from suyuan.queries.rows import Row, Tables, read
from suyuan.schemas.kinds import BUSINESS_KEYS

MOST_ROWS = 20_000
"""rows of a kind that are read in one look, versions included"""

Names = tuple[str, ...]
Group = tuple[str, Names]
"""name in KINDS, values of its columns; nothing is the empty text"""


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to ask for records. `indexed`: which of the columns finds them, where that is not the sort key's first.

    `single`: there is but one current record, so its versions need not be counted first.
    """

    kind: str
    of: type[Record]
    columns: Names
    indexed: str
    single: bool = False


LOT = ("producer_code", "gtin", "lot")
KINDS: Mapping[str, Kind] = {
    "entity": Kind("entity", Entity, ("code",), "code", single=True),
    "licence": Kind("licence", Licence, ("licence_no",), "licence_no", single=True),
    "held": Kind("licence", Licence, ("holder_code",), "holder_code"),
    "product": Kind("product", Product, ("gtin",), "gtin", single=True),
    "lot": Kind("lot", Lot, LOT, "producer_code", single=True),
    "shipment": Kind("shipment", Shipment, LOT, "lot"),
    "inspection": Kind("inspection", Inspection, LOT, "gtin"),
    "recall": Kind("recall", Recall, ("producer_code", "gtin"), "gtin"),
    "penalty": Kind("penalty", Penalty, ("subject_code",), "subject_code"),
}


@dataclass(slots=True)
class RecordsFound:
    """What was asked for so far. Asking twice costs once."""

    tables: Tables
    recent: Recent
    too_large: set[Group] = field(default_factory=set)
    changing: set[Group] = field(default_factory=set)
    """groups in which something happened lately"""
    _records: dict[tuple[type[Record], Names], Record] = field(default_factory=dict)
    _asked: set[Group] = field(default_factory=set)

    def ask(self, name: str, wanted: Iterable[Names]) -> None:
        """Read the records of the groups, but of those that are too large."""
        kind = KINDS[name]
        new = sorted({names for names in wanted if (name, names) not in self._asked})
        self._asked |= {(name, names) for names in new}
        for some in chunks(new if kind.single else self._small(name, new)):
            for row in self._read(kind, some):
                self._take(name, kind, row, some)

    def of(self, of: type[Any]) -> list[Any]:
        """All records of a kind that were found."""
        return [record for (kind, _), record in self._records.items() if kind is of]

    def lot(self, names: Names) -> Lot | None:
        """The record of a lot that was asked for."""
        found = self._records.get((Lot, names))
        return found if isinstance(found, Lot) else None

    def _small(self, name: str, wanted: list[Names]) -> list[Names]:
        """Those that can be read, the smallest first."""
        kind = KINDS[name]
        sizes: dict[Names, int] = {}
        for some in chunks(wanted):
            rows = self._query(
                f"SELECT {_tuple(kind)} AS names, count() AS rows FROM event_{kind.kind}"  # noqa: S608 - fixed texts
                f" WHERE {_condition(kind)} GROUP BY names",
                kind,
                some,
            )
            sizes |= {tuple(row["names"]): row["rows"] for row in rows}
        small, total = [], 0
        for names in sorted(sizes, key=lambda names: (sizes[names], names)):
            total += sizes[names]
            if total > MOST_ROWS:
                self.too_large.add((name, names))
            else:
                small.append(names)
        return small

    def _read(self, kind: Kind, some: Collection[Names]) -> list[Row]:
        return self._query(current_of_any(kind.kind, _condition(kind)), kind, some)

    def _query(self, statement: str, kind: Kind, some: Collection[Names]) -> list[Row]:
        found_by = kind.columns.index(kind.indexed)
        return read(
            self.tables,
            statement,
            {"keys": list(some), "found_by": sorted({names[found_by] for names in some})},
        )

    def _take(self, name: str, kind: Kind, row: Row, asked: Collection[Names]) -> None:
        names = tuple(row[column] or "" for column in kind.columns)
        if self.recent.is_recent(kind.kind, row):
            # of a record that has moved away nobody knows whom it left: all that was asked for
            self.changing |= {(name, names)} if names in set(asked) else {(name, each) for each in asked}
        key = tuple(row[column] for column in BUSINESS_KEYS[kind.kind])
        self._records[kind.of, key] = msgspec.convert(row, kind.of)


def _tuple(kind: Kind) -> str:
    columns = ", ".join(f"ifNull({column}, '')" for column in kind.columns)
    return f"tuple({columns})"


def _condition(kind: Kind) -> str:
    types = ", ".join(["String"] * len(kind.columns))
    return f"{kind.indexed} IN {{found_by:Array(String)}} AND {_tuple(kind)} IN {{keys:Array(Tuple({types}))}}"

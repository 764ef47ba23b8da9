"""Records that are well-formed, were accepted, and match nothing that is known.

| kind       | of the current record                      | it is listed for                                           |
|------------|--------------------------------------------|------------------------------------------------------------|
| recall     | open                                       | its product; where that is known, each of its lots         |
| inspection | failed                                     | its product; where that is known, its lot, if it names one |
| shipment   | quantity above 0                           | its lot                                                    |
| lot        | any                                        | its product; each of its inputs                            |

A product is known when the current record of its GTIN names that producer, a lot when there is a record of that
producer, GTIN and lot number. A GTIN for use inside one company (`gtin_restricted`) names nothing known. A case's
GTIN-14 is another number than that of what is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from suyuan.access.scope import OutsideScope, Scope
from suyuan.domain.evidence import evidence_sql
from suyuan.domain.identifiers.gtin import restricted_sql
from suyuan.queries.paging import ListQuery, Order, Page, Paged, moment, read_page, text, texts
from suyuan.queries.records import current_of_any, current_where
from suyuan.queries.rows import Row, Tables, read, where_clause
from suyuan.queries.visible import Visible, visible_events
from suyuan.schemas.kinds import BUSINESS_KEYS

GRACE_MS = 600_000
"""what a record names may be on its way for so long"""

_NO_PRODUCT = f"""(producer_code, gtin) GLOBAL NOT IN (
    SELECT producer_code, gtin FROM current_product WHERE NOT {restricted_sql("gtin")}
)"""  # noqa: S608 - fixed texts, here and below
_HASHES = f"""(
    SELECT cityHash64(producer_code, gtin, lot) FROM event_lot
    WHERE outcome = 'accepted' AND NOT {restricted_sql("gtin")}
)"""  # noqa: S608
"""all lots, in 8 bytes each: there may be millions"""
_NO_LOT = f"cityHash64(producer_code, gtin, lot) GLOBAL NOT IN {_HASHES}"
_NO_INPUT = f"cityHash64(input.producer_code, input.gtin, input.lot) GLOBAL NOT IN {_HASHES}"
_UNKNOWN_INPUT = f"""(producer_code, gtin, lot) GLOBAL IN (
    SELECT producer_code, gtin, lot FROM event_lot ARRAY JOIN inputs AS input WHERE outcome = 'accepted' AND {_NO_INPUT}
)"""  # noqa: S608


def _current(kind: str, condition: str) -> str:
    """The current records that meet it."""
    return f"(SELECT * FROM ({current_of_any(kind, condition)}) WHERE {condition})"  # noqa: S608


def _lots_of(records: str) -> str:
    """The known lots of the products of few records: only those are read."""
    return f"""(
        SELECT producer_code, gtin, lot FROM event_lot
        WHERE outcome = 'accepted' AND NOT {restricted_sql("gtin")}
        AND (producer_code, gtin) GLOBAL IN (SELECT producer_code, gtin FROM {records})
    )"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class _Search:
    """`missing`: product, lot or input; `names`: producer, GTIN and lot of that, in SQL."""

    kind: str
    missing: str
    names: tuple[str, str, str]
    source: str
    condition: str

    def rows(self, visible: Visible) -> str:
        key = ", ".join(f"toString(ifNull({column}, ''))" for column in BUSINESS_KEYS[self.kind])
        producer_code, gtin, lot = self.names
        return f"""
            SELECT '{self.kind}' AS kind, [{key}] AS key, publisher, {evidence_sql(self.kind)} AS evidence, occurred_at,
                received_at, '{self.missing}' AS missing,
                ({producer_code}, {gtin}, {lot}) AS named
            FROM {self.source} WHERE {self.condition} AND {visible.condition}
        """  # noqa: S608


_RECALLS = _current("recall", "status = 'open'")
_FAILS = _current("inspection", "result = 'fail'")
_PRODUCT = ("producer_code", "gtin", "''")
_SEARCHES = (
    _Search("recall", "product", _PRODUCT, _RECALLS, _NO_PRODUCT),
    _Search(
        "recall",
        "lot",
        ("producer_code", "gtin", "item"),
        f"{_RECALLS} ARRAY JOIN lots AS item",
        f"NOT ({_NO_PRODUCT}) AND (producer_code, gtin, item) GLOBAL NOT IN {_lots_of(_RECALLS)}",
    ),
    _Search("inspection", "product", _PRODUCT, _FAILS, _NO_PRODUCT),
    _Search(
        "inspection",
        "lot",
        ("producer_code", "gtin", "assumeNotNull(lot)"),
        _FAILS,
        f"lot IS NOT NULL AND NOT ({_NO_PRODUCT})"
        f" AND (producer_code, gtin, assumeNotNull(lot)) GLOBAL NOT IN {_lots_of(_FAILS)}",
    ),
    _Search(
        "shipment", "lot", ("producer_code", "gtin", "lot"), f"({current_where('shipment', _NO_LOT)})", "quantity > 0"
    ),
    _Search("lot", "product", _PRODUCT, f"({current_where('lot', _NO_PRODUCT)})", "1"),
    _Search(
        "lot",
        "input",
        ("input.producer_code", "input.gtin", "input.lot"),
        f"({current_of_any('lot', _UNKNOWN_INPUT)}) ARRAY JOIN inputs AS input",
        _NO_INPUT,
    ),
)
UNMATCHED_KINDS = tuple(dict.fromkeys(search.kind for search in _SEARCHES))


@dataclass(frozen=True, slots=True)
class UnmatchedFilter:
    """None: any. `publisher`: of the record; `taken_in_before`: ms, when the log took it."""

    kind: str | None = None
    publisher: str | None = None
    taken_in_before: int | None = None


_CONDITIONS = {
    "publisher": "publisher = {publisher:String}",
    "taken_in_before": "received_at < fromUnixTimestamp64Milli({taken_in_before:Int64})",
}


_NAMED = (text("producer_code", "named.1"), text("gtin", "named.2"), text("lot", "named.3"))
_NEWEST_FIRST = Order((moment("received_at", descending=True), text("kind"), texts("key"), text("missing"), *_NAMED))


def unmatched(tables: Tables, scope: Scope, wanted: UnmatchedFilter, page: Page) -> Paged[Row]:
    """A row for each thing that a record names and nobody knows, the records taken in last first. `key`: the record's
    business key; `missing`: product, lot or input, of `producer_code`, `gtin` and `lot`.
    """
    return read_page(tables, list_of_unmatched(scope, wanted), page)


def list_of_unmatched(scope: Scope, wanted: UnmatchedFilter) -> ListQuery:
    """The list that `unmatched` has pages of."""
    statement, values = _statement(scope, wanted)
    return ListQuery(
        f"""
        SELECT kind, key, publisher, evidence, occurred_at, received_at, missing,
            named.1 AS producer_code, named.2 AS gtin, named.3 AS lot
        FROM ({statement})
        """,  # noqa: S608 - fixed texts, bound values
        [],
        values,
        _NEWEST_FIRST,
        "LIMIT 1 BY kind, key, missing, named",
    )


def count_unmatched(tables: Tables, scope: Scope, wanted: UnmatchedFilter) -> dict[str, int]:
    """How many records of each kind are listed."""
    counts = {}
    for kind in UNMATCHED_KINDS if wanted.kind is None else (wanted.kind,):  # one by one: each may take much memory
        statement, values = _statement(scope, UnmatchedFilter(kind, wanted.publisher, wanted.taken_in_before))
        (found,) = read(tables, f"SELECT uniqExact(sipHash64(key)) AS n FROM ({statement})", values)  # noqa: S608
        counts[kind] = int(found["n"])
    return counts


def _statement(scope: Scope, wanted: UnmatchedFilter) -> tuple[str, dict[str, Any]]:
    given = {"publisher": wanted.publisher, "taken_in_before": wanted.taken_in_before}
    values = {name: value for name, value in given.items() if value is not None}
    conditions = where_clause([_CONDITIONS[name] for name in values])
    searches = []
    for search in _SEARCHES:
        visible = visible_events(scope, search.kind)
        if wanted.kind in {None, search.kind} and visible is not None:
            searches.append(search.rows(visible))
            values |= visible.values
    if not searches:
        raise OutsideScope.of(scope, "records that match nothing")
    return f"SELECT * FROM ({' UNION ALL '.join(searches)}) {conditions}", values  # noqa: S608

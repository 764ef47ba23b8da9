"""Offline records as they are, or as they were known at a past moment: the current one of each business key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from suyuan.domain.evidence import evidence_sql
from suyuan.queries.rows import Row, Tables, read
from suyuan.sinks.tables import key_columns

CHUNK = 1000
"""keys asked for at once"""

T = TypeVar("T")


class LotKey(NamedTuple):
    """What names a lot."""

    producer_code: str
    gtin: str
    lot: str


class Records:
    """`as_of` (ms UTC): only what the log had taken in by then; `happened_by`: only what had happened by then; None:
    everything. Each row has `evidence` too.
    """

    def __init__(self, tables: Tables, as_of: int | None = None, happened_by: int | None = None) -> None:
        self._tables = tables
        self.as_of = as_of
        self.happened_by = happened_by

    def entities(self, codes: Iterable[str]) -> dict[str, Row]:
        """By code; codes without a record are left out."""
        return {row["code"]: row for row in self._of("entity", "code IN {keys:Array(String)}", codes)}

    def lots(self, keys: Iterable[LotKey]) -> dict[LotKey, Row]:
        """By key; lots without a record are left out."""
        return {key_of(row): row for row in self._of("lot", _LOT_IN_KEYS, keys)}

    def lots_of_product(self, gtin: str) -> dict[LotKey, Row]:
        """Every producer's."""
        return {key_of(row): row for row in self._of("lot", "gtin IN {keys:Array(String)}", [gtin])}

    def lots_of_producer(self, code: str) -> dict[LotKey, Row]:
        """Of every product."""
        return {key_of(row): row for row in self._of("lot", "producer_code IN {keys:Array(String)}", [code])}

    def lots_made_from(self, keys: Iterable[LotKey]) -> dict[LotKey, Row]:
        """Those that name one of the lots among their inputs."""
        return {key_of(row): row for row in self._of("lot", _INPUT_IN_KEYS, keys)}

    def shipments(self, keys: Iterable[LotKey]) -> list[Row]:
        """Of these lots."""
        return self._of("shipment", _LOT_IN_KEYS, keys)

    def inspections(self, products: Iterable[tuple[str, str]]) -> list[Row]:
        """Of products (producer code, gtin): of each lot and of none (`lot` None), the latest first."""
        rows = self._of("inspection", _PRODUCT_IN_KEYS, products)
        return sorted(rows, key=_latest, reverse=True)

    def recalls(self, products: Iterable[tuple[str, str]]) -> list[Row]:
        """Of products (producer code, gtin), open and closed; `lots` empty: every lot."""
        return self._of("recall", _PRODUCT_IN_KEYS, products)

    def _of(self, kind: str, condition: str, keys: Iterable[Any]) -> list[Row]:
        return [row for chunk in chunks(sorted(set(keys))) for row in self._chunk(kind, condition, chunk)]

    def _chunk(self, kind: str, condition: str, keys: Sequence[Any]) -> list[Row]:
        """The condition is asked twice: which keys ever met it, and whether their current record does."""
        known = known_by("received_at", self.as_of, "as_of") + known_by("occurred_at", self.happened_by, "happened_by")
        return read(
            self._tables,
            f"""
            SELECT *, {evidence_sql(kind)} AS evidence FROM ({current_of_any(kind, condition, known)})
            WHERE {condition} ORDER BY {", ".join(key_columns(kind))}
            """,  # noqa: S608 - fixed texts, bound values
            {"keys": list(keys), "as_of": self.as_of, "happened_by": self.happened_by},
        )


def known_by(column: str, moment: int | None, name: str) -> str:
    """AND that a column of times is not after a moment that is bound as `name`; nothing for None."""
    return "" if moment is None else f" AND {column} <= fromUnixTimestamp64Milli({{{name}:Int64}})"


def current_of_any(kind: str, condition: str, known: str = "") -> str:
    """SELECT of the current record of each business key of which some version met the condition, whether that one does
    or not. `known`: what else the versions must meet.
    """
    key = ", ".join(key_columns(kind))
    return f"""
        SELECT * FROM event_{kind}
        WHERE outcome = 'accepted' {known} AND ({key}) IN (SELECT {key} FROM event_{kind} WHERE {condition})
        {_current(key)}
    """  # noqa: S608 - fixed texts, bound values


def current_where(kind: str, condition: str, shown: str = "SELECT *") -> str:
    """The same where the business key alone decides whether a version meets the condition: it is asked once."""
    current = _current(", ".join(key_columns(kind)))
    return f"{shown} FROM event_{kind} WHERE outcome = 'accepted' AND {condition} {current}"


def _current(key: str) -> str:
    return f"""
        ORDER BY {key}, occurred_at DESC, event_id DESC, publisher DESC, tie DESC, source_offset
        LIMIT 1 BY {key}
    """


_LOT_IN_KEYS = "(producer_code, gtin, lot) IN {keys:Array(Tuple(String, String, String))}"
_PRODUCT_IN_KEYS = "(producer_code, gtin) IN {keys:Array(Tuple(String, String))}"


def made_from(name: str) -> str:
    """Condition on rows of event_lot: one of the lots that are bound as `name` is among the inputs. Its first half is
    what the index by_input knows of.
    """
    keys = f"{{{name}:Array(Tuple(String, String, String))}}"
    return f"""
        hasAny(tupleElement(inputs, 'lot'), arrayMap(key -> key.3, {keys}))
        AND arrayExists(input -> (input.producer_code, input.gtin, input.lot) IN {keys}, inputs)
    """


_INPUT_IN_KEYS = made_from("keys")


def of_lots(name: str, lots: Iterable[LotKey]) -> tuple[str, dict[str, Any]]:
    """Condition on rows that name a lot: it is one of these; and the values that are bound to it, `name` first. What
    the lots are called is asked before the rest: a granule has few of them, and one text is compared in a third of the
    time of three.
    """
    lots = list(lots)
    condition = f"""
        lot IN {{{name}_called:Array(String)}}
        AND (producer_code, gtin, lot) IN {{{name}:Array(Tuple(String, String, String))}}
    """
    return condition, {name: lots, f"{name}_called": sorted({lot.lot for lot in lots})}


def key_of(row: Row) -> LotKey:
    """The lot that a row is about."""
    return LotKey(row["producer_code"], row["gtin"], row["lot"])


def chunks(items: Sequence[T]) -> Iterator[list[T]]:
    """The items in portions, each as many as one query takes."""
    rest = iter(items)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def _latest(inspection: Row) -> tuple[Any, ...]:
    return tuple(inspection[name] for name in ("inspected_on", "occurred_at", "report_no", "agency_code"))

"""The questions that the command asks of the tables, by name: rows of plain values that JSON can hold.

The process that has the tables open answers them for itself and, through `query_service`, for others.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Protocol

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries import sql as queries
from suyuan.queries import tracing
from suyuan.queries.chain_check import ChainChecker
from suyuan.queries.chain_check.describing import describe
from suyuan.queries.chain_check.recent import Recent
from suyuan.sinks.clickhouse import ClickHouse, ClickHouseSettings
from suyuan.sinks.damage import damage
from suyuan.sinks.definitions import damaged
from suyuan.sinks.errors import FolderInUse, ServerUnavailable, SinkError, TablesMissing

Row = dict[str, Any]
Query = Callable[..., Iterable[Mapping[str, Any]]]
"""keyword parameters → rows of plain values"""


class Ask(Protocol):
    """A named query with its parameters → rows ."""

    def __call__(self, query: str, **parameters: Any) -> Iterable[Mapping[str, Any]]:
        """Raises SuyuanError."""

    def quiet(self) -> bool:
        """Whether certainly nothing has come into the tables since the last answer."""


class NothingProcessed(SuyuanError):
    """A data folder in which no process has made tables yet."""


def named_queries(clickhouse: ClickHouse) -> Mapping[str, Query]:
    """Every question, bound to open tables. Times are ms UTC, days ISO text."""
    return {name: partial(_plain, query, clickhouse) for name, query in _QUERIES.items()}


@contextmanager
def open_tables(folder: Path) -> Iterator[Mapping[str, Query]]:
    """The questions of a folder that no process runs on. Raises NothingProcessed, FolderInUse, and SuyuanError, for
    its use too.
    """
    path = folder / "clickhouse"
    if not path.is_dir():
        raise NothingProcessed(f"nothing was processed in {folder} yet: `suyuan run` does it")
    found = damaged(path)
    if found:
        raise SuyuanError(f"{'; '.join(map(str, found))}: the next start of suyuan run mends it")
    try:
        with ClickHouse(ClickHouseSettings(path=path, readers=2)) as clickhouse, clickhouse.answering():
            yield named_queries(clickhouse)
    except FolderInUse:
        raise
    except TablesMissing as error:
        raise NothingProcessed(f"nothing was processed in {folder} yet: {error}") from error
    except ServerUnavailable as error:
        raise SuyuanError(str(error), ErrorKind.UNAVAILABLE) from error
    except SinkError as error:
        raise SuyuanError(f"the query failed (is a table damaged? suyuan doctor says so): {error}") from error


@contextmanager
def open_server(settings: ClickHouseSettings) -> Iterator[Mapping[str, Query]]:
    """The questions of a ClickHouse server. Raises SuyuanError, each question too."""
    with _of_server(), ClickHouse(replace(settings, readers=1), make=False) as clickhouse:
        yield {name: partial(_answered, clickhouse, query) for name, query in named_queries(clickhouse).items()}


def _answered(clickhouse: ClickHouse, query: Query, **parameters: Any) -> Iterator[Mapping[str, Any]]:
    with _of_server(), clickhouse.answering():
        yield from query(**parameters)


@contextmanager
def _of_server() -> Iterator[None]:
    try:
        yield
    except TablesMissing as error:
        raise SuyuanError(f"{error}: `suyuan loader` makes them") from error
    except ServerUnavailable as error:
        raise SuyuanError(str(error), ErrorKind.UNAVAILABLE) from error
    except SinkError as error:
        raise SuyuanError(f"the query failed: {error}") from error


def _chains(clickhouse: ClickHouse, limit: int | None = None, **wanted: str | None) -> Iterator[Row]:
    return queries.chains(clickhouse, queries.ChainFilter(**wanted), limit)


def _chain(clickhouse: ClickHouse, platform_code: str, listing_id: str, as_of: int | None = None) -> Iterator[Row]:
    row = queries.chain(clickhouse, platform_code, listing_id, as_of)
    return iter(() if row is None else (row,))


def _verdicts(clickhouse: ClickHouse) -> Iterator[Row]:
    for verdict, count in queries.verdicts(clickhouse).items():
        yield {"verdict": verdict, "chains": count}


def _alerts(clickhouse: ClickHouse, limit: int | None = None, **wanted: str | None) -> Iterator[Row]:
    return queries.alerts(clickhouse, queries.AlertFilter(**wanted), limit)


def _alert_changes(clickhouse: ClickHouse, after: list[Any], **wanted: str | None) -> Iterator[Row]:
    """Those loaded behind the place (loaded_at, alert_id, sequence)."""
    loaded_at, alert_id, sequence = after
    return iter(queries.alert_changes(clickhouse, (loaded_at, alert_id, sequence), queries.AlertFilter(**wanted)))


def _end_of_alert_changes(clickhouse: ClickHouse) -> Iterator[Row]:
    yield {"after": list(queries.end_of_changes(clickhouse))}


def _trace_back(clickhouse: ClickHouse, subject: list[str], as_of: int | None = None) -> Iterator[Row]:
    """From a listing (platform_code, listing_id) or a lot (producer_code, gtin, lot)."""
    match subject:
        case [platform_code, listing_id]:
            found = tracing.trace_listing(clickhouse, platform_code, listing_id, as_of)
        case _:
            found = tracing.trace_lot(clickhouse, tracing.LotKey(*subject), as_of)
    return iter(() if found is None else (asdict(found),))


def _trace_forward(clickhouse: ClickHouse, subject: dict[str, str], as_of: int | None = None) -> Iterator[Row]:
    """From a lot (producer_code, gtin, lot), a product (gtin) or a producer (producer_code)."""
    if "lot" in subject:
        found = tracing.trace_lot_forward(clickhouse, tracing.LotKey(**subject), as_of)
    elif "gtin" in subject:
        found = tracing.trace_product(clickhouse, subject["gtin"], as_of)
    else:
        found = tracing.trace_producer(clickhouse, subject["producer_code"], as_of)
    holdings = [{**asdict(holding), "held": holding.held} for holding in found.holdings]
    yield {**asdict(found), "holdings": holdings}


def _dead_letters(clickhouse: ClickHouse, limit: int | None = None, **wanted: Any) -> Iterator[Row]:
    return queries.dead_letters(clickhouse, queries.DeadLetterFilter(**wanted), limit)


def _whole_dead_letters(clickhouse: ClickHouse, places: list[list[Any]]) -> Iterator[Row]:
    """Those at the places (topic, partition, offset)."""
    return iter(queries.whole_dead_letters(clickhouse, [(topic, at, offset) for topic, at, offset in places]))


def _replays(clickhouse: ClickHouse, place: list[Any]) -> Iterator[Row]:
    """Of the dead letter at the place (topic, partition, offset)."""
    topic, partition, offset = place
    return iter(queries.replays(clickhouse, (topic, partition, offset)))


def _unmatched(clickhouse: ClickHouse, limit: int | None = None, **wanted: Any) -> Iterator[Row]:
    return queries.unmatched(clickhouse, queries.UnmatchedFilter(**wanted), limit)


def _events(clickhouse: ClickHouse, ids: list[str]) -> Iterator[Row]:
    yield from queries.events_by_evidence(clickhouse, ids)


def _reused_ids(clickhouse: ClickHouse) -> Iterator[Row]:
    yield queries.count_reused_ids(clickhouse)


def _unmatched_counts(clickhouse: ClickHouse, taken_in_before: int) -> Iterator[Row]:
    """Records by kind."""
    yield queries.count_unmatched(clickhouse, queries.UnmatchedFilter(taken_in_before=taken_in_before))


def _damage(clickhouse: ClickHouse) -> Iterator[Row]:
    with clickhouse.reader() as client:
        for found in damage(client):
            yield asdict(found)


def _chains_anew(clickhouse: ClickHouse, settled: int, count: int, partitions: int) -> Iterator[Row]:
    """About so many chains, chosen by chance, assessed anew from the records; what came after `settled` is not judged.
    `wrong`: what is said of each that differs.
    """
    look = ChainChecker(clickhouse, Random(), count).look(Recent(settled), settled)  # noqa: S311 -- spreads the looks
    yield {
        "right": look.right,
        "unsettled": look.unsettled,
        "too_large": look.too_large,
        "wrong": [describe(found, partitions) for found in look.differing],
    }


def _ping(clickhouse: ClickHouse) -> Iterator[Row]:  # noqa: ARG001 - that it answers is the answer
    yield {"answers": True}


_QUERIES: dict[str, Callable[..., Iterable[Row]]] = {
    "chains": _chains,
    "chain": _chain,
    "verdicts": _verdicts,
    "alerts": _alerts,
    "alert_changes": _alert_changes,
    "end_of_alert_changes": _end_of_alert_changes,
    "trace_back": _trace_back,
    "trace_forward": _trace_forward,
    "dead_letters": _dead_letters,
    "whole_dead_letters": _whole_dead_letters,
    "replays": _replays,
    "events": _events,
    "reused_ids": _reused_ids,
    "unmatched": _unmatched,
    "unmatched_counts": _unmatched_counts,
    "damage": _damage,
    "chains_anew": _chains_anew,
    "ping": _ping,
}


def _plain(query: Callable[..., Iterable[Row]], clickhouse: ClickHouse, **parameters: Any) -> Iterator[Row]:
    for row in query(clickhouse, **parameters):
        yield _value(row)


def _value(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tracing.LotKey):
        return value._asdict()
    if isinstance(value, dict):
        return {name: _value(each) for name, each in value.items() if name != "version"}
    if isinstance(value, list | tuple):
        return [_value(each) for each in value]
    return value

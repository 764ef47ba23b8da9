"""Rows of a query as plain values: times as ms UTC, dates as dates, named tuples as dicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from suyuan.sinks.clickhouse import ClickHouse

Row = dict[str, Any]
FORMATS = {"DateTime64*": "int"}


def stream(clickhouse: ClickHouse, statement: str, parameters: Mapping[str, Any] | None = None) -> Iterator[Row]:
    """Row by row in bounded memory; holds a reader until it is used up or closed."""
    with (
        clickhouse.reader() as client,
        client.query_row_block_stream(statement, parameters=dict(parameters or {}), query_formats=FORMATS) as blocks,
    ):
        columns = blocks.source.column_names
        for block in blocks:
            for values in block:
                yield dict(zip(columns, values, strict=True))


def read(clickhouse: ClickHouse, statement: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
    """All rows at once, for answers known to be small."""
    with clickhouse.reader() as client:
        result = client.query(statement, parameters=dict(parameters or {}), query_formats=FORMATS)
        return [dict(zip(result.column_names, values, strict=True)) for values in result.result_rows]


def limit_clause(limit: int | None) -> str:
    """LIMIT for a count of rows, nothing for None."""
    return "" if limit is None else f"LIMIT {int(limit)}"


def where_clause(conditions: list[str]) -> str:
    """WHERE all of them, nothing for none. Conditions are texts of our own."""
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""

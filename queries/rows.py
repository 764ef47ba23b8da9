"""Rows of a query as plain values: times as ms UTC, dates as dates, named tuples as dicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suyuan.sinks.readers import Row, Tables

__all__ = ["Row", "Tables", "read", "where_clause"]


def read(tables: Tables, statement: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
    """All rows at once: what may be many is asked for by pages."""
    return tables.select(statement, parameters)


def where_clause(conditions: list[str]) -> str:
    """WHERE all of them, nothing for none. Conditions are texts of our own."""
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""

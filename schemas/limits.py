"""Limits of an event's values beyond their types, checked one by one and by column. Limits of times:
`domain/moments.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import polars as pl

from suyuan.schemas.fields import Field

EPOCH_DAY = dt.date(1970, 1, 1).toordinal()
MIN_DAY = dt.date.min.toordinal() - EPOCH_DAY
MAX_DAY = dt.date.max.toordinal() - EPOCH_DAY
"""dates: 0001-01-01 to 9999-12-31, days since 1970-01-01"""

DAY_RANGE = "outside 0001-01-01..9999-12-31"


def one_of(values: tuple[str | int, ...]) -> str:
    """The reason for refusing a value that is not in the list."""
    return f"not one of {', '.join(str(value) for value in values)}"


def broken_limit(fields: tuple[Field, ...], event: Mapping[str, Any]) -> tuple[str, str] | None:
    """(field, reason) of the first value out of its limits, or None. Dates must be `datetime.date`."""
    for field in fields:
        value = event[field.name]
        if value is None:
            continue
        if field.values and value not in field.values:
            return field.name, one_of(field.values)
    return None


def limit_checks(fields: tuple[Field, ...]) -> list[tuple[str, str, pl.Expr]]:
    """(field, reason, expression that is true where the limit is broken) of the same limits for frames, and of
    dates.
    """
    checks = []
    for field in fields:
        column = pl.col(field.name)
        if field.type == "date":
            days = column.cast(pl.Int32)
            checks.append((field.name, DAY_RANGE, ~days.is_between(MIN_DAY, MAX_DAY)))
        elif field.values and field.type != "enum":
            checks.append((field.name, one_of(field.values), ~column.is_in(field.values)))
    return checks

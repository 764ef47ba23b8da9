"""Ids of alerts: of the group (rule, subject), and of one bureau's alert of it.

An alert about one listing is called as its group is: 32 hex digits. Of any other subject each bureau concerned has an
alert of its own: the group's id, `-`, the bureau's division.
"""

from __future__ import annotations

import re

import polars as pl

_ALERT = re.compile(r"[0-9a-f]{32}(-[0-9]{6})?")
_SEPARATOR = "-"


def is_alert_id(text: str) -> bool:
    """Whether some alert can be called so."""
    return _ALERT.fullmatch(text) is not None


def group_of(alert_id: str) -> str:
    """The group that an alert is of."""
    return alert_id.partition(_SEPARATOR)[0]


def group_expr(column: str = "alert_id") -> pl.Expr:
    """The same of a column of ids."""
    return pl.col(column).str.split_exact(_SEPARATOR, 1).struct.field("field_0")


def bureau_of(alert_id: str) -> str | None:
    """The bureau whose alert of a group it is; None: it is the only one."""
    return alert_id.partition(_SEPARATOR)[2] or None

"""Records that match nothing, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from suyuan.cli.drawing.records import Column, Records
from suyuan.cli.drawing.words import clean, moment
from suyuan.domain.identifiers.gtin import is_restricted

_COLUMNS = (
    Column("kind"),
    Column("record", "names"),
    Column("publisher"),
    Column("producer"),
    Column("gtin"),
    Column("lot", "text"),
    Column("reason", "text"),
    Column("taken in"),
)
_REASONS = {
    "product": "no product record of that producer and GTIN",
    "lot": "no lot record of that producer, GTIN and lot",
    "input": "made from a lot without a lot record",
}


def draw_unmatched(rows: Iterable[Mapping[str, Any]]) -> Records:
    """One for each thing that is named and not known; `record`: the business key of what names it."""
    return Records(
        _COLUMNS,
        (
            {
                "kind": clean(row["kind"]),
                "record": [clean(part) for part in row["key"] if part],
                "publisher": clean(row["publisher"]),
                "producer": clean(row["producer_code"]),
                "gtin": clean(row["gtin"]),
                "lot": clean(row["lot"]),
                "reason": reason(row),
                "taken in": moment(row["received_at"]),
            }
            for row in rows
        ),
    )


def reason(row: Mapping[str, Any]) -> str:
    """Why it matches nothing."""
    why, gtin = _REASONS[row["missing"]], row["gtin"]
    if not re.fullmatch("[0-9]{14}", gtin):
        return why  # of an input, which is kept as it was written
    if is_restricted(gtin):
        return f"{why}: such a GTIN is for use inside one company"
    return why if gtin[0] == "0" else f"{why}: a case's GTIN is another than that of what is in it"

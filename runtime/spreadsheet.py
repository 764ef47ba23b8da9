"""Values as cells of a CSV file that a spreadsheet opens: none of them is a formula there."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell(value: Any) -> str:
    """The text of a cell: nothing for None, texts of a list by semicolons, other structures as JSON; text that a
    spreadsheet would take for a formula gets an apostrophe before it.
    """
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case str():
            text = value
        case [*parts] if all(isinstance(part, str) for part in parts):
            text = ";".join(parts)
        case _:
            text = msgspec.json.encode(value).decode()
    return f"'{text}" if text.startswith(_FORMULA) else text


def csv_lines(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A header and a line for each row, in UTF-8 that spreadsheets know by its mark; times (ms in columns *_at) in ISO
    8601, UTC.
    """
    yield "\ufeff" + _line(columns)
    for row in rows:
        yield _line([_moment(row[name]) if name.endswith("_at") else cell(row[name]) for name in columns])


def _line(cells: Sequence[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(cells)
    return written.getvalue()


def _moment(ms: int | None) -> str:
    if ms is None:
        return ""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

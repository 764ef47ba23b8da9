"""Which format and which kind of event a file holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from suyuan.publishing.files.columns import KIND, OwnWords, WrongColumns, columns_of, known_columns, needed
from suyuan.publishing.files.lines import Mark
from suyuan.publishing.files.table import Row, Table
from suyuan.schemas.kinds import DECLARATIONS

DELIMITERS = ",\t;，"
MOST_BEFORE_HEADER = 20
"""rows that are looked at to find the header"""

_BY_NAME = {name: kind for kind, each in DECLARATIONS.items() for name in (kind, f"{kind}s", each.plural)}
_JSON = {".jsonl", ".ndjson", ".json"}
_HINT = re.compile(r'^"?sep=(.)"?$', re.IGNORECASE)
_ENOUGH = 3
"""columns known, that make the first line of a file named as JSON a header"""


def kind_of(name: str) -> str | None:
    """'listing.csv', 'export/listings-2026.csv.gz', 'listings.zip/1.csv' -> 'listing', 'check_items_new.csv' ->
    'check_item'; None where neither the name nor that of the archive begins with a kind.
    """
    for part in reversed(Path(name).parts[-2:]):
        words = re.split("[^a-z_]", part.lower(), maxsplit=1)[0].split("_")
        kinds = (_BY_NAME.get("_".join(words[:count])) for count in range(len(words), 0, -1))
        kind = next(filter(None, kinds), None)
        if kind and (part == Path(name).name or part.lower().endswith(".zip")):
            return kind
    return None


def is_json(name: str, head: bytes) -> bool:
    """By what it begins with; by the suffix (.gz aside) where that is neither an object or array nor a header."""
    text = head.lstrip()
    if text.startswith((b"{", b"[")):
        return True
    if not set(Path(name.lower().removesuffix(".gz")).suffixes[-1:]) & _JSON:
        return False
    first = text.splitlines()[0].decode(errors="replace") if text else ""
    return all(known_columns(None, first.split(each), OwnWords()) < _ENOUGH for each in DELIMITERS)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the header of a table is. `before`: lines of rows above it."""

    delimiter: str
    line: int
    header: Row
    before: tuple[int, ...]


def layout_of(lines: Sequence[bytes | Mark], kind: str | None, own: OwnWords, *, more: bool) -> Layout | None:
    """Where the header is, by the first lines of a CSV file: the first row that has all needed columns, with the
    delimiter that makes it so. None where there is none yet, and `more` lines may come; else the row that has most.
    """
    skipped, hint = 0, None
    for number, line in enumerate(lines):
        if isinstance(line, Mark) or line.strip():
            hint = None if isinstance(line, Mark) else _HINT.match(line.decode(errors="replace").strip("\ufeff"))
            skipped = number + 1 if hint else 0
            break
    best: tuple[int, Layout] | None = None
    for delimiter in hint[1] if hint else DELIMITERS:
        rows = [row for row in Table(lines[skipped:], delimiter).rows() if row[1] is not None]
        numbered = [(line + skipped, row if isinstance(row, list) else []) for line, row in rows]
        found = header_of(numbered, kind, own)
        if found is None:
            continue
        score, at = found
        before = tuple(number for number, row in numbered[:at] if any(cell.strip() for cell in row))
        if best is None or score > best[0]:
            best = score, Layout(delimiter, numbered[at][0], numbered[at][1], before)
    if best is None or (more and best[0] < COMPLETE):
        return None
    return best[1]


COMPLETE = 1 << 20
"""the score of a header that lacks nothing"""


def header_of(rows: Sequence[tuple[int, Row]], kind: str | None, own: OwnWords) -> tuple[int, int] | None:
    """(score, index) of the row that is the header: the first complete one, else the one with most known columns."""
    best: tuple[int, int] | None = None
    for at, (_, row) in enumerate(rows[:MOST_BEFORE_HEADER]):
        if not any(cell.strip() for cell in row):
            continue
        score = COMPLETE if is_complete(row, kind, own) else known_columns(kind, [each.strip() for each in row], own)
        if best is None or score > best[0]:
            best = score, at
        if score == COMPLETE:
            break
    return best


def is_complete(row: Iterable[str], kind: str | None, own: OwnWords) -> bool:
    """Whether a row has a header for every column that is needed."""
    try:
        columns = columns_of(kind, [cell.strip() for cell in row if cell.strip()], own)
    except WrongColumns:
        return False
    given = {name for column in columns for name in column.fields} | own.values.keys()
    return KIND in given or (kind is not None and needed(kind) <= given)

"""From a file to events: each record becomes an event, or a reason why not."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import chain

import msgspec

from suyuan.cli.publishing.formats import is_csv, kind_of
from suyuan.cli.publishing.lines import LONGEST, Lines, Mark
from suyuan.cli.publishing.problems import FileRefusedError, Spoiled
from suyuan.cli.publishing.sources import Source
from suyuan.cli.publishing.table import Row, Table
from suyuan.schemas.kinds import KINDS, event_schema
from suyuan.schemas.text_rows import event_from_text
from suyuan.schemas.validation import InvalidEvent, ParsedEvent, parse_event

Record = tuple[int, ParsedEvent | Spoiled | None]
"""the line on which it begins, and what it is; None where the writer of a pipe takes its time"""

_UNREADABLE = (OSError, EOFError, zlib.error)


def read(source: Source, kind: str | None) -> Iterator[Record]:
    """The records of a file. `kind` is that of records which do not name their own; None: as the file name
    says.

    Raises FileRefusedError where nothing (or nothing more) of the file can be read.
    """
    lines = Lines(source)
    kind = kind or kind_of(source.name)
    try:
        rest = iter(lines)
        first = next((line for line in rest if line is not Mark.PAUSE), None)
        if first is None:
            raise FileRefusedError("the file is empty")
        if is_csv(source.name, first if isinstance(first, bytes) else b""):
            yield from _rows(Table(chain([first], rest)), kind)
        else:
            yield from _objects(lines, chain([first], rest), kind)
    except _UNREADABLE as error:
        raise FileRefusedError(f"not readable to its end: {error}") from error


def _objects(lines: Lines, texts: Iterator[bytes | Mark], kind: str | None) -> Iterator[Record]:
    number = 0
    for text in texts:
        if text is Mark.PAUSE:
            yield number, None
            continue
        number += 1
        if isinstance(text, Mark):
            yield number, Spoiled(f"longer than {LONGEST} bytes")
        elif text and not text.isspace():
            try:
                yield number, _parsed(text, kind)
            except InvalidEvent as error:
                cut = "" if lines.terminated else "; the line has no end: the file may be cut off"
                yield number, Spoiled(error.reason + cut, error.field or None)


def _parsed(text: bytes, kind: str | None) -> ParsedEvent:
    try:
        return parse_event(text)
    except InvalidEvent as error:
        if kind is None or (error.field, error.reason) != ("kind", "missing"):
            raise
        return parse_event(msgspec.json.encode({**msgspec.json.decode(text), "kind": kind}))


def _rows(table: Table, kind: str | None) -> Iterator[Record]:
    rows = table.rows()
    header = _header(rows, kind)
    for line, row in rows:
        if not isinstance(row, list):
            yield line, row
        elif len(row) != len(header):
            yield line, Spoiled(f"{len(row)} columns, but the header has {len(header)}")
        else:
            yield line, _event(dict(zip(header, row, strict=True)), kind)


def _header(rows: Iterator[tuple[int, Row | Spoiled | None]], kind: str | None) -> list[str]:
    """The column names. Raises FileRefusedError where needed ones are missing, counting the rows that are
    lost.
    """
    line, row = next(((line, row) for line, row in rows if row is not None), (1, None))
    if not isinstance(row, list):
        raise FileRefusedError(f"no header: {row.reason if row else 'nothing but blank lines'}", line)
    header = [name.strip() for name in row]
    if kind is None and "kind" not in header:
        wrong = "which kind of event is this? Name it with --kind, by the file's name, or in a column kind"
    elif twice := sorted({name for name in header if header.count(name) > 1}):
        wrong = f"the header has columns twice: {', '.join(twice)}"
    elif kind is not None and (missing := _needed(kind) - set(header)):
        wrong = f"the header lacks columns that a {kind} needs: {', '.join(sorted(missing))}"
    else:
        return header
    raise FileRefusedError(wrong, line, max(1, sum(row is not None for _, row in rows)))


def _needed(kind: str) -> set[str]:
    return {field.name for field in event_schema(kind).fields if not field.optional and field.type != "array"}


def _event(row: dict[str, str], kind: str | None) -> ParsedEvent | Spoiled:
    named = row.pop("kind", "").strip() or kind
    if named not in KINDS:
        return Spoiled(f"not one of {', '.join(KINDS)}" if named else "is missing", "kind")
    try:
        return event_from_text(named, row)
    except InvalidEvent as error:
        return Spoiled(error.reason, error.field or None)

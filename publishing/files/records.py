"""From a file to events: each record becomes an event, or a reason why not."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

import msgspec

from suyuan.publishing.files.columns import (
    KIND,
    Column,
    Money,
    OwnWords,
    WrongColumns,
    columns_of,
    in_fen,
    nearest,
    needed,
    words_of,
)
from suyuan.publishing.files.encoding import CHUNK, Bytes, Encoding, Utf8
from suyuan.publishing.files.formats import (
    MOST_BEFORE_HEADER,
    Layout,
    header_of,
    is_complete,
    is_json,
    kind_of,
    layout_of,
)
from suyuan.publishing.files.json_objects import Objects, is_epcis, is_one_to_a_line, repeated_key
from suyuan.publishing.files.lines import LONGEST, Lines, Mark
from suyuan.publishing.files.problems import FileRefusedError, Spoiled, a
from suyuan.publishing.files.sources import Source
from suyuan.publishing.files.table import Row, Table
from suyuan.publishing.files.workbook import Workbook
from suyuan.schemas.kinds import KINDS
from suyuan.schemas.text_rows import event_from_text
from suyuan.schemas.validation import MISSING_KIND, InvalidEvent, ParsedEvent, parse_event

Raw = Row | bytes | None
Record = tuple[int, ParsedEvent | Spoiled | None, Raw]
"""the line on which it begins, what it is (None where the writer of a pipe takes its time), and how it stands there"""

_UNREADABLE = (OSError, EOFError, zlib.error)
_TOO_LONG = f"longer than {LONGEST} bytes, which no record is: is a line end or a bracket missing?"
_EPCIS = (
    "a document of EPCIS 2.0, which is none of the kinds: make a shipment of each shipping event, and a lot of each "
    "commissioning event, then publish those"
)


@dataclass(frozen=True, slots=True)
class Options:
    """How files are to be read. `kind`: of records that do not name theirs, None: as the file name says. `sheet`: of
    workbooks, None: the first. `encoding`: None: as the bytes say. `candidates`: kinds of which a table may be whose
    name says none: the one that its header lacks nothing of.
    """

    kind: str | None = None
    sheet: str | None = None
    encoding: Encoding | None = None
    own: OwnWords = field(default_factory=OwnWords)
    candidates: tuple[str, ...] = ()


class Reading:
    """One file. Once its records have come, it tells how it was understood."""

    def __init__(self, found: Source | Workbook, options: Options) -> None:
        self._found = found
        self._options = options
        self.name = found.name
        self.kind = options.kind or kind_of(found.name)
        self.format = ""
        self.header: Row | None = None
        """cells of the header of a table, as they stand there"""
        self.header_line = 0
        self.columns: list[Column] = []
        """what they are, of a table of one kind"""
        self.notes: list[str] = []
        self._headers_again: list[int] = []
        self._by_kind: dict[str, _Understood] = {}
        self._kind_at: int | None = None

    def records(self) -> Iterator[Record]:
        """Raises FileRefusedError where nothing (or nothing more) of the file can be read."""
        try:
            if isinstance(self._found, Workbook):
                yield from self._sheet(self._found)
            else:
                yield from self._text(self._found)
        except _UNREADABLE as error:
            raise FileRefusedError(f"not readable to its end: {error}") from error
        finally:
            if self._headers_again:
                shown = ", ".join(map(str, self._headers_again[:5]))
                more = ", …" if len(self._headers_again) > 5 else ""
                self.notes.append(f"the header again, left aside: line {shown}{more}")

    def _sheet(self, book: Workbook) -> Iterator[Record]:
        chosen, rows = book.rows(self._options.sheet)
        self.format = f"workbook, sheet {chosen}"
        self.kind = self.kind or kind_of(chosen)
        first = [row for row, _ in zip(rows, range(MOST_BEFORE_HEADER), strict=False)]
        if not any(any(map(str.strip, row)) for _, row in first):
            raise FileRefusedError(f"the sheet {chosen} is empty: name another with --sheet")
        if self._options.sheet is None and (others := book.others(chosen)):
            self.notes.append(f"only the sheet {chosen} was read, not {', '.join(others)}: see --sheet")
        found = header_of(first, self.kind, self._options.own)
        at = found[1] if found else 0
        before = tuple(number for number, row in first[:at] if any(map(str.strip, row)))
        layout = Layout(",", first[at][0], first[at][1], before)
        yield from self._table(chain(first[at + 1 :], rows), layout)

    def _text(self, source: Source) -> Iterator[Record]:
        stream = Utf8(source, self._options.encoding)
        head = b""
        while b"\n" not in head and len(head) <= LONGEST and (more := stream.read(CHUNK)):
            head += more
        if not head:
            raise FileRefusedError("the file is empty")
        if head.lstrip().startswith(b"<"):
            raise FileRefusedError(_markup(head))
        joined = _Joined(head, stream)
        if not is_json(self.name, head):
            yield from self._csv(Lines(joined))
        elif is_one_to_a_line(head):
            self.format = "JSON, an object per line"
            yield from self._json_lines(Lines(joined))
        else:
            self.format = "JSON"
            yield from self._json_objects(Objects(head, stream))
        self._say_encoding(stream)

    def _say_encoding(self, stream: Utf8) -> None:
        if stream.encoding is not None and str(stream.encoding) != "UTF-8":
            self.notes.append(f"read as {stream.encoding}")

    def _json_lines(self, lines: Lines) -> Iterator[Record]:
        number = 0
        for text in lines:
            if text is Mark.PAUSE:
                yield number, None, None
                continue
            number += 1
            if isinstance(text, Mark):
                yield number, Spoiled(_TOO_LONG), None
            elif text and not text.isspace():
                yield number, self._object(text, lambda: lines.terminated), text

    def _json_objects(self, objects: Objects) -> Iterator[Record]:
        for number, text in objects:
            if text is Mark.PAUSE:
                yield number, None, None
            elif isinstance(text, Mark):
                yield number, Spoiled(_TOO_LONG), None
            else:
                yield number, self._object(text, lambda: objects.terminated), text

    def _object(self, text: bytes, terminated: Callable[[], bool]) -> ParsedEvent | Spoiled:
        try:
            if (key := repeated_key(text)) is not None:
                return Spoiled("stands twice in this object: leave one out", key)
            return _parsed(text, self.kind)
        except InvalidEvent as error:
            if is_epcis(text):
                raise FileRefusedError(_EPCIS) from None
            cut = "" if terminated() else "; the line has no end: the file may be cut off"
            return Spoiled(error.reason + cut, error.field or None)

    def _csv(self, lines: Lines) -> Iterator[Record]:
        rest = iter(lines)
        first: list[bytes | Mark] = []
        layout = None
        filled = 0
        for line in rest:
            if line is Mark.PAUSE:
                yield len(first), None, None
                continue
            first.append(line)
            filled += isinstance(line, Mark) or bool(line.strip())
            layout = layout_of(first, self.kind, self._options.own, more=filled < MOST_BEFORE_HEADER)
            if layout is not None or filled >= MOST_BEFORE_HEADER:
                break
        layout = layout or layout_of(first, self.kind, self._options.own, more=False)
        if layout is None:
            wrong = next((row for _, row in Table(first).rows() if isinstance(row, Spoiled)), None)
            raise FileRefusedError(f"no header: {wrong.reason if wrong else 'nothing but blank lines'}", 1)
        names = {",": "commas", "\t": "tabs", "，": "full-width commas (，)"}
        self.format = f"CSV with {names.get(layout.delimiter, layout.delimiter)}"
        table = Table(chain(first, rest), layout.delimiter)
        rows = table.rows()
        for number, row in rows:
            if row is not None and number >= layout.line:
                break
        yield from self._table(rows, layout)

    def _table(self, rows: Iterable[tuple[int, Row | Spoiled | None]], layout: Layout) -> Iterator[Record]:
        if layout.before:
            shown = ", ".join(map(str, layout.before))
            self.notes.append(f"above the header on line {layout.line}, left aside: line {shown}")
        self.header_line = layout.line
        header = [cell.strip().lstrip("\ufeff") for cell in layout.header]
        while header and not header[-1]:
            header.pop()
        self.header = header
        rows = iter(rows)
        self._understand(header, layout.line, rows)
        understood = [
            f"{column.header} as {' and '.join(column.fields)}{f' (in {column.money.unit})' if column.money else ''}"
            for column in self.columns
            if column.fields and column.fields != (column.header,)
        ]
        if understood:
            self.notes.append(f"columns read: {', '.join(understood)}")
        width, first = len(header), header[0]
        for line, row in rows:
            if not isinstance(row, list):
                yield line, row, None
                continue
            if len(row) > width and not any(map(str.strip, row[width:])):
                row = row[:width]  # noqa: PLW2901 - columns of nothing, as spreadsheets leave them
            start = row[0].strip()
            if not start and not any(map(str.strip, row)):
                continue
            if (start == first or start[:1] == "\ufeff") and [c.strip().lstrip("\ufeff") for c in row] == header:
                self._headers_again.append(line)
            elif len(row) != width:
                yield line, Spoiled(_other_width(len(row), width)), row
            else:
                yield line, self._event(row), row

    def _understand(self, header: list[str], line: int, rows: Iterator[tuple[int, Row | Spoiled | None]]) -> None:
        """Raises FileRefusedError where needed columns are missing, counting the rows that are lost."""
        own = self._options.own
        if self.kind is None:
            self.kind = _kind_by(header, self._options)
        try:
            self.columns = columns_of(self.kind, header, own)
        except WrongColumns as error:
            wrong = str(error)
        else:
            given = {name for column in self.columns for name in column.fields} | own.values.keys()
            self._kind_at = next((at for at, column in enumerate(self.columns) if KIND in column.fields), None)
            if self.kind is None and KIND not in given:
                wrong = "which kind of event is this? Name it with --kind, by the file's name, or in a column kind"
            elif self._kind_at is None and self.kind is not None and (missing := needed(self.kind) - given):
                wrong = (
                    f"the header lacks columns that {a(self.kind)} needs: {', '.join(sorted(missing))}{self._hints()}"
                )
            else:
                return
        raise FileRefusedError(wrong, line, max(1, sum(row is not None for _, row in rows)))

    def _hints(self) -> str:
        left = {column.header: nearest(self.kind, column.header) for column in self.columns if not column.fields}
        near = [f"{header} may be {name}" for header, name in left.items() if name]
        unknown = [header for header, name in left.items() if header and not name]
        told = "; ".join(near + ([f"not known: {', '.join(unknown)}"] if unknown else []))
        return f" ({told}); name the columns so, or say with --columns what yours are" if told else ""

    def _event(self, row: Row) -> ParsedEvent | Spoiled:
        kind = self.kind or ""
        if self._kind_at is not None:
            kind = row[self._kind_at].strip() or kind
        understood = self._by_kind.get(kind)
        if understood is None:
            if kind not in KINDS:
                return Spoiled(
                    f"not one of {', '.join(KINDS)}" if kind else "is missing: write the kind into the cell", "kind"
                )
            try:
                understood = self._by_kind[kind] = _Understood(kind, self.header or [], self._options.own)
            except WrongColumns as error:
                return Spoiled(str(error))
        try:
            return event_from_text(kind, understood.cells(row), understood.words)
        except InvalidEvent as error:
            return Spoiled(error.reason, error.field or None)


class _Understood:
    """How the rows of one kind are read."""

    def __init__(self, kind: str, header: list[str], own: OwnWords) -> None:
        columns = columns_of(kind, header, own)
        self.words = words_of(kind)
        self._names = [
            column.fields[0] if column.fields else column.header or f"column {at}"
            for at, column in enumerate(columns, 1)
        ]
        self._more = [(at, name) for at, column in enumerate(columns) for name in column.fields[1:]]
        self._money: list[tuple[str, Money]] = [
            (column.fields[0], column.money) for column in columns if column.money is not None
        ]
        self._values = own.values

    def cells(self, row: Row) -> dict[str, str]:
        """Field → cell. Raises InvalidEvent."""
        cells = dict(zip(self._names, row, strict=True))
        for at, name in self._more:
            cells[name] = row[at]
        for name, money in self._money:
            if cells[name].strip():
                try:
                    cells[name] = in_fen(cells[name], money)
                except ValueError as error:
                    raise InvalidEvent(name, str(error)) from None
        return {**self._values, **cells} if self._values else cells


class _Joined:
    """The bytes that were looked at, then the rest."""

    def __init__(self, head: bytes, rest: Bytes) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int) -> bytes:
        head, self._head = self._head, b""
        return head or self._rest.read(size)

    def would_wait(self) -> bool:
        return not self._head and self._rest.would_wait()


def _kind_by(header: list[str], options: Options) -> str | None:
    """The candidate that the header is made for; of several the one that needs most, None where that is not one."""
    needs = {kind: len(needed(kind)) for kind in options.candidates if is_complete(header, kind, options.own)}
    most = [kind for kind, count in needs.items() if count == max(needs.values())]
    return most[0] if len(most) == 1 else None


def _parsed(text: bytes, kind: str | None) -> ParsedEvent:
    try:
        return parse_event(text, office_times=True)
    except InvalidEvent as error:
        if kind is None or (error.field, error.reason) != ("kind", MISSING_KIND):
            raise
        return parse_event(msgspec.json.encode({**msgspec.json.decode(text), "kind": kind}), office_times=True)


def _other_width(found: int, wanted: int) -> str:
    remedy = "a cell with the delimiter in it needs quotes" if found > wanted else "is something missing?"
    return f"{found} columns, but the header has {wanted}: {remedy}"


def _markup(head: bytes) -> str:
    if b"epcis" in head[: 1 << 14].lower():
        return _EPCIS
    return "a page of HTML or XML, as some systems name .xls: open it in a spreadsheet and save it as .xlsx or CSV"

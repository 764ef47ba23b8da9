"""CSV (RFC 4180) as records: a header, then one record per row, which may span lines."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator

from suyuan.publishing.files.lines import LONGEST, Mark
from suyuan.publishing.files.problems import Spoiled

Row = list[str]

csv.field_size_limit(LONGEST)


class Table:
    """Rows with the line on which they begin. A row that cannot be read costs that row alone.

    An opened quote that is never closed would swallow the rest of the file: its line is given up once the
    record is longer than `LONGEST`, and reading goes on with the line after it.
    """

    def __init__(self, lines: Iterable[bytes | Mark], delimiter: str = ",") -> None:
        self._lines = iter(lines)
        self._delimiter = delimiter
        self._line = 0
        """number of the last line handed to the parser"""
        self._held: deque[str | Spoiled] = deque()
        """lines of the present record, to be read again should it be given up"""
        self._again: deque[str | Spoiled] = deque()
        self._given_up: str | Spoiled = ""

    def rows(self) -> Iterator[tuple[int, Row | Spoiled | None]]:
        """(line, row), (line, why not), or (line, None) where the writer of a pipe takes its time."""
        while True:
            begin = self._line + 1
            self._held.clear()
            feed = self._feed()
            try:
                line = self._next()
                if isinstance(line, str) and '"' not in line:  # nothing to parse, as in most rows
                    self._line = begin
                    if line != "\n":
                        yield begin, line[:-1].split(self._delimiter)
                    continue
                if line is not None:
                    self._again.appendleft(line)
                row = next(csv.reader(feed, delimiter=self._delimiter, strict=True), None)
            except _Paused:
                self._give_back(0)
                yield begin, None
                continue
            except _SpoiledLine as spoiled:
                self._give_back(1)
                yield begin, spoiled.args[0]
                continue
            except csv.Error as error:
                self._give_back(1)
                yield begin, Spoiled(_told(error), raw=str(self._given_up).rstrip("\n"))
                continue
            if row is None:
                return
            if row:
                yield begin, row

    def _give_back(self, kept: int) -> None:
        """All but the first `kept` lines of the present record are read again."""
        lines = list(self._held)[kept:]
        self._given_up = self._held[0] if self._held else ""
        self._line -= len(lines)
        self._again.extendleft(reversed(lines))

    def _feed(self) -> Iterator[str]:
        size = 0
        while True:
            line = self._next()
            if line is None:
                return
            self._line += 1
            self._held.append(line)
            if isinstance(line, Spoiled):
                raise _SpoiledLine(
                    Spoiled(f"{line.reason}{'' if len(self._held) == 1 else ' further on in the record'}")
                )
            size += len(line)
            if size > LONGEST:
                raise csv.Error(f"a record of more than {LONGEST} bytes; is a quote not closed?")
            yield line

    def _next(self) -> str | Spoiled | None:
        if self._again:
            return self._again.popleft()
        line = next(self._lines, None)
        if line is None:
            return None
        if line is Mark.PAUSE:
            raise _Paused
        return (
            Spoiled(f"longer than {LONGEST} bytes, which no record is: is a line end missing?")
            if isinstance(line, Mark)
            else _text(line)
        )


class _Paused(Exception):
    pass


class _SpoiledLine(Exception):
    pass


def _text(line: bytes) -> str | Spoiled:
    if b"\x00" in line:
        return Spoiled("a NUL byte, which no text has: export the file anew")
    try:
        return line.decode() + "\n"
    except UnicodeDecodeError as error:
        return Spoiled(
            f"no text in the file's encoding, from byte {error.start + 1} of the line on: mend it, or --encoding"
        )


def _told(error: csv.Error) -> str:
    if "expected after" in str(error):
        return 'not CSV: a quote within a quoted cell is written twice ("" and not \\")'
    return f"not CSV: {error}"

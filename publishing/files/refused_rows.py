"""The file of --errors: refused rows as they stood, each with the reason why, to be mended and sent again."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import IO, Any

import msgspec

from suyuan.domain.privacy.scrub import scrub
from suyuan.publishing.files.columns import KIND, OTHER_REASON, REASON
from suyuan.publishing.files.problems import Problem
from suyuan.publishing.files.records import Raw, Reading
from suyuan.schemas.kinds import EVENT_KINDS, KINDS, PERSONAL, event_schema

_PERSONAL_WORD = b"complain"
_RECKONED = ("=", "+", "-", "@")
"""what a spreadsheet takes for a formula when a cell begins with it"""
_TEXT = re.compile(r'="(?:[^"]|"")*"')
_RAW = "raw"


class RefusedRows:
    """Rows of tables go to CSV under their own header, objects to JSONL. What does not fit into one file, since a
    header is another one, goes to files of their own beside it (refused-2.csv).

    Of complaints, and of what may be one, only the reason is written: it names file and line. Texts that are scrubbed
    where they are published are scrubbed here too; of what cannot be taken apart all of it.
    """

    def __init__(self, path: Path, *, quoted: bool = False) -> None:
        """Empties the file. `quoted`: for people who open it in a spreadsheet though others wrote the rows: what that
        would reckon with stands as `="…"`, which readers of such files take off again. Raises OSError.
        """
        self._quoted = quoted
        self._path = path
        self._free: IO[str] | None = _opened(path)
        self._files: dict[tuple[str, ...], IO[str]] = {}
        self.paths: list[Path] = [path]

    def write(self, reading: Reading, problem: Problem, raw: Raw, text: str = "", kind: str | None = None) -> None:
        """`raw`: the row or object as it stood; `text`: what stands for one that could not be taken apart."""
        kind = kind or reading.kind
        if reading.header is not None:
            cells = list(raw) if isinstance(raw, list) else [text]
            self._row(reading, problem, cells, kind)
        else:
            self._object(problem, raw if isinstance(raw, bytes) else text.encode(), kind)

    def close(self) -> None:
        """Close all files."""
        for file in [*self._files.values(), *([self._free] if self._free else [])]:
            file.close()

    def _row(self, reading: Reading, problem: Problem, cells: list[str], kind: str | None) -> None:
        header = reading.header or []
        cells = scrubbed_cells(reading, cells, kind, problem)
        if header[:1] == [_reason_for(kind, ())]:  # of an earlier such file: what was wrong then is wrong no more
            header, cells = header[1:], cells[1:]
        names_kind = any(KIND in column.fields for column in reading.columns)
        first = [_reason_for(kind, header), *([] if names_kind else [KIND])]
        file = self._file((*first, *header), table=True)
        kinds = {kind} | ({cell.strip() for cell in cells} & PERSONAL if names_kind else set())
        withheld = kinds & PERSONAL or kind is None
        row = [str(problem), *([] if names_kind else [kind or ""]), *([] if withheld else cells)]
        row += [""] * (len(first) + len(header) - len(row))
        csv.writer(file, lineterminator="\n").writerow(map(_quoted, row) if self._quoted else row)

    def _object(self, problem: Problem, text: bytes, kind: str | None) -> None:
        said = _kind_in(text)
        kind = said or kind
        added: dict[str, Any] = {_reason_for(kind, ()): str(problem)}
        withheld = kind in PERSONAL or ((kind not in KINDS or said is None) and _PERSONAL_WORD in text)
        text = _scrubbed_object(text, kind, problem)
        if kind and (withheld or not said):
            added[KIND] = kind
        line = msgspec.json.encode(added)
        if said is None and not withheld:
            line = msgspec.json.encode(added | {_RAW: text.decode(errors="replace")})
        elif not withheld and text.strip() != b"{}":
            line = line[:-1] + b", " + text.strip()[1:].replace(b"\r", b" ").replace(b"\n", b" ")
        self._file((), table=False).write(line.decode(errors="replace") + "\n")

    def _file(self, header: tuple[str, ...], *, table: bool) -> IO[str]:
        if header not in self._files:
            file, self._free = self._free, None
            if file is None:
                path = self._path.with_name(f"{self._path.stem}-{len(self._files) + 1}{self._path.suffix}")
                file = _opened(path)
                self.paths.append(path)
            if table:  # the mark tells spreadsheets that it is UTF-8
                file.write("\ufeff")
                csv.writer(file, lineterminator="\n").writerow(map(_quoted, header) if self._quoted else header)
            self._files[header] = file
        return self._files[header]


def scrubbed_cells(reading: Reading, cells: list[str], kind: str | None, problem: Problem) -> list[str]:
    """The cells of a row without numbers that lead to a person, where its kind has texts that are scrubbed: those
    texts and the cell at fault, or every cell where it is not known which those are.
    """
    names = _scrubbed(kind, problem)
    if not names:
        return cells
    given = [bool(names & set(column.fields)) for column in reading.columns]
    if len(given) != len(cells) or not any(given):
        given = [True] * len(cells)
    return [scrub(cell) if held else cell for cell, held in zip(cells, given, strict=True)]


def _scrubbed(kind: str | None, problem: Problem) -> set[str]:
    """Fields that are scrubbed where a row is refused: into the one at fault its text may have slipped."""
    rules = EVENT_KINDS[kind] if kind in KINDS else None
    if rules is None or not rules.scrubbed:
        return set()
    slipped = {problem.field} if problem.field and problem.field not in rules.identifiers else set()
    return {*rules.scrubbed, *slipped}


def _scrubbed_object(text: bytes, kind: str | None, problem: Problem) -> bytes:
    names = _scrubbed(kind, problem)
    if not names:
        return text
    try:
        given = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return scrub(text.decode(errors="replace")).encode()
    if not isinstance(given, dict):
        return scrub(text.decode(errors="replace")).encode()
    told = {name: scrub(given[name]) for name in names if isinstance(given.get(name), str)}
    return text if told.items() <= given.items() else msgspec.json.encode(given | told)


def _quoted(cell: str) -> str:
    if not cell.lstrip().startswith(_RECKONED) or _TEXT.fullmatch(cell.strip()):
        return cell
    doubled = cell.replace('"', '""')
    return f'="{doubled}"'


def _opened(path: Path) -> IO[str]:
    return path.open("w", encoding="utf-8", newline="")


def _reason_for(kind: str | None, header: tuple[str, ...] | list[str]) -> str:
    taken = {each.name for each in event_schema(kind).fields} if kind in KINDS else set()
    return OTHER_REASON if REASON in taken or REASON in header else REASON


def _kind_in(text: bytes) -> str | None:
    """The kind that an object names, "" where it names none, None for what is no object."""
    try:
        given = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(given, dict):
        return None
    named = given.get(KIND, "")
    return named if isinstance(named, str) else ""

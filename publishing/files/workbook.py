"""A sheet of a workbook (.xlsx, .xls) as rows of text, as its cells show them."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import IO, Any

from suyuan.publishing.files.problems import FileRefusedError

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CONTENTS = "[Content_Types].xml"
_LARGEST = 1 << 30
"""bytes of a sheet's XML, unpacked"""
_MOST_CELLS = 20_000_000
"""cells of the rectangle that holds all of a sheet: it is held in memory"""
_PLACE = re.compile(rb'<(?:\w+:)?c [^>]*?r="([A-Z]{1,3})([0-9]{1,7})"')
_CHUNK = 1 << 20
_LONGEST_CELL = 64

Row = list[str]


def is_old_workbook(head: bytes) -> bool:
    """Whether a file that begins so is an .xls (or a workbook under a password)."""
    return head.startswith(_OLE)


def is_workbook(members: Iterable[str]) -> bool:
    """Whether a zip file of these members is an .xlsx."""
    names = set(members)
    return _CONTENTS in names and any(name.startswith("xl/") for name in names)


class Workbook:
    """Held in memory, one sheet at a time."""

    size: int | None = None
    rewindable = True

    def __init__(self, name: str, file: IO[bytes]) -> None:
        self.name = name
        self._file = file

    def position(self) -> int:
        """Not known."""
        return 0

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def rows(self, sheet: str | None) -> tuple[str, Iterator[tuple[int, Row]]]:
        """The sheet's name (the first that is visible where none is named), and its rows with their numbers. Raises
        FileRefusedError.
        """
        from python_calamine import CalamineError, PasswordError, SheetVisibleEnum, load_workbook  # noqa: PLC0415 - late

        self._file.seek(0)
        _within_bounds(self._file)
        self._file.seek(0)
        try:
            book = load_workbook(self._file)
            visible = [each.name for each in book.sheets_metadata if each.visible == SheetVisibleEnum.Visible]
            if not visible:
                raise FileRefusedError("a workbook without a visible sheet")
            if sheet is not None and sheet not in book.sheet_names:
                raise FileRefusedError(f"no sheet {sheet}: it has {', '.join(book.sheet_names)}")
            chosen = sheet or visible[0]
            return chosen, _rows(book.get_sheet_by_name(chosen))
        except PasswordError:
            raise FileRefusedError("protected by a password: save it without one") from None
        except (CalamineError, OSError, ValueError) as error:
            raise FileRefusedError(f"a workbook that cannot be read ({error}): save it anew as .xlsx or CSV") from None

    def others(self, chosen: str) -> list[str]:
        """Names of the sheets that were not read."""
        from python_calamine import load_workbook  # noqa: PLC0415 - late

        self._file.seek(0)
        return [name for name in load_workbook(self._file).sheet_names if name != chosen]


def _rows(sheet: Any) -> Iterator[tuple[int, Row]]:
    start = sheet.start
    if start is None:
        return
    for number, row in enumerate(sheet.iter_rows(), start[0] + 1):
        yield number, [_text(cell) for cell in row]


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float | int):
        return _number(cell)
    if isinstance(cell, dt.datetime):
        midnight = cell.time() == dt.time()
        return cell.date().isoformat() if midnight else cell.isoformat(" ", "milliseconds").removesuffix(".000")
    return str(cell)


def _number(value: float) -> str:
    """With the 15 digits that spreadsheets reckon with, never as a power of ten."""
    return format(Decimal(format(value, ".15g")), "f")


def _within_bounds(file: IO[bytes]) -> None:
    """Of a sheet with one cell far away, the whole rectangle would be held. Raises FileRefusedError."""
    if not zipfile.is_zipfile(file):
        return
    try:
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                if member.file_size > _LARGEST:
                    raise FileRefusedError(f"{member.filename} of more than {_LARGEST >> 30} GiB: export it as CSV")
                if member.filename.startswith("xl/worksheets/") and member.filename.endswith(".xml"):
                    _measure(archive, member)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise FileRefusedError(f"a workbook that cannot be read ({error}): save it anew as .xlsx or CSV") from None


def _measure(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    columns: set[bytes] = set()
    last, rest = 0, b""
    with archive.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            text = rest + chunk
            for column, row in _PLACE.findall(text):
                columns.add(column)
                last = max(last, int(row))
            rest = text[-_LONGEST_CELL:]
    width = max((_column_number(column) for column in columns), default=0)
    if width * last > _MOST_CELLS:
        raise FileRefusedError(
            f"a sheet ({member.filename}) of {last:,} rows and {width:,} columns: delete the cells far away from the "
            "table, or export it as CSV"
        )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number

"""What a name on the command line holds: one file of records, a workbook, or a zip file of either."""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO

from suyuan.publishing.files.sources import Joined, Source, fill, open_raw
from suyuan.publishing.files.workbook import Workbook, is_old_workbook, is_workbook

_ZIP = b"PK\x03\x04"
_HEAD = 8
_NO_TABLES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF-", b"RIFF", b"Rar!", b"7z\xbc\xaf")
"""how pictures, documents and archives begin that hold no records; they would be read as hundreds of odd lines"""
_NO_TABLE = "a picture, a PDF or an archive of another kind, not a table: export the table as CSV or .xlsx"
_UTF_8_NAME = 0x800
_ENCRYPTED = 0x1
_LARGEST_WORKBOOK = 256 << 20


class Refused:
    """Stands in the place of a file that cannot be opened."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason


def opened(
    name: str, called: str | None = None, most_bytes: int | None = None
) -> Iterator[Source | Workbook | Refused]:
    """Each file of records under a name; a member of a zip file is called archive/member. `called`: what it is called
    instead; `most_bytes`: that may come out of a file of records, see Source. Raises OSError.
    """
    raw, size = open_raw(name)
    name = called or name
    try:
        seekable = size is not None
        start = raw.tell() if seekable else 0
        head = fill(raw, _HEAD)
        if head.startswith(_ZIP) or is_old_workbook(head):
            file: IO[bytes] = raw
            if not seekable:
                file = tempfile.TemporaryFile()  # noqa: SIM115 - the operating system drops it
                shutil.copyfileobj(io.BufferedReader(Joined(head, raw)), file)
            file.seek(0)
            yield from _unpacked(name, head, file, most_bytes)
        elif head.startswith(_NO_TABLES):
            yield Refused(name, _NO_TABLE)
        elif seekable:
            raw.seek(start)

            def again() -> IO[bytes]:
                raw.seek(start)
                return raw

            yield Source(name, raw, size, again, most_bytes)
        else:
            yield Source(name, Joined(head, raw), None, None, most_bytes)
    finally:
        raw.close()


def _unpacked(name: str, head: bytes, file: IO[bytes], most_bytes: int | None) -> Iterator[Source | Workbook | Refused]:
    if is_old_workbook(head):
        yield Workbook(name, file)
        return
    try:
        with zipfile.ZipFile(file) as archive:
            if is_workbook(archive.namelist()):
                yield Workbook(name, file)
                return
            members = [each for each in archive.infolist() if _counts(_named(each))]
            if not members:
                yield Refused(name, "a zip file with no file in it")
            for member in members:
                yield _member(name, archive, member, most_bytes)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        yield Refused(name, f"a zip file that cannot be read: {error}")


def _member(
    name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo, most_bytes: int | None
) -> Source | Workbook | Refused:
    path = f"{name}/{_named(member)}"
    if member.flag_bits & _ENCRYPTED:
        return Refused(path, "protected by a password: unpack it, and publish what is in it")
    with archive.open(member) as stream:
        head = fill(stream, _HEAD)
    if head.startswith(_NO_TABLES):
        return Refused(path, _NO_TABLE)
    if not (head.startswith(_ZIP) or is_old_workbook(head)):
        return Source(path, archive.open(member), None, lambda: archive.open(member), most_bytes)
    if member.file_size > _LARGEST_WORKBOOK:
        return Refused(path, f"more than {_LARGEST_WORKBOOK >> 20} MiB within a zip file: unpack it")
    held = io.BytesIO(archive.read(member))
    if is_old_workbook(head) or is_workbook(zipfile.ZipFile(held).namelist()):
        return Workbook(path, held)
    return Refused(path, "a zip file within a zip file: unpack it, and publish what is in it")


def _counts(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return not path.endswith("/") and "__MACOSX" not in parts and not any(part.startswith(".") for part in parts)


def _named(member: zipfile.ZipInfo) -> str:
    """Names in Chinese are in GB18030 where the archive does not say that they are UTF-8."""
    if member.flag_bits & _UTF_8_NAME:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.filename

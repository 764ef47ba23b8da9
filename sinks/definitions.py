"""The tables' definitions in a data folder, kept twice.

ClickHouse checks what is in the parts of a table, but takes whatever it can parse for the table's definition: a bit
that flips there may make another column type, sort key or time to live of it, or another place where its parts lie. So
what the migrations made is copied, with a checksum, and compared before the folder is opened.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from suyuan.sinks.migrations import migrations

logger = logging.getLogger(__name__)

COPY = "definitions.json"
"""beside ClickHouse's own files"""


@dataclass(frozen=True, slots=True)
class Definition:
    """A file that is not what was written. `text`: what was written; None where the copy itself is damaged."""

    path: Path
    text: str | None

    def __str__(self) -> str:
        if self.text is None:
            return f"{self.path}, the copy of the tables' definitions, is damaged"
        what = "is missing" if not self.path.exists() else "is not what was written"
        return f"{self.path}, a table's definition, {what}"


def keep(folder: Path, database: str) -> None:
    """Copy the definitions that this version's migrations made, unless that was done before. The copy is on the disk on
    return.
    """
    copy, last = folder / COPY, len(migrations())
    kept = _kept(copy)
    if kept is not None and kept[0] == last:
        return
    files = {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in _files(folder, database)}
    text = json.dumps({"migrations": last, "files": files}, ensure_ascii=False)
    new = copy.with_name(f"{COPY}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(f"{_checksum(text)}\n{text}")
        file.flush()
        os.fsync(file.fileno())
    new.replace(copy)


def damaged(folder: Path) -> list[Definition]:
    """The files that differ from the copy; none where there is no copy, or one of another version. ClickHouse need not
    have the folder open.
    """
    copy = folder / COPY
    if not copy.exists():
        return []
    kept = _kept(copy)
    if kept is None:
        return [Definition(copy, None)]
    if kept[0] != len(migrations()):
        return []  # a start migrates; one that was killed while it did goes on with it
    return [Definition(folder / name, text) for name, text in kept[1].items() if _read(folder / name) != text.encode()]


def mend(found: list[Definition]) -> None:
    """Write the original text again; ClickHouse must not have the folder open. A damaged copy is made anew by
    `keep`.
    """
    for each in found:
        if each.text is None:
            logger.error("%s: it is made anew from the definitions", each)
            each.path.unlink()
        else:
            logger.error("%s: it is mended from the copy. Look at the disk", each)
            each.path.parent.mkdir(parents=True, exist_ok=True)
            each.path.write_text(each.text, encoding="utf-8")


def _files(folder: Path, database: str) -> list[Path]:
    """The files of the database's definition and of its tables'."""
    metadata = folder / "metadata"
    return [
        path for path in (metadata / f"{database}.sql", *sorted((metadata / database).glob("*.sql"))) if path.exists()
    ]


def _kept(copy: Path) -> tuple[int, dict[str, str]] | None:
    """(migrations, texts of the files by their paths); None where there is no whole copy."""
    try:
        checksum, _, text = copy.read_text(encoding="utf-8").partition("\n")
    except (OSError, UnicodeDecodeError):
        return None
    if checksum != _checksum(text):
        return None
    kept = json.loads(text)
    return kept["migrations"], kept["files"]


def _checksum(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""

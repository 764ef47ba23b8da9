"""Dead letters as files: whole messages with their reason, for whoever reads files and asks no database.

    FOLDER/in.listing/2026-11-24.jsonl      a topic, a day in China on which the log took them; a JSON object per line

A line holds what `suyuan deadletters show --json` tells, key and payload in hex. What may name a person is withheld, as
everywhere. A file has each line once, whatever comes again: what is there is told by its digest. A line whose writing
was cut short is cut off before more is written, and its batch, never committed, comes again.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from io import FileIO
from pathlib import Path
from typing import Any

from suyuan.domain.calendar import china_day
from suyuan.schemas.arrow_stream import read_stream
from suyuan.schemas.blocks import read_rows
from suyuan.schemas.withheld import WITHHELD_TOPICS, hash_of_withheld
from suyuan.sinks.batches import Batch
from suyuan.sinks.errors import FolderUnusable, LoaderError, is_transient
from suyuan.sinks.tables import Target

GROUP = "dead-letter-files"
"""of whoever writes them"""
REMEMBERED_LINES = 1_000_000
"""digests that are kept between batches (100 MB), of however many files; of another file they are read again"""

_DIGEST_BYTES = 16
_TOPIC = re.compile(r"[a-z][a-z0-9._-]*", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _File:
    """What a file had when it was last written: where it ended, and the digests of its lines."""

    inode: int
    size: int
    lines: set[bytes] = field(default_factory=set)


class DeadLetterFiles:
    """A sink of `dead_letter`. Processes of one machine may share the folder; only its owner may read what is in it."""

    group = GROUP
    targets = (Target("dead_letter", "dead_letter files", 0.5),)

    def __init__(self, folder: Path) -> None:
        """Makes the folder. Raises FolderUnusable where nothing can be written there."""
        self.folder = folder
        self._known: OrderedDict[Path, _File] = OrderedDict()
        probe = folder / f".{os.getpid()}.new"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            probe.write_bytes(b"")
            probe.unlink()
            _sync_folder(folder.parent)
        except OSError as error:
            raise FolderUnusable(_refusal(folder, error)) from error

    def write(self, batch: Batch) -> None:
        """As `Sink.write`. Raises OSError for what may pass, such as a full disk."""
        if not batch.rows:
            return
        lines: defaultdict[Path, list[bytes]] = defaultdict(list)
        for row in read_rows(batch.target.block, [read_stream(batch.data)]).iter_rows(named=True):
            lines[self._path(row)].append(_line(row))
        for path, each in lines.items():
            try:
                self._append(path, each)
            except OSError as error:
                self._known.pop(path, None)
                if is_transient(error):
                    raise
                raise LoaderError(_refusal(path, error)) from error
        self._forget_old()

    def _path(self, row: Mapping[str, Any]) -> Path:
        topic = str(row["topic"])
        if not _TOPIC.fullmatch(topic):
            raise LoaderError(f"a dead letter of topic {topic!r}: no file can have that name")
        return self.folder / topic / f"{china_day(row['received_at'])}.jsonl"

    def _append(self, path: Path, lines: Sequence[bytes]) -> None:
        is_new_topic = not path.parent.is_dir()
        with _locked(path) as file:
            known = self._content(path, file)
            new = {digest: line for line in lines if (digest := _digest(line)) not in known.lines}
            try:
                _write_all(file, b"".join(line + b"\n" for line in new.values()))
                os.fsync(file.fileno())  # also of what was found there: whoever wrote it may have died before this
            except OSError:
                with suppress(OSError):  # else the next attempt cuts it off
                    file.truncate(known.size)
                raise
            known.lines.update(new)
            known.size = file.tell()
        _sync_folder(path.parent)
        if is_new_topic:
            _sync_folder(self.folder)

    def _content(self, path: Path, file: FileIO) -> _File:
        """What the file has, read again where somebody else wrote to it; positioned at its end."""
        status = os.fstat(file.fileno())
        known = self._known.pop(path, None)
        if known is None or (known.inode, known.size) != (status.st_ino, status.st_size):
            known = _File(status.st_ino, 0)
            known.lines, known.size = _read(file)
        file.seek(known.size)
        self._known[path] = known
        return known

    def _forget_old(self) -> None:
        while len(self._known) > 1 and sum(len(each.lines) for each in self._known.values()) > REMEMBERED_LINES:
            self._known.popitem(last=False)


def _line(row: Mapping[str, Any]) -> bytes:
    """A dead letter as a line, without its end. In ASCII: nothing that strangers sent can hide in a terminal."""
    withheld = row["topic"] in WITHHELD_TOPICS
    payload, key = row["payload"] or b"", row["key"]
    told = {
        "id": f"{row['topic']}:{row['source_partition']}:{row['source_offset']}",
        **{name: row[name] for name in ("topic", "source_partition", "source_offset", "kind", "field", "reason")},
        "key": None if withheld or key is None else key.hex(),
        "payload": "" if withheld else payload.hex(),
        "payload_bytes": row["payload_bytes"],
        "received_at": _moment(row["received_at"]),
        "withheld": withheld,
        "sha256": hash_of_withheld(payload, row["payload_bytes"]) if withheld else None,
    }
    return json.dumps(told).encode()


def _moment(ms: int) -> str:
    return (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _digest(line: bytes) -> bytes:
    return blake2b(line, digest_size=_DIGEST_BYTES).digest()


def _read(file: FileIO) -> tuple[set[bytes], int]:
    """(digests of the whole lines, where they end). A last line that was cut short is cut off; one that only lacks its
    end, as editors leave it, gets it.
    """
    digests, end = set(), 0
    file.seek(0)
    with os.fdopen(os.dup(file.fileno()), "rb") as reader:
        for line in reader:
            if not line.endswith(b"\n"):
                if not _is_whole(line):
                    break
                file.seek(end + len(line))
                _write_all(file, b"\n")
                line += b"\n"  # noqa: PLW2901 -- it is the line as it stands there now
            digests.add(_digest(line[:-1]))
            end += len(line)
    file.truncate(end)
    return digests, end


def _is_whole(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _write_all(file: FileIO, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[file.write(left) or 0 :]


@contextmanager
def _locked(path: Path) -> Iterator[FileIO]:
    """The file, made where it is missing, unbuffered, for this process alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with FileIO(number, "r+") as file:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield file


def _sync_folder(folder: Path) -> None:
    """A file that was just made is found there after the loss of power."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _refusal(place: Path, error: OSError) -> str:
    return (
        f"dead letters cannot be written to {place}: {error.strerror}. Let this user write there, or name another "
        "folder (SUYUAN_DEAD_LETTER_FILES). None is lost: the log keeps them"
    )

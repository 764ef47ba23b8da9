"""The end of the log's write-ahead file, checked before SQLite opens it.

After a kill the latest transactions are in the write-ahead file alone: a header, then frames of a page each, whose
checksums go on from frame to frame (https://sqlite.org/fileformat2.html#walformat). SQLite takes the first frame that
does not fit for the end, and what was committed behind it is gone without a word. That is right where a process was
killed while it wrote: what it left behind was not committed. It is damage where

1. a frame that commits stands behind, and goes on from the frame before it. What was taken back, or was never through,
   leaves no such frame under the salts of this file (a frame gets its final checksum with the commit);
2. the header does not fit, but such frames are there;
3. SQLite's index beside it (-shm), which a kill leaves as it is, has more frames that were committed.

After a crash of the machine the disk may lack frames that a process had written, which looks the same.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import sqlite3
import struct
import sys
import threading
import time
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from suyuan.eventlog.errors import LogCorrupt, translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

Sum = tuple[int, int]
"""a checksum: two words of 32 bits"""
Power = tuple[int, int, int]
"""a power of the step (1 1; 1 2), which is symmetric"""

_HEADER = 32
_FRAME = 24
_MAGIC = {0x377F0682: "<u4", 0x377F0683: ">u4"}
"""what a file begins with → the words that its checksums are of"""
_SALTS = slice(16, 24)
_PAGE_BYTES = range(512, 65_537)
_AT_ONCE = 256
"""frames read at once"""
_INDEX = 48
"""bytes of each of the two copies of the index's header"""
_IN_USE = 128
"""the byte of the index that every connection has locked"""
_LOW = 0xFFFFFFFF

_gate = threading.Lock()
_open_here: Counter[Path] = Counter()


@dataclass(frozen=True, slots=True)
class LostEnd:
    """What SQLite would drop. `commits`: transactions at least; `restarted`: the machine was started since, so they may
    never have reached the disk.
    """

    commits: int
    restarted: bool


@contextmanager
def opened_here(path: Path) -> Iterator[None]:
    """As long as this process has connections to the log: closing another descriptor of SQLite's index would free their
    locks.
    """
    path = path.resolve()
    with _gate:
        _open_here[path] += 1
    try:
        yield
    finally:
        with _gate:
            _open_here[path] -= 1


def lost_end(path: Path) -> LostEnd | None:
    """What SQLite would drop of the log at `path`; None where nothing, or where a process has the log open."""
    wal = path.with_name(f"{path.name}-wal")
    with _gate:
        if _open_here[path.resolve()]:
            return None
        try:
            written = wal.stat()
            in_use, index = _index(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        if in_use or written.st_size < _HEADER:
            return None
        commits = _lost_commits(path, wal, index)
    return LostEnd(commits, written.st_mtime < _started()) if commits else None


def _lost_commits(path: Path, wal: Path, index: bytes) -> int:
    with wal.open("rb") as file:
        header = file.read(_HEADER)
        order = _MAGIC.get(struct.unpack(">I", header[:4])[0])
        fits = order is not None and _sum((0, 0), header[:24], order) == _stored(header, 24)
        if order is None or not fits:
            order = "<u4" if sys.byteorder == "little" else ">u4"
        size = struct.unpack(">I", header[8:12])[0] if fits else _page_size(path)
        walk = _Walk(header, order, fits=fits)
        while frames := file.read(_AT_ONCE * (_FRAME + size)):
            walk.go_on(frames, size)
    indexed = _committed(index, header) if fits else 0
    return max(walk.lost, int(indexed > walk.committed))


class _Walk:
    """A walk over the frames. `committed`: frames up to the end that SQLite takes; `lost`: commits behind it."""

    def __init__(self, header: bytes, order: str, *, fits: bool) -> None:
        self.committed = self.lost = 0
        self._order = order
        self._number = 0
        self._whole = fits
        self._salts = header[_SALTS] if fits else b""
        stored = _stored(header, 24)
        self._before = {stored} if fits else {stored, _sum((0, 0), header[:24], order)}

    def go_on(self, frames: bytes, size: int) -> None:
        """Take the next frames, of pages of `size` bytes; an incomplete one is none."""
        rows = np.frombuffer(frames, np.uint8)[: len(frames) // (_FRAME + size) * (_FRAME + size)]
        rows = rows.reshape(-1, _FRAME + size)
        counted = np.ascontiguousarray(np.hstack((rows[:, :8], rows[:, _FRAME:])))
        factors, power = _factors((8 + size) // 8)
        added = counted.view(self._order).astype(np.uint32) @ factors
        for row, own in zip(rows, added.tolist(), strict=True):
            self._step(row[:_FRAME].tobytes(), power, own)

    def _step(self, head: bytes, power: Power, own: list[int]) -> None:
        page, commits = struct.unpack(">II", head[:8])
        stored, salts = _stored(head, 16), head[8:16]
        fitting = {_after(before, power, own) for before in self._before}
        of_this_file = salts == self._salts or not self._salts
        self._number += 1
        self._whole = self._whole and of_this_file and stored in fitting and page > 0
        if self._whole:
            self.committed = self._number if commits else self.committed
            self._before = {stored}
            return
        if of_this_file and commits and stored in fitting:
            self.lost += 1
        self._before = {stored, *fitting}  # whether its page or its checksum is what is damaged


def _after(before: Sum, power: Power, own: list[int]) -> Sum:
    a, b, d = power
    return (a * before[0] + b * before[1] + own[0]) & _LOW, (b * before[0] + d * before[1] + own[1]) & _LOW


@cache
def _factors(pairs: int) -> tuple[NDArray[np.uint32], Power]:
    """A checksum goes on from (s, t) with each two words x, y: s += x + t, then t += y + s. (factors of all words, of
    what was before).
    """
    factors = np.empty((2 * pairs, 2), np.uint32)
    a, b, d = 1, 0, 1
    for pair in reversed(range(pairs)):
        factors[2 * pair] = ((a + b) & _LOW, (b + d) & _LOW)
        factors[2 * pair + 1] = (b, d)
        a, b, d = (a + b) & _LOW, (a + 2 * b) & _LOW, (b + 2 * d) & _LOW
    return factors, (a, b, d)


def _sum(before: Sum, data: bytes, order: str) -> Sum:
    factors, power = _factors(len(data) // 8)
    return _after(before, power, (np.frombuffer(data, order).astype(np.uint32) @ factors).tolist())


def _stored(head: bytes, at: int) -> Sum:
    first, second = struct.unpack(">II", head[at : at + 8])
    return first, second


def _page_size(path: Path) -> int:
    with path.open("rb") as file:  # of no connection: nobody has the log open
        (size,) = struct.unpack(">H", file.read(18)[16:])
    return size if size in _PAGE_BYTES else 1 << 16


def _index(path: Path) -> tuple[bool, bytes]:
    """(whether a process has the log open, the beginning of SQLite's index)"""
    try:
        descriptor = os.open(path.with_name(f"{path.name}-shm"), os.O_RDONLY)
    except OSError:
        return False, b""
    try:
        return _is_locked(descriptor), os.pread(descriptor, 2 * _INDEX, 0)
    finally:
        os.close(descriptor)


def _is_locked(descriptor: int) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    layout = "hhqqi4x"
    asked = struct.pack(layout, fcntl.F_WRLCK, os.SEEK_SET, _IN_USE, 1, 0)
    kind = struct.unpack(layout, fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))[0]
    return bool(kind != fcntl.F_UNLCK)


def _committed(index: bytes, header: bytes) -> int:
    """How many frames were committed according to SQLite's index; 0 where it does not belong to the file, or is not
    whole.
    """
    first, second = index[:_INDEX], index[_INDEX:]
    if len(first) < _INDEX or first != second or first[32:40] != header[_SALTS]:
        return 0
    order = "<u4" if sys.byteorder == "little" else ">u4"
    if _sum((0, 0), first[:40], order) != struct.unpack("=II", first[40:]):
        return 0
    return int(struct.unpack("=I", first[16:20])[0])


def _started() -> float:
    """When the machine was started, in seconds since the epoch, as far as it can be known."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.time() - time.clock_gettime(clock)


def refuse_lost_end(path: Path, role: str, fsync: str) -> None:
    """To be called before SQLite opens the log at `path`. Raises LogCorrupt where it would drop what was committed,
    unless a crash of the machine may explain that, and no more was promised: then it is told, and set aside.
    """
    found = lost_end(path)
    if found is None:
        return
    folder = path.parent
    # a commit that was not through when the machine went down may have reached the disk in part, that one alone
    if found.restarted and (fsync != "always" or found.commits == 1):
        logger.error(
            "the machine was restarted, and of the log in %s the end is lost: %d transactions at least were not on the "
            "disk yet, or the disk is damaged",
            *(folder, found.commits),
        )
        if role not in {"read", "export"}:
            _set_aside(path)
        return
    raise LogCorrupt(
        f"the log in {folder} is damaged: its write-ahead file is not as it was written, and {found.commits} "
        "transactions at least behind the damage would be dropped. Nothing was changed: restore the data folder from a "
        "backup; or let suyuan run --accept-loss go on without them"
    )


def accept_lost_end(folder: Path) -> None:
    """Go on without what SQLite would drop of the log in a data folder, if that is anything; it is logged, and the file
    is kept aside.
    """
    path = folder / "log" / "log.sqlite"
    found = lost_end(path)
    if found is not None:
        logger.error("lost: %d transactions at least at the end of the log in %s", found.commits, path.parent)
        _set_aside(path)


def _set_aside(path: Path) -> None:
    """Keep the file, and have SQLite drop what it drops, so that it is reported once."""
    wal = path.with_name(f"{path.name}-wal")
    number = 1
    while (aside := wal.with_name(f"{wal.name}.aside-{number}")).exists():
        number += 1
    with translated(path.parent):
        shutil.copy2(wal, aside)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    logger.error("the write-ahead file as it was found is kept as %s", aside)

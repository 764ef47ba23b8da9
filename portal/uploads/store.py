"""The folder of uploads: a folder of each owner's, and in it one of each upload's."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from suyuan.domain.privacy.scrub import scrub
from suyuan.portal.uploads.state import LOCK, OVER, STATE, Upload, read_state

KEPT_MS = 7 * 86_400_000
"""how long the report of an upload is kept"""
MOST_KEPT = 100
"""of each owner"""
RESERVE_BYTES = 64 << 20
"""of the disk that no upload may take"""
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_ID = re.compile(r"[0-9a-f]{32}")
_HIDDEN = re.compile(r"[\x00-\x1f\x7f/\\]")
_LONGEST_NAME = 120


class Store:
    """`root`: made where there is none."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def make(self, owner: str) -> tuple[str, Path]:
        """Id and folder of a new upload. Raises OSError."""
        name = secrets.token_hex(16)
        folder = self._of(owner) / name
        folder.mkdir(mode=0o700, parents=True)
        return name, folder

    def find(self, owner: str, name: str) -> Path | None:
        """The folder of an owner's upload; None where there is no such one of theirs."""
        folder = self._of(owner) / name
        return folder if _ID.fullmatch(name) and (folder / STATE).is_file() else None

    def of(self, owner: str) -> list[Upload]:
        """An owner's, the newest first."""
        found = [upload for folder in _folders(self._of(owner)) if (upload := read_state(folder)) is not None]
        return sorted(found, key=lambda upload: (-upload.created, upload.id))

    def every(self) -> Iterator[Path]:
        """The folder of every upload."""
        for owner in _folders(self._root):
            yield from _folders(owner)

    def room(self) -> int:
        """Bytes that an upload may take. Raises OSError."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        return shutil.disk_usage(self._root).free - RESERVE_BYTES

    def tidy(self, now: int, owner: str | None = None) -> None:
        """Remove what was over long ago, and of an owner with very many the oldest."""
        for each in [self._of(owner)] if owner is not None else _folders(self._root):
            over = [
                (upload.created, folder)
                for folder in _folders(each)
                if (upload := read_state(folder)) is not None and upload.stage in OVER
            ]
            for number, (created, folder) in enumerate(sorted(over, reverse=True)):
                if number >= MOST_KEPT or now - created > KEPT_MS:
                    remove(folder)

    def _of(self, owner: str) -> Path:
        return self._root / hashlib.sha256(owner.encode()).hexdigest()[:32]


def remove(folder: Path) -> None:
    """Whatever of it is there."""
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def held(folder: Path) -> Iterator[bool]:
    """Whether it is ours to work on: one process does so at a time, and a killed one does no more."""
    try:
        file = (folder / LOCK).open("wb")
    except OSError:
        yield False
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True


def shown_name(name: str) -> str:
    """The last part of a file's name as the sender said it, without what hides and without numbers of people."""
    last = re.split(r"[/\\]", name)[-1]
    return scrub(_HIDDEN.sub("", last)).strip()[-_LONGEST_NAME:] or "upload"


def _folders(place: Path) -> list[Path]:
    try:
        return [each for each in place.iterdir() if each.is_dir()]
    except OSError:
        return []

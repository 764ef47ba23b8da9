"""Whether files of a folder were written to, as the kernel tells it (inotify): by any process, without looking."""

from __future__ import annotations

import ctypes
import os
import select
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

IN_MODIFY = 0x2
READ_BYTES = 64 << 10


class FileChanges:
    """For one thread that waits; `wake` may be called from others at any time, also after `close`; `close` once
    nobody waits. What is written through a mapping is not told.

    Raises OSError where the kernel tells nothing: it is no Linux, or its watches are used up.
    """

    def __init__(self, folder: Path) -> None:
        self._told = _watch(folder)
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._told, select.POLLIN)
        self._poll.register(self._wake, select.POLLIN)
        # a closed descriptor's number soon belongs to another file: nobody may write to it
        self._open = True
        self._changing = threading.Lock()

    def wait(self, seconds: float) -> None:
        """Until something was written since the last call, somebody wakes it, or the time is over."""
        self._poll.poll(seconds * 1000)
        for descriptor in (self._told, self._wake):
            with suppress(BlockingIOError):
                os.read(descriptor, READ_BYTES)

    def wake(self) -> None:
        """End `wait`, the next one where none is under way; nothing after `close`."""
        with self._changing:
            if self._open:
                os.eventfd_write(self._wake, 1)

    def close(self) -> None:
        """Tell no more; once only."""
        with self._changing:
            self._open = False
            os.close(self._told)
            os.close(self._wake)


def _watch(folder: Path) -> int:
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        told = int(libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
    except AttributeError:
        raise OSError("files are not watched here") from None
    if told < 0:
        raise OSError(ctypes.get_errno(), "files are not watched")
    if libc.inotify_add_watch(told, os.fsencode(folder), IN_MODIFY) < 0:
        os.close(told)
        raise OSError(ctypes.get_errno(), f"{folder} is not watched")
    return told

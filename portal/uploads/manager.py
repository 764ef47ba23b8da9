"""Uploads of one portal: received one after the other or together, published a few at a time, gone on with after a
restart.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from suyuan.access.grants import Grants
from suyuan.portal.ports import Ports
from suyuan.portal.problems import Problem
from suyuan.portal.uploads.publishing import publish_upload
from suyuan.portal.uploads.state import OVER, RAW, Stage, Upload, read_state, write_state
from suyuan.portal.uploads.store import NO_ROOM, Store, held, remove, shown_name
from suyuan.publishing.door import Door
from suyuan.publishing.ownership import Right

logger = logging.getLogger(__name__)

AT_A_TIME = 2
"""that are published; others wait"""
MOST_UNDER_WAY = 4
"""of one owner"""
_WRITE_BYTES = 1 << 20
_AGAIN_SECONDS = 5.0
_LOOK_SECONDS = 0.1


class Uploads:
    """See the module. `now`: ms UTC; `grants`: who has access, None while that is not known; `door`: that events
    come in by, None for one that has no key.
    """

    def __init__(
        self,
        root: Path,
        ports: Ports,
        now: Callable[[], int],
        grants: Callable[[], Grants | None],
        door: Door | None = None,
    ) -> None:
        self.store = Store(root)
        self._ports = ports
        self._now = now
        self._grants = grants
        self._door = door or Door()
        self._threads = ThreadPoolExecutor(AT_A_TIME, "suyuan-upload")
        self._stop = threading.Event()

    async def start(self) -> None:
        """Go on with what a portal before this one had begun; of what never came whole say so."""
        await asyncio.to_thread(self._resume)

    async def stop(self) -> None:
        """What is being published is left as it is, for the next start."""
        self._stop.set()
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    async def receive(
        self,
        owner: str,
        right: Right,
        name: str,
        chunks: AsyncIterator[bytes],
        *,
        size: int | None = None,
        kind: str | None = None,
        encoding: str | None = None,
    ) -> Upload:
        """Write a file to the disk as it comes, and have it published. Raises Problem; of what does not come whole, or
        whose sender's access is revoked meanwhile, nothing is left.
        """
        folder, upload = await asyncio.to_thread(self._begin, owner, right, name, size, kind, encoding)
        try:
            with held(folder):
                await self._write(folder, upload, chunks)
                upload.stage = Stage.WAITING
                await asyncio.to_thread(write_state, folder, upload)
        except OSError as error:
            remove(folder)
            if error.errno in NO_ROOM:
                raise Problem("insufficient-storage") from None
            raise
        except BaseException:  # the sender went away, or sent too much
            remove(folder)
            raise
        self._submit(folder)
        return upload

    def _begin(
        self, owner: str, right: Right, name: str, size: int | None, kind: str | None, encoding: str | None
    ) -> tuple[Path, Upload]:
        self.store.tidy(self._now(), owner)
        if sum(upload.stage not in OVER for upload in self.store.of(owner)) >= MOST_UNDER_WAY:
            said = f"{MOST_UNDER_WAY} of your uploads are under way: wait for one of them"
            raise Problem("too-many-requests", said, headers={"Retry-After": "10"})
        if self.store.room() < (size or 0):
            raise Problem("insufficient-storage")
        identity, folder = self.store.make(owner)
        upload = Upload(identity, owner, shown_name(name), right, self._now(), kind, encoding, size=size)
        write_state(folder, upload)
        return folder, upload

    async def _write(self, folder: Path, upload: Upload, chunks: AsyncIterator[bytes]) -> None:
        with (folder / RAW).open("wb") as file:
            waiting: list[bytes] = []
            size = 0

            def write() -> None:
                if self.store.room() < 0:
                    raise OSError(next(iter(NO_ROOM)), "the disk is nearly full")
                file.writelines(waiting)
                waiting.clear()
                upload.received += size
                write_state(folder, upload)

            async for chunk in chunks:
                waiting.append(chunk)
                size += len(chunk)
                if size >= _WRITE_BYTES:
                    self._refuse_revoked(upload)
                    await asyncio.to_thread(write)
                    size = 0
            self._refuse_revoked(upload)
            await asyncio.to_thread(write)

    def _refuse_revoked(self, upload: Upload) -> None:
        if self._is_revoked(upload):
            raise Problem("unauthorized", "access was revoked while the file came: nothing of it was published")

    def _is_revoked(self, upload: Upload) -> bool:
        """Not where nobody knows: then the log is not read, and what was begun goes on."""
        grants = self._grants()
        return grants is not None and grants.is_revoked(upload.owner, upload.created)

    def _submit(self, folder: Path) -> None:
        if not self._stop.is_set():
            self._threads.submit(self._publish, folder)

    def _publish(self, folder: Path) -> None:
        with held(folder) as ours:
            upload = read_state(folder) if ours else None
            if upload is None or upload.stage in OVER:
                return
            try:
                while not self._stop.is_set():
                    if self._grants() is None:  # what a portal before this one began is not gone on with unasked
                        self._stop.wait(_LOOK_SECONDS)
                        continue
                    outlet, stopped = self._ports.open_outlet, self._stop.is_set
                    revoked = partial(self._is_revoked, upload)
                    if publish_upload(folder, upload, outlet, self._now, stopped, revoked, self._door):
                        return
                    self._stop.wait(_AGAIN_SECONDS)
            except Exception:
                logger.exception("upload %s", upload.id)

    def _resume(self) -> None:
        self.store.tidy(self._now())
        for folder in self.store.every():
            upload = read_state(folder)
            if upload is None:
                remove(folder)
            elif upload.stage is Stage.RECEIVING:
                with held(folder) as ours:
                    if ours:
                        (folder / RAW).unlink(missing_ok=True)
                        upload.stage, upload.ended = Stage.CUT, self._now()
                        upload.trouble = "only a part of it came: send it again"
                        write_state(folder, upload)
            elif upload.stage not in OVER:
                self._submit(folder)
            else:  # a portal that was killed between the report and the removal
                (folder / RAW).unlink(missing_ok=True)

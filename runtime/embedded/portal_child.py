"""The portal of an embedded system: a process of its own, which ends with this one and is started again when it dies.

A page that takes long, or hundreds of clients, then hold up no stage. The run goes on whatever happens to it.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress

from suyuan.runtime.settings import Settings

logger = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""seconds before it is started again: doubled each time that it dies soon"""
STEADY_SECONDS = 60.0
"""after which a death is none of a row"""
END_SECONDS = 15.0


class PortalChild:
    """`start`, then `stop`, within one loop."""

    def __init__(self, settings: Settings) -> None:
        self._command = (
            *(sys.executable, "-m", "suyuan.portal", "--embedded", "--with-parent"),
            *("--data", str(settings.data.resolve())),
            *("--host", settings.portal_host, "--port", str(settings.portal_port)),
        )
        self._process: Process | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns before it serves."""
        self._keeping = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Returns when it has ended. Safe to call twice."""
        if self._keeping is not None:
            self._keeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeping
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), END_SECONDS)
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _keep(self) -> None:
        wait = FIRST_WAIT
        while True:
            began = time.monotonic()
            # a session of its own: a Ctrl-C is this process's to answer, whose end the pipe tells
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=DEVNULL, start_new_session=True
            )
            code = await self._process.wait()
            if time.monotonic() - began > STEADY_SECONDS:
                wait = FIRST_WAIT
            logger.warning("the portal ended (exit code %d): it is started again in %g s", code, wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

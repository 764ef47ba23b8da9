"""A process beside an embedded system, which ends with this one and is started again when it dies.

What takes long there holds up no stage, and the run goes on whatever happens to it.
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


class Child:
    """`start`, then `stop`, within one loop. `name`: for the log; `module`: that Python runs, with `options`."""

    def __init__(self, name: str, module: str, *options: str) -> None:
        self._name = name
        self._command = (sys.executable, "-m", module, *options)
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
            logger.warning("%s ended (exit code %d): started again in %g s", self._name, code, wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)


def portal_child(settings: Settings) -> Child:
    """The portal."""
    data, host, port = str(settings.data.resolve()), settings.portal_host, str(settings.portal_port)
    options = ("--embedded", "--with-parent", "--data", data, "--host", host, "--port", port)
    return Child("the portal", "suyuan.portal", *options)


def jobs_child(settings: Settings) -> Child:
    """The jobs."""
    options = ("--embedded", "--with-parent", "--data", str(settings.data.resolve()))
    return Child("the jobs", "suyuan.runtime.jobs", *options)

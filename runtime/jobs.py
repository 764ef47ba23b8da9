"""`suyuan jobs`: what is done for those who are not there: webhooks are sent, and checkpoints of the audit signed.

`python -m suyuan.runtime.jobs`; settings come by the environment, what is given here goes before them.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path

from suyuan.connections.log_errors import MessagesLost
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.webhooks.dispatcher import Dispatcher
from suyuan.operations.webhooks.log import Holding
from suyuan.operations.webhooks.sending import Sender
from suyuan.runtime.audit_signing import AuditSigning, audit_signing
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.exit_codes import Exit, exit_of
from suyuan.runtime.parent import when_parent_ends
from suyuan.runtime.process import prepare, run_process
from suyuan.runtime.service import Service
from suyuan.runtime.settings import Settings, load
from suyuan.runtime.visible import visible
from suyuan.runtime.webhooks import webhook_addresses, webhook_seal, webhook_tls
from suyuan.sinks.errors import OwnershipLost

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
KEEP_SECONDS = 0.5
MEASURE_SECONDS = 1.0
AGAIN_SECONDS = 2.0
END_SECONDS = 30.0
"""an end that takes longer is cut short, as if killed"""


class Jobs(Service):
    """Delivers webhooks, and signs, while the deliveries are this process's; of several in a cluster one does, and
    another goes on when it ends.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    async def wait_drained(self) -> None:
        """For ever, or until it cannot go on; raises the cause."""
        await self.wait_failed()

    async def _start(self) -> None:
        settings = self._settings
        self._holding = deployment_of(settings).holding
        self._signing = audit_signing(settings)
        self._seal = await self._in_thread(lambda: webhook_seal(settings))
        self._thread = ThreadPoolExecutor(1, "suyuan-jobs")
        self._parts.callback(self._thread.shutdown)
        self._sender = Sender(webhook_addresses(settings), webhook_tls(settings))
        self._parts.push_async_callback(self._sender.close)
        delivering = asyncio.create_task(self._deliver())
        self._parts.push_async_callback(_cancelled, delivering)

    async def _deliver(self) -> None:
        while True:
            try:
                await self._take_part()
            except (MessagesLost, OwnershipLost) as error:
                logger.warning("webhooks: %s", error)
            except SuyuanError as error:
                if error.kind != ErrorKind.UNAVAILABLE:
                    self._fail(error)
                    return
                logger.warning("webhooks: %s; trying again", error)
            except Exception as error:  # noqa: BLE001 -- whoever runs the process decides
                self._fail(error)
                return
            await asyncio.sleep(AGAIN_SECONDS)

    async def _take_part(self) -> None:
        """Deliver until the deliveries are another's."""
        loop, opened = asyncio.get_running_loop(), ExitStack()
        try:
            holding = await loop.run_in_executor(self._thread, lambda: opened.enter_context(self._holding()))
            while not await loop.run_in_executor(self._thread, holding.take_part):
                pass
            async with _beside(self._signing):
                await self._dispatch(holding)
        finally:
            # behind what the thread may be doing now
            await asyncio.shield(loop.run_in_executor(self._thread, opened.close))

    async def _dispatch(self, holding: Holding) -> None:
        dispatcher = Dispatcher(holding, self._sender, self._seal, now_ms, random.random, self._thread)
        await dispatcher.begin()
        kept = measured = 0.0
        try:
            while True:
                now = time.monotonic()
                if now - kept >= KEEP_SECONDS:
                    if not await asyncio.get_running_loop().run_in_executor(self._thread, holding.keep):
                        return
                    kept = now
                if now - measured >= MEASURE_SECONDS:
                    dispatcher.measure()
                    measured = now
                await dispatcher.step(LOOK_SECONDS)
        finally:
            await dispatcher.end()


@asynccontextmanager
async def _beside(signing: AuditSigning | None) -> AsyncIterator[None]:
    """Sign as long as the context lasts, where there is a key."""
    if signing is None:
        yield
        return
    task = asyncio.create_task(signing.keep())
    try:
        yield
    finally:
        await _cancelled(task)


def now_ms() -> int:
    """Ms UTC."""
    return time.time_ns() // 1_000_000


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code."""
    given = _parser().parse_args(arguments)
    try:
        prepare(stages=False, kafka=not given.embedded)
        settings = load(
            data=given.data,
            kafka="" if given.embedded else given.kafka,
            metrics_port=given.metrics_port,
        )
        if given.with_parent:
            settings.metrics_port = settings.jobs_metrics_port  # the other one is its parent's
            when_parent_ends(lambda: os.kill(os.getpid(), signal.SIGTERM))
        else:
            _refuse_folder(settings)

        async def started(_: Jobs) -> None:
            if not given.with_parent:
                _say(f"suyuan does its jobs on {settings.kafka}; Ctrl-C ends")

        run_process(
            settings, lambda: Jobs(settings), once=False, started=started, report=_nothing, end_seconds=END_SECONDS
        )
    except SuyuanError as error:
        _say(f"suyuan jobs: {error}")
        return exit_of(error)
    return Exit.DONE


def _refuse_folder(settings: Settings) -> None:
    if not settings.kafka:
        raise SuyuanError(
            "SUYUAN_KAFKA names no brokers: of a data folder, suyuan run starts the jobs itself",
            ErrorKind.CONFIGURATION,
        )


async def _nothing(_: Jobs, __: float) -> None:
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m suyuan.runtime.jobs", description="Do the jobs.")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--kafka")
    parser.add_argument("--metrics-port", type=int)
    parser.add_argument("--embedded", action="store_true", help="the log is in the data folder, whatever settings say")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input does")
    return parser


def _say(text: str) -> None:
    sys.stderr.write(f"{visible(text)}\n")


if __name__ == "__main__":
    sys.exit(main())

"""The frame of a process that serves: what it logs, how it is told to stop, when it ends, whatever it runs."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol, TypeVar

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.runtime.crash_log import WithoutCrashes
from suyuan.runtime.log_output import log_warnings
from suyuan.runtime.lost import leave_to_the_command
from suyuan.runtime.memory import tune_allocator
from suyuan.runtime.metrics_server import serve_metrics
from suyuan.runtime.outage_log import OutageLog
from suyuan.runtime.rules import check_rules
from suyuan.runtime.settings import Settings
from suyuan.runtime.shutdown_deadline import ShutdownDeadline
from suyuan.runtime.waiting import first_of


class Runs(Protocol):
    """What a process runs (see `service.Service`)."""

    async def start(self) -> None:
        """Begin; may be cancelled."""

    async def stop(self) -> None:
        """End in order; safe to call twice."""

    async def wait_drained(self) -> None:
        """Until there is nothing left to do."""

    async def wait_failed(self) -> None:
        """For ever, or until it cannot go on; raises the cause."""


Running = TypeVar("Running", bound=Runs)
Report = TypeVar("Report")


def prepare(*, stages: bool, kafka: bool) -> None:
    """Before settings are looked at: what is logged, and how. `stages`: they run in this process, whose rules must make
    sense and whose memory is theirs; `kafka`: it has clients of Kafka's. Raises SuyuanError, CONFIGURATION.
    """
    if stages:
        check_rules()
    log_warnings()
    handlers = logging.getLogger().handlers
    if kafka:
        logging.getLogger("suyuan").setLevel(logging.INFO)
    if not stages:
        logging.getLogger("kafka").setLevel(
            logging.CRITICAL
        )  # each failed attempt of each connection; ours say it once
        return
    for handler in handlers:
        handler.addFilter(WithoutCrashes())
        if kafka:
            # the framework tells of each of its parts that it starts and stops
            handler.addFilter(lambda record: record.levelno > logging.INFO or not str(record.msg).startswith("[^"))
            handler.addFilter(OutageLog())
    leave_to_the_command()
    tune_allocator()


def run_process(
    settings: Settings,
    make: Callable[[], Running],
    *,
    once: bool,
    report: Callable[[Running, float], Awaitable[Report]],
    started: Callable[[Running], Awaitable[None]],
    beside: Callable[[Running], Awaitable[None]] | None = None,
    end_seconds: float | None = None,
    folder: Path | None = None,
) -> Report | None:
    """Run what `make` makes until it is told to stop (SIGINT, SIGTERM), until it fails, or with `once` until there is
    nothing left to do: then the answer is `report` of it and of when it began (`time.monotonic`); else None.

    `started` is called when it has; `beside` goes on meanwhile, but not with `once`. `end_seconds`: an end that takes
    longer is cut short, as if killed. `folder`: what is told of where the system refuses a file.

    Raises SuyuanError, and what the service raises.
    """
    with ExitStack() as opened:
        deadline = None if end_seconds is None else ShutdownDeadline(end_seconds)
        if deadline is not None:
            opened.callback(deadline.disarm)
        arm = deadline.arm if deadline is not None else lambda: None
        try:
            return asyncio.run(_run(settings, make, arm, once=once, report=report, started=started, beside=beside))
        except OSError as error:
            if folder is None:
                raise
            raise SuyuanError(f"{folder}: {error}", ErrorKind.CONFIGURATION) from error


async def _run(
    settings: Settings,
    make: Callable[[], Running],
    ending: Callable[[], None],
    *,
    once: bool,
    report: Callable[[Running, float], Awaitable[Report]],
    started: Callable[[Running], Awaitable[None]],
    beside: Callable[[Running], Awaitable[None]] | None,
) -> Report | None:
    stopping = asyncio.Event()

    def told_to_stop() -> None:
        ending()
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop)
    serve_metrics(settings)  # at once: reading the state back may take minutes, which somebody wants to watch
    began = time.monotonic()
    service = make()
    try:
        await first_of(service.start(), stopping.wait())
        if stopping.is_set():
            return None
        await started(service)
        works: list[Awaitable[object]] = [service.wait_failed(), stopping.wait()]
        if once:
            works.append(service.wait_drained())
        elif beside is not None:
            works.append(beside(service))
        await first_of(*works)
        return await report(service, began) if once and not stopping.is_set() else None
    finally:
        ending()
        await service.stop()

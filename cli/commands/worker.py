"""`suyuan worker`: the stages, over Kafka."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from typing import Annotated, Any

import typer

from suyuan.cli.options import AcceptLoss, AcceptPoison, AsJson, Data, Kafka
from suyuan.cli.screen import print_json, say
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.runtime.cluster.worker import Worker
from suyuan.runtime.crash_log import WithoutCrashes
from suyuan.runtime.log_output import log_warnings
from suyuan.runtime.lost import leave_to_the_command
from suyuan.runtime.memory import tune_allocator
from suyuan.runtime.metrics_server import serve_metrics
from suyuan.runtime.outage_log import OutageLog
from suyuan.runtime.rules import check_rules
from suyuan.runtime.settings import Settings, load
from suyuan.runtime.shutdown_deadline import ShutdownDeadline
from suyuan.runtime.waiting import first_of

END_SECONDS = 45.0
"""longer than blocks in work and Faust are waited for"""


def worker(
    kafka: Kafka = None,
    data: Data = None,
    metrics_port: Annotated[
        int | None, typer.Option(help="Serve Prometheus metrics there; default: $SUYUAN_METRICS_PORT, else not.")
    ] = None,
    *,
    once: Annotated[
        bool, typer.Option("--once", help="End when all workers together have done all that is published.")
    ] = False,
    rebuild_damaged: Annotated[
        bool,
        typer.Option(
            "--rebuild-damaged",
            help="Set a damaged state folder aside and rebuild it from its changelog, though one was set aside before.",
        ),
    ] = False,
    accept_poison: AcceptPoison = False,
    accept_loss: AcceptLoss = False,
    as_json: AsJson = False,
) -> None:
    """Run the stages of the partitions that Kafka gives this process. Start as many as there are cores; each needs a
    data folder of its own for its state.
    """
    check_rules()
    _log()
    leave_to_the_command()
    tune_allocator()
    settings = load(kafka=kafka, data=data, metrics_port=metrics_port, dead_letter_limit=1.0 if accept_poison else None)
    deadline = ShutdownDeadline(END_SECONDS)
    try:
        running = _work(settings, deadline, once=once, rebuild_damaged=rebuild_damaged, accept_loss=accept_loss)
        seconds = asyncio.run(running)
    except OSError as error:
        raise SuyuanError(f"{settings.data}: {error}", ErrorKind.CONFIGURATION) from error
    finally:
        deadline.disarm()
    if seconds is not None and as_json:
        print_json([{"seconds": round(seconds, 3)}])


def _log() -> None:
    log_warnings()
    logging.getLogger("suyuan").setLevel(logging.INFO)
    for handler in logging.getLogger().handlers:
        handler.addFilter(WithoutCrashes())
        # the framework tells of each of its parts that it starts and stops
        handler.addFilter(lambda record: record.levelno > logging.INFO or not str(record.msg).startswith("[^"))
        handler.addFilter(OutageLog())


async def _work(
    settings: Settings, deadline: ShutdownDeadline, *, once: bool, rebuild_damaged: bool, accept_loss: bool
) -> float | None:
    """Seconds of a run to the end (`once`); None after a run that was told to stop."""
    stopping = asyncio.Event()

    def told_to_stop() -> None:
        deadline.arm()
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop)
    serve_metrics(settings)  # at once: reading the state back may take minutes, which somebody wants to watch
    running = Worker(settings, once=once, rebuild_damaged=rebuild_damaged, accept_loss=accept_loss)
    began = time.monotonic()
    started = asyncio.ensure_future(running.start())
    try:
        await first_of(started, stopping.wait())
        if stopping.is_set():
            started.cancel()
            return None
        say(f"suyuan works on {settings.kafka}, state in {running.state_folder}; Ctrl-C ends")
        works: list[Any] = [running.wait_failed(), stopping.wait()]
        await first_of(*works, *([running.wait_drained()] if once else []))
        return time.monotonic() - began if once and not stopping.is_set() else None
    finally:
        deadline.arm()
        await running.stop()

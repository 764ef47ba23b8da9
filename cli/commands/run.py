"""`suyuan run`: everything embedded, in one process."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from typing import Annotated, Any

import typer
from prometheus_client import start_http_server

from suyuan.cli.crash_log import WithoutCrashes
from suyuan.cli.embedded.run import EmbeddedRun
from suyuan.cli.exits import CommandError, Exit
from suyuan.cli.lost import leave_to_the_command
from suyuan.cli.memory import let_memory_be
from suyuan.cli.options import AcceptLoss, AcceptPoison, AsJson, Data
from suyuan.cli.queries import named_queries
from suyuan.cli.query_service import QueryService
from suyuan.cli.screen import log_warnings, print_json, put, say
from suyuan.cli.settings import Settings, load
from suyuan.cli.waiting import first_of
from suyuan.schemas.versions import IncompatibleVersions
from suyuan.sinks.errors import FolderInUse, MigrationError, ServerUnavailable, SinkError
from suyuan.streams.dead_letter_limit import TooManyDeadLetters
from suyuan.streams.state.errors import StateError, StateLockedError, StateVersionError
from suyuan.streams.transport.embedded.errors import LogError, LogLocked, LogNewer, LogReadOnly
from suyuan.streams.transport.errors import TransportError

REPORT_SECONDS = 10.0

_CODES: dict[type[BaseException], Exit] = {
    LogLocked: Exit.UNAVAILABLE,
    FolderInUse: Exit.UNAVAILABLE,
    StateLockedError: Exit.UNAVAILABLE,
    ServerUnavailable: Exit.UNAVAILABLE,
    LogReadOnly: Exit.BAD_CONFIGURATION,
    LogNewer: Exit.BAD_CONFIGURATION,
    MigrationError: Exit.BAD_CONFIGURATION,
    StateVersionError: Exit.BAD_CONFIGURATION,
    IncompatibleVersions: Exit.BAD_CONFIGURATION,
}


def run(
    data: Data = None,
    metrics_port: Annotated[
        int | None, typer.Option(help="Serve Prometheus metrics there; default: $SUYUAN_METRICS_PORT, else not.")
    ] = None,
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Process what is published, publish no day of its own, then exit.")
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
    """Run everything in this process: stages, tables, alerts. Ctrl-C ends it; what was acknowledged stays."""
    log_warnings()
    leave_to_the_command()
    for handler in logging.getLogger().handlers:
        handler.addFilter(WithoutCrashes(LogError, StateError))
    let_memory_be()
    settings = load(data=data, metrics_port=metrics_port, dead_letter_limit=1.0 if accept_poison else None)
    try:
        report = asyncio.run(_run(settings, once=once, rebuild_damaged=rebuild_damaged, accept_loss=accept_loss))
    except (LogError, SinkError, StateError, TransportError, TooManyDeadLetters, IncompatibleVersions) as error:
        raise CommandError(str(error), _CODES.get(type(error), Exit.FAILED)) from error
    except OSError as error:
        raise CommandError(f"{settings.data}: {error}", Exit.BAD_CONFIGURATION) from error
    if report is None:
        return
    if as_json:
        print_json([report])
    else:
        rows = ", ".join(f"{table} {count:,}" for table, count in sorted(report["rows"].items()))
        put(f"processed in {report['seconds']:.1f} s; rows: {rows or 'nothing new'}")
        put(f"verifier: gap {report['gap']}, duplicates {report['duplicates']}")
    if report["gap"] or report["duplicates"]:
        raise typer.Exit(Exit.FAILED)


async def _run(settings: Settings, *, once: bool, rebuild_damaged: bool, accept_loss: bool) -> dict[str, Any] | None:
    """The report of a run to the end (`once`); None after a run that was told to stop."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    embedded = EmbeddedRun(settings, once=once, rebuild_damaged=rebuild_damaged, accept_loss=accept_loss)
    began = time.monotonic()
    await embedded.start()
    service = QueryService(settings.data, named_queries(embedded.clickhouse))
    try:
        service.start()
        if settings.metrics_port:
            start_http_server(settings.metrics_port, settings.metrics_host)
        if not once:
            say(f"suyuan runs on {settings.data}; suyuan publish, chains, alerts work beside it; Ctrl-C ends")
        await first_of(embedded.wait_drained() if once else _report(embedded), embedded.wait_failed(), stopping.wait())
        if not once or stopping.is_set():
            return None
        verification = await asyncio.to_thread(embedded.watch.verify_all)
        return {
            "seconds": round(time.monotonic() - began, 3),
            "rows": dict(embedded.loader.rows),
            "gap": verification.gap,
            "duplicates": verification.duplicates,
        }
    finally:
        service.stop()
        await embedded.stop()


async def _report(embedded: EmbeddedRun) -> None:
    """A line now and then of what was done and what is left."""
    before = 0
    while True:
        await asyncio.sleep(REPORT_SECONDS)
        progress = await asyncio.to_thread(embedded.progress)
        rows = sum(embedded.loader.rows.values())
        if rows != before or not progress.drained:
            left = sum(progress.streams.values()) + sum(progress.loader.values())
            say(f"{rows:,} rows in the tables, {left:,} messages to do")
        before = rows

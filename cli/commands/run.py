"""`suyuan run`: everything embedded, in one process."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import typer

from suyuan.access.principal import Role
from suyuan.access.scope import EVERYTHING
from suyuan.cli.options import AcceptLoss, AcceptPoison, AsJson, Data
from suyuan.cli.screen import print_json, put, say
from suyuan.domain.calendar import china_day, days_after
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.access import Wanted
from suyuan.queries.sql import expired_unsaid
from suyuan.runtime.embedded.days import publish_days
from suyuan.runtime.embedded.deployment import Embedded
from suyuan.runtime.embedded.system import EmbeddedRun
from suyuan.runtime.entry_link import entry_link
from suyuan.runtime.exit_codes import Exit
from suyuan.runtime.process import prepare, run_process
from suyuan.runtime.settings import Settings, load

REPORT_SECONDS = 10.0


def run(
    data: Data = None,
    metrics_port: Annotated[
        int | None, typer.Option(help="Serve Prometheus metrics there; default: $SUYUAN_METRICS_PORT, else not.")
    ] = None,
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Process what is published, publish no day of its own, then exit.")
    ] = False,
    until_day: Annotated[
        datetime | None,
        typer.Option(
            metavar="DATE",
            formats=["%Y-%m-%d"],
            help="With --once: publish the turn of each day after the last one published, until this one (China's), "
            "at most tomorrow. For those who run it by cron: it is how lots expire and complaints grow old.",
            show_default=False,
        ),
    ] = None,
    rebuild_damaged: Annotated[
        bool,
        typer.Option(
            "--rebuild-damaged",
            help="Set a damaged state folder aside and rebuild it from its changelog, though one was set aside before.",
        ),
    ] = False,
    portal: Annotated[
        bool,
        typer.Option(
            "--portal/--no-portal",
            help="Serve the portal too, in a process beside this one, on SUYUAN_PORTAL_PORT; with --once never.",
        ),
    ] = True,
    accept_poison: AcceptPoison = False,
    accept_loss: AcceptLoss = False,
    as_json: AsJson = False,
) -> None:
    """Run everything in this process: stages, tables, alerts. Ctrl-C ends it; what was acknowledged stays."""
    day = _last_day(until_day, once=once)
    prepare(stages=True, kafka=False)
    settings = load(data=data, metrics_port=metrics_port, dead_letter_limit=1.0 if accept_poison else None)
    if settings.kafka:
        say(
            f"suyuan run reads the log in {settings.data}, not Kafka at {settings.kafka}, which SUYUAN_KAFKA names: "
            "for that one, suyuan worker and suyuan loader"
        )
    if settings.clickhouse:
        say(
            f"suyuan run loads the tables in {settings.data}, not ClickHouse at {settings.clickhouse}, which "
            "SUYUAN_CLICKHOUSE names: as long as it is set, suyuan chains and other commands ask that one"
        )
    report = run_process(
        settings,
        lambda: EmbeddedRun(
            settings,
            once=once,
            rebuild_damaged=rebuild_damaged,
            accept_loss=accept_loss,
            portal=portal and not once,
        ),
        once=once,
        started=partial(
            _started, once=once, until_day=day, settings=settings if portal and settings.portal_port else None
        ),
        beside=_tell_progress,
        report=_report,
        folder=settings.data,
    )
    if report is None:
        return
    if as_json:
        print_json([report])
    else:
        rows = ", ".join(f"{table} {count:,}" for table, count in sorted(report["rows"].items()))
        put(f"processed in {report['seconds']:.1f} s; rows: {rows or 'nothing new'}")
        put(f"verifier: gap {report['gap']}, duplicates {report['duplicates']}")
    if report["expired_unsaid"]:
        say(
            f"{report['expired_unsaid']:,} listings sell lots that expired by {report['today']}; no chain says so, "
            f"since no day that late was published: suyuan run --once --until-day {report['today']}"
        )
    if report["gap"] or report["duplicates"]:
        raise typer.Exit(Exit.FAILED)


def _last_day(until_day: datetime | None, *, once: bool) -> dt.date | None:
    if until_day is None:
        return None
    day, latest = until_day.date(), days_after(_today(), 1)
    if not once:
        raise SuyuanError("--until-day is for --once: without it each day is published as it begins", ErrorKind.USAGE)
    if day > latest:
        raise SuyuanError(f"--until-day {day}: at most tomorrow in China, {latest}", ErrorKind.USAGE)
    return day


def _today() -> dt.date:
    return china_day(time.time_ns() // 1_000_000)


async def _started(embedded: EmbeddedRun, *, once: bool, until_day: dt.date | None, settings: Settings | None) -> None:
    if until_day is not None:
        await asyncio.to_thread(publish_days, embedded.log, embedded.clickhouse, until_day)
    if not once:
        say(f"suyuan runs on {embedded.folder}; suyuan publish, chains, alerts work beside it; Ctrl-C ends")
        if settings is not None:
            say(await asyncio.to_thread(_entry, settings))


def _entry(settings: Settings) -> str:
    """`settings`: of a run that serves a portal."""
    link = entry_link(settings, Embedded(settings).outlet, Wanted(Role.ADMIN, "suyuan run"), "run")
    return f"the portal, for its admin, once and within ten minutes: {link}"


async def _report(embedded: EmbeddedRun, began: float) -> dict[str, Any]:
    verification = await asyncio.to_thread(embedded.monitor.verify_all)
    today = _today()
    return {
        "seconds": round(time.monotonic() - began, 3),
        "rows": dict(embedded.loader.rows),
        "gap": verification.gap,
        "duplicates": verification.duplicates,
        "today": today.isoformat(),
        "expired_unsaid": await asyncio.to_thread(expired_unsaid, embedded.clickhouse, EVERYTHING, today),
    }


async def _tell_progress(embedded: EmbeddedRun) -> None:
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

"""`suyuan loader`: from Kafka into ClickHouse."""

from __future__ import annotations

import logging
import signal
import threading
import time
from typing import Annotated, Any

import typer

from suyuan.cli.exits import Exit
from suyuan.cli.options import AcceptLoss, AsJson, ClickHouseServer, Kafka
from suyuan.cli.screen import log_warnings, print_json, put, say
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.kafka_admin import administration
from suyuan.operations.topics.check import refuse_former
from suyuan.runtime.cluster.loader import ClusterLoader
from suyuan.runtime.cluster.loader_monitor import LoaderMonitor
from suyuan.runtime.metrics_server import serve_metrics
from suyuan.runtime.settings import Settings, load
from suyuan.sinks.clickhouse import ClickHouse
from suyuan.sinks.damage import report_detached
from suyuan.sinks.errors import MigrationError
from suyuan.sinks.migrations import migrate, pending

GRACE_SECONDS = 20.0
"""that an insert in flight may still take when the process is told to stop"""


def loader(
    kafka: Kafka = None,
    clickhouse: ClickHouseServer = None,
    metrics_port: Annotated[
        int | None, typer.Option(help="Serve Prometheus metrics there; default: $SUYUAN_METRICS_PORT, else not.")
    ] = None,
    *,
    once: Annotated[bool, typer.Option("--once", help="Load what there is, then exit.")] = False,
    check_schema: Annotated[
        bool, typer.Option("--check-schema", help="Make or change no tables: refuse to start where that is needed.")
    ] = False,
    accept_loss: AcceptLoss = False,
    as_json: AsJson = False,
) -> None:
    """Load results from Kafka into ClickHouse. Several loaders share the topics; ClickHouse may be away for a while."""
    log_warnings()
    logging.getLogger("suyuan").setLevel(logging.INFO)
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # each failed attempt of each connection; ours say it once
    settings = load(kafka=kafka, clickhouse=clickhouse, metrics_port=metrics_port)
    if not settings.clickhouse:
        raise SuyuanError("bad configuration: SUYUAN_CLICKHOUSE: missing", ErrorKind.CONFIGURATION)
    report = _load(settings, once=once, check_schema=check_schema, accept_loss=accept_loss)
    if report is None:
        return
    if as_json:
        print_json([report])
    else:
        rows = ", ".join(f"{table} {count:,}" for table, count in sorted(report["rows"].items()))
        put(f"loaded in {report['seconds']:.1f} s; rows: {rows or 'nothing new'}")
        put(f"verifier: gap {report['gap']}, duplicates {report['duplicates']}")
    if report["gap"] or report["duplicates"]:
        raise typer.Exit(Exit.FAILED)


def _load(settings: Settings, *, once: bool, check_schema: bool, accept_loss: bool) -> dict[str, Any] | None:
    """The report of a run to the end (`once`); None after a run that was told to stop."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    connection = settings.kafka_connection()
    serve_metrics(settings)
    began = time.monotonic()
    with ClickHouse(settings.clickhouse_settings(), make=not check_schema) as tables:
        with administration(connection) as client:
            refuse_former(client)
        _prepare(tables, check_schema=check_schema)
        loading = ClusterLoader(connection, tables, once=once, accept_loss=accept_loss)
        monitor = LoaderMonitor(loading, tables, connection)
        report = None
        try:
            loading.start()
            monitor.start()
            say(f"suyuan loads from {settings.kafka} into {tables.settings.place}; Ctrl-C ends")
            while not stopping.wait(0.1) and not loading.ended.is_set():
                pass
            if loading.error is None and once and not stopping.is_set():
                report = _report(loading, monitor, time.monotonic() - began)
        finally:
            monitor.stop()
            if loading.stop(GRACE_SECONDS):
                loading.log.close()
            else:
                say("suyuan: ClickHouse did not answer in time; the next start repeats the insert under the same token")
        if loading.error is not None:
            raise loading.error
        return report


def _report(loading: ClusterLoader, monitor: LoaderMonitor, seconds: float) -> dict[str, Any]:
    verification = monitor.verify_all()
    return {
        "seconds": round(seconds, 3),
        "rows": dict(loading.rows),
        "gap": verification.gap,
        "duplicates": verification.duplicates,
    }


def _prepare(tables: ClickHouse, *, check_schema: bool) -> None:
    with tables.answering():
        numbers = pending(tables.writer) if check_schema else []
        if not check_schema:
            migrate(tables.writer, cluster=tables.settings.cluster)
        report_detached(tables.writer)
    if numbers:
        raise MigrationError(
            f"database {tables.settings.database} lacks migrations {', '.join(map(str, numbers))}: start a loader "
            "without --check-schema once, by a user who may make tables"
        )

"""`suyuan loader`: from Kafka into ClickHouse."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from suyuan.cli.exits import Exit
from suyuan.cli.options import AcceptLoss, AsJson, ClickHouseServer, Kafka
from suyuan.cli.screen import print_json, put, say
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.kafka_admin import administration
from suyuan.operations.topics.check import refuse_former
from suyuan.runtime.cluster.loader import ClusterLoader
from suyuan.runtime.cluster.loader_monitor import LoaderMonitor
from suyuan.runtime.log_output import log_warnings
from suyuan.runtime.metrics_server import serve_metrics
from suyuan.runtime.settings import Settings, load
from suyuan.sinks.clickhouse import ClickHouse
from suyuan.sinks.damage import report_detached
from suyuan.sinks.dead_letter_files import DeadLetterFiles
from suyuan.sinks.errors import MigrationError
from suyuan.sinks.migrations import migrate, pending
from suyuan.sinks.sink import Sink
from suyuan.sinks.table_sink import TableSink
from suyuan.sinks.tables import GROUP as LOADERS

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
        sinks: list[Sink] = [TableSink(tables.writer)]
        if settings.dead_letter_files is not None:
            sinks.append(DeadLetterFiles(settings.dead_letter_files))
        loaders = [ClusterLoader(connection, sink, once=once, accept_loss=accept_loss) for sink in sinks]
        monitor = LoaderMonitor(loaders[0], tables, connection, loaders[1:])
        report = None
        try:
            for loading in loaders:
                loading.start()
            monitor.start()
            say(f"suyuan loads from {settings.kafka} into {tables.settings.place}; Ctrl-C ends")
            while not stopping.wait(0.1) and _goes_on(loaders):
                pass
            if once and not stopping.is_set() and not any(loading.error for loading in loaders):
                report = _report(loaders[0], monitor, time.monotonic() - began)
        finally:
            monitor.stop()
            _stop(loaders)
        for loading in loaders:
            if loading.error is not None:
                raise loading.error
        return report


def _goes_on(loaders: Sequence[ClusterLoader]) -> bool:
    """Until one fails, or, with `--once`, all are done."""
    return not any(loading.error for loading in loaders) and not all(loading.ended.is_set() for loading in loaders)


def _stop(loaders: Sequence[ClusterLoader]) -> None:
    until = time.monotonic() + GRACE_SECONDS
    for loading in loaders:
        loading.begin_to_stop()
    for loading in loaders:
        if loading.stop(max(0.0, until - time.monotonic())):
            loading.log.close()
        elif loading.group == LOADERS:
            say("suyuan: ClickHouse did not answer in time; the next start repeats the insert under the same token")
        else:
            say("suyuan: dead letters were not written in time; the next start goes on with them")


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

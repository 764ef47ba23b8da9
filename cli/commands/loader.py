"""`suyuan loader`: from Kafka into ClickHouse."""

from __future__ import annotations

import time
from functools import partial
from typing import Annotated, Any

import typer

from suyuan.cli.options import AcceptLoss, AsJson, ClickHouseServer, Kafka
from suyuan.cli.screen import print_json, put, say
from suyuan.runtime.cluster.loader_service import LoaderService
from suyuan.runtime.exit_codes import Exit
from suyuan.runtime.process import prepare, run_process
from suyuan.runtime.settings import Settings, load


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
    prepare(stages=False, kafka=True)
    settings = load(kafka=kafka, clickhouse=clickhouse, metrics_port=metrics_port)
    report = run_process(
        settings,
        lambda: LoaderService(settings, say=say, once=once, check_schema=check_schema, accept_loss=accept_loss),
        once=once,
        started=partial(_started, settings),
        report=_report,
    )
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


async def _started(settings: Settings, service: LoaderService) -> None:
    say(f"suyuan loads from {settings.kafka} into {service.tables.settings.place}; Ctrl-C ends")


async def _report(service: LoaderService, began: float) -> dict[str, Any]:
    seconds = time.monotonic() - began
    verification = await service.verify()
    return {
        "seconds": round(seconds, 3),
        "rows": service.rows,
        "gap": verification.gap,
        "duplicates": verification.duplicates,
    }

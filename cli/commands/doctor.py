"""`suyuan doctor`: what is wrong before something goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import typer
from rich.table import Table
from rich.text import Text

from suyuan.cli.checks import chains, folder, kafka, machine, tables
from suyuan.cli.checks.finding import Finding
from suyuan.cli.exits import CommandError, Exit
from suyuan.cli.options import AsJson, Data, Kafka
from suyuan.cli.screen import console, print_json
from suyuan.cli.settings import Settings, load

_STYLES = {"ok": "green", "warning": "yellow", "failed": "bold red"}


def doctor(data: Data = None, kafka_servers: Kafka = None, *, as_json: AsJson = False) -> None:
    """Check configuration, data folder, topics, partition counts, clocks, disk and versions; where they are used, also
    Kafka and ClickHouse. Some chains, others each time, are assessed anew from the records and compared.

    Exit code 0 when nothing failed, 3 when the configuration did, 1 otherwise.
    """
    try:
        settings = load(data=data, kafka=kafka_servers)
        findings = list(_examine(settings))
        code = Exit.FAILED if any(finding.status == "failed" for finding in findings) else Exit.DONE
    except CommandError as error:
        findings, code = [Finding("configuration", "failed", str(error)), *machine.versions()], error.code
    if as_json:
        print_json(map(asdict, findings))
    else:
        table = Table(box=None, show_header=False, pad_edge=False)
        for finding in findings:
            table.add_row(finding.check, f"[{_STYLES[finding.status]}]{finding.status}", Text(finding.detail))
        console().print(table)
    raise typer.Exit(code)


def _examine(settings: Settings) -> Iterator[Finding]:
    shown = settings.model_dump(mode="json", include={"data", "partitions"})
    shown |= settings.model_dump(mode="json", exclude_defaults=True)
    connection = settings.kafka_connection() if settings.kafka else None
    clickhouse = settings.clickhouse_settings()
    yield Finding("configuration", "ok", ", ".join(f"{name}={value}" for name, value in shown.items()))
    yield from folder.access(settings.data)
    if connection is None:
        yield from folder.running(settings.data)
        yield from folder.log(settings.data)
    else:
        yield from kafka.cluster(connection, settings.partitions, settings.kafka_replication)
    if clickhouse.path is None:
        yield from tables.server(clickhouse)
    yield from chains.sample(settings)
    yield from machine.disk(settings.data)
    yield from machine.limits()
    yield from machine.versions()

"""`suyuan doctor`: what is wrong before something goes wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict

import typer
from rich.text import Text

from suyuan.cli.drawing.records import Column, Records, Value
from suyuan.cli.drawing.words import clean
from suyuan.cli.options import AsJson, Data, Kafka
from suyuan.cli.screen import print_json, show
from suyuan.connections.urls import address_shown
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.checks import machine
from suyuan.operations.checks.finding import Finding
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.exit_codes import Exit
from suyuan.runtime.settings import Settings, load

_COLUMNS = (Column("check"), Column("status"), Column("detail", "text", most=4_000))
_STYLES = {"ok": "green", "warning": "yellow", "failed": "bold red"}


def doctor(data: Data = None, kafka_servers: Kafka = None, *, as_json: AsJson = False) -> None:
    """Check configuration, data folder, topics, partition counts, clocks, disk and versions; where they are used, also
    Kafka and ClickHouse. Log, state and tables are read from end to end, to see that they hold what was written; some
    chains, others each time, are assessed anew from the records and compared.

    Exit code 0 when nothing failed, 3 when the configuration did, 1 otherwise.
    """
    findings: list[Finding] = []
    try:
        for finding in _examine(load(data=data, kafka=kafka_servers)):
            findings.append(finding)  # noqa: PERF402 - what was found before a check fails is told
    except SuyuanError as error:
        findings = [*_without_check(findings, error), *machine.versions()]
    if any(finding.check == "configuration" and finding.status == "failed" for finding in findings):
        code = Exit.BAD_CONFIGURATION
    else:
        code = Exit.FAILED if any(finding.status == "failed" for finding in findings) else Exit.DONE
    if as_json:
        print_json(map(asdict, findings))
    else:
        show(Records(_COLUMNS, map(_row, findings)))
    raise typer.Exit(code)


def _without_check(findings: list[Finding], error: SuyuanError) -> list[Finding]:
    """What was found until a check could not go on, and why it could not."""
    if error.kind == ErrorKind.CONFIGURATION:
        others = [finding for finding in findings if finding.check != "configuration"]
        return [Finding("configuration", "failed", str(error)), *others]
    return [*findings, Finding("checks", "failed", str(error))]


def _row(finding: Finding) -> Mapping[str, Value]:
    status = Text(finding.status, style=_STYLES[finding.status])
    return {"check": clean(finding.check), "status": status, "detail": clean(finding.detail)}


def _examine(settings: Settings) -> Iterator[Finding]:
    shown = settings.model_dump(mode="json", include={"data", "partitions"})
    shown |= settings.model_dump(mode="json", exclude_defaults=True)
    yield Finding("configuration", "ok", ", ".join(f"{name}={_told(value)}" for name, value in shown.items()))
    yield from deployment_of(settings).checks()
    yield from machine.disk(settings.data)
    yield from machine.limits()
    yield from machine.versions()


def _told(value: object) -> object:
    return ",".join(address_shown(part) for part in value.split(",")) if isinstance(value, str) else value

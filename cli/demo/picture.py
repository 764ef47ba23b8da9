"""The live screen of the demo."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from suyuan.cli.demo.spot_check import SpotCheck
from suyuan.cli.demo.tour import command
from suyuan.cli.drawing.records import Column, Records
from suyuan.cli.drawing.words import SEVERITY_STYLES, VERDICT_STYLES, cell, clean, moment
from suyuan.simulation.report import Report

_SCORES = (Column("fault"), *(Column(name, right=True) for name in ("planted", "found", "missed", "without cause")))


@dataclass(slots=True)
class Figures:
    """What the screen shows. `lag`: messages to be worked through, by topic; `alerts`: newest first."""

    published: int = 0
    expected: int | None = None
    seconds: float = 0.0
    rate: float = 0.0
    lag: Mapping[str, int] = field(default_factory=dict)
    verdicts: Mapping[str, int] = field(default_factory=dict)
    alerts: Sequence[Mapping[str, Any]] = ()
    folder: str = ""


def draw(figures: Figures) -> RenderableType:
    """The whole screen."""
    columns = Table.grid(padding=(0, 4))
    columns.add_row(_flow(figures), _verdicts(figures.verdicts))
    return Group(
        Panel(columns, title="溯源 suyuan demo", border_style="cyan"),
        Panel(_alerts(figures.alerts), title="newest alerts that stand", border_style="red"),
        Text(f"In another terminal: {command(['chains'], Path(figures.folder))}", style="dim"),
        Text("Ctrl-C ends", style="dim"),
    )


def line(figures: Figures) -> str:
    """The same for where there is no screen."""
    verdicts = " ".join(f"{name} {count:,}" for name, count in figures.verdicts.items())
    newest = f"; newest alert: {figures.alerts[0]['rule']}" if figures.alerts else ""
    return (
        f"{figures.seconds:5.0f} s  {figures.published:,} events, {figures.rate:,.0f}/s, "
        f"{sum(figures.lag.values()):,} messages to do; chains: {verdicts or 'none yet'}{newest}"
    )


def _flow(figures: Figures) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    total = f" of {figures.expected:,}" if figures.expected else ""
    table.add_row("events published", Text(f"{figures.published:,}", style="bold").append(total, style="not bold"))
    table.add_row("events per second", Text(f"{figures.rate:,.0f}", style="bold"))
    for topic, behind in sorted(figures.lag.items(), key=lambda each: -each[1])[:6]:
        if behind:
            table.add_row(f"  to do in {topic}", f"{behind:,}")
    return table


def _verdicts(verdicts: Mapping[str, int]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    for verdict, style in VERDICT_STYLES.items():
        table.add_row(Text(verdict, style=style), f"{verdicts.get(verdict, 0):,}")
    return table


def _alerts(alerts: Sequence[Mapping[str, Any]]) -> RenderableType:
    if not alerts:
        return Text("none yet", style="dim")
    table = Table(box=None, show_header=False, pad_edge=False, expand=True)
    for _ in range(3):
        table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    for alert in alerts:
        severity = clean(alert["severity"])
        table.add_row(
            moment(alert["raised_at"])[5:16],
            Text(severity, style=SEVERITY_STYLES.get(severity, "")),
            cell(alert["subject"].partition(":")[2].rpartition("/")[2]),
            Text(f"{clean(alert['title_zh'])} {clean(alert['title_en'])}"),
        )
    return table


class Scores:
    """What was planted of each fault and what was found: a table with lines where a terminal is wide enough."""

    def __init__(self, report: Report) -> None:
        self._faults = sorted(report.faults.items())

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Else as other records."""
        table = self._table()
        fits = Measurement.get(console, options.update(width=10_000), table).maximum <= options.max_width
        yield table if console.is_terminal and fits else Records(_SCORES, self._rows())

    def _rows(self) -> Iterator[Mapping[str, Text]]:
        for fault, score in self._faults:
            style = "bold red" if score.missed or score.without_cause else ""
            values = (fault, score.planted, score.found, score.missed, score.without_cause)
            yield {column.name: Text(str(value), style=style) for column, value in zip(_SCORES, values, strict=True)}

    def _table(self) -> Table:
        table = Table()
        for column in _SCORES:
            table.add_column(column.name, justify="right" if column.right else "left", no_wrap=True)
        for row in self._rows():
            table.add_row(*row.values())
        return table


def draw_report(report: Report, events: int, seconds: float) -> RenderableType:
    """What was planted and what was found."""
    verdicts = ", ".join(f"{name} {count:,}" for name, count in report.chains.items())
    findings = ", ".join(f"{name} {count:,}" for name, count in report.findings.items())
    return Group(
        Text(f"{events:,} events in {seconds:,.1f} s, {events / max(seconds, 1e-9):,.0f}/s", style="italic"),
        Scores(report),
        Text(f"chains: {verdicts}"),
        Text(f"findings that stand: {findings or 'none'}"),
    )


def draw_spot_check(held: SpotCheck) -> RenderableType:
    """What was drawn, whether a stranger finds the same, and what came of the sample that failed."""
    lines = [
        "",
        f"spot check {held.check_id}: {held.orders} of {held.rows:,} listings, drawn by what two parties revealed",
        "  a stranger runs verify.py on the public files alone:",
        *(f"    OK  {found}" for found in held.verified),
        f"  order {held.order_no} to {' and '.join(held.officers)}: the sample of {held.listing_id} failed",
        f"  its chain: {', '.join(held.gaps)}; alert {held.alert_id}",
        f"  in public: {'; '.join(f'{name} {passed} of {tested} passed' for name, tested, passed in held.results)}",
    ]
    return Group(*(Text(clean(line)) for line in lines))


def draw_tour(folder: str, commands: Sequence[str]) -> RenderableType:
    """Where the market is, and what to try on it. Nothing is wrapped: folder and commands are to be copied."""
    lines = [
        "",
        f"The market stays in {folder}",
        "Look around in it:",
        "",
        *(f"  {command}" for command in commands),
        "",
        f"rm -r {shlex.quote(folder)} removes it",
    ]
    return Group(*(Text(clean(line), no_wrap=True, overflow="ignore") for line in lines))

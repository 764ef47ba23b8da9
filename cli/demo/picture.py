"""The live screen of the demo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from suyuan.cli.drawing.words import SEVERITY_STYLES, VERDICT_STYLES, cell, clean, moment
from suyuan.simulation.report import Report


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
        Text(f"suyuan chains --data {figures.folder}   in another terminal; Ctrl-C ends", style="dim"),
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
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis")
    for alert in alerts:
        severity = clean(alert["severity"])
        table.add_row(
            moment(alert["raised_at"])[5:16],
            Text(severity, style=SEVERITY_STYLES.get(severity, "")),
            Text(f"{clean(alert['title_zh'])} {clean(alert['title_en'])} · ").append_text(cell(alert["listing_id"])),
        )
    return table


def draw_report(report: Report, events: int, seconds: float) -> RenderableType:
    """What was planted and what was found."""
    table = Table(title=f"{events:,} events in {seconds:,.1f} s, {events / max(seconds, 1e-9):,.0f}/s")
    for column in ("fault", "planted", "found", "missed", "without cause"):
        table.add_column(column, justify="left" if column == "fault" else "right")
    for fault, score in sorted(report.faults.items()):
        bad = "bold red" if score.missed or score.without_cause else ""
        table.add_row(
            fault, str(score.planted), str(score.found), str(score.missed), str(score.without_cause), style=bad
        )
    verdicts = ", ".join(f"{name} {count:,}" for name, count in report.chains.items())
    alerts = ", ".join(f"{name} {count:,}" for name, count in report.alerts.items())
    return Group(table, Text(f"chains: {verdicts}"), Text(f"alerts that stand: {alerts or 'none'}"))

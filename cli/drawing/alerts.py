"""Alerts as lines of a table or, one after the other as they come, as lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from suyuan.cli.drawing.words import SEVERITY_STYLES, cell, clean, joined, moment
from suyuan.cli.visible import shortened

Row = Mapping[str, Any]

_LONGEST_TITLE = 80


def draw_alerts(alerts: Iterable[Row]) -> Table:
    """A table, in the order given."""
    table = Table(box=None, pad_edge=False)
    table.add_column("raised", no_wrap=True)
    table.add_column("severity", no_wrap=True)
    table.add_column("alert", overflow="fold", ratio=2)
    table.add_column("listing", overflow="fold", ratio=1)
    for alert in alerts:
        raised = Text(moment(alert["raised_at"])[:16])
        table.add_row(raised, _severity(alert), _what(alert), _where(alert))
    return table


def alert_line(alert: Row) -> Text:
    """One line for one change of an alert."""
    change = clean(alert.get("change") or alert["state"])
    line = Text(
        f"{moment(alert.get('changed_at') or alert['raised_at'])}  {change:8}",
        style="dim" if change == "cleared" else "",
    )
    line.append_text(_severity(alert)).append("  ").append_text(_what(alert)).append("  ").append_text(_where(alert))
    return line


def _severity(alert: Row) -> Text:
    severity = clean(alert["severity"])
    return Text(severity, style=SEVERITY_STYLES.get(severity, ""))


def _what(alert: Row) -> Text:
    what = Text(shortened(clean(alert["title_zh"]), _LONGEST_TITLE), style="bold")
    what.append(f" {shortened(clean(alert['title_en']), _LONGEST_TITLE)}", style="not bold")
    if alert["state"] == "cleared":
        what.append(" (cleared)", style="not bold dim")
    if alert.get("gap_names"):
        what.append(f"\n{joined(alert['gap_names'], 4)}", style="not bold dim")
    return what


def _where(alert: Row) -> Text:
    return cell(alert["platform_code"], 18).append(" / ").append_text(cell(alert["listing_id"]))

"""Alerts as records or, one after the other as they come, as lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.console import Group
from rich.text import Text

from suyuan.cli.drawing.records import Column, Records, Value
from suyuan.cli.drawing.words import SEVERITY_STYLES, clean, joined, moment
from suyuan.runtime.visible import shortened

Row = Mapping[str, Any]

_COLUMNS = (
    Column("raised"),
    Column("severity"),
    Column("state"),
    Column("alert", "text"),
    Column("gaps", "names"),
    Column("platform"),
    Column("listing"),
)
_CHANGES = (Column("at"), Column("change"), Column("severity"), *_COLUMNS[3:])
_LONGEST_TITLE = 160


def draw_alerts(alerts: Iterable[Row]) -> Records:
    """In the order given."""
    return Records(_COLUMNS, map(_fields, alerts))


def alert_fields(changes: Iterable[Row], *, heading: bool) -> Iterator[list[str]]:
    """Changes of alerts for a program: a line each, its values between tabs, under their heading."""
    lines = Records(_CHANGES, map(_fields, changes)).plain()
    if not heading:
        next(lines)
    yield from lines


def alert_line(alert: Row) -> Text:
    """One line for one change of an alert."""
    change = clean(alert.get("change") or alert["state"])
    line = Text(f"{_changed(alert)}  {change:8}", style="dim" if change == "cleared" else "")
    line.append_text(_severity(alert)).append("  ")
    line.append(shortened(_title(alert), _LONGEST_TITLE), style="bold")
    if alert.get("gap_names"):
        line.append(f"  {joined(alert['gap_names'], 4)}", style="dim")
    return line.append(f"  {clean(alert['platform_code'])} / {clean(alert['listing_id'])}")


def draw_alert(alert: Row, changes: Iterable[Row]) -> Group:
    """One alert: why it was raised, with the values that the rule looked at, what it rests on, and its changes."""
    head = _severity(alert).append(f"  {clean(alert['state'])}  ").append(_title(alert), style="bold")
    about = [
        ("rule", f"{clean(alert['rule'])} v{alert['rule_version']}"),
        ("listing", f"{clean(alert['platform_code'])} / {clean(alert['listing_id'])}"),
        ("seller", clean(alert["seller_code"])),
        ("producer", clean(alert["producer_code"])),
        ("bureau", clean(alert["bureau"])),
        ("why", clean(alert["explanation_zh"])),
        ("", clean(alert["explanation_en"])),
        ("values", clean(alert["triggering"])),
        *(("evidence" if not number else "", clean(each)) for number, each in enumerate(alert["evidence"])),
    ]
    lines = [Text(f"{name:10}{value}") for name, value in about if value]
    return Group(head, *lines, *(Text(f"{name}").append_text(line) for name, line in _told(changes)))


def _told(changes: Iterable[Row]) -> Iterator[tuple[str, Text]]:
    for number, change in enumerate(changes):
        said = Text(f"{_changed(change)}  {clean(change['change']):8}").append_text(_severity(change))
        yield f"{'' if number else 'history':10}", said


def _fields(alert: Row) -> Mapping[str, Value]:
    return {
        "raised": moment(alert["raised_at"])[:16],
        "at": _changed(alert),
        "change": clean(alert.get("change")),
        "severity": _severity(alert),
        "state": clean(alert["state"]),
        "alert": _title(alert),
        "gaps": list(alert.get("gap_names") or ()),
        "platform": clean(alert["platform_code"]),
        "listing": clean(alert["listing_id"]),
    }


def _changed(alert: Row) -> str:
    return moment(alert.get("changed_at") or alert["raised_at"])


def _title(alert: Row) -> str:
    return f"{clean(alert['title_zh'])} {clean(alert['title_en'])}"


def _severity(alert: Row) -> Text:
    severity = clean(alert["severity"])
    return Text(severity, style=SEVERITY_STYLES.get(severity, ""))

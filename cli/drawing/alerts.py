"""Alerts, and the findings that they are made of, as records or, one after the other as they come, as lines."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group
from rich.text import Text

from suyuan.cli.drawing.records import Column, Records, Value
from suyuan.cli.drawing.words import NOTHING, SEVERITY_STYLES, clean, joined, moment
from suyuan.domain.alerts.life import handling_at
from suyuan.runtime.visible import shortened

Row = Mapping[str, Any]

_COLUMNS = (
    Column("raised"),
    Column("severity"),
    Column("state"),
    Column("handling"),
    Column("alert", "text"),
    Column("gaps", "names"),
    Column("listings", right=True),
    Column("subject"),
    Column("bureau"),
)
_CHANGES = (Column("at"), Column("change"), Column("severity"), *_COLUMNS[3:])
_FINDINGS = (
    Column("raised"),
    Column("severity"),
    Column("state"),
    Column("rule"),
    Column("title", "text"),
    Column("gaps", "names"),
    Column("platform"),
    Column("listing"),
    Column("alert_id"),
)
_LONGEST_TITLE = 160


def draw_alerts(alerts: Iterable[Row]) -> Records:
    """In the order given."""
    return Records(_COLUMNS, map(_fields, alerts))


def draw_findings(findings: Iterable[Row]) -> Records:
    """In the order given."""
    return Records(_FINDINGS, map(_finding_fields, findings))


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
    if alert["listings"] > 1:
        line.append(f"  {alert['listings']:,} listings", style="bold")
    return line.append(f"  {clean(alert['subject'])}")


def draw_alert(alert: Row, findings: Sequence[Row], changes: Iterable[Row], acts: Iterable[Row] = ()) -> Group:
    """One alert: what it is about and why it was raised, with the values that the rule looked at, what it rests on, the
    first of the listings that it covers, who is in charge, its changes, and what people did with it.
    """
    until = alert["acknowledged_until"]
    handling = handling_at(alert["handling"], until, time.time_ns() // 1_000_000)
    head = _severity(alert).append(f"  {clean(alert['state'])}, {clean(handling)}  ")
    head.append(_title(alert), style="bold")
    about = [
        ("rule", f"{clean(alert['rule'])} v{alert['rule_version']}"),
        ("subject", clean(alert["subject"])),
        ("seller", clean(alert["seller_code"])),
        ("producer", clean(alert["producer_code"])),
        ("bureau", clean(alert["bureau"])),
        ("", clean(alert["bureau_why"])),
        ("assignee", clean(alert["assignee"])),
        ("until", "" if until is None else moment(until)),
        ("by", clean(alert["actor"])),
        ("resolved", clean(alert["resolution"])),
        ("why", clean(alert["explanation_zh"])),
        ("", clean(alert["explanation_en"])),
        ("values", clean(alert["triggering"])),
        *_named("evidence", map(clean, alert["evidence"])),
        *_named("listings", _listings(alert, findings)),
    ]
    lines = [Text(f"{name:10}{value}") for name, value in about if value and value != NOTHING]
    told = (Text(f"{name}").append_text(line) for name, line in (*_told(changes), *_done(acts)))
    return Group(head, *lines, *told)


def _named(name: str, values: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The first is named, the others stand below it."""
    for number, value in enumerate(values):
        yield ("" if number else name), value


def _listings(alert: Row, findings: Sequence[Row]) -> Iterator[str]:
    for finding in findings:
        gone = " (cleared)" if finding["change"] == "cleared" else ""
        title = f"  {shortened(clean(finding['title']), _LONGEST_TITLE)}" if finding["title"] else ""
        yield f"{clean(finding['platform_code'])} / {clean(finding['listing_id'])}{title}{gone}"
    standing = sum(finding["change"] != "cleared" for finding in findings)
    if alert["listings"] > standing:
        yield f"{alert['listings']:,} in all: suyuan alerts --subject {clean(alert['subject'])} --listings"


def _told(changes: Iterable[Row]) -> Iterator[tuple[str, Text]]:
    for number, change in enumerate(changes):
        said = Text(f"{_changed(change)}  {clean(change['change']):8}").append_text(_severity(change))
        if change["listings"] > 1:
            said.append(f"  {change['listings']:,} listings")
        if change["change"] == "handled":
            said.append(f"  {clean(change['act'])} by {clean(change['actor'])}: {clean(change['handling'])}")
        yield f"{'' if number else 'history':10}", said


def _done(acts: Iterable[Row]) -> Iterator[tuple[str, Text]]:
    for number, act in enumerate(acts):
        said = Text(f"{moment(act['occurred_at'])}  {clean(act['act'])} by {clean(act['actor'])}")
        details = [act["assignee"], act["resolution"], act["until"] and f"until {moment(act['until'])}"]
        details.append("takedown" if act["takedown"] else None)
        said.append("".join(f", {clean(each)}" for each in details if each))
        if act["outcome"] != "done":
            said.append(f"  ({_OUTCOMES.get(act['outcome'], clean(act['outcome']))})", style="dim")
        yield f"{'' if number else 'acts':10}", said
        if act["note"]:
            yield " " * 10, Text(f"  {clean(act['note'])}", style="italic")
        elif act["note_erased_at"]:
            yield " " * 10, Text(f"  the note was erased {moment(act['note_erased_at'])}", style="dim")


_OUTCOMES = {"void": "changed nothing", "lapsed": "does not hold any more"}


def _fields(alert: Row) -> Mapping[str, Value]:
    return {
        "raised": moment(alert["raised_at"])[:16],
        "at": _changed(alert),
        "change": clean(alert.get("change")),
        "severity": _severity(alert),
        "state": clean(alert["state"]),
        "handling": clean(alert["handling"]),
        "alert": _title(alert),
        "gaps": list(alert.get("gap_names") or ()),
        "listings": f"{alert['listings']:,}",
        "subject": clean(alert["subject"]),
        "bureau": clean(alert["bureau"]),
    }


def _finding_fields(finding: Row) -> Mapping[str, Value]:
    return {
        "raised": moment(finding["raised_at"])[:16],
        "severity": _severity(finding),
        "state": "cleared" if finding["change"] == "cleared" else "raised",
        "rule": clean(finding["rule"]),
        "title": clean(finding["title"]),
        "gaps": list(finding["gap_names"]),
        "platform": clean(finding["platform_code"]),
        "listing": clean(finding["listing_id"]),
        "alert_id": clean(finding["alert_id"]),
    }


def _changed(alert: Row) -> str:
    return moment(alert.get("changed_at") or alert["raised_at"])


def _title(alert: Row) -> str:
    return f"{clean(alert['title_zh'])} {clean(alert['title_en'])}"


def _severity(alert: Row) -> Text:
    severity = clean(alert["severity"])
    return Text(severity, style=SEVERITY_STYLES.get(severity, ""))

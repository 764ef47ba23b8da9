"""Write the dashboards: `make dashboards`. They are committed beside this file; a test holds them to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "dashboards"
DATASOURCE = {"type": "prometheus", "uid": "prometheus"}
WIDTH = 24
"""of Grafana's grid"""
RED_ABOVE_0 = [{"color": "green", "value": None}, {"color": "red", "value": 1}]


@dataclass(frozen=True, slots=True)
class Panel:
    """`queries`: (PromQL, legend). `height` in rows of the grid, `width` in columns of it."""

    title: str
    description: str
    queries: tuple[tuple[str, str], ...]
    kind: str = "timeseries"
    unit: str = "short"
    width: int = 12
    height: int = 8
    stacked: bool = False
    red_above_0: bool = False

    def document(self, number: int, x: int, y: int) -> dict[str, Any]:
        """The panel as Grafana's JSON has it."""
        custom: dict[str, Any] = {"fillOpacity": 10, "showPoints": "never"}
        if self.stacked:
            custom |= {"fillOpacity": 40, "stacking": {"mode": "normal", "group": "A"}}
        defaults: dict[str, Any] = {"unit": self.unit, "min": 0, "custom": custom if self.kind == "timeseries" else {}}
        options: dict[str, Any] = {}
        if self.kind == "timeseries":
            options = {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}}
        elif self.kind == "stat":
            options = {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value", "graphMode": "area"}
        elif self.kind == "heatmap":
            options = {"calculate": False, "yAxis": {"unit": self.unit}, "color": {"scheme": "Oranges"}}
        if self.red_above_0:
            defaults["thresholds"] = {"mode": "absolute", "steps": RED_ABOVE_0}
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": DATASOURCE,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "fieldConfig": {"defaults": defaults, "overrides": []},
            "options": options,
            "targets": [
                {
                    "refId": chr(ord("A") + index),
                    "datasource": DATASOURCE,
                    "expr": expression,
                    "legendFormat": legend,
                    "format": "heatmap" if self.kind == "heatmap" else "time_series",
                }
                for index, (expression, legend) in enumerate(self.queries)
            ],
        }


def stat(title: str, description: str, expression: str, unit: str = "short", *, red_above_0: bool = False) -> Panel:
    """One figure; narrow where there is nothing to read but whether it is 0."""
    queries = ((expression, ""),)
    width = 3 if red_above_0 else 4
    return Panel(title, description, queries, "stat", unit, width=width, height=4, red_above_0=red_above_0)


OVERVIEW = (
    stat("Events missing", "Taken in and in no table: must be 0.", "max(suyuan_verifier_gap)", red_above_0=True),
    stat("Rows twice", "In the read views: must be 0.", "max(suyuan_verifier_duplicates)", red_above_0=True),
    stat("Chains wrong", "Not what the records say: must be 0.", "max(suyuan_verifier_wrong_chains)", red_above_0=True),
    stat("Alerts of Prometheus", "Firing now.", 'count(ALERTS{alertstate="firing"}) or vector(0)', red_above_0=True),
    stat("Events", "Taken in a second.", "sum(rate(suyuan_events_total[$__rate_interval]))", "cps"),
    stat("Lag of the streams", "Messages to do.", 'sum(group_topic:suyuan_lag_messages:max{group="suyuan"})'),
    stat(
        "Event to alert, p99",
        "The goal is 0.5 s at 2,000 listings a second, 1 s at half of what the machines can do.",
        "suyuan_event_to_alert_seconds:p99_5m",
        "s",
    ),
    Panel(
        "Events by kind",
        "Taken in, whatever became of them.",
        (("sum by (kind) (rate(suyuan_events_total[$__rate_interval]))", "{{kind}}"),),
        unit="cps",
        stacked=True,
    ),
    Panel(
        "Rows by stage",
        "Read by each stage.",
        (("sum by (stage) (rate(suyuan_stage_rows_total[$__rate_interval]))", "{{stage}}"),),
        unit="cps",
    ),
    Panel(
        "Lag of the streams by topic",
        "Messages that the workers have not acknowledged: events in in.*, blocks of them elsewhere.",
        (('group_topic:suyuan_lag_messages:max{group="suyuan"}', "{{topic}}"),),
    ),
    Panel(
        "Lag of the loaders by topic",
        "Blocks that are not in the tables yet.",
        (('group_topic:suyuan_lag_messages:max{group="loader"}', "{{topic}}"),),
    ),
    Panel(
        "Event to alert",
        "From the log taking an event to the log taking the alert that it causes.",
        (("sum by (le) (increase(suyuan_event_to_alert_seconds_bucket[$__rate_interval]))", "{{le}}"),),
        kind="heatmap",
        unit="s",
    ),
    Panel(
        "Rows loaded by table",
        "Inserted.",
        (("sum by (table) (rate(suyuan_loaded_rows_total[$__rate_interval]))", "{{table}}"),),
        unit="cps",
        stacked=True,
    ),
    Panel(
        "Dead letters by kind",
        "Events that cannot be read: suyuan deadletters.",
        (('sum by (kind) (rate(suyuan_events_total{outcome="dead"}[$__rate_interval]))', "{{kind}}"),),
        unit="cps",
        stacked=True,
    ),
    Panel(
        "Records that match nothing",
        "They name a product or a lot that nobody knows, so they have no effect: suyuan unmatched.",
        (("max by (kind) (suyuan_unmatched)", "{{kind}}"),),
    ),
    Panel(
        "Lost and set aside",
        "Messages deleted before they were read: 0. Unreadable messages of publishers beyond their limit.",
        (
            ("sum by (topic) (suyuan_lost_messages_total)", "{{topic}}: lost"),
            (
                "sum by (publisher) (rate(suyuan_dead_letters_set_aside_total[$__rate_interval]))",
                "{{publisher}} set aside",
            ),
        ),
    ),
    Panel(
        "Processes",
        "That answer.",
        (("sum by (job) (up)", "{{job}}"),),
    ),
)

STAGES_AND_SINKS = (
    Panel(
        "Stages: p99 of a block",
        "function: the stage's own work; state: changelog and store; outputs: until the log has them.",
        (("stage_step:suyuan_stage_seconds:p99_5m", "{{stage}} {{step}}"),),
        unit="s",
    ),
    Panel(
        "Stages: what they are busy with",
        "Seconds of work a second. A stage near one for each worker is the narrow place.",
        (
            (
                "sum by (stage, step) (rate(suyuan_stage_seconds_sum[$__rate_interval]))",
                "{{stage}} {{step}}",
            ),
        ),
        unit="percentunit",
        stacked=True,
    ),
    Panel(
        "Stages: rows of a block",
        "On average. Small blocks cost more an event.",
        (
            (
                "avg by (stage) (rate(suyuan_block_rows_sum[5m]) / rate(suyuan_block_rows_count[5m]))",
                "{{stage}}",
            ),
        ),
    ),
    Panel(
        "Stages: failures",
        "Blocks that ended a worker.",
        (("sum by (stage) (increase(suyuan_stage_failures_total[$__rate_interval]))", "{{stage}}"),),
    ),
    Panel(
        "State: size on disk",
        "Of all workers together.",
        (("sum by (stage) (suyuan_state_bytes)", "{{stage}}"),),
        unit="bytes",
        stacked=True,
    ),
    Panel(
        "State: recovery",
        "Records read back from the changelogs. A stage's partitions wait for it.",
        (
            ("sum by (stage) (rate(suyuan_state_recovered_records_total[$__rate_interval]))", "{{stage}}"),
            ("sum by (stage) (suyuan_state_recovering)", "{{stage}}: workers that recover"),
        ),
    ),
    Panel(
        "State: trust",
        "Partitions that lack keys which their changelog lacks too, and folders set aside to be made anew. Both are 0.",
        (
            ("sum by (stage) (suyuan_state_keys_differ)", "{{stage}}: partitions that lack keys"),
            ("sum by (stage) (suyuan_state_set_aside)", "{{stage}}: set aside"),
        ),
    ),
    Panel(
        "Tables: p99 of an insert",
        "From the first attempt to the answer.",
        (("table:suyuan_insert_seconds:p99_5m", "{{table}}"),),
        unit="s",
    ),
    Panel(
        "Tables: inserts that failed",
        "And were tried again.",
        (("sum by (table) (rate(suyuan_insert_retries_total[$__rate_interval]))", "{{table}}"),),
        unit="cps",
    ),
    Panel(
        "Tables: bytes inserted",
        "Arrow, before compression.",
        (("sum by (table) (rate(suyuan_loaded_bytes_total[$__rate_interval]))", "{{table}}"),),
        unit="Bps",
        stacked=True,
    ),
    Panel(
        "Tables: room on the disk",
        "Of ClickHouse.",
        (
            ("ClickHouseAsyncMetrics_DiskAvailable_default", "free"),
            ("ClickHouseAsyncMetrics_DiskTotal_default", "in all"),
        ),
        unit="bytes",
    ),
    Panel(
        "Processes: memory",
        "Resident. A worker was made for 2 GiB.",
        (('process_resident_memory_bytes{job=~"worker|loader"}', "{{job}} {{instance}}"),),
        unit="bytes",
    ),
    Panel(
        "Processes: cores",
        "Busy, on average.",
        (('rate(process_cpu_seconds_total{job=~"worker|loader"}[$__rate_interval])', "{{job}} {{instance}}"),),
    ),
)

_LIVE_DELAY = "sum by (le) (rate(suyuan_portal_live_delay_seconds_bucket[$__rate_interval]))"
_SECONDS_BY_ROUTE = "sum by (le, route) (rate(suyuan_portal_request_seconds_bucket[$__rate_interval]))"
_P95_BY_ROUTE = f"histogram_quantile(0.95, {_SECONDS_BY_ROUTE})"

PORTAL = (
    stat("Requests", "Answered in a second.", "sum(rate(suyuan_portal_requests_total[$__rate_interval]))", "reqps"),
    stat(
        "Failed",
        "Answered with 500, in the last hour: must be 0.",
        'sum(increase(suyuan_portal_requests_total{status="500"}[1h])) or vector(0)',
        red_above_0=True,
    ),
    stat(
        "Until the answer, p95",
        "Of all requests; those that take a question to the tables take longest.",
        "histogram_quantile(0.95, sum by (le) (rate(suyuan_portal_request_seconds_bucket[$__rate_interval])))",
        "s",
    ),
    Panel(
        "Requests by status",
        "429: more than one principal may ask; 503: the tables or the log are busy or away.",
        (("sum by (status) (rate(suyuan_portal_requests_total[$__rate_interval]))", "{{status}}"),),
        unit="reqps",
        stacked=True,
    ),
    Panel(
        "Requests by route",
        "The ten that are asked for most.",
        (("topk(10, sum by (route) (rate(suyuan_portal_requests_total[$__rate_interval])))", "{{route}}"),),
        unit="reqps",
    ),
    Panel(
        "Until the answer by route, p95",
        "From a request's head to the begin of its answer.",
        ((_P95_BY_ROUTE, "{{route}}"),),
        unit="s",
    ),
    Panel(
        "Refused by action",
        "No credential, one that is not good, or a role that may not: the portal's log says which.",
        (("sum by (action) (rate(suyuan_portal_refused_total[$__rate_interval]))", "{{action}}"),),
        unit="reqps",
    ),
    Panel(
        "Live streams",
        "Of alerts, that are open; a portal takes 500.",
        (("suyuan_portal_live_streams", "{{instance}}"),),
    ),
    Panel(
        "Changes written to streams",
        "Each as often as somebody is told of it.",
        (("rate(suyuan_portal_live_rows_total[$__rate_interval])", "{{instance}}"),),
    ),
    Panel(
        "Streams evicted",
        "Their clients did not take what was written; they may come back and go on.",
        (("sum by (reason) (increase(suyuan_portal_live_evicted_total[$__rate_interval]))", "{{reason}}"),),
    ),
    Panel(
        "Feed behind its topic",
        "0 while nobody listens.",
        (("suyuan_portal_live_lag_seconds", "{{instance}}"),),
        unit="s",
    ),
    Panel(
        "From event to feed",
        "From a message of the causing event until its alert is handed to the streams, half of them and 99 %.",
        (
            ("histogram_quantile(0.5, " + _LIVE_DELAY + ")", "half"),
            ("histogram_quantile(0.99, " + _LIVE_DELAY + ")", "99 %"),
        ),
        unit="s",
    ),
    Panel(
        "Memory",
        "Resident.",
        (('process_resident_memory_bytes{job="portal"}', "{{instance}}"),),
        unit="bytes",
    ),
    Panel(
        "Cores",
        "Busy, on average.",
        (('rate(process_cpu_seconds_total{job="portal"}[$__rate_interval])', "{{instance}}"),),
    ),
)

WEBHOOKS = (
    stat("Waiting", "Deliveries that have not ended.", "max(suyuan_webhook_pending)"),
    stat("Due for", "How long the first of them has been.", "max(suyuan_webhook_overdue_seconds)", "s"),
    stat(
        "Failed",
        "For good, in the last day: the portal's page of webhooks sends them again.",
        'sum(increase(suyuan_webhook_attempts_total{outcome="failed"}[1d])) or vector(0)',
        red_above_0=True,
    ),
    stat("Not read", "Messages of alerts that no webhook was made of yet.", "max(suyuan_webhook_lag_messages)"),
    Panel(
        "Attempts by outcome",
        "retried: it failed, another follows; withheld: nobody is to be sent it any more.",
        (("sum by (outcome) (rate(suyuan_webhook_attempts_total[$__rate_interval]))", "{{outcome}}"),),
        unit="cps",
        stacked=True,
    ),
    Panel(
        "Until the receiver's answer, p95",
        "15 s at most.",
        (
            (
                "histogram_quantile(0.95, sum by (le) (rate(suyuan_webhook_attempt_seconds_bucket[$__rate_interval])))",
                "",
            ),
        ),
        unit="s",
    ),
    Panel(
        "Subscriptions",
        "By whether anything is sent to them.",
        (("max by (state) (suyuan_webhook_subscriptions)", "{{state}}"),),
    ),
    Panel(
        "Processes that deliver",
        "One.",
        (("sum(suyuan_webhook_active)", ""),),
    ),
)

ALERT_BUDGET = (
    stat(
        "Desks over it",
        "More than the budget came today, or on the mean of the seven days before: suyuan desks names them.",
        'max(suyuan_desks{state="over"})',
        red_above_0=True,
    ),
    stat("Alert budget", "Alerts that may come to a desk in a day: SUYUAN_ALERT_BUDGET.", "max(suyuan_alert_budget)"),
    stat(
        "Desks",
        "At which alerts wait, or came or were dealt with within eight days.",
        "sum(max by (state) (suyuan_desks))",
    ),
    stat("Open", "Alerts that wait at all desks.", 'max(suyuan_desk_alerts{what="open"})'),
    stat("Came today", "At all desks. A day is China's.", 'max(suyuan_desk_alerts{what="raised"})'),
    stat("Dealt with today", "Acknowledged, assigned or resolved.", 'max(suyuan_desk_alerts{what="handled"})'),
    Panel(
        "What came to a desk today",
        "To the one that most came to, and on average of the desks, beside the budget. From 0 at China's midnight.",
        (
            ('max(suyuan_desk_alerts_most{what="raised"})', "the fullest desk"),
            ('max(suyuan_desk_alerts{what="raised"}) / sum(max by (state) (suyuan_desks))', "on average"),
            ("max(suyuan_alert_budget)", "budget"),
        ),
    ),
    Panel(
        "Desks by their budget",
        "Those at which alerts wait, or came or were dealt with within eight days.",
        (("max by (state) (suyuan_desks)", "{{state}}"),),
        stacked=True,
    ),
    Panel(
        "Came and dealt with today",
        "At all desks. Where less is dealt with than comes, day by day, more and more waits.",
        (('max by (what) (suyuan_desk_alerts{what=~"raised|handled"})', "{{what}}"),),
    ),
    Panel(
        "Open",
        "Alerts that wait at all desks, and at the desk where most wait.",
        (
            ('max(suyuan_desk_alerts{what="open"})', "all desks"),
            ('max(suyuan_desk_alerts_most{what="open"})', "the fullest desk"),
        ),
    ),
)

DASHBOARDS = {
    "overview": ("Suyuan: overview", OVERVIEW),
    "stages-and-sinks": ("Suyuan: stages and sinks", STAGES_AND_SINKS),
    "portal": ("Suyuan: portal", PORTAL),
    "webhooks": ("Suyuan: webhooks", WEBHOOKS),
    "alert-budget": ("Suyuan: alert budget", ALERT_BUDGET),
}


def _placed(panels: tuple[Panel, ...]) -> Iterator[dict[str, Any]]:
    x = y = 0
    for number, panel in enumerate(panels, 1):
        if x + panel.width > WIDTH:
            x, y = 0, y + panels[number - 2].height
        yield panel.document(number, x, y)
        x += panel.width


def document(uid: str) -> str:
    """A dashboard's JSON."""
    title, panels = DASHBOARDS[uid]
    dashboard = {
        "uid": f"suyuan-{uid}",
        "title": title,
        "tags": ["suyuan"],
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "schemaVersion": 41,
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "annotations": {"list": []},
        "templating": {"list": []},
        "links": [{"type": "dashboards", "title": "Suyuan", "tags": ["suyuan"], "asDropdown": False, "keepTime": True}],
        "panels": list(_placed(panels)),
    }
    return json.dumps(dashboard, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for uid in DASHBOARDS:
        (FOLDER / f"{uid}.json").write_text(document(uid), encoding="utf-8")

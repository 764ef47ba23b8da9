"""Which metrics there are, and what an expression makes of them."""

from __future__ import annotations

import promql_parser
import yaml
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.process_collector import ProcessCollector

import suyuan.operations.audit.metrics
import suyuan.operations.webhooks.metrics
import suyuan.portal.metrics
import suyuan.queries.metrics
import suyuan.sinks.metrics
import suyuan.streams.metrics
from tests.docs.pages import ROOT

PROMETHEUS = ROOT / "deploy/prometheus"
RULES = [
    rule
    for file in sorted((PROMETHEUS / "rules").glob("*.yml"))
    for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
TARGET = {"job", "instance"}
"""labels that Prometheus gives what it scrapes"""
OF_OTHERS = {
    "up": set(),
    "ALERTS": {"alertname", "alertstate", "severity"},
    # "ClickHouseAsyncMetrics_" and the metric's name in system.asynchronous_metrics
    "ClickHouseAsyncMetrics_DiskAvailable_default": set(),
    "ClickHouseAsyncMetrics_DiskTotal_default": set(),
}


def exported():
    """Names of metrics as they are scraped, and their labels."""
    names = {name: labels | TARGET for name, labels in OF_OTHERS.items()}
    for family in ProcessCollector(registry=None).collect():
        names |= {sample.name: TARGET for sample in family.samples}
    for module in (
        suyuan.streams.metrics,
        suyuan.sinks.metrics,
        suyuan.queries.metrics,
        suyuan.portal.metrics,
        suyuan.operations.audit.metrics,
        suyuan.operations.webhooks.metrics,
    ):
        for metric in vars(module).values():
            if isinstance(metric, MetricWrapperBase):
                labels = {*metric._labelnames, *TARGET}
                match metric._type:
                    case "counter":
                        names[f"{metric._name}_total"] = labels
                    case "histogram":
                        names[f"{metric._name}_bucket"] = labels | {"le"}
                        names |= {f"{metric._name}_sum": labels, f"{metric._name}_count": labels}
                    case _:
                        names[metric._name] = labels
    return names


def known():
    """What is exported and what rules record. A recorded name begins with its labels: `group_topic:...`."""
    names = exported()
    for rule in RULES:
        if "record" in rule:
            first, *_ = rule["record"].split(":")
            labels = set() if first in {name.removesuffix("_bucket") for name in names} else set(first.split("_"))
            assert labels == grouping(rule["expr"]) - {"le"}, rule["record"]
            names[rule["record"]] = labels
    return names


def nodes(expression):
    """Every node of an expression. Raises ValueError where it is none."""
    found = []
    promql_parser.walk(promql_parser.parse(expression), found.append)
    return found


def grouping(expression):
    """Labels that an expression's outermost aggregation leaves; without one, None."""
    for node in nodes(expression):
        if isinstance(node, promql_parser.AggregateExpr):
            return set(node.modifier.labels) if node.modifier else set()
    return None


def unknown(expression):
    """Metrics and labels of an expression that nothing exports or records, as words."""
    names, of_it, wrong = known(), set(), []
    for node in nodes(expression):
        if isinstance(node, promql_parser.VectorSelector):
            if node.name not in names:
                wrong.append(node.name)
                continue
            of_it |= names[node.name]
            wrong += [f"{node.name}{{{m.name}}}" for m in node.matchers.matchers if m.name not in names[node.name]]
    for node in nodes(expression):
        if isinstance(node, promql_parser.AggregateExpr) and node.modifier:
            wrong += [f"by ({label})" for label in node.modifier.labels if label not in of_it]
    return wrong

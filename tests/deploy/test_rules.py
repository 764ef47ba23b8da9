"""Prometheus reads the configuration; each alert fires when it should, on metrics that are there."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.deploy.promql import PROMETHEUS, RULES, unknown
from tests.docs.pages import DOCS

pytestmark = pytest.mark.timeout(1800)  # the first that asks for a tool waits until it is built

ALERTS = sorted(rule["alert"] for rule in RULES if "alert" in rule)
TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))


def test_prometheus_reads_its_configuration(promtool):
    said = promtool("check", "config", "--lint=all", "--lint-fatal", PROMETHEUS / "prometheus.yml")
    assert sum(int(count) for count in re.findall(r"(\d+) rules found", said)) == len(RULES)


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_the_rules_do_what_their_tests_say(promtool, file):
    promtool("test", "rules", file)


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_is_seen_to_fire_and_to_be_quiet(alert):
    seen = {
        bool(case["exp_alerts"])
        for file in TESTS
        for test in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]
        for case in test["alert_rule_test"]
        if case["alertname"] == alert
    }
    assert seen == {True, False}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_uses_metrics_and_labels_that_are_there(rule):
    assert unknown(rule["expr"]) == []


@pytest.mark.parametrize("rule", [rule for rule in RULES if "alert" in rule], ids=lambda rule: rule["alert"])
def test_an_alert_says_what_it_is_and_how_bad(rule):
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"]["summary"]


def test_the_page_explains_every_alert_and_no_other():
    page = (DOCS / "how-to/cluster.md").read_text(encoding="utf-8")
    assert sorted(set(re.findall(r"`(Suyuan[A-Z]\w+)`", page))) == ALERTS

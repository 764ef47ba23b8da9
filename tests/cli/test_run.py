"""How `suyuan run` and its siblings begin, and the days that `run --once` publishes."""

from __future__ import annotations

import json
import socket
import time

import pytest

from suyuan.domain.calendar import china_day, days_after
from suyuan.domain.rules import catalogue
from suyuan.errors import SuyuanError
from suyuan.runtime.exit_codes import Exit
from suyuan.runtime.metrics_server import serve_metrics
from suyuan.runtime.settings import Settings
from suyuan.streams.stages.risk.watch import built_in_watch
from tests.docs.pages import DOCS


@pytest.fixture
def taken():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_in_use_is_named_with_what_to_do(suyuan, taken, data):
    kafka = ["--kafka", "127.0.0.1:1"]
    for command in (["run"], ["worker", *kafka], ["loader", *kafka, "--clickhouse", "127.0.0.1:1"]):
        answer = suyuan(*command, "--metrics-port", taken, own=True)
        assert answer.code == Exit.UNAVAILABLE
        (line,) = answer.errors.splitlines()
        assert f"port {taken} of 127.0.0.1 is in use" in line
        assert "--metrics-port" in line
    assert not (data / "clickhouse").exists()
    with pytest.raises(SuyuanError, match=r"port 9 of 192\.0\.2\.1: .*SUYUAN_METRICS_HOST"):
        serve_metrics(Settings(metrics_port=9, metrics_host="192.0.2.1"))


BAD_RULE = """
[[rule]]
id = "honey_too_cheap"
version = 1
title_zh = "一"
title_en = "One"
severity = "low"
expression = "price_fen < 1500 AND colour = 'red'"
explanation_zh = ""
explanation_en = ""
"""


@pytest.fixture
def rules(monkeypatch):
    """The rules that ship with the product, and another text behind them."""
    shipped = catalogue.catalogue_text()[1]

    def add(text):
        monkeypatch.setattr(catalogue, "catalogue_text", lambda: ("rules/catalogue.toml", shipped + text))
        catalogue.built_in_rules.cache_clear()
        built_in_watch.cache_clear()
        return len(shipped.splitlines())

    yield add
    monkeypatch.undo()
    catalogue.built_in_rules.cache_clear()
    built_in_watch.cache_clear()


@pytest.mark.parametrize("command", [["run"], ["worker", "--kafka", "127.0.0.1:1"]], ids=["embedded", "cluster"])
def test_a_mistake_in_a_rule_is_found_at_the_start_in_one_line(suyuan, rules, command, data):
    before = rules(BAD_RULE)
    answer = suyuan(*command)
    assert answer.code == Exit.BAD_CONFIGURATION
    (line,) = answer.errors.splitlines()
    assert f"rules/catalogue.toml:{before + 8}: rule honey_too_cheap: no such column: colour; mend the rule" in line
    rules(BAD_RULE.replace("AND colour = 'red'", "").replace('severity = "low"', 'severity = "urgent"'))
    assert f"rules/catalogue.toml:{before + 7}: rule honey_too_cheap: severity is one of" in suyuan(*command).errors
    rules("\n[[rule\n")
    assert "rules/catalogue.toml: rule catalogue: not TOML" in suyuan(*command).errors
    assert not data.exists()


def test_a_day_beyond_tomorrow_is_refused_and_so_is_one_without_once(suyuan, data):
    today = china_day(time.time_ns() // 1_000_000)
    for arguments, said in (
        (("--once", "--until-day", days_after(today, 3)), "at most tomorrow"),
        (("--until-day", today), "--until-day is for --once"),
        (("--once", "--until-day", "10.2.2026"), "10.2.2026"),
    ):
        answer = suyuan("run", *arguments)
        assert answer.code == Exit.WRONG_USAGE
        assert said in answer.errors
    assert not data.exists()


def test_lots_expire_by_the_days_that_once_publishes_and_no_servers_are_asked(suyuan, tmp_path, data):
    today = china_day(time.time_ns() // 1_000_000)
    lots = tmp_path / "lots.csv"
    rows = (DOCS / "examples" / "lots.csv").read_text(encoding="utf-8").splitlines()
    at = rows[0].split(",").index("expires_on")
    expired = []
    for row in rows[1:]:
        cells = row.split(",")
        cells[at] = days_after(today, -1).isoformat()
        expired.append(",".join(cells))
    lots.write_text("\n".join([rows[0], *expired]) + "\n", encoding="utf-8")
    others = [file for file in sorted((DOCS / "examples").glob("*.csv")) if file.name not in {lots.name, "recalls.csv"}]
    assert suyuan("publish", lots, *others).code == Exit.DONE
    before = days_after(today, -2)
    servers = {"SUYUAN_KAFKA": "127.0.0.1:1", "SUYUAN_CLICKHOUSE": "127.0.0.1:2"}
    answer = suyuan("run", "--once", "--until-day", before, "--json", own=True, **servers)
    assert (days(answer), answer.row["expired_unsaid"]) == (1, 2)
    kafka, clickhouse, expired = answer.errors.splitlines()
    assert f"suyuan run reads the log in {data}, not Kafka at 127.0.0.1:1" in kafka
    assert "suyuan worker" in kafka
    assert f"suyuan run loads the tables in {data}, not ClickHouse at 127.0.0.1:2" in clickhouse
    assert f"2 listings sell lots that expired by {today}" in expired
    assert f"suyuan run --once --until-day {today}" in expired
    answer = suyuan("run", "--once", "--until-day", today, "--json", own=True)
    assert (days(answer), answer.row["expired_unsaid"], answer.errors) == (2, 0, "")
    found = suyuan("chains", "--gap", "lot_expired", "--json", own=True).output.splitlines()
    assert {json.loads(line)["listing_id"] for line in found} == {"100001", "100002"}


def days(answer):
    assert answer.code == Exit.DONE, answer.errors
    return answer.row["rows"].get("event_day", 0)

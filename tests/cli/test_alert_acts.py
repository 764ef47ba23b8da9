"""Acts on alerts are events: kept, shown and moved with a log, and taken from nobody but the running system."""

from __future__ import annotations

import json

import pytest

from suyuan.access.scope import EVERYTHING, Division, Platform, Publisher, Scope
from suyuan.domain.alerts.notes import written
from suyuan.operations.alerts.notes import append_note
from suyuan.publishing.files.embedded import outlet
from suyuan.queries.visible import ALL, visible_events, visible_of_kinds
from tests.streams.stages.published import LAB, NOON, event

GROUP = "5f" * 16
ACTS = [
    event("alert_act", alert_id=GROUP, until="2026-06-05T12:00:00+08:00"),
    event("alert_act", alert_id=f"{GROUP}-330106", act="assign", assignee="330106", at=1),
    event("alert_act", alert_id=GROUP, act="resolve", resolution="confirmed", takedown=True, at=2),
    event("alert_act", alert_id=GROUP, act="comment", note_id="n1", note_hash="0" * 64, at=3),
]


@pytest.fixture
def publish(suyuan, tmp_path):
    def run(events, *arguments):
        file = tmp_path / "acts.jsonl"
        file.write_text("".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in events), encoding="utf-8")
        return suyuan("publish", file, "--json", *arguments)

    return run


def test_they_are_kept_and_shown_and_move_with_a_log(suyuan, publish, data, tmp_path):
    assert publish([*ACTS, ACTS[0]]).row["accepted"] == len(ACTS)
    with outlet(data, 4, fsync=False) as log:
        append_note(log, written("已核实", note_id="n1", alert_id=GROUP, author="oidc:li", at=NOON, salt=bytes(16)))
    report = suyuan("run", "--once", "--json", own=True)
    assert (report.code, report.row["rows"]["event_alert_act"]) == (0, len(ACTS)), report.errors
    assert report.row["rows"]["note"] == 1
    shown = suyuan("event", f"alert_act/SUYUAN/{ACTS[2]['event_id']}", own=True)
    row = json.loads(shown.output)
    assert {name: row[name] for name in ("alert_id", "act", "resolution", "takedown", "actor", "basis")} == {
        "alert_id": GROUP,
        "act": "resolve",
        "resolution": "confirmed",
        "takedown": True,
        "actor": "oidc:li",
        "basis": "b1",
    }
    out = tmp_path / "whole.jsonl"
    assert suyuan("log", "export", "--out", out).code == 0
    moved = suyuan("publish", out, "--json", "--data", tmp_path / "elsewhere")
    assert (moved.code, moved.row["accepted"], moved.row["rejected"]) == (0, len(ACTS), 0), moved.errors


def test_nobody_else_publishes_them(publish):
    answer = publish([ACTS[0] | {"publisher": LAB}])
    (error,) = answer.row["errors"]
    assert (answer.row["accepted"], error["field"]) == (0, "publisher")


def test_they_are_shown_with_their_alert_and_by_themselves_to_a_scope_of_everything():
    for part in (Division(""), Division("33"), Platform(LAB), Publisher("SUYUAN")):
        assert visible_events(Scope((part,)), "alert_act") is None
        assert "alert_act" not in visible_of_kinds(Scope((part,)))
        assert visible_events(Scope((part,)), "day") is ALL
    assert visible_events(EVERYTHING, "alert_act") is ALL

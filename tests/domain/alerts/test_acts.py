"""Which acts on alerts are taken."""

from __future__ import annotations

import pytest

from suyuan.domain.acceptance import refusal
from suyuan.domain.alerts.acts import ACTS, AHEAD_MS, UNTIL_MS
from suyuan.domain.alerts.ids import bureau_of, is_alert_id
from suyuan.domain.calendar import DAY_MS
from suyuan.schemas.kinds import EVENT_KINDS

NOW = 1_780_459_200_000
GROUP = "5f" * 16
OWN = {
    "acknowledge": {"until": NOW + DAY_MS},
    "unacknowledge": {},
    "assign": {"assignee": "330106"},
    "comment": {"note_id": "n1"},
    "resolve": {"resolution": "confirmed", "basis": "b1"},
    "reopen": {},
}
"""what belongs to each act"""


def field_of(act, **other):
    """The field for which an act is refused, None where it is taken."""
    absent = dict.fromkeys(("basis", "until", "assignee", "resolution", "note_id", "note_hash"))
    event = {"event_id": "e", "publisher": "SUYUAN", "occurred_at": NOW, "alert_id": GROUP, "actor": "oidc:li"}
    made = {**event, **absent, "act": act, "takedown": False, **OWN.get(act, {}), **other}
    refused = refusal(EVENT_KINDS["alert_act"], made, NOW)
    assert refused is None or ": " in refused.reason or "alone" in refused.reason or "at most" in refused.reason
    return refused and refused.field


@pytest.mark.parametrize("act", ACTS)
def test_each_act_is_taken_with_what_belongs_to_it(act):
    assert field_of(act) is None
    assert field_of(act, note_id="n1", note_hash="0" * 64, basis="b1") is None
    assert field_of(act, publisher="91110000600037341L") == "publisher"


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(
    ("of", "field", "value"),
    [
        ("assign", "assignee", "li"),
        ("resolve", "resolution", "other"),
        ("acknowledge", "until", NOW + 1),
        ("resolve", "takedown", True),
    ],
)
def test_what_belongs_to_another_act_is_refused(act, of, field, value):
    assert field_of(act, **{field: value}) == (None if act == of else field)


@pytest.mark.parametrize(
    ("act", "other", "field"),
    [
        ("assign", {"assignee": None}, "assignee"),
        ("assign", {"assignee": ""}, "assignee"),
        ("resolve", {"resolution": None}, "resolution"),
        ("resolve", {"resolution": "perhaps"}, "resolution"),
        ("resolve", {"basis": None}, "basis"),
        ("resolve", {"basis": ""}, "basis"),
        ("resolve", {"resolution": "false_alarm", "takedown": True}, "takedown"),
        ("comment", {"note_id": None}, "note_id"),
        ("escalate", {}, "act"),
        ("Resolve", {}, "act"),
        ("reopen", {"actor": " "}, "actor"),
        ("reopen", {"actor": "x" * 301}, "actor"),
        ("reopen", {"event_id": "x" * 129}, "event_id"),
        ("reopen", {"basis": "x" * 129}, "basis"),
        ("assign", {"assignee": "x" * 301}, "assignee"),
        ("comment", {"note_id": "x" * 129}, "note_id"),
        ("reopen", {"note_hash": "0" * 64}, "note_hash"),
        ("comment", {"note_hash": "0" * 63}, "note_hash"),
        ("reopen", {"alert_id": "5f"}, "alert_id"),
        ("reopen", {"alert_id": f"{GROUP}-33"}, "alert_id"),
        ("reopen", {"alert_id": f"{GROUP}\n"}, "alert_id"),
        ("reopen", {"alert_id": GROUP.upper()}, "alert_id"),
    ],
)
def test_what_makes_no_sense_is_refused(act, other, field):
    assert field_of(act, **other) == field


def test_the_clock_of_who_acts_may_be_ahead_by_five_minutes():
    assert field_of("reopen", occurred_at=NOW + AHEAD_MS) is None
    assert field_of("reopen", occurred_at=NOW + AHEAD_MS + 1) == "occurred_at"
    assert field_of("reopen", occurred_at=NOW - 400 * DAY_MS) is None, "a log may be moved later"


@pytest.mark.parametrize(
    ("until", "taken"),
    [(NOW, False), (NOW + 1, True), (NOW + UNTIL_MS, True), (NOW + UNTIL_MS + 1, False), (None, True)],
)
def test_something_is_acknowledged_for_thirty_days_at_most(until, taken):
    assert field_of("acknowledge", until=until) == (None if taken else "until")


def test_an_alert_that_is_not_about_one_listing_names_its_bureau():
    ids = [GROUP, f"{GROUP}-330106"]
    assert [bureau_of(each) for each in ids] == [None, "330106"]
    assert [is_alert_id(each) for each in (*ids, "", f"{GROUP}-", f"{GROUP}-33010", f"-{GROUP}")] == [True] * 2 + [
        False
    ] * 4

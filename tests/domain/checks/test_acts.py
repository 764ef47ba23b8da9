"""Acts and answers at the door and in intake."""

from __future__ import annotations

import pytest

from suyuan.domain.alerts.acts import AHEAD_MS
from suyuan.domain.checks.acts import check_act_faults, inspection_faults, order_answer_faults, order_faults
from suyuan.domain.checks.bodies import canonical
from tests.spot_checks import CHECK, drawn, plan

NOW = 1_800_000_000_000
ACT = {"check_id": CHECK, "act": "plan", "actor": "li", "body": canonical(plan()).decode(), "occurred_at": NOW}
ANSWER = {"order_no": f"{CHECK}-1", "answer": "bought", "actor": "li", "occurred_at": NOW}
ANSWER |= dict.fromkeys(["sample", "spare", "party", "note_id", "note_hash"])

ORDER = {
    "order_no": f"{CHECK}-1",
    "check_id": CHECK,
    "weight": 1,
    "ticket": "0." + "7" * 77,
    "officers": ["A-01", "A-02"],
    "items": ["F-12"],
}
RESULT = {"order_no": f"{CHECK}-1", "sample_no": "S1", "purpose": "spot_check"}


def acts(**other):
    return [field for field, _ in check_act_faults(ACT | other, NOW)]


def answers(**other):
    return [field for field, _ in order_answer_faults(ANSWER | other, NOW)]


def test_each_act_of_a_check_is_accepted():
    files = drawn()
    for name, body in (("plan", files.plan), ("freeze", files.freeze), ("draw", files.result.draw)):
        assert acts(act=name, body=canonical(body).decode()) == []


@pytest.mark.parametrize(
    ("other", "fields"),
    [
        ({"occurred_at": NOW + AHEAD_MS + 1}, ["occurred_at"]),
        ({"actor": " "}, ["actor"]),
        ({"check_id": "7"}, ["check_id", "body"]),
        ({"check_id": "330100-2026-8"}, ["body"]),
        ({"act": "dice"}, ["act"]),
        ({"act": "freeze"}, ["body"]),
        ({"body": "{}"}, ["body"]),
        ({"body": canonical(plan(items=())).decode()}, ["body"]),
    ],
)
def test_an_act_that_is_none(other, fields):
    assert acts(**other) == fields


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"answer": "unpacked", "sample": "S1", "spare": "S2"},
        {"answer": "told", "party": "seller"},
        {"answer": "objected", "party": "producer", "note_id": "n", "note_hash": "0" * 64},
    ],
)
def test_an_answer_that_is_accepted(other):
    assert answers(**other) == []


@pytest.mark.parametrize(
    ("other", "fields"),
    [
        ({"order_no": CHECK}, ["order_no"]),
        ({"answer": "lost"}, ["answer"]),
        ({"sample": "S1"}, ["sample"]),
        ({"answer": "unpacked"}, ["sample", "spare"]),
        ({"answer": "unpacked", "sample": "S1", "spare": "S1"}, ["spare"]),
        ({"answer": "unpacked", "sample": " ", "spare": "S1"}, ["sample"]),
        ({"answer": "told"}, ["party"]),
        ({"answer": "told", "party": "aunt"}, ["party"]),
        ({"party": "seller"}, ["party"]),
        ({"note_hash": "0" * 64}, ["note_hash"]),
        ({"actor": "x" * 301}, ["actor"]),
    ],
)
def test_an_answer_that_is_none(other, fields):
    assert answers(**other) == fields


@pytest.mark.parametrize(
    ("other", "fields"),
    [
        ({}, []),
        ({"officers": []}, []),
        ({"order_no": CHECK}, ["order_no"]),
        ({"check_id": "330100-2026-8"}, ["check_id"]),
        ({"weight": 17}, ["weight"]),
        ({"ticket": "0.5"}, ["ticket"]),
        ({"items": []}, ["items"]),
        ({"officers": ["A-01"]}, ["officers"]),
    ],
)
def test_an_order(other, fields):
    assert [field for field, _ in order_faults(ORDER | other, NOW)] == fields


@pytest.mark.parametrize(
    ("other", "fields"),
    [
        ({}, []),
        ({"order_no": None, "sample_no": None, "purpose": "self"}, []),
        ({"order_no": None}, ["sample_no"]),
        ({"order_no": "7"}, ["order_no"]),
        ({"sample_no": None}, ["sample_no"]),
        ({"sample_no": "S1 "}, ["sample_no"]),
        ({"sample_no": "S\u200b1"}, ["sample_no"]),
        ({"purpose": "self"}, ["purpose"]),
    ],
)
def test_a_result_of_an_order_names_it_and_the_seal(other, fields):
    assert [field for field, _ in inspection_faults(RESULT | other, NOW)] == fields

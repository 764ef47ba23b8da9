"""The alert budget by API, on both shapes: the desks of one's scope, and no others."""

from __future__ import annotations

import csv
import io

import pytest

from suyuan.access.principal import Role
from tests.portal.worlds import ALERTS, A, B

PATH = "/api/v1/desks"


@pytest.mark.parametrize("world", [A, B], ids=["A", "B"])
def test_a_bureau_is_told_of_its_own_desks_and_of_no_others(portal, world):
    client = portal.client("regulator", world.letter)
    found = client.get(PATH).json()
    assert found["budget"] == 30
    (desk,) = found["rows"]
    assert (desk["bureau"], desk["open"]) == (world.division, ALERTS)
    assert (desk["officers"], desk["open_per_officer"], desk["over_budget"]) == (None, None, False)
    assert len(desk["raised"]) == len(desk["handled"]) == 8
    assert (len(desk["rules"]), sum(rule["open"] for rule in desk["rules"]) <= ALERTS) == (len(desk["rules"]), True)
    for outside in ({A: B, B: A}[world].division, world.division[:2], ""):
        answer = client.get(PATH, params={"prefix": outside})
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
    assert client.get(PATH, params={"prefix": "33x"}).status_code == 422
    as_csv = client.get(PATH, headers={"Accept": "text/csv"})
    assert [row["bureau"] for row in csv.DictReader(io.StringIO(as_csv.text))] == [world.division]


@pytest.mark.parametrize("role", [Role.PLATFORM, Role.PUBLISHER, Role.ADMIN])
def test_who_sees_no_desks_is_told_nothing(portal, role):
    assert portal.client(role).get(PATH).status_code == 403

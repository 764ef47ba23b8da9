"""The list of alerts: what is in scope, page by page, in each form."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.portal.worlds import A, B


def of(page):
    return [row["alert_id"] for row in page.json()["rows"]]


def newest_first(world):
    rows = sorted(world.alerts, key=lambda row: (-row["raised_at"], row["alert_id"]))
    return [row["alert_id"] for row in rows]


@pytest.mark.parametrize("role", ["regulator", "investigator", "platform"])
def test_everybody_sees_the_alerts_of_their_own_world_the_newest_first(portal, role):
    for world in (A, B):
        assert of(portal.client(role, world.letter).get("/api/v1/alerts")) == newest_first(world)


def test_pages_follow_one_another_by_the_cursor_and_by_the_link(portal):
    client = portal.client("regulator")
    found, answer = [], client.get("/api/v1/alerts", params={"limit": 4})
    while True:
        assert len(of(answer)) <= 4
        found += of(answer)
        if answer.json()["next"] is None:
            assert "link" not in answer.headers
            break
        by_link = client.get(answer.links["next"]["url"])
        answer = client.get("/api/v1/alerts", params={"limit": 4, "cursor": answer.json()["next"]})
        assert of(by_link) == of(answer)
    assert found == newest_first(A)


def test_filters_are_the_same_in_each_form(portal):
    client, wanted = portal.client("regulator"), {"severity": "high"}
    high = [row["alert_id"] for row in A.alerts if row["severity"] == "high"]
    assert sorted(of(client.get("/api/v1/alerts", params=wanted))) == high
    as_csv = client.get("/api/v1/alerts", params=wanted, headers={"Accept": "text/csv"})
    assert as_csv.headers["content-type"].startswith("text/csv")
    assert sorted(row["alert_id"] for row in csv.DictReader(io.StringIO(as_csv.text))) == high
    lines = client.get("/api/v1/alerts", params=wanted, headers={"Accept": "application/x-ndjson"}).text.splitlines()
    assert sorted(json.loads(line)["alert_id"] for line in lines) == high


@pytest.mark.parametrize("cursor", ["x", "WzFd.abc", "", "⟦B⟧"])
def test_a_cursor_that_nobody_was_given_is_refused(portal, cursor):
    answer = portal.client("regulator").get("/api/v1/alerts", params={"cursor": cursor})
    if not cursor:
        assert answer.status_code == 200
    else:
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/bad-cursor")


def test_what_makes_no_sense_is_named_and_not_repeated(portal):
    answer = portal.client("regulator").get("/api/v1/alerts", params={"limit": "900<script>", "bureau": "x"})
    assert answer.status_code == 422
    assert {each["pointer"] for each in answer.json()["errors"]} == {"limit", "bureau"}
    assert "script" not in answer.text


def test_a_form_that_there_is_not_is_refused(portal):
    answer = portal.client("regulator").get("/api/v1/alerts", headers={"Accept": "application/pdf"})
    assert (answer.status_code, answer.headers["content-type"]) == (406, "application/problem+json")

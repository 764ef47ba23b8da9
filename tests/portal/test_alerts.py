"""The list of alerts: what is in scope, page by page, in each form."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.portal.worlds import COVERED, SHARED, A, B
from tests.sinks.rows import NOW


def of(page):
    return [row["alert_id"] for row in page.json()["rows"]]


def newest_first(world):
    rows = sorted(world.alerts, key=lambda row: (-row["raised_at"], row["alert_id"]))
    return [row["alert_id"] for row in rows]


@pytest.mark.parametrize("role", ["regulator", "investigator", "platform"])
def test_everybody_sees_the_alerts_of_their_own_world_the_newest_first(portal, role):
    both = [SHARED["alert_id"]] if role == "platform" else []
    for world in (A, B):
        assert of(portal.client(role, world.letter).get("/api/v1/alerts")) == [*newest_first(world), *both]


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


def test_a_list_is_of_what_its_filters_say(portal):
    client = portal.client("regulator")

    def found(**wanted):
        return sorted(of(client.get("/api/v1/alerts", params=wanted)))

    everything = sorted(A.alert_ids)
    some = [row["alert_id"] for row in A.alerts if row["severity"] in {"high", "critical"}]
    assert found(severity="critical,high") == sorted(some)
    assert found(bureau=A.division[:2], condition="standing") == everything
    assert found(condition="cleared") == found(bureau=B.division) == found(rule="no_such") == []
    assert found(platform=A.platform.lower(), rule="recalled_on_sale") == everything
    assert found(seller=A.seller) == everything
    assert found(seller=B.seller) == found(platform=B.platform) == []
    assert found(subject=f"listing:{A.platform}/{A.listing_ids[2]}") == [A.alert_ids[2]]
    of_lot = f"lot:{A.producer}/{A.gtin.lstrip('0')}/{A.lot}"
    assert found(subject=of_lot) == found(subject=of_lot, handling="open,assigned") == [A.alert_ids[-1]]
    assert found(handling="resolved") == found(assignee="somebody") == []
    late = [row["alert_id"] for row in A.alerts if row["raised_at"] >= NOW + 2]
    assert found(since=str(NOW + 2)) == sorted(late)


def test_one_alert_is_told_with_all_that_was_said_of_it(portal):
    client, name = portal.client("regulator"), A.alert_ids[0]
    found = client.get(f"/api/v1/alerts/{name}").json()
    assert (found["alert_id"], found["listings"], found["condition"]) == (name, 1, "standing")
    assert found["subject"] == f"listing:{A.platform}/{A.listing_ids[0]}"
    (change,) = client.get(f"/api/v1/alerts/{name}/history").json()["rows"]
    assert (change["alert_id"], change["sequence"]) == (name, 1)
    for nobodys in (B.alert_ids[0], "nobody's"):
        for path in (f"/api/v1/alerts/{nobodys}", f"/api/v1/alerts/{nobodys}/history"):
            assert client.get(path).status_code == 404


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_the_whole_list_is_a_file_with_the_same_filters(portal, form):
    wanted = {"severity": "high", "format": form}
    answer = portal.client("regulator").get("/api/v1/alerts/export", params=wanted)
    high = [row["alert_id"] for row in A.alerts if row["severity"] == "high"]
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    else:
        rows = [json.loads(line) for line in answer.text.splitlines()]
    assert sorted(row["alert_id"] for row in rows) == high
    assert {str(row["listings"]) for row in rows} <= {"1", str(len(COVERED))}


def test_the_listings_that_an_alert_covers_are_told_page_by_page_and_as_a_file(portal):
    client, name = portal.client("regulator"), A.alert_ids[-1]
    found = client.get(f"/api/v1/alerts/{name}").json()
    assert (found["listing_id"], found["listings"], found["subject_kind"]) == (None, len(COVERED), "lot")
    path, numbers = f"/api/v1/alerts/{name}/listings", []
    answer = client.get(path, params={"limit": 2})
    while True:
        numbers += [row["listing_id"] for row in answer.json()["rows"]]
        if "next" not in answer.links:
            break
        answer = client.get(answer.links["next"]["url"])
    findings = sorted(A.findings, key=lambda row: row["finding_id"])
    assert numbers == [row["listing_id"] for row in findings]
    assert client.get(path).json()["rows"][0]["condition"] == "standing"
    assert client.get(path, params={"condition": "cleared"}).json()["rows"] == []
    assert client.get(path, params={"condition": "gone"}).status_code == 422
    as_file = client.get(f"{path}/export", params={"format": "ndjson"}).text.splitlines()
    assert [json.loads(line)["listing_id"] for line in as_file] == numbers
    assert client.get(f"/api/v1/alerts/{A.alert_ids[0]}/listings").json()["rows"] == []
    for nobodys in (B.alert_ids[-1], "nobody's"):
        for part in ("listings", "listings/export"):
            assert client.get(f"/api/v1/alerts/{nobodys}/{part}").status_code == 404


def test_platforms_that_share_an_alert_are_each_told_their_own_part_of_it(portal):
    path = f"/api/v1/alerts/{SHARED['alert_id']}"
    for world, count, is_example in ((A, 1, False), (B, 4, True)):
        client = portal.client("platform", world.letter)
        told = client.get(path).json()
        assert (told["listings"], told["platforms"]) == (count, [{"platform_code": world.platform, "listings": count}])
        assert bool(told["explanation_zh"]) == bool(told["evidence"]) == bool(told["triggering"]) == is_example
        (listing,) = client.get(f"{path}/listings").json()["rows"]
        assert (listing["platform_code"], listing["title"]) == (world.platform, world.text("绿茶"))
        other = B if world is A else A
        found = client.get("/api/v1/alerts", params={"platform": other.platform})
        assert of(found) == []
    assert portal.client("regulator").get(path).status_code == 404


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

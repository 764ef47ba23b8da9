"""Divisions by API and as a page, on both shapes: what is in the scope, one level after the other."""

from __future__ import annotations

import csv
import io
import json

import pytest

from suyuan.access.principal import Role
from suyuan.portal.pages.words import words
from suyuan.portal.recent_figures import KEPT_MS
from tests.portal.test_access import wait_until
from tests.portal.test_investigation_pages import links
from tests.portal.test_pages import page
from tests.portal.worlds import ALERTS, LISTINGS, A, B
from tests.sinks.contract.views import load
from tests.sinks.rows import block, chain

PATH = "/api/v1/divisions"
DIVISIONS = r"^/divisions\?(?!.*lang=)"
"""addresses of pages, but for the one in the other language"""
FIGURES = {"listings": LISTINGS, "broken": 0, "contradicted": LISTINGS // 3}
OPEN = {"open_critical": ALERTS // 3, "open_high": ALERTS // 3, "open_medium": 0, "open_low": ALERTS // 3}


@pytest.fixture(scope="module")
def country(portal):
    """Somebody of the whole country."""
    client = portal.client(key=portal.grant(Role.INVESTIGATOR, division=""))
    wait_until(lambda: client.get(PATH).status_code == 200)
    return client


@pytest.mark.parametrize("world", [A, B], ids=["A", "B"])
def test_a_bureau_is_told_of_its_own_division_and_of_no_other(portal, world):
    client = portal.client("regulator", world.letter)
    found = client.get(PATH).json()
    (row,) = found["rows"]
    assert (row["division"], found["whole"]["division"], found["next"]) == (world.division, world.division[:4], None)
    for each in (row, found["whole"]):
        assert {name: each[name] for name in (*FIGURES, *OPEN)} == FIGURES | OPEN
        assert (each["serious_per_10k"], each["median_hours_to_clear"]) == (5000, None)
    for outside in ({A: B, B: A}[world].division, world.division[:2], ""):
        answer = client.get(PATH, params={"prefix": outside})
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
        assert page(client, "/divisions", prefix=outside).status_code == 404
    assert client.get(PATH, params={"prefix": "33x"}).status_code == 422


def test_each_level_is_the_parts_of_the_one_above_in_each_form(country):
    rows = {prefix: country.get(PATH, params={"prefix": prefix}).json()["rows"] for prefix in ("", "33", "3301")}
    assert [row["division"] for row in rows[""]] == ["33", "51", "44"]  # of 44 is an alert alone
    assert [row["division"] for row in rows["33"]] == ["3301"]
    assert [(row["division"], row["name"]) for row in rows["3301"]] == [("330106", "西湖区")]
    assert [row["listings"] for each in rows.values() for row in each] == [LISTINGS, LISTINGS, 0, LISTINGS, LISTINGS]
    as_csv = country.get(PATH, headers={"Accept": "text/csv"})
    assert [row["division"] for row in csv.DictReader(io.StringIO(as_csv.text))] == ["33", "51", "44"]
    lines = country.get(PATH, headers={"Accept": "application/x-ndjson"}).text.splitlines()
    assert [json.loads(line) for line in lines] == rows[""]


def test_figures_are_told_again_for_some_seconds_with_their_age(portal, country, monkeypatch):
    now = portal.time()
    monkeypatch.setattr(portal, "time", lambda: now)
    before = country.get(PATH, params={"prefix": "65"})
    load(portal.clickhouse, "chain", block("chain", chain(1, seller_division="650102")))
    monkeypatch.setattr(portal, "time", lambda: now + KEPT_MS / 2000)
    again = country.get(PATH, params={"prefix": "65"})
    assert again.json() == before.json()
    assert (before.headers["age"], again.headers["age"]) == ("0", str(KEPT_MS // 2000))
    monkeypatch.setattr(portal, "time", lambda: now + KEPT_MS / 1000 + 1)
    (row,) = country.get(PATH, params={"prefix": "65"}).json()["rows"]
    assert (row["division"], row["listings"]) == ("6501", 1)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_ranks_the_divisions_and_leads_down_up_and_to_alerts_and_chains(country, language):
    said = words(language)
    shown = page(country, "/divisions", lang=language).text
    assert "/divisions?prefix=33" in links(shown, DIVISIONS)
    assert "/alerts?bureau=33&condition=standing" in links(shown, r"^/alerts\?")
    assert "/chains?seller_division=33" in links(shown, r"^/chains\?")
    assert shown.count("<title>") == 1 + 34
    assert all(said(f"province.{code}") in shown for code in ("33", "51", "81"))
    below = page(country, "/divisions", prefix="33").text
    assert below.count("<title>") == 1
    assert {"/divisions?prefix=", "/divisions?prefix=3301"} <= set(links(below, DIVISIONS))
    assert "杭州市" in below
    county = page(country, "/divisions", prefix="330106").text
    assert "/divisions?prefix=3301" in links(county, DIVISIONS)
    assert "/divisions?prefix=330106" not in links(county, DIVISIONS)
    assert said("divisions.none") in page(country, "/divisions", prefix="82").text


def test_a_bureau_begins_with_its_own_division_and_goes_no_further_up(portal):
    shown = page(portal.client("regulator"), "/divisions").text
    assert A.division in shown
    assert links(shown, DIVISIONS) == []  # a county is not divided any further
    assert B.division not in shown
    below = page(portal.client("regulator"), "/divisions", prefix=A.division).text
    assert set(links(below, DIVISIONS)) == {f"/divisions?prefix={A.division[:4]}"}


def test_the_list_of_chains_is_of_the_division_that_a_row_leads_to(country):
    shown = page(country, "/chains", seller_division="5101").text
    assert B.mark in shown
    assert A.mark not in shown

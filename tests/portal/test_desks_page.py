"""The alert budget as a page, on both shapes: the figures of the API, in words, and where they lead."""

from __future__ import annotations

import html
import re

import msgspec
import pytest

from suyuan.access.principal import Role
from suyuan.portal.pages.words import words
from suyuan.portal.recent_figures import RecentFigures, desks_at
from suyuan.queries.answers import AlertBudget, DeskLoad
from tests.portal.test_access import wait_until
from tests.portal.test_investigation_pages import links
from tests.portal.test_pages import page
from tests.portal.worlds import A, B
from tests.sinks.rows import NOW

API, PATH = "/api/v1/desks", "/desks"
COLUMNS = ("open", "raised_today", "handled_today")


@pytest.fixture
def budget(portal, monkeypatch):
    """Sets it; the day is that on which the alerts of both worlds were raised."""
    monkeypatch.setattr(portal, "time", lambda: NOW / 1000)
    return lambda alerts: monkeypatch.setattr(portal.app.state.portal, "desks", RecentFigures(desks_at(alerts)))


def cells(shown):
    """Of the one desk, by the labels that they have on narrow screens."""
    (body,) = re.findall(r"<tbody>(.*?)</tbody>", shown, re.DOTALL)
    found = re.findall(r'<t[hd][^>]* data-label="([^"]*)">(.*?)</t[hd]>', body, re.DOTALL)
    return {label: " ".join(html.unescape(re.sub(r"<[^>]*>", " ", cell)).split()) for label, cell in found}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("alerts", "standing"), [(30, "is_within"), (0, "is_over")])
def test_a_desk_is_shown_with_the_figures_of_the_api_and_over_the_budget_by_word(
    portal, budget, language, alerts, standing
):
    budget(alerts)
    said, client = words(language), portal.client("regulator")
    found = client.get(API).json()
    (desk,) = found["rows"]
    assert (found["budget"], desk["raised_today"] > 0, desk["over_budget"]) == (alerts, True, standing == "is_over")
    shown = page(client, PATH, lang=language).text
    row = cells(shown)
    assert row[said("desks.budget")].split()[-1] == said(f"desks.{standing}")
    assert row[said("alerts.bureau")] == f"{said(f'province.{A.division[:2]}')} {A.division}"
    assert {name: row[said(f"desks.{name}")] for name in COLUMNS} == {name: f"{desk[name]}" for name in COLUMNS}
    assert [row[said(f"desks.{name}")] for name in ("officers", "open_each", "a_day_each")] == ["–"] * 3
    bars = re.findall(r"<text [^>]*>([^<]*)</text>", shown)
    assert bars == [str(count) for count in desk["raised"]]
    assert said("desks.budget_is", n=alerts, days=7) in shown
    over = said("desks.some_over", n=1, of=1) if desk["over_budget"] else said("desks.none_over")
    assert over in shown
    assert B.division not in shown


@pytest.mark.parametrize(("language", "called"), [("zh", "西湖区局"), ("en", "West Lake")])
def test_a_desk_is_called_as_its_record_says_and_what_is_per_officer_is_shown(portal, monkeypatch, language, called):
    said, client = words(language), portal.client("regulator")
    (desk,) = client.get(API).json()["rows"]
    desk |= {"name_zh": "西湖区局", "name_en": "West Lake", "officers": 4}
    desk |= {"open_per_officer": 2.5, "raised_a_day_per_officer": 0.01}
    told = AlertBudget("2026-03-03", 30, [msgspec.convert(desk, DeskLoad)])
    monkeypatch.setattr(portal.app.state.portal, "desks", RecentFigures(lambda *_: told))
    row = cells(page(client, PATH, lang=language).text)
    assert row[said("alerts.bureau")] == f"{called} {A.division}"
    assert [row[said(f"desks.{name}")] for name in ("officers", "open_each", "a_day_each")] == ["4", "2.5", "<0.1"]


def test_it_leads_to_what_waits_at_a_desk_and_to_each_rule_there(portal, budget):
    budget(30)
    client = portal.client("regulator")
    (desk,) = client.get(API).json()["rows"]
    wanted = [f"/alerts?bureau={A.division}&rule={rule['rule']}" for rule in desk["rules"]]
    shown = page(client, PATH).text
    assert wanted
    assert links(shown, rf"^/alerts\?bureau={A.division}") == [
        f"/alerts?bureau={A.division}&condition=standing",
        *wanted,
    ]
    for link in wanted:
        assert A.mark in client.get(link, headers={"Accept": "text/html"}).text


def test_where_no_desk_has_anything_to_do_it_says_so(portal):
    client = portal.client(key=portal.grant(Role.INVESTIGATOR, division=""))
    wait_until(lambda: client.get(PATH).status_code == 200)
    assert words("en")("desks.none") in page(client, PATH, prefix="82", lang="en").text
    assert page(portal.client("regulator"), PATH, prefix=B.division).status_code == 404


@pytest.mark.parametrize("role", [Role.REGULATOR, Role.INVESTIGATOR, Role.PLATFORM])
def test_the_list_of_alerts_leads_whoever_sees_desks_to_them(portal, role):
    client = portal.client(role)
    sees = client.get(API).status_code == 200
    assert sees == (role != Role.PLATFORM)
    assert page(client, PATH).status_code == (200 if sees else 403)
    assert words("en")("alerts.desks") in page(client, "/alerts", lang="en").text or not sees
    assert ("/desks" in links(page(client, "/alerts").text, r"^/desks$")) == sees


@pytest.mark.parametrize("role", [Role.PUBLISHER, Role.ADMIN])
def test_who_sees_no_desks_is_told_so(portal, role):
    assert page(portal.client(role), PATH).status_code == 403

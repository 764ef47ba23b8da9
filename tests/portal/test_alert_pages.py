"""Alerts as pages, on both shapes: a list that is whole without scripts, and one alert with what it rests on."""

from __future__ import annotations

import html
import re

import pytest

from suyuan.portal.pages.words import words
from tests.portal.live.conftest import told
from tests.portal.test_investigation_pages import links
from tests.portal.test_pages import HTML, page
from tests.portal.worlds import COVERED, SHARED, A, B


@pytest.mark.parametrize("role", ["regulator", "investigator", "platform"])
def test_the_list_is_of_the_scope_the_newest_first_and_leads_to_each(portal, role):
    shown = page(portal.client(role), "/alerts").text
    rows = sorted(A.alerts, key=lambda row: (-row["raised_at"], row["alert_id"]))
    assert links(shown, "^/alerts/")[: len(rows)] == [f"/alerts/{row['alert_id']}" for row in rows]
    assert B.mark not in shown
    assert not re.search(r"\sstyle=|<style|<script(?![^>]*\ssrc=)", shown)


def test_filters_are_in_the_address_the_form_the_stream_and_the_export(portal):
    client = portal.client("regulator")
    shown = page(client, "/alerts", severity="low", platform=A.platform).text
    low = [row["alert_id"] for row in A.alerts if row["severity"] == "low"]
    assert sorted(links(shown, "^/alerts/")) == sorted(f"/alerts/{name}" for name in low)
    assert f'value="{A.platform}"' in shown
    (export,) = {link for link in links(shown, "/export") if "csv" in link}
    assert client.get(export).text.count("\n") == len(low) + 1
    stream = html.unescape(re.search(r'data-live="([^"]+)"', shown)[1])
    answer = client.get(f"{stream}&seconds=0")
    assert answer.status_code == 200
    assert [id_ for *_, id_ in told(answer.content) if id_]
    assert "severity=low" in stream
    assert words("zh")("alerts.none_live") in page(client, "/alerts", rule="none").text
    assert page(client, "/alerts", severity="grave").status_code == 422


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_alert_says_why_and_leads_on_to_chain_trace_and_evidence(portal, language):
    row, said = A.alerts[0], words(language)
    client = portal.client("regulator")
    shown = client.get(f"/alerts/{row['alert_id']}", headers={**HTML, "Accept-Language": language}).text
    for text in (
        row[f"title_{language}"],
        row[f"explanation_{language}"],
        said("alert.why"),
        said.of("severity", "high"),
    ):
        assert text in shown
    assert f"/chains/{A.platform}/{row['listing_id']}" in links(shown, "^/chains/")
    (trace,) = set(links(shown, r"^/traces\?"))
    assert client.get(trace, headers=HTML).status_code == 200
    assert f'id="{row["evidence"][0]}"' in shown
    assert B.mark not in shown
    for nobodys in (B.alert_ids[0], "none"):
        assert page(client, f"/alerts/{nobodys}").status_code == 404


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_alert_about_a_lot_says_which_listings_it_covers_and_why_that_bureau(portal, language):
    row, said = A.alerts[-1], words(language)
    client = portal.client("regulator")
    headers = {**HTML, "Accept-Language": language}
    shown = client.get(f"/alerts/{row['alert_id']}", headers=headers).text
    for text in (said("alert.covers"), said("about.lot"), said("handling.open"), A.lot, row["bureau_why"]):
        assert text in shown
    chains = [f"/chains/{A.platform}/{A.listing_ids[number]}" for number in COVERED]
    assert set(links(shown, "^/chains/")) >= set(chains)
    (every,) = links(shown, "/listings$")
    assert sorted(set(links(client.get(every, headers=headers).text, "^/chains/"))) == sorted(chains)
    (export,) = {link for link in links(shown, "/listings/export") if "csv" in link}
    assert client.get(export).text.count("\n") == len(COVERED) + 1
    listed = client.get("/alerts", headers=headers).text
    assert f"{A.gtin} / {A.lot}" in listed
    assert client.get("/alerts", params={"handling": "resolved"}, headers=headers).text.count("data-alert=") == 0


def test_a_platform_is_shown_its_part_of_an_alert_that_others_share(portal):
    shown = page(portal.client("platform"), f"/alerts/{SHARED['alert_id']}").text
    assert words("zh")("alert.by_another") in shown
    assert A.listing_ids[0] in shown
    for text in (B.mark, B.platform, *B.listing_ids):
        assert text not in shown


def test_a_chain_leads_to_its_alerts(portal):
    shown = page(portal.client("regulator"), f"/chains/{A.platform}/{A.listing_ids[0]}").text
    assert links(shown, "^/alerts/") == [f"/alerts/{A.alert_ids[0]}"]
    shown = page(portal.client("regulator"), f"/chains/{A.platform}/{A.listing_ids[COVERED[0]]}").text
    assert links(shown, "^/alerts/") == [f"/alerts/{A.alert_ids[-1]}"]

"""The platform's story: a file with a bad line is sent, mended and sent again, until the chains know its listings."""

from __future__ import annotations

import csv
import io
import time
from random import Random

import httpx
import pytest
from playwright.sync_api import expect

from suyuan.access.principal import Role
from suyuan.portal.pages.words import words
from tests.portal.browser.market import MARKUP, PLATFORM
from tests.portal.browser.site import serious
from tests.reference.names import credit_code

PATIENCE = 180.0
RNG = Random(5)
COLUMNS = ("event_id", "publisher", "platform_code", "listing_id", "occurred_at", "status", "title", "category")
COLUMNS += ("seller_code", "price_fen", "sold_30d")


def table(*rows):
    written = io.StringIO()
    lines = csv.writer(written)
    lines.writerow(COLUMNS)
    lines.writerows(rows)
    return written.getvalue().encode()


def row(name, **changed):
    given = dict(zip(COLUMNS, (name, PLATFORM, PLATFORM, name, "2026-10-01 12:00", "active"), strict=False))
    given |= {"title": MARKUP, "category": "tea", "seller_code": credit_code(RNG), "price_fen": 100, "sold_30d": 1}
    return [(given | changed)[name] for name in COLUMNS]


def send(page, name, content):
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    page.locator("form[data-upload] button[type=submit]").click()


def figure(page, said, name):
    return page.locator(".figures li", has_text=said(f"uploads.{name}")).locator("strong")


def assessed(site, listing_id):
    until = time.monotonic() + PATIENCE
    while not site.get(f"/api/v1/feedback?listing={listing_id}", Role.PLATFORM).json()["rows"]:
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("language", "scripts"), [("zh", True), ("en", True), ("zh", False)], ids=["zh", "en", "without scripts"]
)
def test_a_file_with_a_bad_line_is_mended_and_sent_again(visit, site, axe, language, scripts, tmp_path):
    made, said = visit(None, language, java_script_enabled=scripts), words(language)
    page = made.page
    made.open("/enter?to=/listings")  # a session: what the form sends must come from a page of ours
    page.locator("#token").fill(site.keys[Role.PLATFORM])
    page.locator("#enter button").click()
    page.locator('a[data-key="g u"]').click()
    good, bad = f"up-{language}-{scripts}-1", f"up-{language}-{scripts}-2"
    send(page, "我的.csv", table(row(good), row(bad, price_fen="26.8")))
    expect(page.locator("h1")).to_contain_text("我的.csv")
    expect(page.locator("[data-over]")).to_be_attached()
    expect(figure(page, said, "accepted")).to_have_text("1")
    expect(figure(page, said, "rejected")).to_have_text("1")
    problem = page.locator("#problems tbody tr")
    expect(problem).to_contain_text("price_fen")
    expect(problem.locator("td").first).to_have_text("3")
    marked = page.locator("#first td.bad")
    expect(marked).to_have_count(1)
    expect(marked).to_contain_text("26.8")
    expect(page.locator("#first")).to_contain_text(MARKUP)
    assert not scripts or serious(page, axe) == []
    with page.expect_download() as download:
        page.locator("a[download]").click()
    file = tmp_path / "errors.csv"
    download.value.save_as(file)
    page.locator(".acts a[href='/uploads']").click()
    expect(page.locator("tbody tr", has_text="我的.csv").first).to_contain_text(said("upload_stage.done"))
    send(page, "errors.csv", file.read_bytes().replace(b"26.8", b"2680"))
    expect(page.locator("[data-over]")).to_be_attached()
    expect(figure(page, said, "accepted")).to_have_text("1")
    expect(figure(page, said, "rejected")).to_have_text("0")
    expect(page.locator(".state.done")).to_contain_text(said("upload_stage.done"))
    for listing_id in (good, bad):
        assessed(site, listing_id)


def test_who_waits_is_told_by_the_running_system_what_its_chains_say(site):
    answer = httpx.post(
        f"{site.url}/api/v1/events",
        params={"kind": "listing", "wait": "assessed"},
        content=table(row("waited-1"), row("waited-2", seller_code="nonsense")),
        headers={"Authorization": f"Bearer {site.keys[Role.PLATFORM]}"},
        timeout=PATIENCE,
        trust_env=False,
    ).json()
    assert (answer["accepted"], answer["assessed"]) == (2, 2), answer
    first, second = answer["results"]
    assert set(first["chain"]["gaps"]) == {"seller_unregistered", "producer_undeclared"}
    assert set(second["chain"]["gaps"]) == {"seller_code_invalid", "producer_undeclared"}
    assert first["chain"]["rests_on"] == first["ref"]
    (event,) = site.get(f"/api/v1/events/{first['ref']}", Role.PLATFORM).json()["rows"]
    assert (event["outcome"], event["listing_id"]) == ("accepted", "waited-1")

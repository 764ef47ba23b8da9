"""An investigator's way: from a number on a scrap of paper to a dossier that is read and checked without a network."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime
from hashlib import sha256
from zipfile import ZipFile

from playwright.sync_api import expect

from suyuan.access.principal import Role
from tests.portal.browser.market import HONEY, LOT, PLATFORM, PRODUCER, RECALLED

ITEMS = '[role="treeitem"]'
RECALL = "RC-9"
SUBJECT = f"lot:{PRODUCER}/{HONEY}/{LOT}"


def test_from_a_lot_hop_by_hop_to_a_dossier_that_opens_from_a_disk(visit, chromium, tmp_path):
    made = visit(Role.INVESTIGATOR, "en")
    page = made.page
    made.open("/")
    page.keyboard.press("/")
    page.keyboard.type(LOT)
    page.keyboard.press("Enter")
    page.locator(f'main a[href^="/traces"][href*="{LOT}"]').first.click()
    page.wait_for_selector('[role="tree"]')
    before = page.locator(ITEMS).count()
    page.locator(".tree .more").first.click()
    expect(page.locator(ITEMS).nth(before)).to_be_attached()
    expect(page).to_have_url(re.compile("open="))
    page.locator(f'.tree a[href="/chains/{PLATFORM}/{RECALLED}"]').first.click()
    page.locator('a[href$="/dossier"]').click()
    with page.expect_download() as download:
        page.locator('a[href$="/dossier.zip"]').click()
    with ZipFile(download.value.path()) as archive:
        archive.extractall(tmp_path)
    for line in (tmp_path / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert sha256((tmp_path / name).read_bytes()).hexdigest() == digest
    rows = list(csv.DictReader(io.StringIO((tmp_path / "evidence.csv").read_text(encoding="utf-8-sig"))))
    assert {"recall", "listing", "lot", "shipment"} <= {row["kind"] for row in rows}
    assert all(sha256((tmp_path / row["raw"]).read_bytes()).hexdigest() == row["sha256"] for row in rows)
    alone = chromium.new_context(offline=True)
    asked = []
    alone.on("request", lambda request: asked.append(request.url))
    for language, heading in (("zh", "卷宗"), ("en", "Dossier")):
        read = alone.new_page()
        read.goto((tmp_path / f"dossier.{language}.html").as_uri())
        assert heading in read.locator("h1").inner_text()
        assert rows[0]["sha256"] in read.locator("main").inner_text()
    assert [url for url in asked if not url.startswith("file:")] == []
    alone.close()


def test_a_trace_is_walked_by_keys_and_its_graph_chooses_the_same(visit):
    made = visit(Role.INVESTIGATOR)
    page = made.page
    made.open(f"/traces?subject={SUBJECT}")
    page.wait_for_selector(".graph canvas")
    page.keyboard.press("f")
    focused = "document.activeElement.dataset.node"
    assert page.evaluate(focused) == SUBJECT
    page.keyboard.press("ArrowDown")
    second = page.evaluate(focused)
    assert second != SUBJECT
    assert page.locator(f'{ITEMS}[aria-selected="true"]').get_attribute("data-node") == second
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Home")
    assert page.evaluate(focused) == SUBJECT
    shown = page.locator(f"{ITEMS}:visible").count()
    page.keyboard.press("ArrowLeft")
    assert page.locator(f"{ITEMS}:visible").count() < shown
    page.keyboard.press("ArrowRight")
    assert page.locator(f"{ITEMS}:visible").count() == shown


def test_without_scripts_a_trace_opens_by_its_links(visit):
    made = visit(Role.INVESTIGATOR, java_script_enabled=False)
    page = made.page
    made.open(f"/traces?subject={SUBJECT}")
    before = page.locator(ITEMS).count()
    page.locator(".tree .more").first.click()
    assert page.locator(ITEMS).count() > before
    assert page.locator(".graph").is_hidden()


def test_a_recall_is_followed_to_who_has_and_who_sells_it(visit):
    made = visit(Role.INVESTIGATOR, "en", java_script_enabled=False)
    page, link = made.page, f'main a[href^="/impact/{PRODUCER}/{RECALL}"]'
    for beginning in (f"/search?q={RECALL}", f"/chains/{PLATFORM}/{RECALLED}", f"/traces?subject={SUBJECT}"):
        made.open(beginning)
        page.locator(link).first.click()
        expect(page.locator("h1")).to_contain_text(RECALL)
    row = page.locator("#list tbody tr", has_text=RECALLED)
    expect(row).to_contain_text("still on sale")
    expect(row).to_contain_text("certain")
    expect(page.locator('section[aria-labelledby="holders"] tbody tr')).not_to_have_count(0)
    with page.expect_download() as download:
        page.locator('a[href$="format=csv"]').click()
    assert download.value.suggested_filename == "impact.csv"


def test_a_slider_replays_a_trace_at_the_moments_at_which_something_became_known(visit):
    made = visit(Role.INVESTIGATOR, "en")
    page = made.page
    made.open(f"/traces?subject={SUBJECT}")
    slider, known = page.locator("#as-of"), page.locator('input[name="known_at"]')
    expect(page.locator('output[for="as-of"]')).to_have_text("now")
    now = page.locator(ITEMS).count()
    slider.focus()
    page.keyboard.press("Home")
    expect(page).to_have_url(re.compile("known_at=2"))
    expect(slider).to_be_focused()
    expect(slider).to_have_value("0")
    told = page.locator('output[for="as-of"]').inner_text()
    assert datetime.fromisoformat(told) == datetime.fromisoformat(known.input_value())
    assert page.locator(ITEMS).count() < now
    page.wait_for_selector(".graph canvas")
    expect(page.locator("#language")).to_have_attribute("href", re.compile("known_at=2"))
    page.keyboard.press("End")
    expect(page).not_to_have_url(re.compile("known_at"))
    expect(page.locator(ITEMS)).to_have_count(now)


def test_the_window_of_a_timeline_selects_its_table(visit):
    made = visit(Role.INVESTIGATOR, "en")
    page = made.page
    made.open(f"/timeline?subject={SUBJECT}")
    rows = page.locator("#list tbody tr:visible")
    whole = rows.count()
    assert whole > 2
    for _ in range(4):
        page.keyboard.press("+")
    middle = rows.count()
    assert middle < whole
    for _ in range(80):
        page.keyboard.press("ArrowRight")
    expect(rows).not_to_have_count(whole)
    since = page.locator("input[name=since]").input_value()
    assert since > "2026"
    for _ in range(5):
        page.keyboard.press("-")
    expect(rows).to_have_count(whole)
    expect(page.locator("input[name=since]")).to_have_value("")
    box = page.locator("svg.timeline").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.02, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.12, box["y"] + 60, steps=4)
    page.mouse.up()
    assert 0 < rows.count() < whole
    page.locator("form.window button[type=submit]").click()
    page.wait_for_url(re.compile("since=2026.*until=2026"))
    assert 0 < page.locator("#list tbody tr").count() < whole
    page.keyboard.press("-")
    page.locator('[data-window="whole"]').click()


def test_keys_of_a_chain_lead_to_its_evidence_and_its_trace(visit):
    made = visit(Role.INVESTIGATOR)
    page = made.page
    made.open(f"/chains/{PLATFORM}/{RECALLED}")
    page.keyboard.press("e")
    expect(page).to_have_url(re.compile("#evidence$"))
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_contain_text("到证据")
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    expect(page).to_have_url(re.compile("/traces"))

"""Each story by the keyboard alone: what a mouse reaches, the tabulator and the keys of the page reach too."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from suyuan.access.principal import Role
from suyuan.portal.pages.words import words
from tests.portal.browser.market import LOT, PLATFORM, RECALLED
from tests.portal.browser.test_upload_story import row, table

MOST = 120
"""keys until something has the focus"""


def tab_to(page, selector):
    """Press the tabulator until what is wanted has the focus, which is seen."""
    for _ in range(MOST):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"the tabulator does not come to {selector}")


def test_an_investigator_goes_from_a_lot_to_a_dossier(visit):
    made = visit(Role.INVESTIGATOR, "en")
    page = made.page
    made.open("/")
    page.keyboard.press("/")
    page.keyboard.type(LOT)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*")
    page.keyboard.press("Escape")
    tab_to(page, f'main a[href^="/traces"][href*="{LOT}"]')
    page.keyboard.press("Enter")
    page.wait_for_selector('[role="tree"]')
    page.wait_for_load_state("load")  # no key is listened to before
    page.keyboard.press("f")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("+")
    page.wait_for_url(re.compile("open="))
    page.keyboard.press("f")
    for _ in range(MOST):
        if page.evaluate("document.activeElement.dataset.node") == f"listing:{PLATFORM}/{RECALLED}":
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/chains/{PLATFORM}/{RECALLED}")
    tab_to(page, 'a[href$="/dossier"]')
    page.keyboard.press("Enter")
    page.wait_for_url("**/dossier")
    tab_to(page, 'a[href$="/dossier.zip"]')
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".zip")


def test_a_platform_sends_a_file_and_fetches_its_bad_rows(visit):
    made, said = visit(Role.PLATFORM, "en"), words("en")
    page = made.page
    made.open("/")
    page.keyboard.press("g")
    page.keyboard.press("u")
    page.wait_for_url("**/uploads")
    tab_to(page, "input[type=file]")
    content = table(row("keys-1"), row("keys-2", price_fen="26.8"))
    # what the browser's own dialog does
    page.locator("input:focus").set_input_files({"name": "keys.csv", "mimeType": "text/csv", "buffer": content})
    tab_to(page, "form[data-upload] button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/uploads/[0-9a-f]{32}$"))
    expect(page.locator("[data-over]")).to_be_attached()
    expect(page.locator(".figures li", has_text=said("uploads.rejected")).locator("strong")).to_have_text("1")
    tab_to(page, 'a[href$="/errors.csv"]')
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert "26.8" in download.value.path().read_text(encoding="utf-8")
    tab_to(page, "form[action='/leave'] button")

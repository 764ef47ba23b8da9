"""The ways in which people use pages: by the keyboard alone, without scripts, with filters that stay in the address."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from suyuan.access.principal import Role
from suyuan.portal.pages.words import words
from tests.portal.browser.market import EVIL_LISTING, LOT, MARKUP, PLATFORM, RECALLED


def test_a_link_lets_one_browser_in_once_and_nobody_stays_in_who_has_left(visit, site):
    link = site.link(Role.PLATFORM)
    first, second = visit(None).page, visit(None).page
    first.goto(link)
    first.wait_for_url(site.url + "/")
    expect(first.locator(".who")).to_contain_text(words("zh").of("role", "platform"))
    second.goto(link)
    expect(second.locator("#failed")).to_be_visible()
    assert "#" not in second.url
    first.goto(site.url + "/listings")
    first.locator("form[action='/leave'] button").click()
    first.wait_for_url(site.url + "/enter")
    first.go_back()
    assert PLATFORM not in first.content()


def test_whoever_opens_a_page_without_having_entered_is_led_there_after(visit, site):
    page = visit(None).page
    assert page.goto(site.url + "/listings?gap=oversold").status == 401
    page.locator("main a.primary").click()
    page.locator("#token").fill(site.keys[Role.PLATFORM])
    page.locator("#enter button").click()
    page.wait_for_url(site.url + "/listings?gap=oversold")


def test_a_key_lets_a_person_in_too(visit, site):
    page = visit(None, java_script_enabled=False).page
    page.goto(site.url + "/enter?to=/listings")
    page.locator("#token").fill("sy_no_key")
    page.locator("#enter button").click()
    assert page.locator("#failed").is_visible()
    page.locator("#token").fill(site.keys[Role.PLATFORM])
    page.locator("#enter button").click()
    assert page.url == site.url + "/listings"


def test_keys_lead_to_pages_to_the_search_field_and_to_help(visit):
    made = visit(Role.ADMIN)
    page = made.page
    made.open("/")
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page).to_have_url(re.compile("/health$"))
    page.keyboard.press("?")
    dialog = page.locator("dialog#keys")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text(words("zh")("nav.access"))
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_the_first_key_of_the_tabulator_skips_to_the_content(visit):
    made = visit(Role.PLATFORM)
    made.open("/listings")
    made.page.keyboard.press("Tab")
    expect(made.page.locator(".skip")).to_be_focused()
    made.page.keyboard.press("Enter")
    expect(made.page.locator("main")).to_be_focused()


def test_filters_are_in_the_address_and_a_change_counts_at_once(visit):
    made = visit(Role.PLATFORM)
    page = made.page
    made.open("/listings")
    page.locator("select[name=gap]").select_option("lot_undeclared")
    expect(page).to_have_url(re.compile(r"/listings\?gap=lot_undeclared$"))
    expect(page.locator("#results tbody tr").first).to_contain_text(words("zh").of("gap", "lot_undeclared"))
    shown = page.locator("#results tbody tr").count()
    made.open("/listings?gap=lot_undeclared")
    assert page.locator("#results tbody tr").count() == shown
    expect(page.locator("select[name=gap]")).to_have_value("lot_undeclared")
    page.go_back()
    page.locator("#results tbody tr").first.wait_for()


def test_titles_and_names_of_others_are_text(visit):
    made = visit(Role.PLATFORM)
    made.open(f"/listings?listing={EVIL_LISTING}")
    row = made.page.locator("#results tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(MARKUP)
    expect(row).to_contain_text(r"\u202e")
    assert made.page.locator("main img").count() == 0
    made.open(f"/listings?listing={MARKUP}&seller={MARKUP[:40]}")
    expect(made.page.locator("input[name=listing]")).to_have_value(MARKUP)


def test_without_scripts_lists_filters_and_pages_work(visit):
    made = visit(Role.PLATFORM, java_script_enabled=False)
    page = made.page
    made.open("/listings")
    first = page.locator("#results tbody th").first.inner_text()
    page.locator("a[rel=next]").click()
    assert page.locator("#results tbody th").first.inner_text() != first
    page.locator("a[rel=first]").click()
    assert page.locator("#results tbody th").first.inner_text() == first
    page.locator("select[name=verdict]").select_option("contradicted")
    page.locator("form.filters button").click()
    assert "verdict=contradicted" in page.url
    for badge in page.locator("#results tbody td:nth-child(3)").all_inner_texts():
        assert words("zh").of("verdict", "contradicted") in badge
    page.locator("a.language[hreflang]").click()
    assert page.locator("html").get_attribute("lang") == "en"
    assert "verdict=contradicted" in page.url


def test_without_scripts_a_chain_is_found_read_and_seen_as_it_was(visit):
    made = visit(Role.INVESTIGATOR, java_script_enabled=False)
    page = made.page
    made.open("/chains?gap=lot_recalled")
    page.locator("tbody a", has_text=RECALLED).click()
    assert page.url.endswith(f"/chains/{PLATFORM}/{RECALLED}")
    assert page.locator("main svg text", has_text=LOT).first.is_visible()
    assert words("zh").of("gap", "lot_recalled") in page.locator("main").inner_text()
    page.locator("input[name=known_at]").fill("2001-01-01T00:00")
    page.locator("form.as-of button").click()
    assert "known_at=2001-01-01T00" in page.url
    assert page.locator("main svg text", has_text=LOT).count() == 0


def test_without_scripts_a_key_is_made_and_taken_back(visit):
    made = visit(Role.ADMIN, java_script_enabled=False)
    page = made.page
    made.open("/access")
    page.locator("summary").first.click()  # to make one; another folds those away that are over
    page.locator("select[name=role]").select_option("regulator")
    page.locator("input[name=name]").fill("杭州 " + MARKUP)
    page.locator("input[name=division]").fill("3301")
    page.locator("form.form button[type=submit]").click()
    assert page.locator("#secret").inner_text().startswith("sy_")
    row = page.locator("tbody tr", has_text=MARKUP)
    row.locator("button").click()
    assert words("zh")("access.revoked") in page.locator("#over tbody tr", has_text=MARKUP).inner_text()
    assert page.locator("#list tbody tr", has_text=MARKUP).count() == 0
    assert page.locator("#secret").count() == 0


def test_evidence_that_is_led_to_is_opened_and_none_is_led_to_that_is_not_shown(visit):
    cited = 'main .gap-list [href^="#recall/"]'
    page = (made := visit(Role.INVESTIGATOR)).page
    made.open(f"/chains/{PLATFORM}/{RECALLED}")
    page.locator(cited).first.click()
    expect(page.locator('details[id^="recall/"][open]')).to_contain_text("RC-9")
    page = (made := visit(Role.PLATFORM)).page
    made.open(f"/chains/{PLATFORM}/{RECALLED}")
    expect(page.locator("main .gap-list")).to_contain_text("recall/")
    expect(page.locator(cited)).to_have_count(0)

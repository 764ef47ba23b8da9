"""Search by keyboard alone, and without scripts."""

from __future__ import annotations

from playwright.sync_api import expect

from suyuan.access.principal import Role
from tests.portal.browser.market import HONEY, LOT


def test_a_slash_leads_to_the_field_enter_searches_and_digits_lead_to_groups(visit):
    made = visit(Role.INVESTIGATOR, "en")
    page = made.page
    made.open("/help")
    page.keyboard.press("/")
    page.keyboard.type(f"{LOT}")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/search?q={LOT}")
    field = page.locator("main textarea")
    assert field.input_value() == LOT
    field.press("Escape")
    number = page.locator("a[href='#group-lot']").get_attribute("data-open")
    page.keyboard.press(number)
    assert page.locator("#group-lot").evaluate("heading => heading === document.activeElement")
    page.keyboard.press("/")
    assert field.evaluate("field => field === document.activeElement")
    page.keyboard.press("Control+A")
    page.keyboard.type(HONEY)
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("unheard of")
    page.keyboard.press("Enter")
    expect(page.locator("main table tbody tr")).to_have_count(2)


def test_without_scripts_everything_is_found_by_the_form(visit):
    made = visit(Role.INVESTIGATOR, "zh", java_script_enabled=False)
    page = made.page
    made.open("/search")
    page.locator("main textarea").fill(f"{HONEY}\n{LOT}")
    page.locator("main form button").click()
    rows = page.locator("main table tbody tr")
    assert rows.count() == 2
    rows.first.locator("a").first.click()
    assert page.locator("#group-listing").is_visible()
    page.locator('main section[aria-labelledby="group-listing"] a[href^="/chains?gtin="]').click()
    assert page.locator("#results tbody tr").count() > 5

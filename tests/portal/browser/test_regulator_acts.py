"""A regulator deals with alerts: acknowledges, assigns, resolves as a false alarm; what is resolved stays so through a
flicker and opens on new evidence. In the browser, and without scripts; by API and command see
`tests/end_to_end/test_alert_story.py`.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from suyuan.access.principal import Role
from tests.portal.alert_story import RULE, RecalledLot
from tests.portal.browser.site import serious
from tests.portal.browser.test_every_page import NARROW, WIDE, fits, shoot


def submit(page, key, note, **fields):
    """The form behind a key."""
    page.wait_for_load_state("load")  # no key is listened to before
    page.keyboard.press(key)
    form = page.locator(".deal details[open] form")
    for name, value in fields.items():
        field = form.locator(f'[name="{name}"]')
        field.select_option(value) if field.evaluate("each => each.tagName") == "SELECT" else field.fill(value)
    form.locator("textarea").fill(note)
    form.locator("button").click()
    expect(page.locator("[data-done]")).to_be_visible()


def settled(page):
    """Its act has come back."""
    expect(page.locator("[data-pending]:visible")).to_have_count(0)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_in_the_browser(visit, site, axe, language):
    lot = RecalledLot(site, f"BROWSER{language.upper()}").raised()
    made = visit(Role.REGULATOR, language, viewport={"width": WIDE, "height": 900})
    page = made.page
    made.open(f"/alerts/{lot.alert}")
    page.wait_for_load_state("load")
    page.keyboard.press("r")
    shoot(page, "alert-resolving", language, WIDE)
    shoot(page, "alert-resolving", language, NARROW)
    assert fits(page)
    page.set_viewport_size({"width": WIDE, "height": 900})
    assert serious(page, axe) == []
    submit(page, "a", "在查 <b>一下</b>", hours="4")
    expect(page.locator("#announce")).not_to_be_empty()
    settled(page)
    page.reload()
    submit(page, "s", "")
    settled(page)
    made.open("/alerts?mine=1")
    expect(page.locator(f'tr[data-alert="{lot.alert}"]')).to_be_visible()
    made.open(f"/alerts/{lot.alert}")
    submit(page, "r", "批次标错", resolution="false_alarm")
    settled(page)
    assert page.locator(".deal summary").count() == 2, "comment and reopen"
    lot.wait(handling="resolved")
    lot.flickers_and_is_recalled_anew()
    page.reload()
    assert page.locator("#acts tbody tr").count() == 3
    assert page.locator("#acts .note").first.inner_text() == "批次标错"
    shoot(page, "alert-dealt-with", language, WIDE)
    shoot(page, "alert-dealt-with", language, NARROW)
    assert fits(page)
    made.is_clean()


def test_several_from_the_list_by_the_keyboard(visit, site, axe):
    lots = [RecalledLot(site, f"SEVERAL{number}").raised() for number in range(2)]
    made = visit(Role.REGULATOR, viewport={"width": WIDE, "height": 900})
    page = made.page
    made.open(f"/alerts?rule={RULE}&handling=open")
    page.wait_for_selector(".live-state.is-live")
    bar = page.locator("[data-several]")
    expect(bar).to_be_hidden()
    for lot in lots:
        page.locator(f'tr[data-alert="{lot.alert}"]').focus()
        page.keyboard.press("x")
    expect(bar).to_be_visible()
    shoot(page, "alerts-selected", "zh", WIDE)
    shoot(page, "alerts-selected", "zh", NARROW)
    assert fits(page)
    page.set_viewport_size({"width": WIDE, "height": 900})
    assert serious(page, axe) == []
    page.locator(f'tr[data-alert="{lots[0].alert}"]').focus()
    page.keyboard.press("r")
    expect(page.locator("#several-r")).to_be_focused()
    page.locator("#several-r").select_option("other")
    bar.locator('[name="note"]').fill("同一批")
    bar.locator('[name="note"]').press("Enter")
    assert page.locator("[data-done]").count() == 0, "Enter in a field does none of them"
    bar.locator('button[value="resolve"]').click()
    expect(page.locator("[data-done]")).to_be_visible()
    for lot in lots:
        lot.wait(handling="resolved", resolution="other")
    made.is_clean()


def test_without_scripts_they_are_forms(visit, site):
    lot = RecalledLot(site, "PLAIN1").raised()
    made = visit(Role.REGULATOR, java_script_enabled=False)
    page = made.page
    made.open(f"/alerts/{lot.alert}")
    page.locator(".deal details").first.locator("summary").click()
    page.locator(".deal details[open] button").click()
    assert page.locator("[data-done]").is_visible()
    made.open(f"/alerts?rule={RULE}")
    page.locator(f'tr[data-alert="{lot.alert}"] [data-select]').check()
    page.locator('[data-several] [name="note"]').fill("看过")
    page.locator('[data-several] button[value="comment"]').click()
    assert page.locator("[data-done]").is_visible()
    lot.wait(handling="acknowledged")
    assert lot.history() == [("acknowledge", "done"), ("comment", "done")]

"""A regulator deals with alerts: acknowledges, assigns, resolves as a false alarm; what is resolved stays so through a
flicker and opens on new evidence. In the browser, without scripts, and by the API.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

import httpx
import pytest
from playwright.sync_api import expect

from suyuan.access.principal import Role
from suyuan.domain.alerts.subject import alert_id_about, node_name
from tests.portal.browser.market import HONEY, PLATFORM, PRODUCER, SELLER
from tests.portal.browser.site import serious
from tests.portal.browser.test_every_page import NARROW, WIDE, fits, shoot

RULE = "recalled_level_1_on_sale"


class Lot:
    """Of the market's honey, on sale and recalled; the alert about it."""

    def __init__(self, site, name):
        self.site = site
        self.name = name
        self.alert = alert_id_about(RULE, node_name("lot", [PRODUCER, HONEY, name]), "330106")
        self._said = 0

    def _publish(self, role, **event):
        self._said += 1
        publisher = PLATFORM if role == Role.PLATFORM else PRODUCER
        said = {"event_id": f"{self.name}-{self._said}", "publisher": publisher, "gtin": HONEY}
        said |= {"occurred_at": datetime.now(UTC).isoformat(), "producer_code": PRODUCER}
        answer = httpx.post(
            f"{self.site.url}/api/v1/events",
            content=json.dumps([said | event]),
            headers={"Authorization": f"Bearer {self.site.keys[role]}", "Content-Type": "application/json"},
            timeout=60,
            trust_env=False,
        )
        assert answer.json()["accepted"] == 1, answer.text

    def offer(self, status="active"):
        said = {"kind": "listing", "platform_code": PLATFORM, "listing_id": f"of-{self.name}", "status": status}
        said |= {"title": f"蜂蜜 {self.name}", "category": "honey", "seller_code": SELLER, "lot": self.name}
        self._publish(Role.PLATFORM, **said, licence_no="SC10033078470026", price_fen=2990, sold_30d=7)

    def recall(self, number):
        said = {"kind": "recall", "recall_no": f"RC-{self.name}-{number}", "lots": [self.name], "level": 1}
        self._publish(Role.PUBLISHER, **said, reason="氯霉素残留", status="open")

    def told(self):
        """As the API tells it; None: not yet."""
        answer = self.site.get(f"/api/v1/alerts/{self.alert}", Role.REGULATOR)
        return answer.json() if answer.status_code == 200 else None

    def wait(self, **wanted):
        """Until it has come through the stream so."""

        def so():
            told = self.told()
            return (
                told is not None and not told["pending"] and all(told[name] == value for name, value in wanted.items())
            )

        self.site.wait(so)

    def raised(self):
        self.recall(1)
        self.offer()
        self.wait(condition="standing", handling="open")
        return self

    def act(self, **body):
        """By the API."""
        return httpx.post(
            f"{self.site.url}/api/v1/alerts/{self.alert}/acts",
            json=body,
            headers={"Authorization": f"Bearer {self.site.keys[Role.REGULATOR]}"},
            timeout=60,
            trust_env=False,
        )

    def history(self):
        acts = self.site.get(f"/api/v1/alerts/{self.alert}/history", Role.REGULATOR).json()["acts"]
        return [(each["act"], each["outcome"]) for each in acts]

    def flickers_and_is_recalled_anew(self):
        """It stays resolved through the one, and opens by the other."""
        self.offer("removed")
        self.wait(condition="cleared", handling="resolved")
        self.offer()
        self.wait(condition="standing", handling="resolved", resolution="false_alarm")
        self.recall(2)
        self.wait(condition="standing", handling="open", resolution=None)


def test_by_the_api(site):
    lot = Lot(site, "API1").raised()
    for body in (
        {"act": "acknowledge", "note": "在查"},
        {"act": "assign", "assignee": "330106"},
        {"act": "resolve", "resolution": "false_alarm", "note": "批次标错"},
    ):
        assert lot.act(**body).status_code == 202
    assert lot.told()["handling"] == "resolved", "whoever acts sees it at once"
    lot.wait(handling="resolved")
    lot.flickers_and_is_recalled_anew()
    assert lot.history() == [("acknowledge", "done"), ("assign", "done"), ("resolve", "lapsed")]


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
    lot = Lot(site, f"BROWSER{language.upper()}").raised()
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
    lots = [Lot(site, f"SEVERAL{number}").raised() for number in range(2)]
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
    lot = Lot(site, "PLAIN1").raised()
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

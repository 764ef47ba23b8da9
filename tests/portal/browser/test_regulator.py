"""A regulator's way: an event is published, its alert is seen, opened and followed to the chain and the trace; and what
the list does while it is looked at, or not.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import httpx
from playwright.sync_api import expect

from suyuan.access.principal import Role
from tests.portal.browser.market import HONEY, LOT, PLATFORM, PRODUCER, SELLER

ROWS = "[data-live-list] tbody tr"
SOON = 60_000
"""ms that a machine with other work may take from an event to its alert; how long it takes is measured elsewhere"""
LIVE = ".live-state.is-live"


def publish(site, *listing_ids, status="active"):
    """Listings of a recalled lot that each raise an alert of their own too, over HTTP, as their platform."""
    events = [
        {
            "kind": "listing",
            "event_id": f"{status}-{listing_id}",
            "publisher": PLATFORM,
            "occurred_at": datetime.now(UTC).isoformat(),
            "platform_code": PLATFORM,
            "listing_id": listing_id,
            "status": status,
            "title": f"蜂蜜 {listing_id}",
            "category": "honey",
            "seller_code": SELLER,
            "producer_code": PRODUCER,
            "gtin": HONEY,
            "lot": LOT,
            "licence_no": "SC10033078470026",
            "price_fen": 200_000,
            "sold_30d": 1_000,
        }
        for listing_id in listing_ids
    ]
    answer = httpx.post(
        f"{site.url}/api/v1/events",
        content=json.dumps(events),
        headers={"Authorization": f"Bearer {site.keys[Role.PLATFORM]}", "Content-Type": "application/json"},
        timeout=60,
        trust_env=False,
    )
    assert answer.json()["accepted"] == len(events), answer.text


def shown(page, listing_id):
    return page.locator(f'{ROWS}:has([data-slot="subject"][href$="/{listing_id}"])')


def alerts_listed(page):
    return page.locator(ROWS).evaluate_all("rows => rows.map((row) => row.dataset.alert)")


def test_from_an_event_to_its_alert_to_the_chain_and_the_trace(visit, site):
    made = visit(Role.REGULATOR, "en")
    page = made.page
    made.open("/")
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_selector(LIVE)
    publish(site, "live-1")
    expect(shown(page, "live-1").first).to_be_visible(timeout=SOON)
    shown(page, "live-1").first.locator('[data-slot="title"]').click()
    expect(page.locator("#why")).to_be_visible(timeout=SOON)  # though the tables may not have it yet
    site.wait(lambda: site.get(f"/api/v1/chains/{PLATFORM}/live-1?with=alerts", Role.REGULATOR).json().get("alerts"))
    page.reload()
    assert page.locator("details.event").count() > 0
    page.keyboard.press("c")
    expect(page.locator("svg.chain-picture")).to_be_visible(timeout=SOON)
    page.locator('a[href^="/alerts/"]').first.click()
    expect(page.locator("#why")).to_be_visible(timeout=SOON)
    page.wait_for_load_state("load")  # no key is listened to before
    page.keyboard.press("t")
    page.wait_for_selector('[role="tree"]', timeout=SOON)


def test_nothing_moves_while_something_is_selected_or_pointed_at_and_keys_walk_the_list(visit, site):
    made = visit(Role.REGULATOR)
    page = made.page
    made.open("/alerts")
    page.wait_for_selector(LIVE)
    page.keyboard.press("j")
    first = page.locator(ROWS).first
    expect(first).to_be_focused()
    page.keyboard.press("x")
    expect(first.locator("[data-select]")).to_be_checked()
    before = alerts_listed(page)
    publish(site, "live-2", "live-3")
    newer = page.locator("[data-live-newer]")
    expect(newer).to_be_visible(timeout=SOON)
    assert alerts_listed(page) == before  # what a row counts may change where it is
    page.keyboard.press("x")
    page.keyboard.press("Escape")
    expect(shown(page, "live-2").first).to_be_visible(timeout=SOON)
    expect(newer).to_be_hidden()
    page.keyboard.press("p")
    publish(site, "live-4")
    expect(newer).to_be_visible(timeout=SOON)
    assert shown(page, "live-4").count() == 0
    newer.click()
    expect(shown(page, "live-4").first).to_be_visible(timeout=SOON)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#why")).to_be_visible()


def test_a_connection_that_is_cut_is_taken_up_again_and_misses_nothing(visit, site):
    made = visit(Role.REGULATOR, "en")
    page = made.page
    made.open("/alerts")
    page.wait_for_selector(LIVE)
    page.context.set_offline(True)
    publish(site, "live-5")
    page.context.set_offline(False)
    publish(site, "live-6")
    for name in ("live-5", "live-6"):
        expect(shown(page, name).first).to_be_visible(timeout=SOON)
    ids = alerts_listed(page)
    assert len(ids) == len(set(ids))


def test_an_alert_that_stands_no_more_is_marked_where_it_is_in_a_list_of_those_that_stand(visit, site):
    made = visit(Role.REGULATOR, "en")
    page = made.page
    made.open("/alerts?condition=standing")
    page.wait_for_selector(LIVE)
    publish(site, "live-7")
    expect(shown(page, "live-7").first).to_be_visible(timeout=SOON)
    publish(site, "live-7", status="removed")
    expect(shown(page, "live-7").first).to_have_class(re.compile(r"\bis-cleared\b"), timeout=SOON)


def test_keys_lead_down_and_up_the_divisions(visit):
    made = visit(Role.INVESTIGATOR, "en")
    page = made.page
    made.open("/divisions")
    rows = page.locator("[data-divisions] tbody tr")
    page.keyboard.press("ArrowDown")
    expect(rows.first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    address = rows.first.locator("th a").get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{address}")
    page.wait_for_load_state("load")  # no key is listened to before
    page.keyboard.press("Backspace")
    page.wait_for_url("**/divisions?prefix=")


def test_without_scripts_the_list_is_a_list(visit):
    made = visit(Role.REGULATOR, java_script_enabled=False)
    page = made.page
    made.open("/alerts")
    assert page.locator(ROWS).count() > 0
    assert not page.locator("[data-live-bar]").is_visible()
    page.locator('[data-slot="title"]').first.click()
    assert page.locator("#why").is_visible()

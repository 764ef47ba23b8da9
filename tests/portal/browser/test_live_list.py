"""The list of alerts in a browser whose tab is hidden, whose portal is started anew, whose connection breaks off, and
that is flooded: no alert is missing from it and none is there twice.
"""

from __future__ import annotations

from itertools import count
from threading import Event

import pytest
from playwright.sync_api import expect

from suyuan.access.principal import Role
from tests.portal.browser.desk import Proxy, behind, desk
from tests.portal.browser.site import visiting
from tests.portal.browser.test_regulator import LIVE, ROWS, SOON, shown
from tests.portal.worlds import A
from tests.sinks.contract.views import load
from tests.sinks.rows import block

AGAIN_MS = 15_000
"""before a tab that was refused tries again"""
MOST = 500
"""rows of the page"""
visits = count()
CUTS = {
    "in the name of an event": behind(b"event: al"),
    "in its data": behind(b'"alert_id":"'),
    "behind a whole event, whose write has not told its place": behind(b"event: alert", 2),
    "in the place": behind(b"}\nid: alert.state.v1."),
}


@pytest.fixture(scope="module")
def office():
    with desk() as made:
        yield made


@pytest.fixture
def sit(chromium, office):
    """`sit()` is a regulator's tab; what it did wrong fails the test."""
    with visiting(chromium) as make:
        yield lambda site=office, language="en": make(site, Role.REGULATOR, language)


def listed(page):
    """Alerts, in the order of the list."""
    return page.locator(ROWS).evaluate_all("rows => rows.map((row) => row.dataset.alert)")


def follow(made, office):
    """The page, when it has what there was before."""
    made.open("/alerts")
    made.page.wait_for_selector(LIVE)
    here = office.alert(f"here-{next(visits)}")
    office.say(here)
    expect(shown(made.page, here["alert_id"])).to_be_visible(timeout=SOON)
    return made.page


def test_ten_tabs_work_and_those_beyond_the_streams_of_one_say_so_until_one_is_closed(sit, office):
    context = sit().page.context
    pages = [context.new_page() for _ in range(10)]
    pages[6].clock.install()
    for number, page in enumerate(pages):
        page.goto(f"{office.url}/alerts", wait_until="load")
        page.wait_for_selector(LIVE if number < 5 else ".live-state.is-elsewhere")
        assert set(listed(page)) >= set(A.alert_ids)
    office.say(office.alert("tabs-1"))
    for page in pages[:5]:
        expect(shown(page, "tabs-1")).to_be_visible(timeout=SOON)
    pages[9].locator('[data-slot="title"]').first.click()
    expect(pages[9].locator("#why")).to_be_visible(timeout=SOON)
    for page in (pages[5], *pages[7:], pages[0]):  # they would take the place that is free then
        page.close()
    office.portal.wait(lambda: _again(pages[6]))
    expect(shown(pages[6], "tabs-1")).to_be_visible(timeout=SOON)
    office.say(office.alert("tabs-2"))
    expect(shown(pages[6], "tabs-2")).to_be_visible(timeout=SOON)


def _again(page):
    """Whether it is heard now; until the portal knows that the other has gone it may be refused."""
    page.clock.fast_forward(AGAIN_MS)
    page.wait_for_selector(f"{LIVE}, .live-state.is-elsewhere")
    return page.locator(LIVE).count() == 1


def test_a_connection_that_breaks_off_in_the_middle_of_a_write_loses_and_doubles_nothing(sit, office):
    proxy = Proxy(office.portal.port)
    page = follow(sit(office.by(proxy)), office)
    names = []
    for number, cut in enumerate(CUTS.values()):
        said = [office.alert(f"cut-{number}-{each}") for each in range(3)]
        names += [row["alert_id"] for row in said]
        proxy.cut = cut
        office.say(*said, partition=number % 2)
        for name in names[-3:]:
            expect(shown(page, name)).to_be_visible(timeout=SOON)
        assert proxy.cut is None, "it did break off"
    expect(page.locator(LIVE)).to_be_visible(timeout=SOON)
    assert [name for name in listed(page) if name.startswith("cut-")] == names[::-1]
    proxy.close()


def test_a_portal_that_is_started_anew_under_an_open_page_loses_and_doubles_nothing(sit, office):
    page = follow(sit(language="zh"), office)
    office.say(office.alert("anew-1"), office.alert("anew-2"))
    expect(shown(page, "anew-2")).to_be_visible(timeout=SOON)
    assert office.portal.stop() == 0
    expect(page.locator(".live-state.is-connecting")).to_be_visible(timeout=SOON)
    office.say(office.alert("anew-3"), partition=1)
    office.portal.start()
    office.portal.wait(office.portal.answers)
    office.say(office.alert("anew-4"))
    expect(shown(page, "anew-4")).to_be_visible(timeout=SOON)
    expect(page.locator(LIVE)).to_be_visible(timeout=SOON)
    office.say(office.alert("anew-5"), partition=1)
    expect(shown(page, "anew-5")).to_be_visible(timeout=SOON)
    found = [name for name in listed(page) if name.startswith("anew-")]
    assert found == [f"anew-{number}" for number in (5, 4, 3, 2, 1)]


def test_a_page_that_was_kept_for_back_goes_on_as_it_was_left(sit, office):
    page = follow(sit(), office)
    newer = page.locator("[data-live-newer]")
    page.keyboard.press("p")
    office.say(office.alert("back-1"), office.alert("back-2"))
    expect(newer).to_have_text("2 newer: show", timeout=SOON)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    office.say(office.alert("back-3"))
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(newer).to_have_text("3 newer: show", timeout=SOON)
    page.keyboard.press("p")
    expect(shown(page, "back-3")).to_be_visible(timeout=SOON)
    page.locator("[data-live-pause]").click(click_count=2)
    page.locator("[data-live-list] th").first.hover()
    page.mouse.move(0, 0)
    assert [name for name in listed(page) if name.startswith("back-")] == ["back-3", "back-2", "back-1"]


def test_who_missed_more_than_is_told_again_reads_the_list_though_it_is_not_answered_at_once(sit, office):
    made, asked, rows = sit(), [], [office.alert(f"table-{number:03}") for number in range(300)]
    page = made.page

    def stream(route):
        asked.append("stream")
        if asked.count("stream") > 1:
            route.continue_()
            return
        load(office.tables, "alert.state", block("alert_state", *rows))
        route.fulfill(content_type="text/event-stream", body="retry: 10\nevent: reset\ndata: {}\n\n")

    def read(route):
        asked.append("list")
        if asked.count("list") > 1:
            route.continue_()
            return
        route.fulfill(status=503)

    page.route("**/api/v1/alerts/live?*", stream)
    page.route("**/api/v1/alerts?*", read)
    page.clock.install()
    made.open("/alerts")
    page.wait_for_selector(LIVE)
    office.portal.wait(lambda: _passed(page) and asked.count("list") > 1)
    expect(shown(page, "table-000")).to_be_visible(timeout=SOON)
    expect(shown(page, "table-299")).to_be_visible(timeout=SOON)
    assert [name for name in listed(page) if name.startswith("table-")] == [row["alert_id"] for row in reversed(rows)]


def _passed(page):
    page.clock.fast_forward(AGAIN_MS)
    return True


def test_a_tab_that_was_hidden_has_everything_once_when_it_is_looked_at_again(sit, office):
    """Nothing in the page goes by whether it is hidden, or for how long: at most the browser stops it meanwhile. Here
    its debugger does, since no tab is hidden in a browser without a screen.
    """
    page = follow(sit(), office)
    browser, stopped = page.context.new_cdp_session(page), Event()
    browser.on("Debugger.paused", lambda _: stopped.set())
    browser.send("Debugger.enable")
    browser.send("Debugger.pause")  # at the next that it does
    names = office.say_many("hidden", 50)
    office.portal.wait(lambda: page.wait_for_timeout(20) or stopped.is_set())
    names = office.say_many("later", MOST) + names
    browser.send("Debugger.resume")
    browser.send("Debugger.disable")
    for name in (names[0], names[MOST - 1]):
        expect(shown(page, name)).to_be_visible(timeout=SOON)
    assert listed(page) == names[:MOST]


def test_a_flood_waits_while_something_is_selected_and_is_counted(sit, office):
    page = follow(sit(), office)
    page.keyboard.press("j")
    page.keyboard.press("x")
    before = page.locator(ROWS).all_inner_texts()
    office.say(*(office.alert(f"minor-{number}", severity="low") for number in range(250)))
    bursts = page.locator("[data-live-bursts] li")
    expect(bursts).to_have_count(1, timeout=SOON)
    expect(bursts).to_contain_text("250")
    names = office.say_many("flood", MOST + 100)
    newer = page.locator("[data-live-newer]")
    expect(newer).to_have_text(f"{len(names)} newer: show", timeout=SOON)
    assert page.locator(ROWS).all_inner_texts() == before
    page.keyboard.press("x")
    page.keyboard.press("Escape")
    expect(shown(page, names[0])).to_be_visible(timeout=SOON)
    expect(newer).to_be_hidden()
    assert listed(page) == names[:MOST]
    assert page.locator('[rel="next"]').count() == 0, "it would lead past those for which there was no room"

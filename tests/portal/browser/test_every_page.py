"""Each page, in a real browser, in both languages, wide and narrow."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.portal.browser.market import MARKUP
from tests.portal.browser.pages import PAGES
from tests.portal.browser.site import serious

SHOTS = Path(__file__).parents[3] / "build" / "screenshots"
WIDE, NARROW, ZOOMED = 1280, 390, 640
TALLEST = 1_800
BLANK = 4_000
"""bytes of a PDF without any text, and more"""


def shoot(page, name, language, width):
    page.set_viewport_size({"width": width, "height": 900})
    height = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
    SHOTS.mkdir(parents=True, exist_ok=True)
    clip = {"x": 0, "y": 0, "width": width, "height": height}
    page.screenshot(path=SHOTS / f"{name}-{language}-{width}.png", full_page=True, clip=clip)


def fits(page):
    """Nothing makes the page itself scroll sideways."""
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("number", "name"), list(enumerate(PAGES)), ids=list(PAGES))
def test_a_page_is_whole_clean_and_fits_in_both_languages(visit, axe, number, name):
    """axe-core looks at one language by day and at the other by night, at the next page the other way round."""
    role, path = PAGES[name]
    made = visit(role, viewport={"width": WIDE, "height": 900})
    page = made.page
    for language, tag in (("zh", "zh-CN"), ("en", "en")):
        mark = "&" if "?" in path else "?"
        assert made.open(f"{path}{mark}lang={language}") == (404 if name == "not-found" else 200)
        assert page.locator("html").get_attribute("lang") == tag
        assert page.locator("h1").count() == 1
        if name.endswith("-hostile"):
            assert MARKUP in page.locator("main").inner_text()
        shoot(page, name, language, WIDE)
        assert fits(page)
        page.set_viewport_size({"width": ZOOMED, "height": 450})  # as 1280 at 200 %
        assert fits(page)
        shoot(page, name, language, NARROW)
        assert fits(page)
        page.set_viewport_size({"width": WIDE, "height": 900})
        by_night = (language == "en") == (number % 2 == 0)
        page.emulate_media(color_scheme="dark" if by_night else "light")
        assert serious(page, axe) == []
        page.emulate_media(color_scheme="light")
    page.emulate_media(media="print", color_scheme="light")
    assert page.locator("h1").is_visible()
    assert not page.locator(".places, .seek").first.is_visible()
    assert len(page.pdf(format="A4")) > BLANK

"""Pictures of the portal for the README: `make screenshots` writes docs/images/portal-*.png."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from suyuan.access.principal import Role
from tests.portal.browser.market import PLATFORM, RECALLED
from tests.portal.browser.site import CHROMIUM, FLAGS, entered, running

IMAGES = Path(__file__).parents[3] / "docs" / "images"
CAKE = "lot:91320505MABR13EK83/06903379935420/G260203"
SHOTS = {
    "chain": (Role.INVESTIGATOR, f"/chains/{PLATFORM}/{RECALLED}", "zh", 740),
    "trace": (Role.INVESTIGATOR, f"/traces?subject={CAKE}", "en", 560),
    "listings": (Role.PLATFORM, "/listings", "zh", 560),
}


def main(names):
    with (
        TemporaryDirectory(prefix="s") as folder,
        running(Path(folder), hostile=False) as site,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name in names or SHOTS:
            role, path, language, height = SHOTS[name]
            context = entered(browser, site, role, language, viewport={"width": 1180, "height": height})
            page = context.new_page()
            page.goto(site.url + path, wait_until="networkidle")
            page.screenshot(path=IMAGES / f"portal-{name}.png")
            context.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])

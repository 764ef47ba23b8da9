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
SIZE = {"width": 1180, "height": 720}
SHOTS = {
    "search": (Role.INVESTIGATOR, "/search?q=H260112", "zh", "light"),
    "chain": (Role.INVESTIGATOR, f"/chains/{PLATFORM}/{RECALLED}", "zh", "light"),
    "trace": (Role.INVESTIGATOR, "/traces?subject=lot:91330784MABQYF7F4B/06903379452712/H260112", "en", "dark"),
    "listings": (Role.PLATFORM, "/listings", "zh", "light"),
}


def main(names):
    with TemporaryDirectory(prefix="s") as folder, running(Path(folder)) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name in names or SHOTS:
            role, path, language, scheme = SHOTS[name]
            context = entered(browser, site, role, language, viewport=SIZE, color_scheme=scheme)
            page = context.new_page()
            page.goto(site.url + path, wait_until="networkidle")
            page.screenshot(path=IMAGES / f"portal-{name}.png")
            context.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])

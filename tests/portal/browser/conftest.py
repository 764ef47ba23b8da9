"""One running system for all tests here, and one browser for those of a module; its contexts share nothing."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.portal.browser.site import CHROMIUM, FLAGS, running, visiting

VENDOR = Path(__file__).parent / "vendor"


# how long a page takes says how busy the machine is
expect.set_options(timeout=60_000)


@pytest.fixture(scope="module")
def chromium():
    """Closed behind its module: Playwright leaves a loop running in the thread, in which no other can be run."""
    if not Path(CHROMIUM).exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{CHROMIUM} is needed (.ci/run installs it)")
        pytest.skip(f"no {CHROMIUM}: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site():
    with TemporaryDirectory(prefix="s") as folder, running(Path(folder)) as site:
        yield site


@pytest.fixture(scope="session")
def axe():
    return (VENDOR / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def visit(chromium, site):
    """Makes visits, `visit(role, language)`; what they did wrong fails the test."""
    with visiting(chromium) as make:
        yield partial(make, site)

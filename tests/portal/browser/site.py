"""A running system with its portal, and browsers that look at it."""

from __future__ import annotations

import json
import secrets
import sys
import time
from contextlib import contextmanager

from suyuan.access.principal import Role
from suyuan.operations.access import Wanted, append_access, key_granted
from suyuan.operations.webhooks.events import CONTROL, Created, Filters, TestWanted, encode_subscription
from suyuan.operations.webhooks.signing import new_secret
from suyuan.publishing.control import append_control
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.entry_link import entry_link
from suyuan.runtime.settings import Settings
from suyuan.runtime.webhooks import webhook_seal
from tests import prepared
from tests.portal.browser.market import HOSTILE, MORE, PLATFORM, PRODUCER, RECALLED, WEBHOOK, write_events
from tests.portal.processes import Started

EXAMPLES = 4
"""listings of the documentation"""
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
GRANTS = {
    Role.ADMIN: {},
    Role.REGULATOR: {"division": "33"},
    Role.INVESTIGATOR: {"division": ""},
    Role.PLATFORM: {"code": PLATFORM},
    Role.PUBLISHER: {"code": PRODUCER, "kinds": ("lot", "shipment", "product", "recall")},
}


NAMES = {Role.PLATFORM: "王小明（西湖网络超市）", Role.ADMIN: "管理员", Role.INVESTIGATOR: "李调查"}


def wanted(role):
    return Wanted(role, NAMES.get(role, str(role)), **GRANTS[role])


class Site:
    """`suyuan run` on the market, its portal served; `keys` by role."""

    def __init__(self, folder, listings):
        self.folder = folder / "data"
        self._listings = listings
        self.keys = {}
        self._run = Started(self.folder, "run")
        self.url = self._run.url
        self.settings = Settings(data=self.folder, fsync=False, portal_port=self._run.port)
        self.cookies = {}

    def start(self, files):
        place = ["--data", str(self.folder)]
        deployment = deployment_of(self.settings)
        for role in GRANTS:
            key, granted = key_granted(wanted(role), "command", time.time_ns() // 1_000_000, secrets.token_bytes)
            append_access(deployment.outlet, granted)
            self.keys[role] = str(key)
        self._subscribe(deployment, self.keys[Role.REGULATOR].split("_")[1])
        publish = [sys.executable, "-m", "suyuan.cli.main", "publish", *map(str, files), *place]
        prepared.run(publish, check=True, capture_output=True)
        self._run.start()
        self._run.wait(self._is_assessed)

    def _subscribe(self, deployment, owner):
        """A webhook whose receiver is where nothing is sent, and a first attempt at it."""
        now = time.time_ns() // 1_000_000
        sealed = webhook_seal(self.settings).seal(WEBHOOK, new_secret(secrets.token_bytes), secrets.token_bytes)
        url = "https://127.0.0.1/hook?x=" + "y" * 80
        made = Created(WEBHOOK, now, owner, owner, HOSTILE[:100], url, sealed, filters=Filters(severity="high"))
        for event in (made, TestWanted(WEBHOOK, now, owner, f"test.{'t' * 12}.{WEBHOOK}")):
            append_control(deployment.outlet, CONTROL, WEBHOOK, encode_subscription(event))

    def link(self, role):
        """Lets one browser in, once."""
        return entry_link(self.settings, deployment_of(self.settings).outlet, wanted(role), "test")

    def get(self, path, role):
        return self._run.get(path, self.keys[role])

    def wait(self, met):
        """Until it is so, however much else the machine does."""
        self._run.wait(met)

    def _is_assessed(self):
        if not self._run.answers():
            return False
        answer = self.get("/api/v1/feedback/counts", Role.PLATFORM)
        counts = answer.json().get("verdicts", {}) if answer.status_code == 200 else {}
        if sum(counts.values()) < self._listings:
            return False
        recalled = self.get(f"/api/v1/feedback?listing={RECALLED}", Role.PLATFORM).json()["rows"]
        attempts = self.get(f"/api/v1/webhooks/{WEBHOOK}/deliveries", Role.ADMIN).json().get("rows")
        return bool(attempts) and any("lot_recalled" in row["gap_names"] for row in recalled)

    def stop(self):
        self._run.stop()


@contextmanager
def running(folder, *, hostile=True):
    """The site, until it is left."""
    events = folder / "events"
    events.mkdir()
    site = Site(folder, EXAMPLES + MORE + hostile)
    try:
        site.start(write_events(events, hostile=hostile))
        yield site
    finally:
        site.stop()


class Visit:
    """A tab of somebody of a role, and what it did that it should not have."""

    def __init__(self, context, site):
        self.site = site
        self.violations, self.foreign, self.errors = [], [], []
        self.page = context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._asked)

    def _heard(self, message):
        if "Content Security Policy" in message.text or "Content-Security-Policy" in message.text:
            self.violations.append(message.text)

    def _asked(self, request):
        if not request.url.startswith((self.site.url + "/", "data:", "blob:")):
            self.foreign.append(request.url)

    def open(self, path):
        answer = self.page.goto(self.site.url + path, wait_until="load")
        return answer.status if answer else 0

    def is_clean(self):
        """Nothing was run, fetched or refused that a page should not ask for."""
        hacked = self.page.locator("html").get_attribute("data-hacked") or ""
        done = {"hacked": hacked, "violations": self.violations, "foreign": self.foreign, "errors": self.errors}
        assert not any(done.values()), done


def entered(browser, site, role, language="zh", **options):
    """A context of a browser in which somebody of that role has entered; None: nobody has."""
    if role is not None and role not in site.cookies:
        site.cookies[role] = _cookies(browser, site, role)
    locale = {"zh": "zh-CN", "en": "en-GB"}[language]
    context = browser.new_context(
        locale=locale, timezone_id="Asia/Shanghai", storage_state=site.cookies.get(role), **options
    )
    context.set_default_timeout(60_000)
    return context


def _cookies(browser, site, role):
    """Of a session that begins by a link."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(site.link(role))
    page.wait_for_url(site.url + "/")
    state = context.storage_state()
    context.close()
    return state


def serious(page, axe):
    """What axe-core finds that hinders people seriously: rule and the first element of each."""
    page.evaluate(axe)
    found = page.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then((found) => JSON.stringify(found.violations))"
    )
    return [
        f"{each['id']}: {each['help']}: {each['nodes'][0]['html'][:200]}"
        for each in json.loads(found)
        if each["impact"] in {"serious", "critical"}
    ]


@contextmanager
def visiting(chromium):
    """Makes visits, `make(site, role, language)`; what they did wrong fails at the end of the `with`."""
    opened = []

    def make(site, role, language="zh", **options):
        context = entered(chromium, site, role, language, **options)
        opened.append((context, Visit(context, site)))
        return opened[-1][1]

    yield make
    for context, made in opened:
        made.is_clean()
        context.close()

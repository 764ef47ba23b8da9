"""The story of an alert: a lot on sale is recalled, somebody deals with the alert, its listings go and come back, and
the lot is recalled anew. Of any running system: what a `site` is, says `RecalledLot`.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from datetime import UTC, datetime

import httpx

from suyuan.access.principal import Role
from suyuan.domain.alerts.subject import alert_id_about, finding_id, node_name
from suyuan.schemas.blocks import decode_block
from tests import prepared
from tests.portal.browser.market import HONEY, PLATFORM, PRODUCER, SELLER

RULE = "recalled_level_1_on_sale"
BUREAU = "330106"
WHO = "oidc:li"
"""who acts by command"""


class RecalledLot:
    """Of the honey, on sale in so many listings and recalled; the one alert about it. `site`: a system that runs, with
    the `url` of its portal, `keys` by role, `get(path, role)` and `wait(met)`; to act by command, `environment`.
    """

    def __init__(self, site, name, listings=1):
        self.site = site
        self.name = name
        self.listings = [f"of-{name}-{number}" for number in range(listings)]
        self.alert = alert_id_about(RULE, node_name("lot", [PRODUCER, HONEY, name]), BUREAU)
        self._said = 0

    def _publish(self, role, *said):
        publisher, moment = PLATFORM if role == Role.PLATFORM else PRODUCER, datetime.now(UTC).isoformat()
        events = []
        for each in said:
            self._said += 1
            event = {"event_id": f"{self.name}-{self._said}", "publisher": publisher, "occurred_at": moment}
            events.append({**event, "producer_code": PRODUCER, "gtin": HONEY, **each})
        answer = self._post("/api/v1/events", role, events)
        assert answer.json()["accepted"] == len(events), answer.text

    def offer(self, status="active", listings=None):
        """Publish listings, all of them unless some are named."""
        said = {"kind": "listing", "platform_code": PLATFORM, "status": status, "title": f"蜂蜜 {self.name}"}
        said |= {"category": "honey", "seller_code": SELLER, "lot": self.name, "licence_no": "SC10033078470026"}
        said |= {"price_fen": 2990, "sold_30d": 7}
        self._publish(Role.PLATFORM, *(said | {"listing_id": name} for name in listings or self.listings))

    def recall(self, number):
        said = {"kind": "recall", "recall_no": f"RC-{self.name}-{number}", "lots": [self.name], "level": 1}
        self._publish(Role.PUBLISHER, said | {"reason": "氯霉素残留", "status": "open"})

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
        self.wait(condition="standing", handling="open", listings=len(self.listings))
        return self

    def act(self, **body):
        """By the API."""
        return self._post(f"/api/v1/alerts/{self.alert}/acts", Role.REGULATOR, body)

    def act_by_command(self, *arguments):
        """As somebody of the bureau's, at a terminal."""
        command = [sys.executable, "-m", "suyuan.cli.main", "alert", self.alert, *arguments, "--actor", WHO]
        done = prepared.run(command, env={**os.environ, **self.site.environment}, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()

    def history(self):
        """(act, what became of it) of each, in their order."""
        return [(each["act"], each["outcome"]) for each in self.acts()]

    def acts(self):
        return self._history()["acts"]

    def changes(self):
        """Every change, the first first."""
        return self._history()["rows"]

    def _history(self):
        return self.site.get(f"/api/v1/alerts/{self.alert}/history?limit=200", Role.REGULATOR).json()

    def wait_covers(self, listings):
        """Until the tables have these and no others, each once: what is told live may be ahead of them."""
        path = f"/api/v1/alerts/{self.alert}/listings?limit=200&condition=standing"

        def so():
            answer = self.site.get(path, Role.REGULATOR)
            found = [row["listing_id"] for row in answer.json()["rows"]] if answer.is_success else None
            return found is not None and sorted(found) == sorted(listings)

        self.site.wait(so)

    def flickers_and_is_recalled_anew(self):
        """It stays resolved through the one, and opens by the other."""
        self.offer("removed")
        self.wait(condition="cleared", handling="resolved")
        self.offer()
        self.wait(condition="standing", handling="resolved", resolution="false_alarm", listings=len(self.listings))
        self.recall(2)
        self.wait(condition="standing", handling="open", resolution=None)

    def _post(self, path, role, body):
        headers = {"Authorization": f"Bearer {self.site.keys[role]}", "Content-Type": "application/json"}
        return httpx.post(self.site.url + path, content=json.dumps(body), headers=headers, timeout=60, trust_env=False)


def tell(lot, disturb):
    """Each act once, in turns by API and by command, then another resolution, which holds through a flicker and not
    through a new recall. `disturb`: called when that resolution and the end of all listings are in the log, and may be
    anywhere beyond it.
    """
    every = len(lot.listings)
    lot.wait_covers(lot.listings)
    assert lot.act(act="acknowledge", note="在查").status_code == 202
    lot.wait(handling="acknowledged")
    lot.act_by_command("unacknowledge")
    lot.wait(handling="open")
    assert lot.act(act="assign", assignee=BUREAU, note="请核查").status_code == 202
    lot.act_by_command("comment", "--note", "电话 13912345678")
    lot.wait(handling="assigned", assignee=BUREAU)
    lot.act_by_command("resolve", "--as", "confirmed", "--note", "店主承认")
    lot.wait(handling="resolved", resolution="confirmed")
    assert lot.act(act="reopen", note="查错了批次").status_code == 202
    lot.wait(handling="open", resolution=None)
    lot.site.wait(lambda: lot.history()[-2:] == [("resolve", "done"), ("reopen", "done")])
    lot.offer("removed", lot.listings[:1])
    lot.wait(listings=every - 1)
    lot.wait_covers(lot.listings[1:])
    lot.offer(listings=lot.listings[:1])
    lot.wait(listings=every)

    assert lot.act(act="resolve", resolution="false_alarm", note="批次标错").status_code == 202
    assert lot.told()["handling"] == "resolved", "whoever acts sees it at once"
    lot.offer("removed")
    disturb()
    lot.wait(condition="cleared", handling="resolved", resolution="false_alarm")
    lot.wait_covers([])
    lot.flickers_and_is_recalled_anew()
    lot.wait_covers(lot.listings)
    assert_told(lot)
    assert_said_once(lot)


def assert_told(lot):
    """The history names who did what, and why."""
    account = lot.site.keys[Role.REGULATOR].split("_")[1]
    acts = [
        ("acknowledge", account, "在查", "done"),
        ("unacknowledge", WHO, None, "done"),
        ("assign", account, "请核查", "done"),
        ("comment", WHO, "电话 [电话 phone]", "done"),
        # both rest on the first recall alone: what is the case now has raised the alert by itself
        ("resolve", WHO, "店主承认", "lapsed"),
        ("reopen", account, "查错了批次", "void"),
        ("resolve", account, "批次标错", "lapsed"),
    ]
    lot.site.wait(lambda: lot.history()[-1] == ("resolve", "lapsed") and len(lot.acts()) == len(acts))
    assert [(each["act"], each["actor"], each["note"], each["outcome"]) for each in lot.acts()] == acts


def assert_said_once(lot):
    """What a stage has said of the alert, however often, is the same each time, and none of it is missing."""
    said = {topic: defaultdict(set) for topic in ("finding", "alert.state")}
    for topic, row in rows(lot.site.deployment, said):
        if row["alert_id"] == lot.alert:
            name = row.get("finding_id"), row["sequence"]
            said[topic][name].add(json.dumps(row, sort_keys=True))
    for topic, contents in said.items():
        assert {name: found for name, found in contents.items() if len(found) > 1} == {}, topic
    numbers = [number for _, number in sorted(said["alert.state"], key=lambda name: name[1])]
    assert numbers == list(range(1, len(numbers) + 1))
    lot.site.wait(lambda: len(lot.changes()) == len(numbers))
    assert [row["sequence"] for row in lot.changes()] == numbers
    assert {name for name, _ in said["finding"]} == {finding_id(RULE, PLATFORM, listing) for listing in lot.listings}


def rows(deployment, topics):
    """(topic, row) of all that is in topics of blocks."""
    with deployment.tail(list(topics), {}) as tail:
        while read := tail.read():
            for each in read:
                for value in filter(None, each.values):
                    yield from ((each.topic, row) for row in decode_block(value).iter_rows(named=True))

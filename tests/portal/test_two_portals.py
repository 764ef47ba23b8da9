"""Two portals, processes on one system of each shape: what one knows the other does, and what was begun at one that is
killed goes on at the other. Beside them `suyuan alerts --follow`, which goes on by the same places.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from itertools import count, cycle

import httpx
import pytest

from suyuan.access.principal import Role
from tests import prepared
from tests.portal.live.conftest import told
from tests.portal.processes import PATIENCE, Started
from tests.portal.test_live import LIVE, now_of, said
from tests.portal.worlds import A
from tests.sinks.contract.views import load
from tests.sinks.rows import alert, block

ALERTS = "/api/v1/alerts"
ROWS = 3
"""of a message"""
MESSAGES = 100
TAKEN = 40
"""changes that the first follower has printed when it is killed; the last of them is not the last of its message"""

numbers = count()


@pytest.fixture(scope="module")
def environment(portal, tmp_path_factory):
    """Of processes on the same system."""
    settings, folder = portal.settings, tmp_path_factory.mktemp("processes")
    (folder / "secret").write_text("s" * 32, encoding="utf-8")
    shared = {"SUYUAN_PORTAL_SECRET_FILE": str(folder / "secret"), "SUYUAN_DATA": str(settings.data)}
    if portal.shape == "embedded":
        return shared
    return shared | {
        "SUYUAN_DATA": str(folder / "unused"),
        "SUYUAN_KAFKA": settings.kafka,
        "SUYUAN_CLICKHOUSE": settings.clickhouse,
        "SUYUAN_CLICKHOUSE_DATABASE": settings.clickhouse_database,
    }


@pytest.fixture(scope="module")
def pair(portal, environment, tmp_path_factory):
    folder, key = tmp_path_factory.mktemp("portals"), portal.key(Role.ADMIN)
    started = [Started(folder / name, "portal", **environment).start() for name in ("one", "two")]
    try:
        for each in started:
            each.wait(lambda each=each: each.answers() and each.get("/api/v1/access", key).status_code == 200)
        yield started
    finally:
        for each in started:
            each.stop()


def say(portal, messages):
    """Alerts in so many messages, over both partitions; what they are told by."""
    names = []
    for _ in range(messages):
        number = next(numbers)
        some = [f"pair-{number}-{each}" for each in range(ROWS)]
        rows = [said(A, name, listing_id=name, subject=f"listing:{A.platform}/{name}") for name in some]
        portal.say("alert.state", number % 2, block("alert_state", *rows))
        names += [row["alert_id"] for row in rows]
    return names


class Listener:
    """What a browser's EventSource does: it connects again, by the place that it was told last; here to each portal in
    its turn.
    """

    def __init__(self, portals, key):
        self._urls = cycle([portal.url for portal in portals])
        self._key = key
        self.told, self.others, self.again = [], [], []
        self.place, self.connections, self.ended = None, 0, False
        self.behind_place = set()
        """what came since"""
        self.may_come_again = set()
        """what had, when connections were lost"""
        threading.Thread(target=self._go_on, daemon=True).start()

    def _go_on(self):
        for url in self._urls:
            if self.ended:
                return
            try:
                self._listen(url + LIVE)
            except httpx.TransportError:
                self.may_come_again |= self.behind_place
            time.sleep(0.05)

    def _listen(self, url):
        headers = {"Authorization": f"Bearer {self._key}"} | ({"Last-Event-ID": self.place} if self.place else {})
        with httpx.stream("GET", url, headers=headers, timeout=PATIENCE, trust_env=False) as answer:
            if answer.status_code != 200:
                return
            self.connections += 1
            waiting = b""
            for data in answer.iter_raw():
                whole, cut, rest = (waiting + data).rpartition(b"\n\n")
                waiting = rest
                for event in told(whole + cut):
                    self._take(*event)

    def _take(self, name, data, place):
        if name == "alert":
            what = (data["alert_id"], data["sequence"])
            (self.again if what in self.told else self.told).append(what)
            self.behind_place.add(what)
        elif name is not None:
            self.others.append(name)
        if place is not None:
            self.place = place
            self.behind_place = set()

    def heard(self):
        return {name for name, _ in self.told}


@contextmanager
def followed(environment, *more):
    """`suyuan alerts --follow`."""
    command = [sys.executable, "-m", "suyuan.cli.main", "alerts", "--follow", *more]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = prepared.Popen(command, env=os.environ | environment, **pipes)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def lines(process, number):
    found = [process.stdout.readline() for _ in range(number)]
    assert found[-1].endswith("\n"), process.stderr.read()
    return found


def listing_in(line):
    """Of the last column but one, the subject."""
    return line.rstrip("\n").split("\t")[-2].rpartition("/")[2]


def test_who_follows_by_command_goes_on_by_the_last_place_after_a_kill_and_after_an_end(portal, environment):
    begin = now_of(portal.client("regulator"))
    names = say(portal, MESSAGES)
    with followed(environment, "--json", "--after", begin) as first:  # a pipe does not hold all of it
        before = [json.loads(line) for line in lines(first, TAKEN)]
        first.kill()
    known = {change["alert_id"] for change in before}
    assert len(known) == TAKEN
    with followed(environment, "--after", before[-1]["cursor"]) as second:
        whole = TAKEN // ROWS * ROWS  # the rest of its message is told again
        heading, *after = lines(second, 1 + len(names) - whole)
        assert heading.rstrip("\n").split("\t")[-2:] == ["subject", "bureau"]
        listings = [listing_in(line) for line in after]
        assert len(listings) == len(set(listings))
        assert known | set(listings) == set(names)
        assert known & set(listings) == {change["alert_id"] for change in before[whole:]}
        live = say(portal, 1)
        assert [listing_in(line) for line in lines(second, ROWS)] == live
        second.send_signal(signal.SIGINT)
        errors = second.communicate(timeout=PATIENCE)[1]
    place = errors.rpartition("to go on from here: suyuan alerts --follow --after ")[2].strip()
    missed = say(portal, 1)
    with followed(environment, "--json", "--after", place) as third:
        assert [json.loads(line)["alert_id"] for line in lines(third, ROWS)] == missed


def test_two_portals_know_of_each_others_keys_and_cursors(portal, pair):
    one, two = pair
    headers = {"Authorization": f"Bearer {portal.key(Role.ADMIN)}"}
    wanted = {"role": "regulator", "name": "x", "division": "3301"}
    given = httpx.post(f"{one.url}/api/v1/access", json=wanted, headers=headers, trust_env=False).json()
    two.wait(lambda: two.get(ALERTS, given["key"]).status_code == 200)
    page = one.get(f"{ALERTS}?limit=2", given["key"]).json()
    assert two.get(f"{ALERTS}?limit=2&cursor={page['next']}", given["key"]).status_code == 200
    httpx.delete(f"{one.url}/api/v1/access/{given['id']}", headers=headers, trust_env=False)
    assert one.get(ALERTS, given["key"]).status_code == 401
    two.wait(lambda: two.get(ALERTS, given["key"]).status_code == 401)


def test_an_act_at_one_portal_is_seen_there_at_once_and_at_the_other_when_it_has_come_back(portal, pair):
    name, key = f"{next(numbers):032x}", portal.key(Role.REGULATOR)
    said = {"platform_code": A.platform, "seller_division": A.division, "bureau": A.division, "basis": "b-1"}
    load(portal.clickhouse, "alert.state", block("alert_state", alert(name, **said)))
    one, other = pair
    answer = httpx.post(
        f"{one.url}{ALERTS}/{name}/acts",
        json={"act": "acknowledge"},
        headers={"Authorization": f"Bearer {key}", "If-Match": '"1"'},
        timeout=PATIENCE,
        trust_env=False,
    )
    assert answer.status_code == 202, answer.text
    shown = [each.get(f"{ALERTS}/{name}", key).json() for each in pair]
    assert [(each["handling"], each["pending"]) for each in shown] == [("acknowledged", True), ("open", False)]
    done = {"act_event": answer.json()["act"], "act": "acknowledge", "acted_at": shown[0]["acted_at"]}
    row = alert(name, 2, **said, handling="acknowledged", change="handled", **done)
    load(portal.clickhouse, "alert.state", block("alert_state", row))
    shown = [each.get(f"{ALERTS}/{name}", key).json() for each in (one, other)]
    assert [(each["handling"], each["pending"]) for each in shown] == [("acknowledged", False)] * 2


def test_streams_go_on_at_the_other_portal_when_theirs_is_killed(portal, pair):
    one, two = pair
    listener = Listener(pair, portal.key(Role.REGULATOR))
    one.wait(lambda: listener.place)
    names = say(portal, 10)
    one.wait(lambda: listener.told)
    one.kill()
    names += say(portal, 10)
    two.wait(lambda: listener.connections == 2)
    names += say(portal, 10)
    two.wait(lambda: listener.heard() >= set(names))
    assert sorted(listener.told) == sorted((name, 1) for name in names)
    assert set(listener.again) <= listener.may_come_again
    assert listener.others == []
    listener.ended = True
    assert two.stop() == 0
    for each in pair:  # nothing of clients that come and go
        assert all("refused: " in line for line in each.said().splitlines()[1:]), each.said()

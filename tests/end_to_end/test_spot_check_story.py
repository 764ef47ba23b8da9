"""A spot check by command, from the plan to the result of an order: what a stranger verifies before anybody goes, and
what a failed sample does to chain, alert and pass rate. In a folder, and over a real broker with a worker, a loader,
ClickHouse's interface and a portal.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import msgspec
import pytest

from suyuan.access.principal import Role
from suyuan.domain.checks.bodies import Party, Stratum, canonical
from suyuan.domain.checks.publication import FILES
from suyuan.domain.checks.randomness import commitment
from suyuan.operations.access import Wanted, append_access, key_granted
from tests import prepared
from tests.cli.loader_process import LoaderProcess
from tests.cluster.conftest import front, make_cluster, tables
from tests.cluster.crew import Crew
from tests.end_to_end.sites import PARTITIONS, Site
from tests.portal.browser.market import LABORATORY, PLATFORM
from tests.spot_checks import PARTIES, SECRETS, plan

__all__ = ["front", "make_cluster", "tables"]

pytestmark = pytest.mark.real_time

CHECK = "330100-2026-1"
LISTING = "100001"
LISTINGS = 4
"""of the examples"""
MAKER, GTIN, LOT = "91320505MABR13EK83", "6903379935420", "G260203"
RULE = "failed_inspection_on_sale"
DUE_MS = 240_000
"""from the plan to the randomness; commands after it have their clock put forward by that"""
LATER = f"""
import time
from suyuan.cli.commands import checks
checks._now = lambda: time.time_ns() // 1_000_000 + {DUE_MS + 1000}
from suyuan.cli.main import main
main()
"""
TOLD = ("seller", "producer", "platform")


class Story:
    """What is done, and waited for, at a `site`. `folder`: for files of those who take part."""

    def __init__(self, site, folder):
        self.site = site
        self.folder = folder
        self.order = None
        self.said = 0
        folder.mkdir()
        laboratory = Wanted(Role.PUBLISHER, "laboratory", code=LABORATORY, kinds=("inspection",))
        key, granted = key_granted(laboratory, "command", time.time_ns() // 1_000_000, secrets.token_bytes)
        append_access(site.deployment.outlet, granted)
        self.laboratory = str(key)

    def command(self, *arguments, start=("-m", "suyuan.cli.main"), **environment):
        """(output, errors) of a command, which succeeds."""
        command = [sys.executable, *start, *map(str, arguments)]
        environment = {**os.environ, **self.site.environment, **environment}
        run = prepared.run if start[0] == "-m" else subprocess.run
        done = run(command, env=environment, capture_output=True, check=False)
        assert done.returncode == 0, (arguments, done.stdout.decode(), done.stderr.decode())
        return done.stdout.decode(), done.stderr.decode()

    def later(self, *arguments):
        """A command when the randomness is due."""
        return self.command(*arguments, start=("-c", LATER))

    def rows(self, *arguments):
        return [json.loads(line) for line in self.command(*arguments, "--json")[0].splitlines()]

    def get(self, path, role=Role.REGULATOR):
        return self.site.get(path, role)

    def public(self, path, **headers):
        """Without a credential."""
        return httpx.get(f"{self.site.url}{path}", headers=headers, timeout=60, trust_env=False)

    def wait_act(self, act):
        """Until the tables have it."""

        def so():
            answer = self.get(f"/api/v1/checks/{CHECK}")
            return answer.is_success and answer.json()["stage"] == act

        self.site.wait(so)

    def wait_order(self, state):
        def so():
            answer = self.get(f"/api/v1/orders/{self.order}")
            return answer.is_success and (answer.json()["state"], answer.json()["pending"]) == (state, False)

        self.site.wait(so)

    def say(self, answer, *options):
        """Of the order, by command."""
        self.command("orders", "answer", self.order, answer, *options, "--actor", "li")
        self.said += 1

    def wait_said(self):
        """Until the tables have all answers: a command sees no others."""
        self.site.wait(lambda: len(self.get(f"/api/v1/orders/{self.order}").json()["answers"]) == self.said)

    def report(self, number, seal):
        """The laboratory's, over the network: the sample under that seal fails."""
        now = datetime.now(UTC)
        report = {"kind": "inspection", "event_id": number, "publisher": LABORATORY, "occurred_at": now.isoformat()}
        report |= {"agency_code": LABORATORY, "report_no": number, "producer_code": MAKER, "gtin": GTIN, "lot": LOT}
        report |= {"purpose": "spot_check", "result": "fail", "failed_items": ["糖精钠"], "sample_no": seal}
        report |= {"order_no": self.order, "inspected_on": now.date().isoformat()}
        headers, url = {"Authorization": f"Bearer {self.laboratory}"}, f"{self.site.url}/api/v1/events"
        answer = httpx.post(url, json=[report], headers=headers, timeout=60, trust_env=False)
        assert answer.json()["accepted"] == 1, answer.text


def planned():
    now = time.time_ns() // 1_000_000
    parties = tuple(
        Party(name=name, commitment=commitment(CHECK, name, secret), default="00" * 32)
        for name, secret in SECRETS.items()
    )
    made = plan(
        check_id=CHECK,
        planned_at=now,
        population="title IS NOT NULL",
        column="category",
        strata=(Stratum(stratum="honey", size=1), Stratum(stratum="pastry", size=2, needs=("food",))),
        recusals=(),
        randomness=msgspec.structs.replace(PARTIES, parties=parties, at=now + DUE_MS),
    )
    return json.loads(canonical(made)) | {"items": ["F-12"], "officers": ["A-01", "A-02", "A-03"]}


def witnessed(story):
    """A checkpoint with plan and freeze in it is signed, and cosigned by somebody who read it over the network; the
    public keys of both.
    """
    keys = []
    for place, name in enumerate(("bureau.example/audit", "university.example/witness")):
        told = story.command("audit", "key", name, "--out", story.folder / f"{place}.key")[0].split()
        keys.append(dict(zip(told[::2], told[1::2], strict=True)))
    log, witness = keys[0]["log"], keys[1]["witness"]
    story.command("audit", "sign", SUYUAN_AUDIT_KEY_FILE=str(story.folder / "0.key"))
    story.site.wait(lambda: "bureau.example/audit" in story.public("/public/checkpoint").text)
    request, cosigned = story.folder / "request", story.folder / "cosigned"
    request.write_text(story.command("audit", "checkpoint")[0])
    own = ("--file", story.folder / "kept.jsonl", "--key", log, "--key-file", story.folder / "1.key")
    cosigned.write_text(story.command("audit", "witness", "--at", request, *own)[0])
    story.command("audit", "cosigned", "--at", cosigned, "--key", log)
    story.site.wait(lambda: "university.example/witness" in story.public("/public/checkpoint").text)
    return log, witness


def drawn(story):
    """From the plan to the public files; the keys by which its log is verified."""
    file = story.folder / "plan.json"
    # a plan is of the registers that the tables have
    story.site.wait(lambda: len(story.rows("chains")) == LISTINGS and not story.site.deployment.work_left().messages)
    file.write_text(json.dumps(planned()))
    story.command("checks", "plan", file)
    story.wait_act("plan")
    story.command("checks", "freeze", CHECK)
    story.wait_act("freeze")
    keys = witnessed(story)
    reveals = [part for name, secret in SECRETS.items() for part in ("--reveal", f"{name}={secret}")]
    story.later("checks", "randomness", CHECK, *reveals)
    story.wait_act("randomness")
    story.later("checks", "draw", CHECK)
    story.wait_act("draw")
    story.later("checks", "publish", CHECK)
    story.wait_act("publish")
    return keys


def stranger_verifies(story, keys):
    """From nothing but the public files, in a folder that was empty."""
    folder = story.folder / "stranger"
    folder.mkdir()
    for name in FILES:
        answer = story.public(f"/public/checks/{CHECK}/{name}")
        assert answer.status_code == 200, (name, answer.text)
        (folder / name).write_bytes(answer.content)

    def run(*arguments):
        command = [sys.executable, "-I", *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert run("verify.py").count("OK  ") == 5
    told = run("verify_log.py", ".", *keys)
    assert "university.example/witness" in told
    assert "not shown" not in told


def failed(story):
    """The sample of an order is bought, and a laboratory's report says that it fails."""

    def issued():
        found = [row for row in story.rows("orders", "list", "--check", CHECK) if row["listing_id"] == LISTING]
        story.order = found[0]["order_no"] if found else None
        return story.order

    story.site.wait(issued)
    story.wait_order("issued")
    for answer in ("accepted", "bought", "delivered"):
        story.say(answer)
        story.wait_order(answer)
    story.say("unpacked", "--sample", "S-1", "--spare", "S-2")
    story.wait_order("unpacked")
    story.report("R-1", "S-1")
    story.wait_order("tested")
    told = story.get(f"/api/v1/orders/{story.order}").json()
    assert [(each["report_no"], each["of"]) for each in told["results"]] == [("R-1", "sample")]
    assert (told["verdict"], [each["party"] for each in told["to_tell"]]) == ("fail", list(TOLD))


def is_told(story):
    """Its chain has the gap with the report, the alert stands, and everybody is told how many of its stratum failed."""

    def gap():
        (chain,) = story.rows("chain", PLATFORM, LISTING)
        return "R-1" in json.dumps([each for each in chain["gaps"] if each["gap"] == "inspection_failed"])

    def alert():
        found = [each for each in story.rows("alerts") if each["rule"] == RULE]
        return [each["state"] for each in found] == ["raised"] and "R-1" in json.dumps(found[0]["evidence"])

    def results():
        answer = story.get(f"/api/v1/checks/{CHECK}/results", Role.PLATFORM)
        strata = answer.json()["strata"] if answer.is_success else []
        return {each["stratum"]: (each["tested"], each["passed"]) for each in strata} == {
            "honey": (0, 0),
            "pastry": (1, 0),
        }

    for so in (gap, alert, results):
        story.site.wait(so)
    assert 'id="results-heading"' in story.public(f"/public/checks/{CHECK}", Accept="text/html").text


def final(story):
    """Everybody is told, the producer objects, and the spare fails as well."""
    told_all(story)
    story.wait_order("told")
    story.say("objected", "--party", "producer")
    story.wait_order("objected")
    story.report("R-2", "S-2")
    story.wait_order("retested")
    told_all(story)
    story.wait_order("final")
    assert all(not each["void"] for each in story.get(f"/api/v1/orders/{story.order}").json()["answers"])


def told_all(story):
    for party in TOLD:
        story.say("told", "--party", party)
        story.wait_said()


def tell(story):
    keys = drawn(story)
    stranger_verifies(story, keys)
    failed(story)
    is_told(story)
    final(story)


def test_in_a_folder():
    with TemporaryDirectory(prefix="s") as folder:  # short: paths of sockets are limited
        site = Site(Path(folder) / "data", "run")
        try:
            site.start()
            tell(Story(site, Path(folder) / "files"))
        finally:
            site.process.stop()


def test_over_kafka_with_a_worker(make_cluster, tables, front, tmp_path):
    cluster = make_cluster(PARTITIONS)
    crew = Crew(cluster)
    crew.start("a")
    place = {"kafka": ",".join(cluster.connection.servers), "clickhouse_database": tables.database}
    site = Site(tmp_path / "portal", "portal", clickhouse=f"127.0.0.1:{front.port}", **place)
    loader = LoaderProcess(tmp_path, cluster.connection, front, SUYUAN_CLICKHOUSE_DATABASE=tables.database)
    try:
        site.start()
        crew.wait_at_work("a")
        tell(Story(site, tmp_path / "files"))
        crew.check()
        assert loader.process.poll() is None, loader.log.read_text()
    finally:
        site.process.stop()
        loader.end()
    crew.stop("a")

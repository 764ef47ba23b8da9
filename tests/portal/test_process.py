"""The portal as a process: beside a run, killed and started again, and the run killed under it."""

from __future__ import annotations

import os
import re
import secrets
import signal
import time
from pathlib import Path

import httpx
import pytest

from suyuan.access.principal import Role
from suyuan.operations.access import Wanted, append_access, key_granted
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import Settings
from tests.portal.processes import Started

ALERTS = "/api/v1/alerts"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data"


def grant(folder):
    wanted = Wanted(Role.REGULATOR, "test", division="")
    key, granted = key_granted(wanted, "command", time.time_ns() // 1_000_000, secrets.token_bytes)
    append_access(deployment_of(Settings(data=folder, fsync=False)).outlet, granted)
    return str(key)


def ready(started, key):
    return started.answers() and started.get(ALERTS, key).status_code == 200


@pytest.mark.real_time
def test_a_portal_is_there_beside_a_run_again_when_it_was_killed_and_gone_with_the_run(folder):
    key = grant(folder)
    run = Started(folder, "run", SUYUAN_CLICKHOUSE="127.0.0.1:1").start()  # which is not what this run loads
    try:
        run.wait(lambda: ready(run, key))
        run.wait(lambda: "/enter#sy_" in run.said())
        token = run.said().partition("/enter#")[2].split()[0]
        enter = {"headers": {"Origin": run.url}, "json": {"token": token}, "trust_env": False}
        run.wait(lambda: httpx.post(f"{run.url}/enter", **enter).status_code == 200)
        assert httpx.post(f"{run.url}/enter", **enter).status_code == 401
        assert run.get(ALERTS).status_code == 401
        assert run.get(ALERTS, key).json() == {"rows": [], "next": None}
        first = run.portal_pid()
        os.kill(first, signal.SIGKILL)
        run.wait(lambda: run.portal_pid() not in {first, None} and ready(run, key))
        assert run.process.poll() is None
        portal = run.portal_pid()
        run.kill()
        run.wait(lambda: not Path(f"/proc/{portal}").exists() and not run.answers())
        run.start()
        run.wait(lambda: ready(run, key))
        portal = run.portal_pid()
        assert run.stop() == 0
        assert not Path(f"/proc/{portal}").exists()
        assert run.url in run.said()
    finally:
        run.stop()


def test_a_demo_lets_each_role_in_by_a_link_and_stays_until_it_is_told_to_stop(folder):
    demo = Started(folder, "demo", "--events", "600", "--rate", "0", "--portal", "--data", str(folder)).start()
    try:
        demo.wait(lambda: "investigator: http" in demo.said())
        links = dict(re.findall(r"^  (\w+).*: (http\S+#sy_\S+)$", demo.said(), re.MULTILINE))
        assert set(links) == {"regulator", "platform", "investigator"}
        demo.wait(demo.answers)
        found = {}
        for role, link in links.items():
            with httpx.Client(base_url=demo.url, trust_env=False, timeout=60) as browser:
                entered = browser.post("/enter", json={"token": link.partition("#")[2]}, headers={"Origin": demo.url})
                assert entered.status_code == 200
                found[role] = browser.get(ALERTS, params={"limit": 200}).json()["rows"]
        assert found["regulator"]
        # an alert about what several listings have in common is of none of them
        assert len({row["platform_code"] for row in found["platform"]} - {None}) == 1
        assert {row["platform_code"] is None for row in found["platform"] if row["subject_kind"] == "listing"} == {
            False
        }
        assert len(found["investigator"]) >= max(len(found["regulator"]), len(found["platform"]))
        assert demo.process.poll() is None
        demo.process.send_signal(signal.SIGINT)
        assert demo.process.wait(60) == 0
        assert "the market stays in" in demo.said()
    finally:
        demo.stop()


def test_a_portal_of_its_own_answers_from_the_folder_and_ends_in_order(folder):
    key = grant(folder)
    portal = Started(folder, "portal").start()
    try:
        portal.wait(portal.answers)
        answer = portal.get(ALERTS, key)
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/nothing-processed")
        assert portal.get("/api/v1/access", key).status_code == 403
        second = Started(folder, "portal", SUYUAN_PORTAL_PORT=str(portal.port)).start()
        second.process.wait(60)
        assert (second.process.returncode, f"port {portal.port} of 127.0.0.1 is in use" in second.said()) == (4, True)
        assert portal.stop() == 0
        assert "Traceback" not in portal.said()
    finally:
        portal.stop()

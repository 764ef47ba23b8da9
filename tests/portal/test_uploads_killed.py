"""A portal that is killed while it publishes a file: the next one goes on with it, and nothing is in the log twice."""

from __future__ import annotations

import secrets
import time

import httpx
import pytest

from suyuan.access.principal import Role
from suyuan.eventlog.log import Log
from suyuan.operations.access import Wanted, append_access, key_granted
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import Settings
from suyuan.schemas.events import decode_event
from tests.portal.processes import PATIENCE, Started
from tests.portal.test_publish import listing
from tests.portal.test_uploads import table
from tests.portal.worlds import A

ROWS = 30_000


@pytest.mark.real_time
def test_a_killed_portal_goes_on_with_what_it_had_received(tmp_path):
    folder = tmp_path / "data"
    wanted = Wanted(Role.PLATFORM, "test", code=A.platform)
    key, granted = key_granted(wanted, "command", time.time_ns() // 1_000_000, secrets.token_bytes)
    append_access(deployment_of(Settings(data=folder, fsync=False)).outlet, granted)
    portal = Started(folder, "portal").start()
    try:
        portal.wait(portal.answers)
        sent = httpx.post(
            f"{portal.url}/api/v1/uploads",
            params={"name": "listings.csv"},
            content=table(*(listing() for _ in range(ROWS))),
            headers={"Authorization": f"Bearer {key}"},
            timeout=PATIENCE,
            trust_env=False,
        )
        assert sent.status_code == 202, sent.text
        address = sent.headers["location"]

        def report():
            return portal.get(address, key).json()

        portal.wait(lambda: report()["accepted"] > 0)
        assert not report()["over"]
        portal.kill()
        portal.start()
        portal.wait(portal.answers)
        portal.wait(lambda: report()["over"])
        said = report()
    finally:
        portal.stop()
    assert (said["stage"], said["restarts"], said["rejected"]) == ("done", 1, 0)
    assert said["accepted"] + said["duplicate"] == ROWS
    assert said["duplicate"] > 0
    with Log.open(folder, role="read") as log:
        stored, at = [], 0
        while found := log.fetch("in.listing", 0, at):
            stored += [decode_event(value)[1]["event_id"] for value in found.values]
            at = found.offsets[-1] + 1
    assert len(stored) == len(set(stored)) == ROWS

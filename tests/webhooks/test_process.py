"""`suyuan run` delivers webhooks, by a process that comes with the first of them and is started again when it dies."""

from __future__ import annotations

import os
import secrets
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from suyuan.access.principal import Role
from suyuan.eventlog.log import Log, Records
from suyuan.operations.access import Wanted, append_access, key_granted
from suyuan.operations.webhooks.events import CONTROL, Created, encode_subscription
from suyuan.operations.webhooks.log import ALERTS
from suyuan.operations.webhooks.signing import new_secret
from suyuan.publishing.control import append_control
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import Settings
from suyuan.runtime.webhooks import webhook_seal
from tests.portal.processes import Started
from tests.sinks.rows import alert, block
from tests.webhooks.receiver import OK, Receiver, answer


def jobs_pid(run):
    """Of the run's child; None: there is none now."""
    for task in Path(f"/proc/{run.process.pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):
            for pid in (task / "children").read_text().split():
                if b"suyuan.runtime.jobs" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return int(pid)
    return None


def subscribe(settings, url):
    deployment, now = deployment_of(settings), time.time_ns() // 1_000_000
    key, granted = key_granted(Wanted(Role.REGULATOR, "desk", division=""), "command", now, secrets.token_bytes)
    append_access(deployment.outlet, granted)
    sealed = webhook_seal(settings).seal("s1", new_secret(secrets.token_bytes), secrets.token_bytes)
    made = Created("s1", now, key.id, key.id, "desk", url, sealed, after=(0,), topic=ALERTS)
    append_control(deployment.outlet, CONTROL, "s1", encode_subscription(made))


def raise_alert(folder, name):
    with Log.open(folder, role="publish", fsync="never") as log:
        log.append("alert.state", 0, Records([None], [block("alert_state", alert(name, bureau="330106"))]))


def ids(receiver):
    return [receiver.headers(number)["webhook-id"] for number in range(len(receiver.requests))]


@pytest.mark.real_time
def test_a_killed_process_is_started_again_and_sends_what_waits_under_the_same_id(tmp_path):
    folder = tmp_path / "data"
    receiver = Receiver(answer(503), OK)
    run = Started(folder, "run", "--no-portal", SUYUAN_WEBHOOK_ALLOW="127.0.0.0/8").start()
    try:
        run.wait(lambda: "suyuan runs on" in run.said())
        assert jobs_pid(run) is None
        subscribe(Settings(data=folder, fsync=False), receiver.url)
        raise_alert(folder, "a1")
        run.wait(lambda: len(receiver.requests) == 1)
        first = jobs_pid(run)
        os.kill(first, signal.SIGKILL)
        raise_alert(folder, "a2")
        run.wait(lambda: set(ids(receiver)[1:]) == {"a1.1.s1", "a2.1.s1"})
        assert ids(receiver)[0] == "a1.1.s1"
        jobs = jobs_pid(run)
        assert jobs not in {first, None}
        assert run.stop() == 0
        assert not Path(f"/proc/{jobs}").exists()
    finally:
        run.stop()
        receiver.close()

"""A process that hangs at its end."""

import os
import subprocess
import sys

import pytest

from suyuan.runtime.shutdown_deadline import ShutdownDeadline

pytestmark = pytest.mark.real_time

HANGS = """
import time
from suyuan.runtime.shutdown_deadline import ShutdownDeadline
end = ShutdownDeadline(0.2)
end.arm()
end.arm()
time.sleep(60)
"""


def test_a_process_that_hangs_ends_and_says_so():
    done = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1
    assert "ending as if killed" in done.stderr


def test_a_process_that_ended_well_goes_on():
    end = ShutdownDeadline(60)
    end.arm()
    end.disarm()
    end._timer.join(30)
    assert not end._timer.is_alive(), "it waits for its time to run out"
    ShutdownDeadline(60).disarm()


WORKER_HANGS = """
import asyncio, os, signal, sys
import suyuan.cli.commands.worker as command
from suyuan.cli.main import main
from suyuan.connections.log_errors import TransportError

class Hanging:
    state_folder = ""
    def __init__(self, *_, **__):
        if {how!r} == "told to stop":
            asyncio.get_running_loop().call_later(0.1, os.kill, os.getpid(), signal.SIGTERM)
    async def start(self):
        if {how!r} == "told to stop":
            await self.stop()
    async def wait_failed(self):
        raise TransportError("failed")
    async def stop(self):
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                pass

command.Worker, command.END_SECONDS = Hanging, 0.5
sys.argv = ["suyuan", "worker"]
main()
"""


@pytest.mark.parametrize("how", ["told to stop", "failed"])
def test_a_worker_that_hangs_at_its_end_ends(how, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", WORKER_HANGS.format(how=how)],
        env={**os.environ, "SUYUAN_KAFKA": "127.0.0.1:1", "SUYUAN_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1, done.stderr
    assert "ending as if killed" in done.stderr

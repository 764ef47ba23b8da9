"""Who watches over a soak's processes and its progress: on processes and figures made up for that."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.soak import supervised
from tests.soak.guard import began
from tests.soak.progress import Stalls
from tests.soak.supervised import Failed, Supervised

pytestmark = pytest.mark.real_time

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60


@pytest.fixture
def supervise(monkeypatch):
    """Of a command; started anew without a wait."""
    monkeypatch.setattr(supervised, "RESTART_SECONDS", (0.0, 0.0))
    each = []

    def supervise(*command):
        one = Supervised("one", lambda: subprocess.Popen(command), lambda: "why\nit ended", random.Random(1))
        each.append(one)
        return one

    yield supervise
    for one in each:
        one.end_at_once()


def check_until(one, condition, done=lambda: 0, *, excused=False):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        one.check(1.0, done(), excused=excused)
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_ends_by_itself_is_started_again_and_told_of(supervise):
    one = supervise("sh", "-c", "exit 3")
    progress = iter(range(1000))
    check_until(one, lambda: len(one.ends) == 12, lambda: next(progress))
    assert {(end.status, end.said) for end in one.ends} == {(3, "it ended")}


def test_what_ends_again_and_again_while_nothing_is_done_has_failed(supervise):
    one = supervise("false")
    with pytest.raises(Failed, match="one ended 8 times while nothing was done: it ended"):
        check_until(one, lambda: False)
    other = supervise("false")
    check_until(other, lambda: len(other.ends) == 12, excused=True)


def test_what_is_killed_or_told_to_end_comes_back_and_did_not_end_by_itself(supervise):
    one = supervise("sleep", "60")
    one.start()
    before = one.process.pid
    one.kill(0.0)
    assert not one.runs
    check_until(one, lambda: one.works)
    assert one.process.pid != before
    one.stop()
    assert one.runs
    assert not one.works
    one.go_on()
    one.tell_to_end(0.0)
    check_until(one, lambda: one.works)
    assert one.ends == []
    assert one.end() == -signal.SIGTERM


def test_the_longest_time_without_progress_is_a_partitions_own():
    stalls = Stalls()
    at, other = ("in.lot", 0), ("in.lot", 1)
    stalls.note({at: (5, 9), other: (1, 1)}, 10.0, excused=False)
    stalls.note({at: (5, 9), other: (1, 4)}, 20.0, excused=False)
    stalls.note({at: (6, 9), other: (1, 4)}, 27.0, excused=False)
    assert (stalls.longest.seconds, stalls.longest.partition, stalls.longest.at) == (10.0, "in.lot-0", 10.0)
    stalls.note({at: (7, 9), other: (1, 4)}, 32.0, excused=False)
    assert (stalls.now.seconds, stalls.now.partition) == (12.0, "in.lot-1")
    stalls.note({at: (7, 9), other: (1, 4)}, 60.0, excused=True)
    stalls.note({at: (9, 9), other: (4, 4)}, 100.0, excused=False)
    assert (stalls.longest.seconds, stalls.now.seconds) == (12.0, 0.0)


def test_processes_end_with_whoever_started_them_even_when_that_one_is_killed():
    program = (
        "import subprocess, time\nfrom tests.soak.guard import Guard\nwith Guard() as guard:\n"
        "    print(guard.watch(subprocess.Popen(['sleep', '60'])).pid, flush=True)\n    time.sleep(60)\n"
    )
    starter = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        pid = int(starter.stdout.readline())
    finally:
        starter.kill()
        starter.communicate()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while began(pid) is not None and _state(pid) != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _state(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except OSError:
        return "Z"

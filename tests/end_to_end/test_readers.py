"""Who reads the tables of a folder at the same time: readers, followers, and a run that starts or ends."""

import json
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import ExitStack, contextmanager

import pytest

from suyuan.access.scope import EVERYTHING
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries import folder_tables
from suyuan.runtime.open_queries import tables
from suyuan.runtime.settings import Settings
from tests import prepared
from tests.end_to_end.conftest import Case, Suyuan

pytestmark = pytest.mark.real_time

HOLD = """
    import sys
    from pathlib import Path
    from suyuan.queries.open_tables import open_tables
    with open_tables(Path(sys.argv[1])) as queries:
        print("held", flush=True)
        sys.stdin.readline()
"""


@pytest.fixture(scope="module")
def processed(tmp_path_factory):
    suyuan = Suyuan(tmp_path_factory.mktemp("processed"), partitions=1)
    suyuan.publish(Case(11).file)
    suyuan.run_once()
    suyuan.answer = suyuan.chains()
    assert len(suyuan.answer) > 100
    return suyuan


@pytest.fixture
def own(processed, tmp_path):
    """A copy to work on."""
    suyuan = Suyuan(tmp_path, partitions=1)
    shutil.copytree(processed.data, suyuan.data, symlinks=True)
    return suyuan


@contextmanager
def begun(suyuan, *arguments):
    process = suyuan.begin(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def holder(folder):
    """Another process that has the tables open, until a line comes."""
    process = prepared.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLD), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


class Lines:
    """What a process prints, as it comes."""

    def __init__(self, stream):
        self.lines = []
        self._reading = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._reading.start()

    def _read(self, stream):
        self.lines.extend(stream)

    def at_its_end(self):
        """Whole ones: a process that was killed may have begun one."""
        self._reading.join()
        return [line for line in self.lines if line.endswith("\n")]

    def wait_for_more(self, before, process, seconds=120):
        until = time.monotonic() + seconds
        while len(self.lines) <= before:
            assert process.poll() is None, "ended"
            assert time.monotonic() < until, f"nothing new after {self.lines[-3:]}"
            time.sleep(0.05)

    def wait_for(self, found, what, process, seconds=120):
        until = time.monotonic() + seconds
        while not any(found(line) for line in self.lines):
            assert process.poll() is None, f"ended before {what}"
            assert time.monotonic() < until, f"no {what} in {self.lines[-3:]}"
            time.sleep(0.05)


def test_four_at_once_where_nothing_runs_all_get_the_answer(processed):
    with ExitStack() as opened:
        asked = ("chains", "chains", "alerts", "chains")
        processes = [opened.enter_context(begun(processed, question, "--json")) for question in asked]
        for process in processes:
            output, errors = process.communicate(timeout=120)
            assert (process.returncode, errors) == (0, "")
            assert len(output.splitlines()) > 50


def test_a_reader_whose_output_nobody_takes_holds_nobody_up(processed):
    with begun(processed, "chains", "--json") as unread:
        assert unread.stdout.readline()  # more than a pipe holds is to come
        assert processed.chains() == processed.answer
        assert unread.poll() is None
        assert len(unread.stdout.readlines()) + 1 == len(processed.answer)
        assert unread.wait(60) == 0


def test_a_reader_that_is_killed_leaves_nothing_that_blocks(processed):
    with holder(processed.data) as process:
        process.kill()
        process.wait()
        assert processed.chains() == processed.answer


def test_patience_ends_and_the_holder_is_named(processed, monkeypatch):
    monkeypatch.setattr(folder_tables, "PATIENCE", 1.0)
    settings = Settings(data=processed.data)
    with holder(processed.data) as process, pytest.raises(SuyuanError) as caught, tables(settings) as ask:
        ask.verdicts(EVERYTHING)
    assert caught.value.kind == ErrorKind.UNAVAILABLE
    assert f"in use by process {process.pid}" in str(caught.value)
    assert "1 s" in str(caught.value)


def test_a_run_waits_for_a_reader_that_has_the_tables_open(own):
    with holder(own.data) as process, begun(own, "run", "--once", "--json") as running:
        said = Lines(running.stderr)
        said.wait_for(lambda line: f"in use by process {process.pid}" in line, "word of the holder", running)
        assert running.poll() is None
        process.communicate("\n", timeout=60)
        assert running.wait(120) == 0


def test_a_run_that_waits_for_a_reader_ends_at_once_when_it_is_told_to(own):
    with holder(own.data) as process:
        for number in (signal.SIGTERM, signal.SIGINT):
            with begun(own, "run") as running:
                said = Lines(running.stderr)
                said.wait_for(lambda line: f"in use by process {process.pid}" in line, "word of the holder", running)
                running.send_signal(number)
                assert running.wait(30) == 0  # it would wait for the reader for twice as long
                assert not any("Traceback" in line for line in said.at_its_end())
        process.communicate("\n", timeout=60)
    own.run_once()


def test_a_follower_goes_over_to_a_run_that_starts_and_back(make_suyuan):
    """One that is there before all: the first run, which is told to stop, then one that ends by itself."""
    suyuan = make_suyuan(partitions=1)
    suyuan.publish(Case(11).file)
    with begun(suyuan, "alerts", "--follow", "--after", "alert.state.v1.AA", "--json") as following:
        alerts, said = Lines(following.stdout), Lines(following.stderr)
        with begun(suyuan, "run") as running:
            alerts.wait_for_more(0, following)
            running.terminate()
            running.communicate(timeout=120)
        assert following.poll() is None, said.at_its_end()
        before = len(alerts.lines)
        suyuan.publish(Case(12).file)
        suyuan.run_once()
        alerts.wait_for_more(before, following)
        assert following.poll() is None, said.at_its_end()
    changes = [(change["alert_id"], change["sequence"]) for change in map(json.loads, alerts.at_its_end())]
    assert len(changes) == len(set(changes))

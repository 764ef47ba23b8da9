"""How a process ends, whatever it runs: by itself, told to, or because a part of it fails."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading

import pytest

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.runtime.cluster.loader_service import LoaderService
from suyuan.runtime.process import run_process
from suyuan.runtime.service import Service
from suyuan.runtime.settings import Settings
from suyuan.runtime.waiting import first_of
from suyuan.sinks.errors import LoaderError


class Parts(Service):
    """Three parts; `course`: what happened, in order. `go_on`: one is not open before the start is cancelled."""

    def __init__(self, course, *, failing=None, go_on=None, tell=None):
        super().__init__()
        self.course = course
        self._failing = failing
        self._go_on = go_on
        self._tell = tell

    async def wait_drained(self):
        await asyncio.sleep(0)

    async def _start(self):
        if self._go_on is not None:
            self._waiting = asyncio.create_task(self._go_on_when_cancelled(asyncio.current_task()))
        for name in ("log", "tables", "stages"):
            await self._opened(lambda name=name: self._open(name), lambda name: self.course.append(f"close {name}"))

    async def _go_on_when_cancelled(self, starting):
        while not starting.cancelling():  # noqa: ASYNC110 -- nothing tells of it
            await asyncio.sleep(0.01)
        self._go_on.set()

    def _open(self, name):
        self.course.append(f"open {name}")
        if name == "tables" and self._tell is not None:
            os.kill(os.getpid(), self._tell)
        if name == "tables" and self._go_on is not None:
            assert self._go_on.wait(60)
        if name == self._failing:
            raise OSError(28, "No space left on device")
        return name


OPENED = ["open log", "open tables", "open stages"]
CLOSED = ["close stages", "close tables", "close log"]


@pytest.fixture
def run():
    """What a process says of its service in the end."""

    def running(make, *, once=False, started=None, beside=None, **options):
        async def at_work(service):
            service.course.append("started")
            if started is not None:
                started(service)

        async def report(_, began):
            assert began > 0
            return "report"

        return run_process(Settings(), make, once=once, started=at_work, report=report, beside=beside, **options)

    return running


def test_once_it_ends_when_there_is_nothing_left_with_a_report(run):
    course = []
    assert run(lambda: Parts(course), once=True) == "report"
    assert course == [*OPENED, "started", *CLOSED]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_told_to_stop_it_ends_in_order_without_one(run, number):
    course = []
    assert run(lambda: Parts(course), started=lambda _: os.kill(os.getpid(), number)) is None
    assert course == [*OPENED, "started", *CLOSED]


def test_told_to_stop_while_it_starts_it_opens_nothing_more_and_closes_what_was_being_opened(run):
    course, go_on = [], threading.Event()
    assert run(lambda: Parts(course, go_on=go_on, tell=signal.SIGTERM)) is None
    assert course == ["open log", "open tables", "close tables", "close log"]


def test_what_a_part_fails_with_while_it_runs_is_raised_when_all_is_closed(run):
    course = []

    def fail(service):
        threading.Thread(target=service._fail, args=(SuyuanError("the disk is gone"),)).start()

    with pytest.raises(SuyuanError, match="the disk is gone"):
        run(lambda: Parts(course), started=fail)
    assert course == [*OPENED, "started", *CLOSED]


def test_what_goes_on_beside_ends_with_it_and_its_failure_ends_it(run):
    course = []

    async def beside(_):
        course.append("beside")
        raise SuyuanError("beside itself")

    with pytest.raises(SuyuanError, match="beside itself"):
        run(lambda: Parts(course), beside=beside)
    assert course == [*OPENED, "started", "beside", *CLOSED]


def test_a_part_that_cannot_be_opened_is_told_with_the_folder_and_the_others_are_closed(run, tmp_path):
    course = []
    with pytest.raises(SuyuanError, match=f"{tmp_path}: .*No space left on device") as refused:
        run(lambda: Parts(course, failing="stages"), folder=tmp_path)
    assert refused.value.kind == ErrorKind.CONFIGURATION
    assert course == [*OPENED, "close tables", "close log"]


def test_an_error_that_two_wait_for_is_raised_once_and_leaves_no_traceback_in_the_log(run, caplog):
    class Draining(Parts):
        async def wait_drained(self):
            await first_of(asyncio.Event().wait(), self.wait_failed())

    def fail(service):
        threading.Thread(target=service._fail, args=(SuyuanError("the disk is gone"),)).start()

    with pytest.raises(SuyuanError, match="the disk is gone"):
        run(lambda: Draining([]), once=True, started=fail)
    gc.collect()
    assert not caplog.records


class Loading:
    """A loader whose last batch fails, when it is told to stop."""

    group = "loader"
    error = None

    def begin_to_stop(self):
        self.error = LoaderError("took 3 of 5 rows")

    def stop(self, _seconds):
        return True

    @property
    def log(self):
        return self

    def close(self):
        """Of the log."""


class Loaders(LoaderService):
    """Of which only that one is real."""

    async def _start(self):
        await self._opened(lambda: [Loading()], self._close_loaders)


def test_a_loader_that_fails_while_it_is_stopped_is_no_good_end():
    async def started(_):
        os.kill(os.getpid(), signal.SIGTERM)

    async def report(*_):
        return "report"

    with pytest.raises(LoaderError, match="took 3 of 5 rows"):
        run_process(Settings(), lambda: Loaders(Settings(), say=print), once=False, started=started, report=report)

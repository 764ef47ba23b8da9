"""How a process ends, whatever it runs: by itself, told to, or because a part of it fails."""

from __future__ import annotations

import asyncio
import os
import signal
import threading

import pytest

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.runtime.process import run_process
from suyuan.runtime.service import Service
from suyuan.runtime.settings import Settings


class Parts(Service):
    """Three parts, of which one is not opened before `go_on`; `course`: what happened, in order."""

    def __init__(self, course, *, failing=None, go_on=None, tell=None):
        super().__init__()
        self.course = course
        self._failing = failing
        self._go_on = go_on
        self._tell = tell

    async def wait_drained(self):
        await asyncio.sleep(0)

    async def _start(self):
        for name in ("log", "tables", "stages"):
            await self._opened(lambda name=name: self._open(name), lambda name: self.course.append(f"close {name}"))

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
    threading.Timer(0.3, go_on.set).start()
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

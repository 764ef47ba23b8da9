"""Whoever listens to a log is told of what other processes append, and nothing looks meanwhile."""

from __future__ import annotations

import os
import threading
import time

import pytest

from suyuan.eventlog import other_writers
from suyuan.eventlog.file_changes import FileChanges
from suyuan.eventlog.log import Record


@pytest.fixture
def watchers():
    """The threads that watch a log now, but for those of logs that were open before."""
    before = set(threading.enumerate())
    return lambda: [each for each in threading.enumerate() if each.name == "log-watch" and each not in before]


@pytest.fixture
def told(open_log):
    """(the log, whether its listener was called, who appends beside it)."""
    log, other = open_log(), open_log("publish")
    log.create_topic("t", 1)
    called = threading.Event()
    log.listen(called.set)
    return log, called, other


def test_the_kernel_tells_of_the_first_append_after_a_long_rest(told, tmp_path, monkeypatch):
    log, called, other = told
    monkeypatch.setattr(other_writers, "LOOK_SECONDS", 3600.0)
    for count in (1, 2):
        long_ago = 1_600_000_000 + count
        os.utime(tmp_path / "log" / "log.sqlite-wal", (long_ago, long_ago))
        while not log._extents.are_still():
            log.end_offsets()
        time.sleep(0.2)  # its thread is at rest by now, for an hour
        called.clear()
        other.append("t", 0, [Record(b"k", b"v")])
        assert called.wait(30)
        assert log.end_offset("t", 0) == count


def test_it_is_told_all_the_same_where_the_kernel_tells_nothing(open_log, monkeypatch):
    def refuse(_):
        raise OSError("no watches are left")

    monkeypatch.setattr(other_writers, "FileChanges", refuse)
    log, other = open_log(), open_log("publish")
    log.create_topic("t", 1)
    called = threading.Event()
    log.listen(called.set)
    called.clear()
    other.append("t", 0, [Record(b"k", b"v")])
    assert called.wait(30)


def test_nothing_watches_a_log_that_nobody_listens_to(watchers, told):
    log, called, _ = told
    assert len(watchers()) == 1
    log.listen(called.set)
    log.unlisten(called.set)
    assert len(watchers()) == 1
    log.unlisten(called.set)
    assert not watchers()
    log.listen(called.set)
    log.close()
    assert not watchers()
    log.unlisten(called.set)


def test_a_thread_that_has_ended_already_is_not_woken(watchers, told, monkeypatch):
    log, called, _ = told
    log.unlisten(called.set)
    monkeypatch.setattr(other_writers, "LOOK_SECONDS", 0.01)
    ended = threading.Event()

    class Late(FileChanges):
        def wake(self):
            assert ended.wait(30)  # it saw by itself that it should stop
            super().wake()

        def close(self):
            super().close()
            ended.set()

    monkeypatch.setattr(other_writers, "FileChanges", Late)
    log.listen(called.set)
    log.unlisten(called.set)
    assert not watchers()

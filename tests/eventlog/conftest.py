from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from suyuan.eventlog.log import Log

OpenLog = Callable[..., Log]


class Clock:
    """Time stands where it is put."""

    def __init__(self) -> None:
        self.now = 1_700_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def open_log(tmp_path: Path, clock: Clock) -> Iterator[OpenLog]:
    """Opens logs of one folder, and closes them."""
    opened: list[Log] = []

    def open_(role: str = "process", fsync: str = "never") -> Log:
        opened.append(Log.open(tmp_path, role, fsync, clock))
        return opened[-1]

    yield open_
    for log in opened:
        log.close()


@pytest.fixture
def log(open_log: OpenLog) -> Log:
    return open_log()

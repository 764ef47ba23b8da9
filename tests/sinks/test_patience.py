"""How long rows wait for others: little for a trickle, and none once an insert is full, or no others will come."""

from __future__ import annotations

import threading

import polars as pl
import pytest

from suyuan.schemas.blocks import encode_block
from suyuan.sinks.loader import FULL_ROWS, LONGEST_SECONDS, QUIET_SECONDS, Loader
from suyuan.sinks.tables import Target
from tests.sinks.memory_log import MemoryLog

CHAINS = Target("chain", "chain_history", 0.5)
MANY = FULL_ROWS // 2
QUARTER = 3_000


class Counting:
    """A sink that keeps the sizes of the batches."""

    group = "loader"
    targets = (CHAINS,)

    def __init__(self):
        self.rows = []
        self.loaded = threading.Event()

    def write(self, batch):
        self.rows.append(batch.rows)
        self.loaded.set()


@pytest.fixture(scope="module")
def blocks():
    return {rows: encode_block("chain", pl.DataFrame({"revision": range(rows)})) for rows in (1, QUARTER, MANY)}


class Clocked:
    """A loader, its log, and a clock that a test sets."""

    def __init__(self, blocks):
        self.now, self.sink, self._log, self._blocks = 100.0, Counting(), MemoryLog(partitions=1), blocks
        self._loader = Loader(self._log, self.sink, clock=lambda: self.now)

    def come(self, *rows):
        self._log.append("chain", 0, *(self._blocks[each] for each in rows))

    def after(self, seconds):
        self.now += seconds
        return self._loader.step()


@pytest.fixture
def clocked(blocks):
    return Clocked(blocks)


def test_a_trickle_waits_as_long_as_its_topic_says(clocked):
    for _ in range(3):
        clocked.come(1)
        assert clocked.after(0) == 0
        assert clocked.after(0.49) == 0
        assert clocked.after(0.02) == 1


def test_at_a_high_rate_an_insert_is_full_and_then_begins_at_once(clocked):
    clocked.come(MANY)
    clocked.after(0)
    assert clocked.after(0.51) == MANY
    clocked.come(MANY)
    assert clocked.after(0.1) == 0
    assert clocked.after(0.51) == 0
    clocked.come(MANY)
    assert clocked.after(0) == 2 * MANY


def test_what_is_not_full_waits_four_seconds_at_most(clocked):
    for _ in range(2):
        clocked.come(*[QUARTER] * 20)
        clocked.after(0)
        clocked.after(0.51)
    clocked.come(1)
    clocked.after(0)
    for _ in range(3):
        clocked.come(1)
        assert clocked.after(LONGEST_SECONDS / 3 - 0.01) == 0
    assert clocked.after(0.04) == 4


def test_what_is_not_full_waits_no_longer_once_nothing_comes(clocked):
    clocked.come(*[QUARTER] * 20)
    clocked.after(0)
    clocked.after(0.51)
    clocked.come(1)
    clocked.after(0)
    clocked.come(1)
    assert clocked.after(1) == 0
    assert clocked.after(QUIET_SECONDS - 0.01) == 0
    assert clocked.after(0.02) == 2


def test_twelve_thousand_rows_a_second_are_an_insert_each_four_seconds(clocked):
    for _ in range(80):
        clocked.come(QUARTER)
        clocked.after(0.25)
    assert min(clocked.sink.rows[-2:]) >= 4 * 4 * QUARTER


def test_what_comes_long_after_many_rows_does_not_wait_for_others_like_them(clocked):
    clocked.come(*[MANY] * 4)
    clocked.after(0)
    assert clocked.after(0.51) > FULL_ROWS
    clocked.after(60)
    clocked.come(1)
    assert clocked.after(0) == 0
    assert clocked.after(0.51) == 1


def test_rows_for_which_no_others_come_do_not_wait(blocks):
    log, sink = MemoryLog(partitions=1), Counting()
    loader = Loader(log, sink, clock=lambda: 100.0)  # nothing has ever waited
    running = threading.Thread(target=loader.run)
    log.append("chain", 0, blocks[1])
    running.start()
    try:
        running.join(0.2)  # while it looks again and again
        assert sink.rows == []
        loader.waits = False
        assert sink.loaded.wait(30)
    finally:
        loader.stop.set()
        running.join()
    assert sink.rows == [1]

"""When a partition counts as stalled, and when not."""

from __future__ import annotations

import pytest

from suyuan.streams.watchdog import Progress, StalledError, Watchdog

AT = ("in.listing", 3)


def observe(*seen, limit=60.0):
    """`seen`: (seconds, committed, end), one observation after another."""
    watchdog = Watchdog(limit)
    for now, committed, end in seen:
        watchdog.observe(now, {AT: Progress(committed, end)})


def test_commits_that_stand_still_while_the_log_grows_are_told_with_where_and_for_how_long():
    with pytest.raises(StalledError) as told:
        observe((0, 5, 7), (30, 5, 9), (61, 5, 12))
    for piece in ("in.listing-3 at offset 5", "for 61 s", "from 7 to 12"):
        assert piece in str(told.value)


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param([(0, 5, 7), (60, 5, 9)], id="not for longer than the limit"),
        pytest.param([(0, 5, 7), (50, 6, 9), (100, 7, 12)], id="slow, but it moves"),
        pytest.param([(0, 5, 5), (500, 5, 5)], id="nothing to do"),
        pytest.param([(0, 5, 5), (500, 5, 5), (530, 5, 9), (559, 5, 12)], id="new work after a quiet time"),
        pytest.param([(0, 5, 7), (500, 5, 7)], id="a log that nobody writes to any more"),
    ],
)
def test_what_is_no_stall(seen):
    observe(*seen)


def test_a_partition_that_was_given_away_and_comes_back_begins_anew():
    watchdog = Watchdog(60.0)
    watchdog.observe(0, {AT: Progress(5, 7)})
    watchdog.observe(50, {})
    watchdog.observe(55, {AT: Progress(5, 9)})
    watchdog.observe(110, {AT: Progress(5, 12)})
    with pytest.raises(StalledError):
        watchdog.observe(116, {AT: Progress(5, 13)})


def test_while_brokers_are_away_nothing_stalls():
    watchdog = Watchdog(60.0)
    watchdog.observe(0, {AT: Progress(5, 7)})
    watchdog.observe(20, {AT: Progress(5, 8)})
    watchdog.look_away()
    watchdog.look_away()
    watchdog.observe(120, {AT: Progress(5, 9)})
    watchdog.observe(155, {AT: Progress(5, 10)})
    with pytest.raises(StalledError, match="for 61 s"):
        watchdog.observe(161, {AT: Progress(5, 11)})


def test_a_partition_whose_stage_is_busy_with_another_topic_is_not_hung_for_a_long_while():
    watchdog = Watchdog(60.0, busy_limit=600.0)
    for now in range(0, 591, 10):
        progress = {AT: Progress(5, 7 + now), ("in.lot", 3): Progress(now, 1000), ("in.lot", 2): Progress(7, 7)}
        watchdog.observe(now, progress)
    with pytest.raises(StalledError, match=r"in\.listing-3 at offset 5 for 610 s"):
        watchdog.observe(610, {AT: Progress(5, 900), ("in.lot", 3): Progress(610, 1000)})


def test_another_partition_of_the_stage_that_moves_is_no_excuse():
    watchdog = Watchdog(60.0)
    for now in (0, 30, 60):
        watchdog.observe(
            now, {AT: Progress(5, 7 + now), ("in.lot", 2): Progress(now, 100), ("chain", 3): Progress(now, 100)}
        )
    with pytest.raises(StalledError, match=r"in\.listing-3"):
        watchdog.observe(61, {AT: Progress(5, 90), ("in.lot", 2): Progress(61, 100), ("chain", 3): Progress(61, 100)})


def test_every_stalled_partition_is_named():
    watchdog = Watchdog(60.0)
    watchdog.observe(0, {AT: Progress(1, 2), ("chain", 0): Progress(1, 2), ("alert", 0): Progress(1, 2)})
    with pytest.raises(StalledError, match=r"chain-0 at offset 1.*in\.listing-3 at offset 1") as told:
        watchdog.observe(70, {AT: Progress(1, 3), ("chain", 0): Progress(1, 3), ("alert", 0): Progress(2, 3)})
    assert "alert" not in str(told.value)


def test_a_commit_waits_for_all_stages_that_read_the_topic_so_each_may_be_the_busy_one():
    for readers in (("one", "two"), ("two", "one")):
        watchdog = Watchdog(60.0, readers={"in.listing": readers, "in.lot": ("one",), "chain": ("three",)})
        for now in (0, 30, 60, 90):
            watchdog.observe(now, {AT: Progress(5, 7 + now), ("in.lot", 3): Progress(now, 1000)})
        with pytest.raises(StalledError, match=r"in\.listing-3"):
            watchdog.observe(200, {AT: Progress(5, 900), ("chain", 3): Progress(9, 1000)})

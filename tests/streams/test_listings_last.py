"""When listings wait for the records beside them, and for how long."""

from __future__ import annotations

from suyuan.streams.listings_last import LISTINGS, PATIENCE_SECONDS, ListingsLast
from suyuan.streams.watchdog import Progress

RECORDS, BETWEEN = ("in.lot", 0), ("producer.record", 1)
AT = (LISTINGS, 0)


def progress(records=(0, 5), between=(7, 7), listings=(0, 9)):
    committed = {RECORDS: records, BETWEEN: between, AT: listings, (LISTINGS, 1): (0, 0)}
    return {at: Progress(*each) for at, each in committed.items()}


def test_listings_wait_until_the_records_are_through_all_stages():
    last = ListingsLast(0, progress())
    assert last.holds(LISTINGS)
    assert not last.holds("in.lot")
    for seen in (progress(), progress(records=(5, 5), between=(7, 12)), progress(records=(5, 6), between=(12, 12))):
        last.observe(1, seen)
        assert last.holds(LISTINGS)
    last.observe(2, progress(records=(6, 6), between=(12, 12)))
    assert not last.holds(LISTINGS)
    last.observe(3, progress(records=(6, 9), between=(12, 12)))
    assert not last.holds(LISTINGS), "they have gone on, and do for good"


def test_listings_wait_only_where_none_was_read():
    assert not ListingsLast(0, progress(listings=(1, 9))).waits
    assert not ListingsLast(0, progress(listings=(0, 0))).waits
    assert not ListingsLast(0, progress(records=(5, 5))).waits, "there is nothing to wait for"


def test_what_comes_without_an_end_holds_them_up_for_a_minute():
    last = ListingsLast(0, progress())
    now = 0
    for done in range(4):  # as long as those of the start are not through it may take any time
        now += 0.9 * PATIENCE_SECONDS
        last.observe(now, progress(records=(done, 20 + done)))
        assert last.waits
    last.observe(now, progress(records=(5, 30)))
    last.observe(now + 0.9 * PATIENCE_SECONDS, progress(records=(29, 60), between=(7, 8)))
    assert last.waits
    last.observe(now + 1.1 * PATIENCE_SECONDS, progress(records=(59, 99), between=(7, 8)))
    assert not last.waits


def test_a_partition_that_stands_still_holds_up_the_others_for_a_minute():
    last = ListingsLast(0, progress())
    last.observe(10, progress(records=(2, 5)))
    last.observe(9 + PATIENCE_SECONDS, progress(records=(2, 5)))
    assert last.waits
    last.observe(11 + PATIENCE_SECONDS, progress(records=(2, 5)))
    assert not last.waits

"""A sweep goes through the listings of which something was said, each at least once, whatever is lost."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.schemas.blocks import decode_block, encode_block
from suyuan.streams.stage import Block, StageContext
from suyuan.streams.stages.backlog import Task, task_rows
from suyuan.streams.stages.redelivery import block_id, came_of
from suyuan.streams.stages.risk.complaints import EXPIRES
from suyuan.streams.stages.risk.kept import Said, Spoken, with_said
from suyuan.streams.stages.risk.kept_chain import VERSION_BYTES, key_of
from suyuan.streams.stages.risk.sweeps import LISTINGS, sweep_of, take_sweep
from suyuan.streams.stages.risk.watch import make_watch
from suyuan.streams.state.memory_store import MemoryStore
from suyuan.streams.state.view import Overlay
from tests.streams.stages.risk.conftest import RECEIVED
from tests.streams.stages.risk.test_any_order import WATCH, rule, standing_in_alerts

SPOKEN = Spoken("raised", 1, 1, "high", "", 0, 0, "chain:0")
QUIET = bytes(VERSION_BYTES) + b"\n{}"


class Partition:
    """Listings a, b, c …; of those in `told` something was said."""

    def __init__(self, count, told):
        self.state = Overlay(MemoryStore())
        for number in range(count):
            said = Said(alerts={"rule": SPOKEN}) if number in told else None
            self.state.put(key_of(f"shop\x1f{number:03}"), with_said(QUIET, said))
        self.judged = {}
        self.state.put(b"leave\x1f2026-01-01\x1fshop\x1f000", b"")

    def news(self, offset, tasks, slice_rows, *, first, redelivered):
        """(listings of which something is published, tasks left): it is where they are judged for the first time, and
        again where that was in this block, or one that it is a part of.
        """
        listings, left = self.sweep(offset, tasks, slice_rows, first=first, redelivered=redelivered)
        block = Block("risk.backlog", 0, first, offset, 0, None, redelivered)
        judged = {listing: self.judged.setdefault(listing, block_id(block)) for listing in listings}
        new = [listing for listing, cause in judged.items() if cause == block_id(block) or came_of(block, cause)]
        return new, left

    def sweep(self, offset, tasks, slice_rows, *, first=None, redelivered=False):
        """(listings, tasks left)"""
        rows = decode_block(encode_block("backlog", task_rows(tasks)))
        block = Block("risk.backlog", 0, offset if first is None else first, offset, 0, rows, redelivered)
        taken = take_sweep(block, self.state, StageContext(0, 1, slice_rows=slice_rows))
        return [listing.split("\x1f")[1] for listing in taken.listings], taken.left


@pytest.fixture
def partition():
    return Partition(6, {0, 1, 3, 5})


START = Task(LISTINGS, "bureaus changed: 330108", 7)


def test_bureaus_that_changed_leave_one_task():
    (task,) = sweep_of({"330191": 5, "330108": 9})
    assert (task.prefix, task.reason, task.received_at) == (LISTINGS, "bureaus changed: 330108, 330191", 9)
    assert sweep_of({}) == []


def test_those_of_which_something_was_said_in_slices(partition):
    listings, left = partition.sweep(0, [START], 8)
    assert listings == ["000", "001"], "a quarter of a slice's rows may be judged"
    assert [(task.prefix, task.received_at, task.reason) for task in left] == [(LISTINGS, 7, START.reason)]
    listings, left = partition.sweep(1, left, 8)
    assert listings == ["003", "005"]
    assert partition.sweep(2, left, 8) == ([], [])


def test_listings_of_which_nothing_was_said_are_read_a_slice_at_a_time():
    quiet = Partition(20, {19})
    listings, left = quiet.sweep(0, [START], 16)
    assert (listings, [task.after for task in left]) == ([], [key_of("shop\x1f015")])
    assert quiet.sweep(1, left, 16) == (["019"], [])


def test_of_many_sweeps_that_wait_one_is_made_from_the_start(partition):
    """An office publishes thousands of records one by one: what is under way begins again, once."""
    _, (under_way,) = partition.sweep(0, [START], 8)
    waiting = [Task(LISTINGS, f"bureaus changed: {330_000 + number}", number) for number in range(3_000)]
    listings, (left,) = partition.sweep(1, [under_way, *waiting], 8)
    assert (listings, left.received_at) == (["000", "001"], 2_999)
    assert partition.sweep(2, [left], 100) == (["003", "005"], [])


def test_the_work_of_a_day_is_no_sweep(partition):
    assert partition.sweep(0, [Task(EXPIRES, "complaints leave", 1)], 3) == ([], [])


def test_a_block_that_comes_again_takes_what_it_took_in_smaller_slices_too(partition):
    assert partition.sweep(4, [START], 100)[0] == ["000", "001", "003", "005"]
    listings, left = partition.sweep(4, [START], 2, redelivered=True)
    assert listings == ["000", "001", "003", "005"]
    assert left == []


def test_a_part_of_a_block_takes_what_the_whole_took(partition):
    behind = Task(LISTINGS, "bureaus changed: 330108", 7, key_of("shop\x1f002"))
    assert partition.sweep(5, [START, behind], 12, first=4)[0] == ["000", "001", "003"]
    assert partition.sweep(4, [behind], 1, redelivered=True)[0] == ["000", "001", "003"]
    assert partition.sweep(4, [Task(EXPIRES, "complaints leave", 1)], 1, redelivered=True)[0] == ["000", "001", "003"]


@given(st.integers(0, 12), st.frozensets(st.integers(0, 11)), st.integers(0, 2**32))
def test_every_one_gets_out_whatever_is_lost(count, told, seed):
    chance = random.Random(seed)
    partition = Partition(count, told)
    waiting, heard, offset, applied = [[START]], set(), 0, -1
    while offset < len(waiting):
        until = chance.randint(offset, len(waiting) - 1)
        tasks = [task for block in waiting[offset : until + 1] for task in block]
        again = applied >= offset
        listings, left = partition.news(until, tasks, chance.randint(1, 4), first=offset, redelivered=again)
        applied = max(applied, until)
        if chance.random() < 0.6:
            waiting += [left] if left else []
            heard.update(listings)
            offset = until + 1
    assert {int(listing) for listing in heard} == {number for number in told if number < count}


def told(findings):
    return [(one["listing_id"], one["change"], one["bureau"], one["bureau_why"], one["sequence"]) for one in findings]


def test_findings_go_to_the_desk_of_whom_the_record_names(make_partition, chain, gap, bureau):
    """The rule is about lots, so its alerts have a desk for each bureau."""
    partition = make_partition(WATCH, slice_rows=1)
    recalled = gap("lot_recalled")
    partition.feed("chain", [chain("a", 1, recalled), chain("b", 1, recalled, seller_division="440305"), chain("c")])
    moved = partition.feed("risk.record", [bureau("330106", "330191", version=5)])
    assert told(moved) == [
        ("a", "cleared", "330106", None, 2),
        ("a", "raised", "330191", "seller:330106 handled_by:330191", 3),
    ]
    assert {one["changed_at"] for one in moved} == {RECEIVED + 5}
    assert partition.feed("risk.record", [bureau("330106", "330108", version=4)]) == []
    back = partition.feed("risk.record", [bureau("330106", version=6)])
    assert told(back) == [("a", "cleared", "330191", None, 4), ("a", "raised", "330106", "seller:330106", 5)]


def test_chains_that_come_later_go_there_at_once(make_partition, chain, gap, bureau):
    partition = make_partition(WATCH)
    partition.feed("risk.record", [bureau("330106", "330191")])
    (raised,) = partition.feed("chain", [chain("a", 1, gap("lot_recalled"))])
    assert raised["bureau"] == "330191"


@pytest.mark.parametrize("then", ["changed", "cleared", "moved"])
def test_a_lost_move_is_told_again_though_the_finding_has_changed_since(make_partition, chain, gap, bureau, then):
    partition = make_partition(WATCH, later=True)
    heard = partition.feed("chain", [chain("a", 1, gap("lot_recalled"))])
    heard += partition.feed("risk.record", [bureau("330106", "330191")])
    (task,) = partition.backlog
    assert len(partition.feed("risk.backlog", task, offset=0)) == 2, "which are lost"
    changed = {
        "changed": chain("a", 2, gap("lot_recalled", evidence=["lab/1", "lab/2"])),
        "cleared": chain("a", 2),
        "moved": chain("a", 2, gap("lot_recalled"), seller_division="440305"),
    }
    heard += partition.feed("chain", [changed[then]])
    heard += partition.feed("risk.backlog", task, offset=0, redelivered=True)
    assert [len(alerts) for alerts in standing_in_alerts(heard).values()] == ([] if then == "cleared" else [1])


def test_a_lost_end_is_told_again_though_the_finding_stands_elsewhere_since(make_partition, chain, complaint):
    watch = make_watch((rule("busy", "low", "complaints_7d >= 2 OR sold_30d >= 1000", about="seller"),))
    partition = make_partition(watch, later=True)
    partition.feed("chain", [chain("a", 1)])
    heard = partition.feed("risk.record", [complaint("1"), complaint("2")], offset=0)
    moved = [complaint("1", version=1, retracted=True)]
    assert told(partition.feed("risk.record", moved, offset=1)) == [("a", "cleared", "330106", None, 2)], "lost"
    heard += partition.feed("chain", [chain("a", 2, sold_30d=1000, seller_division="440305")])
    heard += partition.feed("risk.record", moved, offset=1, redelivered=True)
    assert [len(alerts) for alerts in standing_in_alerts(heard).values()] == [1]

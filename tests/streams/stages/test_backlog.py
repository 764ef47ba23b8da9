"""Work in slices."""

import pytest

from suyuan.streams.stages.backlog import Task, condense, work_off
from suyuan.streams.state.memory_store import MemoryStore
from suyuan.streams.state.view import Overlay


@pytest.fixture
def state():
    view = Overlay(MemoryStore())
    for number in range(5):
        view.put(b"a/%d" % number, b"A%d" % number)
    view.put(b"b/0", b"B0")
    return view


def test_a_wider_task_covers_the_narrower_ones_and_the_latest_cause_wins():
    tasks = [Task(b"a/1", "lot", 9), Task(b"a/", "producer", 5), Task(b"b/", "day", 3), Task(b"b/", "lot", 4)]
    assert [(task.prefix, task.received_at) for task in condense(tasks)] == [(b"a/", 9), (b"b/", 4)]


def test_what_is_begun_already_covers_nothing_that_lies_before_it():
    begun = Task(b"a/", "producer", 5, after=b"a/3")
    narrow = Task(b"a/1", "lot", 9)
    assert set(condense([begun, narrow])) == {begun, narrow}


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 6, 100])
def test_every_listing_is_done_once_in_slices_of_at_most_so_many(state, rows):
    left, done = [Task(b"a/", "x", 1), Task(b"b/", "y", 2), Task(b"none/", "z", 3)], []
    for _ in range(20):
        found, left = work_off(left, state, rows)
        assert len(found) <= rows
        done += [(key, task.reason) for key, _, task in found]
        if not left:
            break
    assert done == [*((b"a/%d" % number, "x") for number in range(5)), (b"b/0", "y")]

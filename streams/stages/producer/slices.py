"""A slice of the listings that must be assessed again, of those of a seller too.

Listings lie below their lot, so a seller's are found by the places that it sells from: the entries `sells`, each of
which is one prefix of listings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from suyuan.streams.stage import StateView
from suyuan.streams.stages import backlog
from suyuan.streams.stages.backlog import Task
from suyuan.streams.stages.producer.keys import parts, prefix

SELLS = prefix("sells")
PLACES = 200
"""read at a time"""


def work_off(tasks: Sequence[Task], state: StateView, rows: int) -> tuple[list[tuple[bytes, bytes, Task]], list[Task]]:
    """About `rows` listings at most as (key, value, task), and the tasks that are left. The prefix of a task is that of
    listings, or `sells, code`: all of a seller's. A place costs one row at least, however few listings are there.
    """
    tasks = _with_listings(tasks, state)
    done, left = backlog.work_off([task for task in tasks if not task.prefix.startswith(SELLS)], state, rows)
    room = rows - len(done)
    for task in tasks:
        if not task.prefix.startswith(SELLS):
            continue
        found, more, room = _of_seller(task, state, room)
        done += found
        left += more
    return done, left


def _with_listings(tasks: Sequence[Task], state: StateView) -> list[Task]:
    """Those below whose prefix there is anything: few, where records come before the listings."""
    found = state.scan_many([task.prefix for task in tasks], 1)
    return [task for task, pairs in zip(tasks, found, strict=True) if pairs]


def _of_seller(task: Task, state: StateView, room: int) -> tuple[list[tuple[bytes, bytes, Task]], list[Task], int]:
    """(what was found, what is left, the room that is left)."""
    done: list[tuple[bytes, bytes, Task]] = []
    left: list[Task] = []
    after = task.after
    while room > 0:
        most = min(room, PLACES)
        places = state.scan(task.prefix, after, most)
        for place, _ in places:
            _, seller, *lot = parts(place)
            here = replace(task, prefix=prefix("listing", *lot, seller), after=None)
            found, more = backlog.work_off([here], state, room)
            if not found:
                state.delete(place)  # all have moved away
            done += found
            left += more
            room -= max(1, len(found))
            after = place
            if room <= 0:
                break
        else:
            if len(places) < most:
                return done, left, room
    return done, [*left, replace(task, after=after)], room

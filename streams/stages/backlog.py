"""Work that is too long for one turn: prefixes of listings still to be gone through, kept in the log itself.

A stage works off a slice and sends what is left to its own backlog topic, so that messages about others come in
between, and a restart goes on where the last acknowledged slice ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import polars as pl

from suyuan.schemas.blocks import block_schema
from suyuan.streams.stage import Block, Output, StateView


@dataclass(frozen=True, slots=True)
class Task:
    """Every listing whose key starts with `prefix` and is above `after`; `reason` tells people why."""

    prefix: bytes
    reason: str
    received_at: int
    """ms since the epoch: when the log took the event that causes the work; 0: the listing itself is the cause"""
    after: bytes | None = None


def condense(tasks: Iterable[Task]) -> list[Task]:
    """The tasks in key order, without those that another one covers: one that is wider, or has further to go below the
    same prefix. (Redelivered blocks leave the same tasks twice; uncondensed they would multiply.) The latest cause
    wins.
    """
    kept: list[Task] = []
    for task in sorted(tasks, key=lambda task: (task.prefix, task.after or b"", -task.received_at)):
        last = kept[-1] if kept else None
        covers = last is not None and (
            task.prefix == last.prefix or (last.after is None and task.prefix.startswith(last.prefix))
        )
        if last is not None and covers:
            kept[-1] = replace(last, received_at=max(last.received_at, task.received_at))
        else:
            kept.append(task)
    return kept


def work_off(tasks: Iterable[Task], state: StateView, rows: int) -> tuple[list[tuple[bytes, bytes, Task]], list[Task]]:
    """About `rows` listings at most as (key, value, task), of the tasks in their order; and the tasks that are left."""
    done: list[tuple[bytes, bytes, Task]] = []
    left: list[Task] = []
    for task in tasks:
        room = rows - len(done)
        if room <= 0:
            left.append(task)
            continue
        found = state.scan(task.prefix, task.after, room)
        done += [(key, value, task) for key, value in found]
        if len(found) == room:
            left.append(replace(task, after=found[-1][0]))
    return done, left


def read_tasks(block: Block) -> list[Task]:
    """The tasks of a backlog block, condensed."""
    columns = ("prefix", "after", "reason", "received_at")
    return condense(
        Task(bytes.fromhex(prefix), reason, received_at, bytes.fromhex(after) if after else None)
        for prefix, after, reason, received_at in block.rows.select(columns).iter_rows()
    )


def leave(topic: str, tasks: list[Task]) -> list[Output]:
    """The tasks as a block for the stage's own partition, or nothing."""
    if not tasks:
        return []
    return [Output(topic, task_rows(tasks))]


def task_rows(tasks: Sequence[Task]) -> pl.DataFrame:
    """The tasks as rows of the block schema `backlog`: prefix, after (both hex), reason, received_at."""
    rows = {
        "prefix": [task.prefix.hex() for task in tasks],
        "after": [task.after.hex() if task.after else None for task in tasks],
        "reason": [task.reason for task in tasks],
        "received_at": [task.received_at for task in tasks],
    }
    return pl.DataFrame(rows, schema=block_schema("backlog"))

"""Lots that are due: their taints may be others now.

A recall may touch any number of lots, and each of them the lots made from it. So lots are noted in the state and worked
off some at a time, between blocks of others (see `backlog.py`). A lot that is told ten times while it waits is looked
at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from suyuan.domain.keys import join_key
from suyuan.streams.stage import Block, StateView
from suyuan.streams.stages.backlog import Task
from suyuan.streams.stages.producer.keys import DUE_AFTER, LotKey, name, parts, prefix
from suyuan.streams.stages.producer.lineage import lot_key
from suyuan.streams.stages.redelivery import BlockMemory, Done

DUE = prefix("due")


class WorkedOff(Done, array_like=True, frozen=True):
    """The lots that a block worked off: lot key, received_at."""

    lots: tuple[tuple[str, int], ...]


WORKED_OFF = BlockMemory("done", WorkedOff)


class Due:
    """The lots that are due in a partition; a block works some of them off."""

    def __init__(self, block: Block, state: StateView) -> None:
        self._block = block
        self._state = state
        self._queue: deque[bytes] | None = None
        self._queued: set[bytes] = set()

    def add(self, lot: LotKey, received_at: int) -> None:
        """Note that a lot is due. One that is added while others are worked off comes after them."""
        key = name("due", *lot)
        self._state.put(key, str(received_at).encode())
        if self._queue is not None and key not in self._queued:
            self._queue.append(key)
            self._queued.add(key)

    def work_off(self, most: int) -> Iterator[tuple[LotKey, int]]:
        """At most `most` lots as (lot, received_at in ms), each in its turn, so that none waits for ever. A redelivered
        block gets the lots again that it got before, since what it told of them may be lost.
        """
        done: dict[str, int] = {}
        if self._block.redelivered:
            lost = WORKED_OFF.recall(self._block, self._state)
            for text, received_at in lost.lots if lost is not None else ():
                yield lot_key(text), received_at
            return
        self._queue = deque(self._waiting(most))
        self._queued = set(self._queue)
        for _ in range(most):
            if not self._queue:
                break
            key = self._queue.popleft()
            self._queued.discard(key)
            lot = lot_key(join_key(*parts(key)[1:]))
            received_at = int(self._state.get(key) or b"0")
            self._state.delete(key)
            done[join_key(*lot)] = received_at
            yield lot, received_at
        self._queue = None
        if done:
            WORKED_OFF.keep(self._block, self._state, WorkedOff(self._block.offset, tuple(done.items())))

    def left(self) -> list[Task]:
        """The task of working off what is still due, if there is any."""
        return [Task(DUE, "lineage", int(at)) for _, at in self._state.scan(DUE, limit=1)]

    def _waiting(self, most: int) -> list[bytes]:
        """The next ones in the order of keys, from where the last block stopped and round to the first."""
        after = self._state.get(DUE_AFTER) or None
        found = [key for key, _ in self._state.scan(DUE, after, most)]
        if len(found) == most:
            self._state.put(DUE_AFTER, found[-1])
        elif after is not None:
            known = set(found)
            found += [key for key, _ in self._state.scan(DUE, limit=most - len(found)) if key not in known]
            self._state.put(DUE_AFTER, b"")
        return found

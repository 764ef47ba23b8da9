"""What waits for its turn in one partition of a stage, and what of it is done as one block."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from suyuan.streams.stage import Run, Stage

JOINED_BYTES = 1 << 20
"""of a block that is large enough: with more rows it would save little, and have others wait"""


class Turns:
    """Faust events whose values are runs, in the order in which they came. A block costs a stage much the same whatever
    it holds, so runs that wait together are joined, and not before their turn: what came until then is in it.
    """

    def __init__(self, stage: Stage) -> None:
        """`stage`: the runs of its block topics are joined. Nothing is done before what came earlier of a topic that
        the stage reads first.
        """
        self._ranks = {topic: rank for rank, topic in enumerate(stage.reads)}
        self._joined = stage.blocks.keys()
        self._waiting: list[Any] = []

    def put(self, event: Any) -> None:
        """Have an event wait."""
        self._waiting.append(event)

    def take(self) -> list[Any]:
        """The event that waits longest, and those that are done with it: the next ones of its topic, up to
        JOINED_BYTES. Empty where none waits.
        """
        taken, left = self._waiting[:1], []
        joins = bool(taken) and taken[0].message.topic in self._joined
        size = sum(map(_size, taken))
        for event in self._waiting[1:]:
            topic, former = event.message.topic, taken[-1].message
            if joins and topic == former.topic:
                joins = size < JOINED_BYTES and _follows(event.message, former)
            elif joins:
                joins = self._ranks[topic] > self._ranks[former.topic]
            if joins and topic == former.topic:
                taken.append(event)
                size += _size(event)
            else:
                left.append(event)
        self._waiting = left
        return taken


def joined(runs: Sequence[Run]) -> Run:
    """Runs that follow one another as one."""
    if len(runs) == 1:
        return runs[0]
    return replace(
        runs[0],
        offsets=_chained(run.offsets for run in runs),
        keys=_chained(run.keys for run in runs),
        values=_chained(run.values for run in runs),
        timestamps=_chained(run.timestamps for run in runs),
        next_offset=runs[-1].next_offset,
    )


def _chained(columns: Iterable[Sequence[Any]]) -> list[Any]:
    return list(chain.from_iterable(columns))


def _size(event: Any) -> int:
    return sum(len(value) for value in event.message.value.values if value is not None)


def _follows(message: Any, former: Any) -> bool:
    of_one_assignment = message.generation_id == former.generation_id
    return bool(of_one_assignment and message.value.first_offset == former.value.next_offset)

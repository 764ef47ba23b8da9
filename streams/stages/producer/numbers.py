"""Numbers that only grow, across all owners of a partition: by them the last of two things that were sent is known."""

from __future__ import annotations

from suyuan.streams.stage import StageContext, StateView
from suyuan.streams.stages.producer.keys import COUNT

EPOCH_SHIFT = 40


def take_numbers(how_many: int, state: StateView, context: StageContext) -> int:
    """The first of so many numbers in a row that were never given: the epoch in the high bits, so that a former owner
    of the partition is below its successor, and a counter in the low 40.
    """
    first = int(state.get(COUNT) or b"0") + 1
    state.put(COUNT, str(first + how_many).encode())
    return (context.epoch << EPOCH_SHIFT) + first

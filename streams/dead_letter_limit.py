"""How much of what is read may be unreadable before reading stops: a bad deploy must not drain a topic into the dead
letters.

For each unreadable message, those among the `window` offsets that end with it are counted. What counts are offsets
alone, so the same message is the one too many however the messages came together, and after any restart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Offsets = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DeadLetterLimit:
    """At most `share` of the last `window` messages of a partition; a share of 1 is no limit.

    Where fewer than `share` times `window` are unreadable in all, as at the beginning of a topic, nothing stops.
    """

    share: float = 0.5
    window: int = 1000

    def first_beyond(self, before: Offsets, new: Offsets) -> int | None:
        """Index of the first of the new unreadable offsets that is one too many, if any is. `before`: those noted
        last time (`noted`). Both ascend.
        """
        every = np.concatenate([before, new])
        counted = np.arange(1, len(every) + 1) - np.searchsorted(every, every - self.window, side="right")
        beyond = np.flatnonzero(counted[len(before) :] > self.share * self.window)
        return int(beyond[0]) if len(beyond) else None

    def noted(self, before: Offsets, new: Offsets) -> Offsets:
        """What has to be remembered for those that follow."""
        every = np.concatenate([before, new])
        return every[every > every[-1] - self.window] if len(every) else every


class TooManyDeadLetters(Exception):
    """Reading stops before `offset`. Nothing from there on was done or acknowledged."""

    def __init__(
        self, topic: str, partition: int, offset: int, *, since: int, count: int, window: int, why: str
    ) -> None:
        """`since`: the first of the `count` unreadable offsets among the last `window`; `why`: the commonest reason."""
        super().__init__(
            f"{topic}-{partition}: {count:,} of the last {window:,} messages cannot be read (offsets {since:,} to "
            f"{offset:,}, mostly: {why}). Reading stopped before offset {offset:,}; what follows is not lost. See "
            f"`suyuan deadletters list --topic {topic}`. Mend the publisher, or the version that runs here, and start "
            f"again; what is in the topic already goes to the dead letters with --accept-poison"
        )
        self.topic = topic
        self.partition = partition
        self.offset = offset

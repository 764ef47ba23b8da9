"""Whether the tables hold all that the log took until a moment, while it goes on taking.

What was in the log at that moment leads to messages of other topics, and these to others. So ends are noted, and once
every group is beyond them, those of then are, for as many rounds as a message can take hops: whatever followed from
what there was is behind all groups then. Only what a stage left for later (`producer.backlog`) has no number of hops:
that topic has to be read to its end.
"""

from __future__ import annotations

from suyuan.operations.work_left import WorkLeft

HOPS = 12
"""of a message: intake, looked up there and back, producer, the makers of what went into a lot by level, loader"""
UNBOUNDED = ("producer.backlog",)
"""that stages send on to themselves, as often as there is something left"""


class Loading:
    """Observed again and again from the moment on."""

    def __init__(self) -> None:
        self._rounds = 0
        self._ends: dict[tuple[str, str, int], int] | None = None

    @property
    def notes_ends(self) -> bool:
        """Whether the next observation is of ends alone: nothing has to happen before it."""
        return self._ends is None

    def is_over(self, left: WorkLeft) -> bool:
        """Whether all that there was at the first observation is in the tables, as one more tells."""
        if not left.messages:
            return True
        if self._ends is None:
            self._ends = {at: each.end for at, each in left.read.items()}
        elif self._ends and all(self._is_beyond(at, left) for at in self._ends):
            self._rounds, self._ends = self._rounds + 1, None
        return self._rounds >= HOPS

    def _is_beyond(self, at: tuple[str, str, int], left: WorkLeft) -> bool:
        assert self._ends is not None  # noqa: S101 - as the caller has seen
        found = left.read.get(at)
        if found is None:
            return False
        return found.committed >= (found.end if at[1] in UNBOUNDED else self._ends[at])

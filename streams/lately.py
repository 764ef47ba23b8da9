"""What was sent lately and need not be sent again: a memory, never state.

Whoever forgets sends once more, which does no harm: so it begins empty with each assignment of a partition, is bounded,
and is emptied with each day of the log's own time, so that all that is in use lies in the log's last days.
"""

from __future__ import annotations

from collections.abc import Sequence

DAY_MS = 86_400_000


class Lately:
    """Names of what was sent. Not for several threads."""

    def __init__(self, limit: int = 100_000) -> None:
        """`limit`: how many names are known at most."""
        self._half = max(1, limit // 2)
        self._new: set[str] = set()
        self._old: set[str] = set()
        self._day = 0

    def unsent(self, names: Sequence[str], at: int, *, again: bool = False) -> list[int]:
        """Where in `names` the first of each stands that was not sent lately; from now on they were. `at`: when the log
        took what this is done for, ms. `again`: as if nothing had been sent.
        """
        if at // DAY_MS != self._day:
            self._new, self._old, self._day = set(), set(), at // DAY_MS
        first: dict[str, int] = {}
        for index, name in enumerate(names):
            first.setdefault(name, index)
        unsent = [index for name, index in first.items() if again or not (name in self._new or name in self._old)]
        for name in first:
            self._new.add(name)
            if len(self._new) >= self._half:
                self._new, self._old = set(), self._new
        return unsent

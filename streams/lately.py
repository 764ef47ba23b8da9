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

    def unknown(self, names: Sequence[str], at: int) -> list[int]:
        """Where in `names` those stand that were not sent lately. They are none the more known for it; the others stay
        known as if they had been sent now. `at`: as for `unsent`.
        """
        if at // DAY_MS != self._day:
            return list(range(len(names)))
        unknown = [index for index, name in enumerate(names) if not self._is_known(name)]
        for name in names:
            if name in self._old:
                self._note(name)
        return unknown

    def unsent(self, names: Sequence[str], at: int, *, again: bool = False) -> list[int]:
        """Where in `names` the first of each stands that was not sent lately; from now on they were. `at`: when the log
        took what this is done for, ms. `again`: as if nothing had been sent.
        """
        if at // DAY_MS != self._day:
            self._new, self._old, self._day = set(), set(), at // DAY_MS
        first: dict[str, int] = {}
        for index, name in enumerate(names):
            first.setdefault(name, index)
        unsent = [index for name, index in first.items() if again or not self._is_known(name)]
        for name in first:
            self._note(name)
        return unsent

    def _is_known(self, name: str) -> bool:
        return name in self._new or name in self._old

    def _note(self, name: str) -> None:
        self._new.add(name)
        if len(self._new) >= self._half:
            self._new, self._old = set(), self._new

"""Which keys remain of many that come and go, without asking a store of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from suyuan.streams.state.key_digest import KeyDigest, hashes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

SETTLED_AT_ONCE = 1 << 18


class LivingKeys:
    """The keys that a state has that was empty at first, as their hashes: 8 bytes a key, and as many for each change
    that is not settled yet. Two keys of one hash count as one (a chance of 3 in a million among ten million keys), so
    a digest that is not what was expected is to be counted from the keys themselves before it is believed.
    """

    def __init__(self) -> None:
        self._living = np.empty(0, "<u8")
        """in order"""
        self._hashes: list[np.ndarray] = []
        self._there: list[np.ndarray] = []
        self._unsettled = 0

    def note(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Take over what was written last: None deletes, absent or not. Costs 0.3 us a key."""
        self._hashes.append(hashes_of(list(changes)))
        values = list(changes.values())
        there = np.ones(len(values), np.bool_)
        if None in values:
            there[[index for index, value in enumerate(values) if value is None]] = False
        self._there.append(there)
        self._unsettled += len(changes)
        if self._unsettled >= max(SETTLED_AT_ONCE, len(self._living) // 8):
            self._settle()

    def clear(self) -> None:
        """Everything is deleted."""
        self.__init__()  # type: ignore[misc]

    def digest(self) -> KeyDigest:
        """Of the keys that remain."""
        self._settle()
        return KeyDigest(len(self._living), int(self._living.sum(dtype=np.uint64)))

    def _settle(self) -> None:
        if not self._unsettled:
            return
        hashes, there = np.concatenate(self._hashes), np.concatenate(self._there)
        self._hashes, self._there, self._unsettled = [], [], 0
        order = np.argsort(hashes, kind="stable")
        hashes, there = hashes[order], there[order]
        last = np.append(hashes[1:] != hashes[:-1], [True])
        hashes, there = hashes[last], there[last]
        at = np.searchsorted(self._living, hashes)
        known = np.zeros(len(hashes), np.bool_)
        within = at < len(self._living)
        known[within] = self._living[at[within]] == hashes[within]
        came, went = there & ~known, known & ~there
        # places to insert at are of the column as it is, so what came goes in before what went is taken out
        remains = np.ones(len(self._living), np.bool_)
        remains[at[went]] = False
        remains = np.insert(remains, at[came], True)
        self._living = np.insert(self._living, at[came], hashes[came])[remains]

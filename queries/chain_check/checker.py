"""Some chains at a time, assessed anew and compared with what stands; who differs is looked at again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from suyuan.queries.chain_check.assessing import Key, assess_anew
from suyuan.queries.chain_check.comparing import differences, standing_chains, version
from suyuan.queries.chain_check.recent import Recent
from suyuan.queries.chain_check.walk import ALL, Walk
from suyuan.queries.rows import Row, Tables

AGAIN_MS = 25_000
"""a difference counts when it still stands so much later: at the next look, so within two minutes of what made it"""
MOST_KEPT = 1_000
"""differences that are remembered; beyond that there is one thing to do, and it is known"""


@dataclass(frozen=True, slots=True)
class WrongChain:
    """`stands`, `right`: verdict and gaps as (gap, subject); `stands` is None where there is no chain, `right` where
    there is no listing. `fields`: what differs. `seen_at`: ms UTC of the first look that saw it.
    """

    platform_code: str
    listing_id: str
    seller_code: str | None
    producer_code: str | None
    version: tuple[int, int] | None
    stands: tuple[str, tuple[tuple[str, str | None], ...]] | None
    right: tuple[str, tuple[tuple[str, str | None], ...]] | None
    fields: tuple[str, ...]
    seen_at: int

    @property
    def key(self) -> Key:
        """Of the listing."""
        return self.platform_code, self.listing_id

    def is_still(self, earlier: WrongChain) -> bool:
        """Whether it is the same assessment, wrong in the same way."""
        return (self.version, self.right, self.fields) == (earlier.version, earlier.right, earlier.fields)


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found. `right`, `differing`, `unsettled`, `too_large`: how many chains of those looked at.
    `new`: differences that have just been found to stand.
    """

    right: int = 0
    differing: tuple[WrongChain, ...] = ()
    unsettled: int = 0
    too_large: int = 0
    new: tuple[WrongChain, ...] = ()


@dataclass
class ChainChecker:
    """Goes through all chains, so many at a look, and through those again that differed."""

    tables: Tables
    chance: Random
    sample: int = 200
    again_ms: int = AGAIN_MS
    wrong: dict[Key, WrongChain] = field(default_factory=dict)
    """differences that stood at a second look, and have not been seen put right since"""
    _suspected: dict[Key, WrongChain] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._walk = Walk(self.tables, self.chance.randrange(ALL))

    def look(self, recent: Recent, now: int) -> Look:
        """The next ones. `now`: ms UTC; what happened after `recent.settled` is not judged."""
        keys = {*self._walk.next(self.sample), *self._due(now)}
        look, right = compare_some(self.tables, keys, recent, now)
        new = [self._note(found) for found in look.differing]
        for key in right:
            self._suspected.pop(key, None)
            self.wrong.pop(key, None)
        return Look(
            look.right, look.differing, look.unsettled, look.too_large, tuple(each for each in new if each is not None)
        )

    def _due(self, now: int) -> list[Key]:
        """Those to be looked at again: suspected ones first, then wrong ones in turn."""
        due = [found.key for found in self._suspected.values() if now - found.seen_at >= self.again_ms]
        again = list(self.wrong)[: max(0, self.sample - len(due))]
        for key in again:
            self.wrong[key] = self.wrong.pop(key)
        return [*due[: self.sample], *again]

    def _note(self, found: WrongChain) -> WrongChain | None:
        """The difference, if it has stood long enough and is new."""
        if found.key in self.wrong:
            self.wrong[found.key] = found
            return None
        before = self._suspected.get(found.key)
        if before is None or not found.is_still(before):
            if found.key in self._suspected or len(self._suspected) < MOST_KEPT:
                self._suspected[found.key] = found
            return None
        if found.seen_at - before.seen_at < self.again_ms:
            return None
        del self._suspected[found.key]
        if len(self.wrong) < MOST_KEPT:
            self.wrong[found.key] = found
        return found


def compare_some(tables: Tables, keys: Iterable[Key], recent: Recent, now: int) -> tuple[Look, list[Key]]:
    """Of these listings what differs, and which are right."""
    keys = set(keys)
    standing = standing_chains(tables, keys)  # before the records: a chain that comes between is no difference
    assessed = assess_anew(tables, keys, recent)
    unsettled = assessed.unsettled | {key for key, row in standing.items() if row["received_at"] > recent.settled}
    right: list[Key] = []
    differing = []
    for key in sorted(keys - unsettled - assessed.too_large):
        found = _difference(key, standing.get(key), assessed.chains.get(key), now)
        if found is None:
            right.append(key)
        else:
            differing.append(found)
    return Look(len(right), tuple(differing), len(unsettled), len(assessed.too_large - unsettled)), right


def _difference(key: Key, standing: Row | None, right: Row | None, now: int) -> WrongChain | None:
    if standing is not None and right is not None:
        fields = differences(standing, right)
        if not fields:
            return None
    else:
        fields = ["chain"]
    known: Row = right or standing or {}
    return WrongChain(
        *key,
        known.get("seller_code"),
        known.get("producer_code"),
        None if standing is None else version(standing),
        _said(standing),
        _said(right),
        tuple(fields),
        now,
    )


def _said(chain: Row | None) -> Any:
    if chain is None:
        return None
    return chain["verdict"], tuple((gap["gap"], gap["subject"]) for gap in chain["gaps"])

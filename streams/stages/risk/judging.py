"""What is to be said about listings now, against what was said before.

| rule fires | said before | published |
|---|---|---|
| yes | nothing, or cleared | raised |
| yes | stands, on another basis | changed |
| yes | stands, on the same basis | nothing |
| no | stands | cleared |
| no | nothing, or cleared | nothing |

When a block is delivered again, what it had published before is published again as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from msgspec.structs import replace

from suyuan.domain.calendar import china_day
from suyuan.domain.rules.columns import COUNTERS
from suyuan.streams.stages.redelivery import block_id, came_of
from suyuan.streams.stages.risk.alerts import Listing, News, alert_rows
from suyuan.streams.stages.risk.complaints import counted
from suyuan.streams.stages.risk.kept import Said, Spoken
from suyuan.streams.stages.risk.watch import Watch, find_hits, rest_on

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from suyuan.domain.rules.rule import Rule
    from suyuan.streams.stage import Block
    from suyuan.streams.stages.risk.kept_chain import Chain


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why listings are judged now. cause: topic:offset of the block; day: greatest `day` event."""

    block: Block
    cause: str
    day: dt.date

    @classmethod
    def of(cls, block: Block, day: dt.date) -> Occasion:
        """The occasion that a block is, on the day that the state knows."""
        return cls(block, block_id(block), day)

    def repeats(self, spoken: Spoken) -> bool:
        """Whether an alert must be published again: it was published because of this block, or of its beginning, and
        may be lost.
        """
        return came_of(self.block, spoken.cause)


def judge(
    watch: Watch, rows: pl.DataFrame, chain_of: Callable[[int], Chain], said: list[Said | None], occasion: Occasion
) -> pl.DataFrame:
    """Rows of the `alert` block to publish, with `route`; `said`, per row, is brought up to date in place.

    rows: columns of the block schema `chain` that are kept, and `received_at`, each listing once
    chain_of: the chain of a row; asked for where there is something to say, or was
    """
    listings = _Listings(chain_of, said, occasion.day)
    hits = find_hits(watch, rows.hstack(listings.counters()))
    received = rows.get_column("received_at").to_list()
    return alert_rows(watch, rows, listings, list(_news(watch, listings, received, said, hits, occasion)))


class _Listings(dict[int, Listing]):
    """The listings of a block by their row, each read when it is asked for first."""

    def __init__(self, chain_of: Callable[[int], Chain], said: Sequence[Said | None], day: dt.date) -> None:
        super().__init__()
        self._chain_of = chain_of
        self._rows = len(said)
        for row, words in enumerate(said):
            if words is not None and words.complaints:
                chain = chain_of(row)
                listed_on = china_day(chain.listed_at)
                self[row] = Listing(chain, counted(words.complaints.values(), listed_on, day))

    def __missing__(self, row: int) -> Listing:
        listing = self[row] = Listing(self._chain_of(row), {})
        return listing

    def counters(self) -> list[pl.Series]:
        """A column for each counter, over all rows of the block."""
        columns = {counter: np.zeros(self._rows, np.int64) for counter in COUNTERS}
        for row, listing in self.items():
            for counter, evidence in listing.complaints.items():
                columns[counter][row] = len(evidence)
        return [pl.Series(counter, numbers) for counter, numbers in columns.items()]


def _news(
    watch: Watch,
    listings: Mapping[int, Listing],
    received: Sequence[int],
    said: list[Said | None],
    hits: Sequence[tuple[int, int]],
    occasion: Occasion,
) -> Iterator[News]:
    firing: set[tuple[int, str]] = set()
    for row, number in hits:
        rule = watch.rules[number]
        firing.add((row, rule.id))
        basis, evidence = rest_on(watch, number, *listings[row])
        words = said[row] = said[row] or Said()
        was = words.alerts.get(rule.id)
        now = _standing(was, rule, basis, received[row], occasion.cause)
        if now is not was:
            words.alerts[rule.id] = now
        if now is not was or occasion.repeats(now):
            yield News(row, rule.id, now, evidence)
    for row, spoken in enumerate(said):
        if spoken is None:
            continue
        for rule_id, was in spoken.alerts.items():
            if (row, rule_id) in firing:
                continue
            now = _cleared(was, received[row], occasion.cause)
            spoken.alerts[rule_id] = now
            if now is not was or occasion.repeats(now):
                yield News(row, rule_id, now, [])


def _standing(was: Spoken | None, rule: Rule, text: str, at: int, cause: str) -> Spoken:
    basis = blake2b(text.encode(), digest_size=8).hexdigest()
    stood = was is not None and was.stands
    if was is not None and stood and was.basis == basis:
        return was
    return Spoken(
        change="changed" if stood else "raised",
        sequence=was.sequence + 1 if was is not None else 1,
        rule_version=rule.version,
        severity=rule.severity,
        basis=basis,
        raised_at=was.raised_at if was is not None and stood else at,
        changed_at=at,
        cause=cause,
    )


def _cleared(was: Spoken, at: int, cause: str) -> Spoken:
    if not was.stands:
        return was
    return replace(was, change="cleared", sequence=was.sequence + 1, changed_at=at, cause=cause)

"""What is to be said about listings now, against what was said before.

| rule fires | said before                                                 | published              |
|------------|-------------------------------------------------------------|------------------------|
| yes        | nothing, or cleared                                         | raised                 |
| yes        | stands, on another basis, or what is shown of it is another | changed                |
| yes        | stands, and the listing is offered anew on another day      | changed                |
| yes        | stands, for another alert (subject, or bureau of a desk)    | cleared there, raised  |
| yes        | stands, all the same                                        | nothing                |
| no         | stands                                                      | cleared                |
| no         | nothing, or cleared                                         | nothing                |

When a block is delivered again, what it had published before is published again as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from msgspec.structs import replace

from suyuan.domain.calendar import china_day
from suyuan.domain.rules.columns import COUNTERS
from suyuan.streams.stages.redelivery import block_id, came_of
from suyuan.streams.stages.risk.bureaus import bureaus_in
from suyuan.streams.stages.risk.complaints import counted
from suyuan.streams.stages.risk.findings import Listing, News, alert_of, finding_rows
from suyuan.streams.stages.risk.grounds import Grounds
from suyuan.streams.stages.risk.kept import DAY, Left, Said, Spoken, present_day
from suyuan.streams.stages.risk.watch import Watch, find_hits

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from suyuan.domain.rules.jurisdiction import Bureaus
    from suyuan.domain.rules.rule import Rule
    from suyuan.streams.stage import Block, StateView
    from suyuan.streams.stages.risk.grounds import Place
    from suyuan.streams.stages.risk.kept_chain import Chain


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why listings are judged now. cause: topic:offset of the block; day: greatest `day` event; bureaus: who is in
    charge.
    """

    block: Block
    cause: str
    day: dt.date
    bureaus: Bureaus

    @classmethod
    def of(cls, block: Block, state: StateView) -> Occasion:
        """The occasion that a block is, on the day and with the bureaus that the state knows."""
        return cls(block, block_id(block), present_day(state.get(DAY)), bureaus_in(state))

    def repeats(self, spoken: Spoken) -> bool:
        """Whether a finding must be published again: it was published because of this block, or of its beginning, and
        may be lost.
        """
        return came_of(self.block, spoken.cause)


def judge(
    watch: Watch, rows: pl.DataFrame, chain_of: Callable[[int], Chain], said: list[Said | None], occasion: Occasion
) -> pl.DataFrame:
    """Rows of the `finding` block to publish; `said`, per row, is brought up to date in place.

    rows: columns of the block schema `chain` that are kept, and `received_at`, each listing once
    chain_of: the chain of a row; asked for where there is something to say, or was
    """
    listings = _Listings(rows, chain_of, said, occasion.day)
    hits = find_hits(watch, rows.hstack(listings.counters()))
    received = rows.get_column("received_at").to_list()
    return finding_rows(watch, rows, listings, list(_news(watch, listings, received, said, hits, occasion)))


class _Listings(dict[int, Listing]):
    """The listings of a block by their row, each read when it is asked for first."""

    def __init__(
        self, rows: pl.DataFrame, chain_of: Callable[[int], Chain], said: Sequence[Said | None], day: dt.date
    ) -> None:
        super().__init__()
        self._frame = rows
        self._chain_of = chain_of
        self._rows = len(said)
        for row, words in enumerate(said):
            if words is not None and words.complaints:
                chain = chain_of(row)
                listed_on = china_day(chain.listed_at)
                self[row] = self._listing(row, chain, counted(words.complaints.values(), listed_on, day))

    def __missing__(self, row: int) -> Listing:
        listing = self[row] = self._listing(row, self._chain_of(row), {})
        return listing

    def _listing(self, row: int, chain: Chain, complaints: Mapping[str, Sequence[str]]) -> Listing:
        platform_code, listing_id = self._keys[row]
        return Listing(platform_code, listing_id, chain, complaints)

    @cached_property
    def _keys(self) -> list[tuple[str, str]]:
        return self._frame.select("platform_code", "listing_id").rows()

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
    grounds = Grounds(watch, occasion.bureaus)
    for row, number in hits:
        rule = watch.rules[number]
        firing.add((row, rule.id))
        listing = listings[row]
        basis, evidence, place, why = grounds.of(number, listing)
        words = said[row] = said[row] or Said()
        was = words.alerts.get(rule.id)
        now = _standing(was, rule, listing, basis, place, received[row], occasion.cause)
        if now is not was:
            words.alerts[rule.id] = now
        if now.left:
            yield from _cleared_before(row, rule.id, now, occasion)
        if now is not was or occasion.repeats(now):
            yield News(row, rule.id, now, evidence, why)
    for row, spoken in enumerate(said):
        if spoken is None:
            continue
        for rule_id, was in spoken.alerts.items():
            if (row, rule_id) in firing or not was.subject:
                continue
            now = _cleared(was, received[row], occasion.cause)
            spoken.alerts[rule_id] = now
            if now.left:
                yield from _cleared_before(row, rule_id, now, occasion)
            if now is not was or occasion.repeats(now):
                yield News(row, rule_id, now, ())


def _standing(
    was: Spoken | None, rule: Rule, listing: Listing, basis: str, place: Place, at: int, cause: str
) -> Spoken:
    if was is None or not was.subject:
        sequence = was.sequence + 1 if was is not None else 1
        return Spoken("raised", sequence, rule.version, rule.severity, basis, at, at, cause, *place)
    if was.stands and (was.basis, was.subject, was.bureau, was.shown) == (basis, *place):
        return was
    stood = was.stands
    now = Spoken(
        "changed" if stood else "raised",
        was.sequence + 1,
        rule.version,
        rule.severity,
        basis,
        was.raised_at if stood else at,
        at,
        cause,
        *place,
        was.left,
    )
    if alert_of(rule.id, listing, was) == alert_of(rule.id, listing, now):
        return now
    gone = _cleared(was, at, cause)
    left = Left(gone.subject, gone.bureau, gone.sequence, gone.changed_at, gone.cause)
    others = [each for each in was.left if (each.subject, each.bureau) not in {place[:2], (left.subject, left.bureau)}]
    return replace(now, change="raised", sequence=gone.sequence + 1, left=(*others, left))


def _cleared(was: Spoken, at: int, cause: str) -> Spoken:
    if not was.stands:
        return was
    return replace(was, change="cleared", sequence=was.sequence + 1, changed_at=at, cause=cause)


def _cleared_before(row: int, rule: str, now: Spoken, occasion: Occasion) -> Iterator[News]:
    """The finding as it is cleared in the alerts that this block has it leave, or had when it was done before."""
    for left in now.left:
        if left.cause == occasion.cause or came_of(occasion.block, left.cause):
            was = replace(now, change="cleared", sequence=left.sequence, changed_at=left.changed_at)
            yield News(row, rule, replace(was, subject=left.subject, bureau=left.bureau), ())

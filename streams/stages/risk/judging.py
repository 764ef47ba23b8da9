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

import polars as pl
from msgspec.structs import replace

from suyuan.domain.calendar import china_day
from suyuan.domain.rules.columns import COUNTERS
from suyuan.streams.stages.redelivery import block_id, came_of
from suyuan.streams.stages.risk.alerts import News, alert_rows
from suyuan.streams.stages.risk.complaints import counted
from suyuan.streams.stages.risk.kept import Said, Spoken
from suyuan.streams.stages.risk.watch import GROUND, Watch, find_hits, rest_on

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from suyuan.domain.rules.rule import Rule
    from suyuan.streams.stage import Block


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


def judge(watch: Watch, rows: pl.DataFrame, said: list[Said | None], occasion: Occasion) -> pl.DataFrame:
    """Rows of the `alert` block to publish, with `route`; `said`, per row, is brought up to date in place.

    rows: columns of CHAIN and `received_at`, each listing once
    """
    rows, complaints = _with_counters(rows, said, occasion.day)
    hits = rest_on(watch, find_hits(watch, rows), rows, complaints)
    return alert_rows(watch, rows, hits["evidence"], list(_news(watch, rows, said, hits, occasion)))


def _with_counters(rows: pl.DataFrame, said: Sequence[Said | None], day: dt.date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with their counters, and row, ground (the counter), evidence of each complaint counted."""
    counts = {counter: [0] * len(rows) for counter in COUNTERS}
    grounds: list[tuple[int, str, str]] = []
    for row, words in enumerate(said):
        if words is None or not words.complaints:
            continue
        listed_on = china_day(rows.item(row, "listed_at"))
        for counter, evidence in counted(words.complaints.values(), listed_on, day).items():
            counts[counter][row] = len(evidence)
            grounds += [(row, counter, one) for one in evidence]
    columns = [pl.Series(counter, numbers, dtype=pl.Int64) for counter, numbers in counts.items()]
    return rows.with_columns(columns), pl.DataFrame(grounds, schema=GROUND, orient="row")


def _news(
    watch: Watch, rows: pl.DataFrame, said: list[Said | None], hits: pl.DataFrame, occasion: Occasion
) -> Iterator[News]:
    received = rows["received_at"].to_list()
    firing: set[tuple[int, str]] = set()
    columns = (hits["row"].to_list(), hits["rule"].to_list(), hits["basis"].to_list())
    for hit, (row, number, text) in enumerate(zip(*columns, strict=True)):
        rule = watch.rules[number]
        firing.add((row, rule.id))
        words = said[row] = said[row] or Said()
        was = words.alerts.get(rule.id)
        now = _standing(was, rule, text, received[row], occasion.cause)
        if now is not was:
            words.alerts[rule.id] = now
        if now is not was or occasion.repeats(now):
            yield News(row, rule.id, now, hit)
    for row, words in enumerate(said):
        if words is None:
            continue
        for rule_id, was in words.alerts.items():
            if (row, rule_id) in firing:
                continue
            now = _cleared(was, received[row], occasion.cause)
            words.alerts[rule_id] = now
            if now is not was or occasion.repeats(now):
                yield News(row, rule_id, now, None)


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

"""Rules over listings: which fire where, and what they rest on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import polars as pl

from suyuan.domain.rules.catalogue import built_in_rules
from suyuan.domain.rules.columns import COUNTERS
from suyuan.domain.rules.sql import condition, to_polars
from suyuan.streams.stages.risk.kept_chain import read_gaps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from suyuan.domain.rules.rule import Rule
    from suyuan.streams.stages.risk.kept_chain import Chain

_encode = msgspec.json.Encoder().encode
_DECIDES = {"contradicted": "contradicted", "broken": "broken", "partial": "unverified"}
"""verdict -> the class of gaps that makes it"""


@dataclass(frozen=True, slots=True)
class Watch:
    """Rules ready to run. Of each rule, at its index:

    fires: a Boolean expression
    needs: gaps of which a listing has one wherever the rule fires; None: it may fire without any
    grounds: what the rule rests on; a gap by name, "verdict" for the gaps that make the verdict, or a counter for the
    complaints that it counts
    """

    rules: tuple[Rule, ...]
    fires: tuple[pl.Expr, ...]
    needs: tuple[frozenset[str] | None, ...]
    grounds: tuple[frozenset[str], ...]


def make_watch(rules: tuple[Rule, ...]) -> Watch:
    """The rules in mode active, ready to run; others raise no alerts."""
    active = tuple(rule for rule in rules if rule.mode == "active")
    conditions = [condition(rule) for rule in active]
    return Watch(
        active,
        tuple(to_polars(rule) for rule in active),
        tuple(each.needs for each in conditions),
        tuple(each.gaps | each.columns & {"verdict", *COUNTERS} for each in conditions),
    )


@cache
def built_in_watch() -> Watch:
    """The rules that ship with the product, ready to run."""
    return make_watch(built_in_rules())


def find_hits(watch: Watch, rows: pl.DataFrame) -> list[tuple[int, int]]:
    """(row, rule) of every rule that fires on a row, sorted: indices in `rows` and in the watch. `rows`: columns that
    rules may ask about (`domain/rules/columns.py`).
    """
    gaps = set(rows.select(pl.col("gap_names").explode().unique()).to_series())
    possible = [number for number, needs in enumerate(watch.needs) if needs is None or not needs.isdisjoint(gaps)]
    # one array for all rules: a frame for each costs 0.2 ms, whatever it holds
    row, which = np.nonzero(rows.select([watch.fires[number] for number in possible]).to_numpy())
    return [(each, possible[number]) for each, number in zip(row.tolist(), which.tolist(), strict=True)]


def gaps_but_own(chain: Chain) -> bytes:
    """The text of a chain's gaps without the event of its listing: it is the same for all listings of a place."""
    gaps = bytes(chain.gaps_text)
    return gaps if chain.listing_event is None else gaps.replace(_encode(chain.listing_event), b"null")


def rest_on(
    watch: Watch, number: int, chain: Chain, gaps: bytes, complaints: Mapping[str, Sequence[str]]
) -> tuple[str, Sequence[str]]:
    """What a hit of a rule (index in the watch) on a listing rests on: `basis`, a text that changes when the evidence,
    the things that the gaps are about, the rule or its severity do; and the evidence, sorted ids of events but the
    listing's own.

    gaps: those of the chain, as `gaps_but_own` has them
    complaints: evidence ids by the counter that counts them
    """
    rule, grounds, own = watch.rules[number], watch.grounds[number], chain.listing_event
    decides = _DECIDES.get(chain.verdict or "") if "verdict" in grounds else None
    subjects, ids = _rest_on_gaps(gaps, grounds, decides)
    counted = {evidence for counter in grounds.intersection(complaints) for evidence in complaints[counter]}
    if counted or own in ids:
        ids = tuple(sorted({*ids, *counted} - {own}))
    return "\x1e".join((f"{rule.id} {rule.version} {rule.severity}", subjects, "\x1f".join(ids))), ids


@lru_cache(maxsize=1 << 14)
def _rest_on_gaps(text: bytes, grounds: frozenset[str], decides: str | None) -> tuple[str, tuple[str, ...]]:
    """Of the gaps of a chain's text that are among the grounds, or of the class that decides: what they are about, and
    the evidence, sorted. A change of one producer may be said of a million listings with the same gaps.
    """
    subjects: set[str] = set()
    evidence: set[str] = set()
    for gap in read_gaps(text) or ():
        if gap.gap in grounds or (decides is not None and gap.class_ == decides):
            subjects.add(f"{gap.gap}={gap.subject or ''}")
            evidence.update(each for each in gap.evidence or () if each is not None)
    return "\x1f".join(sorted(subjects)), tuple(sorted(evidence))

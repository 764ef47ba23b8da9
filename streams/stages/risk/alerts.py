"""Rows of the `alert` block: what is said, in words, the values that triggered it, and who is in charge."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import polars as pl

from suyuan.domain.calendar import china_day
from suyuan.domain.keys import join_key
from suyuan.domain.rules.columns import COUNTERS
from suyuan.domain.rules.explanation import SPOILT_EN, SPOILT_ZH, explanation, placeholders
from suyuan.domain.rules.jurisdiction import bureau
from suyuan.domain.rules.sql import condition
from suyuan.schemas.blocks import block_schema
from suyuan.streams.stages.listing_rows import LISTING_KEY_EXPR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from suyuan.domain.rules.rule import Rule
    from suyuan.streams.stages.risk.kept import Spoken
    from suyuan.streams.stages.risk.kept_chain import Chain
    from suyuan.streams.stages.risk.watch import Watch

CLEARED_ZH = "触发条件已不再成立。"
CLEARED_EN = "What raised the alert no longer holds."

_SCHEMA = pl.Schema({**block_schema("alert"), "route": pl.String()})
_OF_CHAIN = [name for name in block_schema("alert") if name in block_schema("chain") and name != "received_at"]
_encode = msgspec.json.Encoder().encode


class Listing(NamedTuple):
    """A listing that is judged. `complaints`: evidence ids by the counter that counts them."""

    chain: Chain
    complaints: Mapping[str, Sequence[str]]

    def values(self, names: Sequence[str]) -> dict[str, Any]:
        """Its values of the named columns that rules may ask about."""
        return {
            name: len(self.complaints.get(name, ())) if name in COUNTERS else getattr(self.chain, name)
            for name in names
        }


class News(NamedTuple):
    """One row to publish. `evidence`: sorted ids of what it rests on but the listing's own; none when it is cleared."""

    row: int
    rule: str
    spoken: Spoken
    evidence: Sequence[str]


def alert_rows(watch: Watch, rows: pl.DataFrame, listings: Mapping[int, Listing], news: Sequence[News]) -> pl.DataFrame:
    """The rows to publish, those of a rule together: columns of the block schema `alert`, and `route`, the key of the
    listing.

    rows: columns of the block schema `chain` that an alert has too
    listings: those of the news, by row
    """
    if not news:
        return pl.DataFrame(schema=_SCHEMA)
    by_rule: dict[str, list[News]] = {}
    for one in news:
        by_rule.setdefault(one.rule, []).append(one)
    told = [one for each in by_rule.values() for one in each]
    chains = rows.select(_OF_CHAIN)[[one.row for one in told]].with_columns(LISTING_KEY_EXPR.alias("route"))
    rules = {rule.id: (rule, _shown(rule)) for rule in watch.rules if rule.id in by_rule}
    said = [
        _said(one, rules.get(one.rule), listings[one.row], route)
        for one, route in zip(told, chains.get_column("route"), strict=True)
    ]
    columns = {name: chains.get_column(name) for name in chains.columns}
    columns |= {name: pl.Series(name, [row[name] for row in said], _SCHEMA[name]) for name in said[0]}
    evidence = [[listings[one.row].chain.listing_event, *one.evidence] for one in told]
    columns["evidence"] = _lists("evidence", evidence)
    return pl.DataFrame([columns[name] for name in _SCHEMA])


def _said(one: News, by: tuple[Rule, Sequence[str]] | None, listing: Listing, route: str) -> dict[str, Any]:
    """What a row says beside its chain. `by`: the rule, and the columns that it shows; None: one that is no more."""
    chain, spoken = listing.chain, one.spoken
    jurisdiction = by[0].jurisdiction if by is not None else "seller"
    on = china_day(spoken.changed_at)
    return {
        "alert_id": blake2b(join_key(one.rule, route).encode(), digest_size=16).hexdigest(),
        "rule": one.rule,
        "rule_version": spoken.rule_version,
        "severity": spoken.severity,
        "state": "raised" if spoken.stands else "cleared",
        "change": spoken.change,
        **_wording(one.rule, by, listing, stands=spoken.stands),
        "bureau": bureau(jurisdiction, chain.seller_division, chain.producer_division, on),
        "raised_at": spoken.raised_at,
        "changed_at": spoken.changed_at,
        "received_at": spoken.changed_at,
        "sequence": spoken.sequence,
    }


def _wording(name: str, by: tuple[Rule, Sequence[str]] | None, listing: Listing, *, stands: bool) -> dict[str, str]:
    """Titles, explanations and triggering values of an alert of a rule."""
    if by is None:
        return {
            "title_zh": name,
            "title_en": name,
            "explanation_zh": CLEARED_ZH,
            "explanation_en": CLEARED_EN,
            "triggering": "{}",
        }
    rule, shown = by
    values = listing.values(shown)
    return {
        "title_zh": rule.title_zh,
        "title_en": rule.title_en,
        "explanation_zh": explanation(rule.explanation_zh, values, SPOILT_ZH) if stands else CLEARED_ZH,
        "explanation_en": explanation(rule.explanation_en, values, SPOILT_EN) if stands else CLEARED_EN,
        "triggering": _encode(values).decode(),
    }


@lru_cache(maxsize=1024)
def _shown(rule: Rule) -> list[str]:
    columns = placeholders(rule.explanation_zh) | placeholders(rule.explanation_en) | condition(rule).columns
    return sorted(columns)


def _lists(name: str, lists: Sequence[Sequence[str | None]]) -> pl.Series:
    """A column of lists, none of them empty. Made of one text each in a flat column: a list that polars is given costs
    it 6 µs.
    """
    flat = pl.DataFrame(
        {
            "row": [row for row, each in enumerate(lists) for _ in each],
            name: pl.Series([text for each in lists for text in each], dtype=pl.String),
        }
    )
    return flat.group_by("row", maintain_order=True).agg(name).get_column(name)

"""Rows of the `alert` block: what is said, in words, the values that triggered it, and who is in charge."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import polars as pl

from suyuan.domain.calendar import china_day
from suyuan.domain.keys import SEPARATOR
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
    rules = {rule.id: rule for rule in watch.rules if rule.id in by_rule}
    said = [
        each
        for rule, of_rule in by_rule.items()
        for each in _said_of(rule, rules.get(rule), [(one, listings[one.row]) for one in of_rule])
    ]
    spoken = [one.spoken for one in told]
    changed_at = [each.changed_at for each in spoken]
    stands = [each.stands for each in spoken]
    columns: dict[str, Sequence[Any]] = {
        "alert_id": [
            blake2b(f"{one.rule}{SEPARATOR}{route}".encode(), digest_size=16).hexdigest()
            for one, route in zip(told, chains.get_column("route").to_list(), strict=True)
        ],
        "rule": [one.rule for one in told],
        "rule_version": [each.rule_version for each in spoken],
        "severity": [each.severity for each in spoken],
        "state": ["raised" if each else "cleared" for each in stands],
        "change": [each.change for each in spoken],
        **dict(zip(_Words._fields, zip(*said, strict=True), strict=True)),
        "raised_at": [each.raised_at for each in spoken],
        "changed_at": changed_at,
        "received_at": changed_at,
        "sequence": [each.sequence for each in spoken],
    }
    made = {name: pl.Series(name, values, _SCHEMA[name]) for name, values in columns.items()}
    made["evidence"] = _lists("evidence", [[listings[one.row].chain.listing_event, *one.evidence] for one in told])
    return pl.DataFrame([made[name] if name in made else chains.get_column(name) for name in _SCHEMA])


class _Words(NamedTuple):
    """What an alert says in words, and who is in charge: columns of the block schema `alert`."""

    title_zh: str
    title_en: str
    explanation_zh: str
    explanation_en: str
    triggering: str
    bureau: str | None


def _said_of(name: str, rule: Rule | None, news: Sequence[tuple[News, Listing]]) -> list[_Words]:
    """The words of each alert of a rule; None: one that is no more. Alerts that show the same values have the same
    words, which are found once: a change of one producer may be said of all of a block's listings.
    """
    shown = _shown(rule) if rule is not None else ()
    jurisdiction = rule.jurisdiction if rule is not None else "seller"
    known: dict[tuple[object, ...], _Words] = {}
    said = []
    for one, listing in news:
        chain, spoken = listing.chain, one.spoken
        values = listing.values(shown)
        triggering = _encode(values)
        on = china_day(spoken.changed_at)
        where = (chain.seller_division, chain.producer_division, on)
        words = known.get((triggering, spoken.stands, *where))
        if words is None:
            wording = _wording(name, rule, values, stands=spoken.stands)
            words = _Words(*wording, triggering.decode(), bureau(jurisdiction, *where))
            known[triggering, spoken.stands, *where] = words
        said.append(words)
    return said


def _wording(name: str, rule: Rule | None, values: Mapping[str, Any], *, stands: bool) -> tuple[str, str, str, str]:
    """Titles and explanations of an alert of a rule."""
    if rule is None:
        return name, name, CLEARED_ZH, CLEARED_EN
    if not stands:
        return rule.title_zh, rule.title_en, CLEARED_ZH, CLEARED_EN
    explanation_zh = explanation(rule.explanation_zh, values, SPOILT_ZH)
    return rule.title_zh, rule.title_en, explanation_zh, explanation(rule.explanation_en, values, SPOILT_EN)


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

"""Rows of the `finding` block: what a rule finds about a listing, with the values that triggered it, what it rests on
and the alert that it belongs to.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import polars as pl

from suyuan.domain.alerts.subject import LISTING, alert_id_about, finding_id, kind_of, subject
from suyuan.domain.rules.columns import COUNTERS
from suyuan.domain.rules.explanation import placeholders
from suyuan.domain.rules.sql import condition
from suyuan.schemas.blocks import block_schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from suyuan.domain.rules.rule import Rule
    from suyuan.streams.stages.risk.kept import Spoken
    from suyuan.streams.stages.risk.kept_chain import Chain
    from suyuan.streams.stages.risk.watch import Watch

_SCHEMA = pl.Schema(block_schema("finding"))
_OF_CHAIN = [name for name in _SCHEMA if name in block_schema("chain") and name != "received_at"]
_encode = msgspec.json.Encoder().encode


class Listing(NamedTuple):
    """A listing that is judged. `complaints`: evidence ids by the counter that counts them."""

    platform_code: str
    listing_id: str
    chain: Chain
    complaints: Mapping[str, Sequence[str]]

    def values(self, names: Sequence[str]) -> dict[str, Any]:
        """Its values of the named columns that rules may ask about."""
        return {
            name: len(self.complaints.get(name, ())) if name in COUNTERS else getattr(self.chain, name)
            for name in names
        }

    def subject_of(self, rule: Rule) -> str:
        """What an alert of the rule at this listing is about."""
        chain = self.chain
        return subject(
            rule.about,
            platform_code=self.platform_code,
            listing_id=self.listing_id,
            producer_code=chain.producer_code,
            gtin=chain.gtin,
            lot=chain.lot,
            seller_code=chain.seller_code,
        )


class News(NamedTuple):
    """One row to publish. `evidence`: sorted ids of what it rests on but the listing's own, `why`: why that bureau is
    in charge; none when it is cleared.
    """

    row: int
    rule: str
    spoken: Spoken
    evidence: Sequence[str]
    why: str | None = None


def alert_of(rule: str, listing: Listing, spoken: Spoken) -> str:
    """What names the alert that a finding belongs to."""
    if kind_of(spoken.subject) == LISTING:
        return finding_id(rule, listing.platform_code, listing.listing_id)
    return alert_id_about(rule, spoken.subject, spoken.bureau)


def finding_rows(
    watch: Watch, rows: pl.DataFrame, listings: Mapping[int, Listing], news: Sequence[News]
) -> pl.DataFrame:
    """The rows to publish, in the order of the news: columns of the block schema `finding`.

    rows: columns of the block schema `chain` that a finding has too
    listings: those of the news, by row
    """
    if not news:
        return pl.DataFrame(schema=_SCHEMA)
    chains = rows.select(_OF_CHAIN)[[one.row for one in news]]
    rules = {rule.id: rule for rule in watch.rules}
    told = [(one, listings[one.row], one.spoken) for one in news]
    changed_at = [spoken.changed_at for _, _, spoken in told]
    columns: dict[str, Sequence[Any]] = {
        "finding_id": [finding_id(one.rule, of.platform_code, of.listing_id) for one, of, _ in told],
        "alert_id": [alert_of(one.rule, of, spoken) for one, of, spoken in told],
        "rule": [one.rule for one in news],
        "rule_version": [spoken.rule_version for _, _, spoken in told],
        "severity": [spoken.severity for _, _, spoken in told],
        "change": [spoken.change for _, _, spoken in told],
        "subject_kind": [kind_of(spoken.subject) for _, _, spoken in told],
        "subject": [spoken.subject for _, _, spoken in told],
        "triggering": [
            _triggering(rules.get(one.rule), of) if spoken.change != "cleared" else None for one, of, spoken in told
        ],
        "bureau": [spoken.bureau for _, _, spoken in told],
        "bureau_why": [one.why for one in news],
        "basis": [spoken.basis for _, _, spoken in told],
        "raised_at": [spoken.raised_at for _, _, spoken in told],
        "changed_at": changed_at,
        "received_at": changed_at,
        "sequence": [spoken.sequence for _, _, spoken in told],
    }
    made = {name: pl.Series(name, values, _SCHEMA[name]) for name, values in columns.items()}
    made["evidence"] = _lists("evidence", [[of.chain.listing_event, *one.evidence] for one, of, _ in told])
    return pl.DataFrame([made[name] if name in made else chains.get_column(name) for name in _SCHEMA])


def _triggering(rule: Rule | None, listing: Listing) -> str | None:
    return _encode(listing.values(_shown(rule))).decode() if rule is not None else None


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

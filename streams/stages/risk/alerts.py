"""Rows of the `alert` block: what is said, in words, the values that triggered it, and who is in charge."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from suyuan.domain.calendar import china_day
from suyuan.domain.keys import join_key
from suyuan.domain.rules.explanation import SPOILT_EN, SPOILT_ZH, explanation, placeholders
from suyuan.domain.rules.jurisdiction import bureau
from suyuan.domain.rules.sql import condition
from suyuan.schemas.blocks import block_schema
from suyuan.streams.stages.listing_rows import LISTING_KEY_EXPR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suyuan.domain.rules.rule import Rule
    from suyuan.streams.stages.risk.kept import Spoken
    from suyuan.streams.stages.risk.watch import Watch

CLEARED_ZH = "触发条件已不再成立。"
CLEARED_EN = "What raised the alert no longer holds."


class News(NamedTuple):
    """One row to publish. `hit`: index of the hit that it tells of, None when the alert is cleared."""

    row: int
    rule: str
    spoken: Spoken
    hit: int | None


def alert_rows(watch: Watch, rows: pl.DataFrame, evidence: pl.Series, news: Sequence[News]) -> pl.DataFrame:
    """The rows to publish: columns of the block schema `alert`, and `route`, the key of the listing.

    rows: chains with counters; evidence: list per hit
    """
    if not news:
        return pl.DataFrame(schema={**block_schema("alert"), "route": pl.String})
    said = _said(news)
    facts = (
        rows[said["row"]]
        .drop("received_at")
        .with_columns(
            pl.concat_list("listing_event", evidence[said["hit"]].fill_null(_NOTHING)).alias("evidence"),
            LISTING_KEY_EXPR.alias("route"),
        )
    )
    alerts = pl.concat([facts, said], how="horizontal")
    rules = {rule.id: rule for rule in watch.rules}
    worded = [
        part.with_columns(_wording(rules.get(str(rule))))
        for (rule,), part in alerts.partition_by("rule", as_dict=True).items()
    ]
    return _with_names(pl.concat(worded), rules).select(*block_schema("alert"), "route")


_NOTHING = pl.Series([[]], dtype=pl.List(pl.String))


def _said(news: Sequence[News]) -> pl.DataFrame:
    spoken = [one.spoken for one in news]
    return pl.DataFrame(
        {
            "row": [one.row for one in news],
            "hit": pl.Series([one.hit for one in news], dtype=pl.UInt32),
            "rule": [one.rule for one in news],
            "rule_version": [words.rule_version for words in spoken],
            "severity": [words.severity for words in spoken],
            "state": ["raised" if words.stands else "cleared" for words in spoken],
            "change": [words.change for words in spoken],
            "sequence": [words.sequence for words in spoken],
            "raised_at": [words.raised_at for words in spoken],
            "changed_at": [words.changed_at for words in spoken],
            "received_at": [words.changed_at for words in spoken],
        }
    )


@lru_cache(maxsize=1024)
def _wording(rule: Rule | None) -> tuple[pl.Expr, ...]:
    """Titles, explanations and triggering values of a rule's alerts; None: a rule that is no more."""
    if rule is None:
        return (
            pl.col("rule").alias("title_zh"),
            pl.col("rule").alias("title_en"),
            pl.lit(CLEARED_ZH).alias("explanation_zh"),
            pl.lit(CLEARED_EN).alias("explanation_en"),
            pl.lit("{}").alias("triggering"),
        )
    shown = placeholders(rule.explanation_zh) | placeholders(rule.explanation_en) | condition(rule).columns
    return (
        pl.lit(rule.title_zh).alias("title_zh"),
        pl.lit(rule.title_en).alias("title_en"),
        _standing(explanation(rule.explanation_zh, SPOILT_ZH), CLEARED_ZH).alias("explanation_zh"),
        _standing(explanation(rule.explanation_en, SPOILT_EN), CLEARED_EN).alias("explanation_en"),
        pl.struct(sorted(shown)).struct.json_encode().alias("triggering"),
    )


def _standing(standing: pl.Expr, cleared: str) -> pl.Expr:
    return pl.when(pl.col("state") == "raised").then(standing).otherwise(pl.lit(cleared))


def _with_names(alerts: pl.DataFrame, rules: dict[str, Rule]) -> pl.DataFrame:
    """With alert_id and the bureau in charge on the day of the change."""
    columns = alerts.select("rule", "route", "seller_division", "producer_division", "changed_at")
    ids, bureaus = [], []
    for rule, route, seller, producer, at in columns.iter_rows():
        ids.append(blake2b(join_key(rule, route).encode(), digest_size=16).hexdigest())
        jurisdiction = rules[rule].jurisdiction if rule in rules else "seller"
        bureaus.append(bureau(jurisdiction, seller, producer, china_day(at)))
    return alerts.with_columns(
        pl.Series("alert_id", ids, dtype=pl.String), pl.Series("bureau", bureaus, dtype=pl.String)
    )

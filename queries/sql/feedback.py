"""What a platform is told of its listings: which have gaps, and how many of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass

from suyuan.access.scope import Scope
from suyuan.queries.paging import ListQuery, Page, Paged, read_page
from suyuan.queries.rows import Row, Tables, read, where_clause
from suyuan.queries.sql.chains import BY_LISTING, CONDITIONS
from suyuan.queries.visible import visible_chains

_COLUMNS = (
    "platform_code, listing_id, verdict, title, url, seller_code, producer_code, gtin, lot, licence_no, "
    "gap_names, gaps, listed_at, received_at"
)


@dataclass(frozen=True, slots=True)
class FeedbackFilter:
    """What is None does not matter."""

    platform_code: str | None = None
    seller_code: str | None = None
    listing_id: str | None = None
    verdict: str | None = None
    gap: str | None = None

    @property
    def values(self) -> dict[str, str]:
        """What matters, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @property
    def conditions(self) -> list[str]:
        """SQL conditions that the values are bound to."""
        return [CONDITIONS[name] for name in self.values]


def feedback(tables: Tables, scope: Scope, wanted: FeedbackFilter, page: Page) -> Paged[Row]:
    """Listings with gaps, by platform and listing; `gaps` as dicts."""
    return read_page(tables, list_of_feedback(scope, wanted), page)


def list_of_feedback(scope: Scope, wanted: FeedbackFilter) -> ListQuery:
    """The list that `feedback` has pages of."""
    visible = visible_chains(scope)
    return ListQuery(
        f"SELECT {_COLUMNS} FROM chain_current",  # noqa: S608
        [*wanted.conditions, "notEmpty(gap_names)", visible.condition],
        {**wanted.values, **visible.values},
        BY_LISTING,
    )


def gap_counts(tables: Tables, scope: Scope, wanted: FeedbackFilter) -> Row:
    """Of the listings that the filter wants: how many have each verdict, and how many each gap, most first."""
    visible = visible_chains(scope)
    where = where_clause([*wanted.conditions, visible.condition])
    rows = read(
        tables,
        # a few thousand combinations at most, and one read of the tables for both counts
        f"SELECT verdict, gap_names, count() AS n FROM chain_current {where} GROUP BY verdict, gap_names",  # noqa: S608
        {**wanted.values, **visible.values},
    )
    verdicts: Counter[str] = Counter()
    gaps: Counter[str] = Counter()
    for row in rows:
        verdicts[row["verdict"]] += row["n"]
        for gap in row["gap_names"]:
            gaps[gap] += row["n"]
    return {"verdicts": dict(verdicts), "gaps": dict(sorted(gaps.items(), key=lambda each: (-each[1], each[0])))}

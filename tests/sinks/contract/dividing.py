"""What is told of divisions."""

from __future__ import annotations

import datetime as dt

import pytest

from suyuan.access.scope import EVERYTHING, Division, OutsideScope, Platform, Scope
from suyuan.queries.divisions import divisions
from tests.sinks.contract.views import load
from tests.sinks.rows import NOW, alert, block, chain

DAY = dt.date(2026, 9, 22)
HOUR = 3_600_000


def sold(number, division, verdict="complete", **fields):
    return chain(number, verdict=verdict, seller_division=division, **fields)


def in_charge(name, bureau, severity="high", **fields):
    return alert(name, bureau=bureau, severity=severity, **fields)


def cleared(name, bureau, hours):
    return in_charge(name, bureau, state="cleared", changed_at=NOW + int(hours * HOUR))


def parts(clickhouse, prefix="", scope=EVERYTHING):
    return {part.division: part for part in divisions(clickhouse, scope, prefix, DAY).parts}


class DividingContract:
    def test_listings_count_where_they_are_sold_and_alerts_where_their_bureau_is(self, clickhouse):
        said = [
            sold(1, "330106", "broken"),
            sold(2, "330106", "contradicted", producer_division="440305"),
            sold(3, "330203"),
            sold(4, None, "broken", producer_division="330106"),
            sold(5, "310115", "removed", status="removed"),
            sold(6, "440305"),
        ]
        raised = [
            in_charge("a", "330106", "critical"),
            in_charge("b", "330106", "medium"),
            in_charge("c", "330203", "low"),
            in_charge("d", "440305"),
        ]
        load(clickhouse, "chain", block("chain", *said))
        load(clickhouse, "alert.state", block("alert_state", *raised))
        found = divisions(clickhouse, EVERYTHING, "33", DAY)
        assert [part.division for part in found.parts] == ["3301", "3302"]
        first, second = found.parts
        assert (first.name, first.listings, first.broken, first.contradicted) == ("杭州市", 3, 2, 1)
        assert (first.open_critical, first.open_high, first.open_medium, first.open_low) == (1, 0, 1, 0)
        assert (first.serious_per_10k, second.serious_per_10k, second.open_low) == (3333.33, 0, 1)
        assert (found.whole.division, found.whole.name, found.whole.listings) == ("33", "浙江省", 4)
        assert (found.whole.open_critical, found.whole.open_low, found.whole.serious_per_10k) == (1, 1, 2500)
        country = divisions(clickhouse, EVERYTHING, "", DAY)
        assert [part.division for part in country.parts] == ["44", "33"]  # 310115 offers nothing any more
        assert (country.whole.division, country.whole.listings) == ("", 5)
        (county,) = divisions(clickhouse, EVERYTHING, "330106", DAY).parts
        assert county == divisions(clickhouse, EVERYTHING, "330106", DAY).whole
        nothing = divisions(clickhouse, EVERYTHING, "65", DAY)
        assert (nothing.parts, nothing.whole.listings, nothing.whole.serious_per_10k) == ([], 0, None)

    def test_the_current_row_of_each_counts_once(self, clickhouse):
        load(clickhouse, "chain", *[block("chain", sold(1, "330106", "broken"), sold(2, "330106"))] * 2)
        load(clickhouse, "chain", block("chain", sold(1, "330203", assessment=2)))
        load(clickhouse, "chain", block("chain", sold(2, "330106", "removed", revision=2)))
        load(clickhouse, "alert.state", block("alert_state", in_charge("a", "330106")))
        load(clickhouse, "alert.state", block("alert_state", in_charge("a", "330203", "critical", sequence=2)))
        (part,) = divisions(clickhouse, EVERYTHING, "33", DAY).parts
        assert (part.division, part.listings, part.broken) == ("3302", 1, 0)
        assert (part.open_critical, part.open_high) == (1, 0)

    def test_what_has_no_known_division_counts_to_the_country_in_a_row_of_its_own(self, clickhouse):
        load(clickhouse, "chain", block("chain", sold(1, None), sold(2, "990000", "broken"), sold(3, "330106")))
        load(clickhouse, "alert.state", block("alert_state", in_charge("a", None), in_charge("b", "330106", "low")))
        country = divisions(clickhouse, EVERYTHING, "", DAY)
        assert [part.division for part in country.parts] == ["33", None]
        unknown = country.parts[-1]
        assert (unknown.name, unknown.listings, unknown.broken, unknown.open_high) == (None, 2, 1, 1)
        assert (country.whole.listings, country.whole.open_high) == (3, 1)
        assert parts(clickhouse, scope=Scope((Division(""),))) == parts(clickhouse)
        assert divisions(clickhouse, EVERYTHING, "33", DAY).whole.listings == 1

    def test_a_division_that_is_no_more_counts_to_the_one_that_took_its_place(self, clickhouse):
        load(clickhouse, "chain", block("chain", sold(1, "110221"), sold(2, "512200"), sold(3, "110114")))
        assert {name: part.listings for name, part in parts(clickhouse).items()} == {"11": 2, "50": 1}
        assert {name: part.listings for name, part in parts(clickhouse, "1101").items()} == {"110114": 2}
        assert parts(clickhouse, "51") == {}

    def test_hours_to_clear_are_the_median_of_those_that_stand_cleared(self, clickhouse):
        some = [cleared(f"a{hours}", "330106", hours) for hours in (1, 2, 9)]
        others = [cleared("b", "330203", 0.5), in_charge("c", "330203"), in_charge("d", "320100")]
        again = [cleared("e", "330106", 70), in_charge("e", "330106", sequence=2)]
        load(clickhouse, "alert.state", block("alert_state", *some, *others, *again))
        found = parts(clickhouse, "33")
        assert (found["3301"].median_hours_to_clear, found["3302"].median_hours_to_clear) == (2, 0.5)
        assert divisions(clickhouse, EVERYTHING, "33", DAY).whole.median_hours_to_clear == 1.5
        assert parts(clickhouse)["32"].median_hours_to_clear is None

    def test_nobody_is_told_of_a_division_that_is_not_within_the_scope(self, clickhouse):
        said = [sold(1, "330106"), sold(2, "330203"), sold(3, "510104", producer_division="330106")]
        load(clickhouse, "chain", block("chain", *said))
        raised = [in_charge("a", "330106"), in_charge("b", "510104", seller_division="330106")]
        load(clickhouse, "alert.state", block("alert_state", *raised))
        city = Scope((Division("3301"), Platform("nobody")))
        own = divisions(clickhouse, city, None, DAY)
        assert own == divisions(clickhouse, city, "3301", DAY) == divisions(clickhouse, EVERYTHING, "3301", DAY)
        assert (own.whole.listings, own.whole.open_high, [part.division for part in own.parts]) == (1, 1, ["330106"])
        assert divisions(clickhouse, city, "330106", DAY).whole.listings == 1
        for wider in ("", "33", "3302", "51"):
            assert divisions(clickhouse, city, wider, DAY) is None
        with pytest.raises(OutsideScope, match="figures of divisions cannot be told for platform nobody"):
            divisions(clickhouse, Scope((Platform("nobody"),)), "33", DAY)

    def test_serious_alerts_where_nothing_is_offered_come_behind_any_share(self, clickhouse):
        load(clickhouse, "chain", block("chain", sold(1, "330106"), sold(2, "320100")))
        load(
            clickhouse,
            "alert.state",
            block("alert_state", in_charge("a", "330106"), in_charge("b", "110101", "critical")),
        )
        found = divisions(clickhouse, EVERYTHING, "", DAY).parts
        assert [(part.division, part.serious_per_10k) for part in found] == [("33", 10_000), ("11", None), ("32", 0)]

"""What a spot check is drawn from: the rows of a plan's frame, the same whenever it is made again."""

from __future__ import annotations

import pytest

from suyuan.access.scope import EVERYTHING, OutsideScope, Platform, Scope
from suyuan.errors import SuyuanError
from suyuan.queries.paging import Page
from suyuan.queries.registers import OfRegisters, registers
from suyuan.queries.sql import FrameFilter, frame
from tests.sinks.contract.views import load
from tests.sinks.rows import NOW, PLATFORM, block, chain, events

WEST, EAST = "330106", "330105"
ODD = """50% {x:String} {y} "a" \\ 'b' / 龙井"""


def sold(number, division=WEST, received_at=NOW, **fields):
    return chain(number, seller_division=division, received_at=received_at, **fields)


def framed(clickhouse, at=NOW, column="seller_division", strata=(WEST, EAST), **wanted):
    page = frame(clickhouse, EVERYTHING, FrameFilter(at, column, strata, **wanted), Page(100))
    return [(row["id"].split("/")[1], row["stratum"], row["weight"]) for row in page.rows]


class FramingContract:
    def test_rows_of_its_strata_in_the_byte_order_of_ids(self, clickhouse):
        said = [sold(10), sold(9, EAST), sold(2), sold(3, "330203"), sold(4, None), sold(5, verdict="removed")]
        load(clickhouse, "chain", block("chain", *said))
        assert framed(clickhouse) == [("l10", WEST, 1), ("l2", WEST, 1), ("l9", EAST, 1)]
        assert framed(clickhouse, strata=(EAST,)) == [("l9", EAST, 1)]
        assert framed(clickhouse, column="verdict", strata=("complete",), population=f"seller_division = '{EAST}'") == [
            ("l9", "complete", 1)
        ]

    def test_what_was_known_later_is_not_in_it(self, clickhouse):
        load(clickhouse, "chain", block("chain", sold(1), sold(2)))
        before = framed(clickhouse)
        later = [sold(1, EAST, NOW + 1, revision=2), sold(3, received_at=NOW + 1), sold(2, None, NOW + 2, revision=2)]
        load(clickhouse, "chain", block("chain", *later))
        assert framed(clickhouse) == before == [("l1", WEST, 1), ("l2", WEST, 1)]
        assert framed(clickhouse, NOW + 2) == [("l1", EAST, 1), ("l3", WEST, 1)]

    def test_expressions_with_whatever_may_be_in_a_text(self, clickhouse):
        said = [
            sold(1, title=ODD),
            sold(2, title="{strata:Array(String)}"),
            sold(3, title="plain"),
            sold(4, title=None),
        ]
        load(clickhouse, "chain", block("chain", *said))
        quoted = ODD.replace("'", "''")
        assert [name for name, *_ in framed(clickhouse, population=f"title = '{quoted}'")] == ["l1"]
        assert [name for name, *_ in framed(clickhouse, population="title = '{strata:Array(String)}'")] == ["l2"]
        weights = [(f"title = '{quoted}'", 16), ("title = '{strata:Array(String)}'", 2), ("title IS NOT NULL", 3)]
        assert [weight for *_, weight in framed(clickhouse, weights=weights)] == [16, 2, 3, 1]

    def test_of_weights_the_first_that_is_true_counts(self, clickhouse):
        load(clickhouse, "chain", block("chain", sold(1, verdict="broken"), sold(2)))
        weights = [("verdict = 'broken'", 3), ("seller_division = '330106'", 5)]
        assert [weight for *_, weight in framed(clickhouse, weights=weights)] == [3, 5]
        assert [weight for *_, weight in framed(clickhouse, weights=weights[::-1])] == [5, 5]

    def test_strata_that_hold_whatever_a_column_does(self, clickhouse):
        load(clickhouse, "chain", block("chain", sold(1, category="{x:String}'"), sold(2, category="茶")))
        assert framed(clickhouse, column="category", strata=("茶", "{x:String}'")) == [
            ("l1", "{x:String}'", 1),
            ("l2", "茶", 1),
        ]

    def test_objects_by_their_ids_or_by_codes(self, clickhouse):
        said = [sold(1, seller_code="S1"), sold(2, seller_code="S2"), sold(3, seller_code="S3", producer_code="S1")]
        load(clickhouse, "chain", block("chain", *said))
        assert [name for name, *_ in framed(clickhouse, objects=(f"{PLATFORM}/l2", "elsewhere/l1"))] == ["l2"]
        assert [name for name, *_ in framed(clickhouse, objects=("S1",))] == ["l1", "l3"]
        assert [name for name, *_ in framed(clickhouse, objects=("S1", f"{PLATFORM}/l2"))] == ["l1", "l2", "l3"]

    def test_what_cannot_be_asked_is_named(self, clickhouse):
        for wanted, says in (
            ({"column": "colour"}, "column"),
            ({"column": "complaints_7d"}, "column"),
            ({"population": "complaints_7d > 3"}, "population: complaints_7d"),
            (
                {"weights": (("title IS NULL", 2), ("complaints_30d > 3", 2))},
                r"weights\[1\]\.expression: complaints_30d",
            ),
        ):
            with pytest.raises(SuyuanError, match=says):
                framed(clickhouse, **wanted)

    def test_nobody_sees_it_in_part(self, clickhouse):
        with pytest.raises(OutsideScope):
            frame(clickhouse, Scope((Platform(PLATFORM),)), FrameFilter(NOW, "verdict", ("complete",)), Page(1))

    def test_registers_say_what_is_on_record_now(self, clickhouse):
        item = {"item_no": "F-1", "title": "蜂蜜", "item_class": "general", "share_cap": 500, "status": "active"}
        one = {"bureau": WEST, "staff_no": "A-1", "unit": "一科", "qualifications": ["food"], "status": "active"}
        load(clickhouse, "event.check_item", events("check_item", item, item | {"share_cap": 9}))
        said = [one, one | {"bureau": EAST}, one | {"status": "left"}]
        load(clickhouse, "event.officer", events("officer", *said))
        found = registers(clickhouse, EVERYTHING, OfRegisters(["F-1", "F-2"], [WEST]))
        assert [(each.item_no, each.share_cap) for each in found.items] == [("F-1", 9)]
        assert [(each.bureau, each.staff_no, each.status) for each in found.officers] == [(WEST, "A-1", "left")]
        with pytest.raises(OutsideScope):
            registers(clickhouse, Scope((Platform(PLATFORM),)), OfRegisters([], []))

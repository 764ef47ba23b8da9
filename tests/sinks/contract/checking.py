"""What is said of chains that are not what the records say."""

from __future__ import annotations

import datetime as dt
import json
import random
from functools import cache
from pathlib import Path

import pytest

from suyuan.queries.chain_check import ChainChecker, inputs
from suyuan.queries.chain_check.assessing import MOST_LEVELS
from suyuan.queries.chain_check.checker import compare_some
from suyuan.queries.chain_check.recent import Recent
from suyuan.queries.chain_check.walk import ALL, Walk
from suyuan.schemas.kinds import KINDS
from suyuan.simulation.market import Market
from suyuan.sinks.loader import Loader
from suyuan.sinks.table_sink import TableSink
from suyuan.sinks.tables import TARGETS
from tests.reference.assessment import expected_chains
from tests.reference.markets import with_listings
from tests.sinks.contract.views import load
from tests.sinks.memory_log import MemoryLog
from tests.sinks.rows import GTIN, MAKER, SELLER, block, chain, events, listing, lot
from tests.streams.results import newest_chains
from tests.streams.world import World

CASES = Path(__file__).parents[2] / "data" / "cases"
LATER = 1 << 60
MINUTE = 60_000


@cache
def case(number):
    lines = (CASES / f"market-{number}.events.jsonl").read_text(encoding="utf-8").splitlines()
    return with_listings([json.loads(line) for line in lines], 150)


def worked_off(events, seed=0, partitions=3):
    """The market as the stages leave it: some events delivered twice, in any order, and one message is unreadable."""
    chance = random.Random(seed)
    sent = [*events, *chance.sample(events, len(events) // 5)]
    chance.shuffle(sent)
    world = World(partitions, seed, batches=(50, 5000))
    world.publish_events(sent)
    world.publish("in.listing", 0, b"x", b"\x00unreadable")
    world.drain()
    return world


@cache
def agreed(number):
    return worked_off(case(number), number)


def loaded(clickhouse, world, but=()):
    """Everything that the stages sent to the tables, but for the topics left out."""
    log = MemoryLog(partitions=world.partitions)
    for target in TARGETS:
        for at in range(world.partitions):
            log.append(
                target.topic, at, *[value for *_, value in world.log[target.topic, at] if target.topic not in but]
            )
    Loader(log, TableSink(clickhouse.writer)).drain()


def everything(clickhouse, recent=None):
    query = "SELECT DISTINCT platform_code, listing_id FROM event_listing"
    keys = [tuple(row) for row in clickhouse.writer.query(query).result_rows]
    assert keys
    return compare_some(clickhouse, keys, recent or Recent(LATER), 0)[0]


def spoil(clickhouse, assessment=1 << 50, **fields):
    """A later assessment of one listing says something else; its key."""
    select = "SELECT platform_code, listing_id, revision FROM chain_current ORDER BY listing_id LIMIT 1"
    platform_code, listing_id, revision = clickhouse.writer.query(select).result_rows[0]
    said = chain(1, revision, assessment, platform_code=platform_code, listing_id=listing_id) | fields
    load(clickhouse, "chain", block("chain", said))
    return platform_code, listing_id


class CheckingContract:
    @pytest.mark.parametrize("number", [11, 12, 13])
    def test_agreed_markets_are_right(self, clickhouse, number):
        loaded(clickhouse, agreed(number))
        look = everything(clickhouse)
        assert (look.right, look.differing, look.unsettled, look.too_large) == (150, (), 0, 0)

    def test_a_simulated_market_is_right_in_whatever_order_it_came(self, clickhouse):
        loaded(clickhouse, worked_off(list(Market(3).events(3000)), 5))
        look = everything(clickhouse)
        assert look.right > 300
        assert (look.differing, look.unsettled, look.too_large) == ((), 0, 0)

    def test_chains_of_stages_that_lack_records_differ(self, clickhouse):
        """The tables have all records, the state that the chains were made of lost a third."""
        every = case(11)
        chance = random.Random(11)
        fewer = [event for event in every if event["kind"] == "listing" or chance.random() < 0.67]
        lacking = World(2, batches=(5000,))
        lacking.publish_events(fewer)
        lacking.drain()
        loaded(clickhouse, agreed(11), but=("chain",))
        for topic in ("chain.parties", "chain"):
            load(clickhouse, topic, *[value for at in range(2) for *_, value in lacking.log[topic, at]])
        look = everything(clickhouse)
        right, wrong = expected_chains(every), expected_chains(fewer)
        differing = {found.key: found for found in look.differing}
        assert {key for key in right if right[key] != wrong[key]} <= set(differing)
        assert look.right + len(differing) == 150
        for key, found in differing.items():
            assert (found.right[0], sorted(gap for gap, _ in found.right[1])) == right[key]

    def test_a_difference_counts_when_it_stands_at_a_second_look_until_it_is_put_right(self, clickhouse):
        world = agreed(12)
        loaded(clickhouse, world)
        checker = ChainChecker(clickhouse, random.Random(1))
        assert checker.look(Recent(LATER), 0).right == 150
        key = spoil(clickhouse, verdict="untold")
        first = checker.look(Recent(LATER), MINUTE)
        assert [wrong.key for wrong in first.differing] == [key]
        assert (first.new, checker.wrong) == ((), {})
        assert checker.look(Recent(LATER), MINUTE + 1000).new == ()
        (wrong,) = checker.look(Recent(LATER), 2 * MINUTE).new
        assert (wrong.key, wrong.stands) == (key, ("untold", ()))
        assert wrong.right != wrong.stands
        assert checker.look(Recent(LATER), 3 * MINUTE).new == ()
        assert set(checker.wrong) == {key}
        load(clickhouse, "chain", block("chain", newest_chains(world)[key] | {"assessment": 1 << 52}))
        assert checker.look(Recent(LATER), 4 * MINUTE).differing == ()
        assert checker.wrong == {}

    def test_another_difference_begins_anew(self, clickhouse):
        loaded(clickhouse, agreed(12))
        checker = ChainChecker(clickhouse, random.Random(1))
        spoil(clickhouse, verdict="untold")
        checker.look(Recent(LATER), 0)
        spoil(clickhouse, assessment=1 << 51, verdict="partial")
        assert checker.look(Recent(LATER), MINUTE).new == ()
        assert len(checker.look(Recent(LATER), 2 * MINUTE).new) == 1

    def test_a_listing_without_a_chain_differs(self, clickhouse):
        load(clickhouse, "event.listing", events("listing", listing(1)))
        (wrong,) = everything(clickhouse).differing
        assert (wrong.listing_id, wrong.stands, wrong.fields) == ("l1", None, ("chain",))
        assert wrong.right is not None

    def test_what_happened_lately_is_not_judged(self, clickhouse):
        loaded(clickhouse, agreed(13))
        spoil(clickhouse, verdict="untold")
        assert everything(clickhouse, Recent(0)).unsettled == 150
        through = {(f"in.{kind}", at): (0, 1 << 40) for kind in KINDS for at in range(3)}
        assert len(everything(clickhouse, Recent(LATER, through)).differing) == 1
        behind = through | {("in.listing", at): (0, 0) for at in range(3)}
        assert everything(clickhouse, Recent(LATER, behind)).unsettled == 150

    def test_what_rests_on_too_much_is_passed_over_and_counted(self, clickhouse, monkeypatch):
        loaded(clickhouse, agreed(11))
        monkeypatch.setattr(inputs, "MOST_ROWS", 3)
        look = everything(clickhouse)
        assert look.too_large
        assert (look.right + look.too_large, look.differing) == (150, ())

    @pytest.mark.parametrize("depth", [5, 60])
    def test_lots_made_in_a_row_and_in_a_circle(self, clickhouse, depth):
        """Each lot is made from the one before, the first from the last; the middle one failed."""
        made = [lot(f"b{number}", f"b{(number - 1) % depth}") for number in range(depth)]
        failed = {"report_no": "r", "producer_code": MAKER, "gtin": GTIN, "lot": f"b{depth // 2}", "result": "fail"}
        product = {"gtin": GTIN, "producer_code": MAKER, "name": "茶", "category": "tea", "requires_licence": False}
        parties = [{"code": code, "name": "x", "status": "active"} for code in (MAKER, SELLER)]
        inspected = failed | {"purpose": "self", "agency_code": MAKER, "inspected_on": dt.date(2026, 9, 1)}
        load(clickhouse, "event.lot", events("lot", *made))
        load(clickhouse, "event.inspection", events("inspection", inspected))
        load(clickhouse, "event.product", events("product", product))
        load(clickhouse, "event.entity", events("entity", *parties))
        load(clickhouse, "event.listing", events("listing", listing(1, producer_code=MAKER, gtin=GTIN, lot="b0")))
        look = everything(clickhouse)
        if depth > MOST_LEVELS:
            assert (look.too_large, look.differing) == (1, ())
        else:
            (found,) = look.differing
            assert ("input_failed", f"{MAKER}/{GTIN}/b{depth // 2}") in found.right[1]

    def test_a_walk_meets_every_listing_in_each_round(self, clickhouse):
        load(clickhouse, "chain", block("chain", *(chain(number) for number in range(400))))
        load(clickhouse, "event.listing", events("listing", *(listing(number) for number in range(300, 500))))
        walk = Walk(clickhouse, ALL - ALL // 20)
        turns = [walk.next(40) for _ in range(16)]
        assert max(map(len, turns)) < 80
        assert len({key for turn in turns for key in turn}) == 500
        assert turns == [again.next(40) for again in [Walk(clickhouse, ALL - ALL // 20)] for _ in range(16)]
        assert sorted(Walk(clickhouse, 7).next(1000)) == sorted({key for turn in turns for key in turn})

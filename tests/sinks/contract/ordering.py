"""Orders of spot checks as the tables tell them, and what each stratum passed: of a check with every kind of end."""

from __future__ import annotations

import datetime as dt
import random

from suyuan.access.scope import EVERYTHING, Division, Platform, Scope
from suyuan.domain.checks.bodies import Cancel, hash_of
from suyuan.domain.checks.rates import Outcome, pass_rate
from suyuan.operations.orders.outward import outward
from suyuan.operations.spot_checks.orders import listing_of
from suyuan.operations.spot_checks.steps import event
from suyuan.queries.order_standing import standing_of
from suyuan.queries.paging import Page, walk
from suyuan.queries.sql import OrderFilter, check_results, listings_as_known, orders
from tests.sinks.contract.views import load
from tests.sinks.rows import GTIN, NOW, block, chain, events
from tests.spot_checks import CHECK, drawn

DAY = dt.date(2026, 9, 22)
FILES = drawn()
LAB, MAKER = "91330102MABR7JC40E", "91330784MABQYF7F4B"
ACTS = [
    event(body, actor="li", now=NOW + place)
    for place, body in enumerate((FILES.plan, FILES.freeze, FILES.randomness, FILES.result.draw))
]
PARTIES = ("seller", "producer", "platform")
WALK = ("accepted", "bought", "delivered", "unpacked")


def order(drawn_order):
    platform_code, listing_id = listing_of(drawn_order.id)
    said = {name: getattr(drawn_order, name) for name in ("order_no", "stratum", "weight", "ticket")}
    of = {"platform_code": platform_code, "listing_id": listing_id, "check_id": CHECK, "producer_code": MAKER}
    who = {"officers": list(drawn_order.officers), "items": ["F-12"], "occurred_at": NOW}
    return {**said, **of, **who, "event_id": drawn_order.order_no, "publisher": "SUYUAN"}


def answer(order_no, answer_, at, **fields):
    seals = {"sample": f"{order_no} S", "spare": f"{order_no} R"} if answer_ == "unpacked" else {}
    of = {"order_no": order_no, "answer": answer_, "actor": "li", "occurred_at": NOW + at, "publisher": "SUYUAN"}
    return {**of, **seals, "event_id": f"{order_no} {at}", **fields}


def report(order_no, result, seal="S", **fields):
    of = {"agency_code": LAB, "producer_code": MAKER, "gtin": GTIN, "publisher": LAB, "purpose": "spot_check"}
    named = {"order_no": order_no, "sample_no": f"{order_no} {seal}", "report_no": f"{order_no} {seal}"}
    what = {"result": result, "failed_items": [], "inspected_on": DAY, "occurred_at": NOW}
    return {**of, **named, **what, "event_id": f"{order_no} {seal}", **fields}


class OrdersContract:
    def test_what_each_stratum_passed_is_what_a_recount_of_its_orders_gives(self, clickhouse):
        made = [order(each) for each in FILES.result.orders]
        assert len(made) == 8
        chance = random.Random(15)
        said, reports, ends = [], [], {}
        for place, each in enumerate(made):
            number = each["order_no"]
            ends[number] = ("pass", "fail", "gone", "open", "pass", "turned", "pass", "fail")[place]
            said.append(answer(number, "accepted", 1))
            if ends[number] == "gone":
                said.append(answer(number, "gone", 2))
            elif ends[number] != "open":
                said += [answer(number, step, 1 + at) for at, step in enumerate(WALK[1:], 1)]
                reports.append(report(number, "fail" if ends[number] == "turned" else ends[number]))
            if ends[number] == "turned":
                said += [answer(number, "told", 10 + at, party=party) for at, party in enumerate(PARTIES)]
                said += [answer(number, "objected", 20, party="seller")]
                reports.append(report(number, "pass", "R"))
        # a later version of a report takes its order away from it; another names no order
        number = made[3]["order_no"]
        later = {"order_no": None, "sample_no": None, "occurred_at": NOW + 1, "event_id": "later"}
        reports += [report(number, "pass"), report(number, "pass") | later]
        chance.shuffle(said)
        load(clickhouse, "event.check_act", events("check_act", *ACTS))
        load(clickhouse, "event.order", events("order", *made))
        load(clickhouse, "event.order_answer", events("order_answer", *said))
        load(clickhouse, "event.inspection", events("inspection", *reports))

        found = orders(clickhouse, EVERYTHING, OrderFilter(DAY, check_id=CHECK), Page(100)).rows
        assert [each.order_no for each in found] == [each["order_no"] for each in made]
        states = {"pass": "tested", "fail": "tested", "gone": "gone", "open": "accepted", "turned": "retested"}
        assert {each.order_no: standing_of(each, DAY).state for each in found} == {
            number: states[end] for number, end in ends.items()
        }
        tested = OrderFilter(DAY, check_id=CHECK, states=("tested",))
        pages = walk(lambda page: orders(clickhouse, EVERYTHING, tested, Page(2, page.after)))
        paged = [each.order_no for each in pages]
        assert paged == [number for number, end in ends.items() if end in ("pass", "fail")]
        results = {each.stratum: each for each in check_results(clickhouse, EVERYTHING, CHECK)}
        for stratum in FILES.result.draw.strata:
            of = [each for each in FILES.result.orders if each.stratum == stratum.stratum]
            known = [each for each in of if ends[each.order_no] not in ("gone", "open")]
            tested = [Outcome(each.weight, ends[each.order_no] in ("pass", "turned")) for each in known]
            rate = pass_rate(tested, stratum.next)
            told = results[stratum.stratum]
            assert (told.rows, told.drawn, told.tested) == (stratum.rows, stratum.drawn, len(known))
            assert (told.passed, told.rate, told.low) == (rate.passed, rate.rate, rate.interval and rate.interval.low)
            assert told.ended == sum(ends[each.order_no] == "gone" for each in of)
            assert told.pending == sum(ends[each.order_no] == "open" for each in of)

        # who sees no more than what is published is told nothing before it is
        nobody, bureau = Scope((Platform("P"),)), Scope((Division("3301"),))
        assert check_results(clickhouse, nobody, CHECK) == []
        assert check_results(clickhouse, bureau, CHECK) == list(results.values())
        assert len(orders(clickhouse, bureau, OrderFilter(DAY), Page(100)).rows) == 8
        assert orders(clickhouse, Scope((Division("34"),)), OrderFilter(DAY), Page(100)).rows == []
        assert len(orders(clickhouse, nobody, OrderFilter(DAY), Page(100)).rows) == 8
        (first,) = orders(clickhouse, nobody, OrderFilter(DAY, order_no=made[0]["order_no"]), Page(1)).rows
        assert {each.actor for each in outward(first, DAY, actors=False).answers} == {None}

    def test_of_a_cancelled_check_what_has_no_result_is_cancelled(self, clickhouse):
        load(clickhouse, "event.check_act", events("check_act", *ACTS))
        load(clickhouse, "event.order", events("order", *map(order, FILES.result.orders[:2])))
        gone = Cancel(check_id=CHECK, after=hash_of(FILES.result.draw), reason="x")
        load(clickhouse, "event.check_act", events("check_act", event(gone, actor="li", now=NOW + 9), first=9))
        found = orders(clickhouse, EVERYTHING, OrderFilter(DAY, states=("cancelled",)), Page(10)).rows
        assert [each.order_no for each in found] == [each.order_no for each in FILES.result.orders[:2]]
        assert {each.ended for each in check_results(clickhouse, EVERYTHING, CHECK)} <= {0, 1, 2}

    def test_parties_are_those_of_the_moment(self, clickhouse):
        before = chain(1, platform_code="P", listing_id="a/1", seller_code="OLD", received_at=NOW)
        after = chain(1, platform_code="P", listing_id="a/1", seller_code="NEW", received_at=NOW + 5, revision=9)
        load(clickhouse, "chain", block("chain", before, after))
        wanted = [("P", "a/1"), ("P", "nothing")]
        for at, seller in ((NOW + 4, "OLD"), (NOW + 5, "NEW")):
            (found,) = listings_as_known(clickhouse, EVERYTHING, at, wanted)
            assert (found.listing_id, found.seller_code) == ("a/1", seller)
        assert listings_as_known(clickhouse, EVERYTHING, NOW - 1, wanted) == []

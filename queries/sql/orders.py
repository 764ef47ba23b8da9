"""Orders of spot checks with all that was said of them, what they are made of, and results by stratum."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from suyuan.access.scope import Scope
from suyuan.domain.checks.bodies import Draw
from suyuan.domain.checks.numbers import check_number
from suyuan.domain.checks.rates import CONFIDENCE, Outcome, pass_rate
from suyuan.domain.checks.stage import Check
from suyuan.domain.identifiers.normal_form import code_form
from suyuan.queries.answers import CheckAct, InspectionOrder, ListingAsKnown, StratumResult, typed
from suyuan.queries.check_acts import checks_of
from suyuan.queries.order_standing import standing_of
from suyuan.queries.paging import MOST_ROWS, ListQuery, Order, Page, Paged, moment, number, read_page, text
from suyuan.queries.rows import Row, Tables, read
from suyuan.queries.sql.spot_checks import acts_on
from suyuan.queries.visible import must_see_everything, sees_division, visible_orders

_CONDITIONS = {
    "order_no": "order_no = {order_no:String}",
    "check_id": "check_id = {check_id:String}",
    "platform_code": "platform_code = {platform_code:String}",
    "officer": "has(officers, {officer:String})",
}
_ORDERS = """
    SELECT * FROM (
        SELECT order_no, check_id, substring(order_no, 1, 6) AS bureau, platform_code, listing_id, title, seller_code,
            producer_code, gtin, lot, stratum, weight, ticket, officers, items, occurred_at, event_id, digest,
            toInt64OrZero(arrayElement(splitByChar('-', order_no), -1)) AS place
        FROM current_order
    )
"""
_NEWEST_CHECK_FIRST = Order((moment("occurred_at", descending=True), text("check_id"), number("place")))
_ANSWERS = """
    SELECT order_no, event_id, publisher, occurred_at, digest, tie, answer, actor, sample, spare, party
    FROM current_order_answer WHERE order_no IN {orders:Array(String)}
    ORDER BY occurred_at, event_id, publisher, tie
"""
_RESULTS = """
    SELECT order_no, event_id, publisher, occurred_at, digest, tie, agency_code, report_no, sample_no, result,
        failed_items, inspected_on
    FROM (
        SELECT * FROM event_inspection
        WHERE outcome = 'accepted' AND (agency_code, report_no) GLOBAL IN (
            SELECT agency_code, report_no FROM event_inspection WHERE order_no IN {orders:Array(String)}
        )
        ORDER BY agency_code, report_no, occurred_at DESC, event_id DESC, publisher DESC, tie DESC, source_offset
        LIMIT 1 BY agency_code, report_no
    )
    WHERE order_no IN {orders:Array(String)} AND sample_no IS NOT NULL
    ORDER BY order_no, inspected_on, agency_code, report_no
"""


class OrderFilter(msgspec.Struct, frozen=True):
    """What is None does not matter. `officer`: a staff number; `states`: as they are read on `day`, in China."""

    day: dt.date
    order_no: str | None = None
    check_id: str | None = None
    platform_code: str | None = None
    officer: str | None = None
    states: tuple[str, ...] = ()
    overdue: bool = False


def orders(tables: Tables, scope: Scope, wanted: OrderFilter, page: Page) -> Paged[InspectionOrder]:
    """Orders, those of the newest check first, in the order of their places. A filter by what is told of a day reads
    on until the page is full.
    """
    query, rows, after = _list(scope, wanted), list[InspectionOrder](), page.after
    by_state = bool(wanted.states) or wanted.overdue
    while True:
        found = read_page(tables, query, Page(MOST_ROWS if by_state else page.limit, after))
        for order in _whole(tables, found.rows):
            if by_state and not _is_wanted(order, wanted):
                continue
            if len(rows) == page.limit:
                return Paged(rows, _place(rows[-1]), more=True)
            rows.append(order)
        if not by_state or not found.more:
            return Paged(rows, _place(rows[-1]) if rows else page.after, found.more)
        after = found.after


def listings_as_known(
    tables: Tables, scope: Scope, as_known_at: int, listings: Sequence[tuple[str, str]]
) -> list[ListingAsKnown]:
    """What chains said of listings (platform, listing) at a moment, ms UTC, as far as orders need it."""
    must_see_everything(scope, "frames of spot checks")
    rows = read(
        tables,
        """
        SELECT platform_code, listing_id, title, seller_code, producer_code, gtin, lot FROM chain_history
        WHERE (platform_code, listing_id) IN {listings:Array(Tuple(String, String))}
            AND received_at <= fromUnixTimestamp64Milli({as_known_at:Int64})
        ORDER BY platform_code, listing_id, version DESC LIMIT 1 BY platform_code, listing_id
        """,
        {"listings": [tuple(each) for each in listings], "as_known_at": as_known_at},
    )
    return typed(rows, ListingAsKnown)


def check_results(tables: Tables, scope: Scope, check_id: str) -> list[StratumResult]:
    """What a check has found, by stratum in the plan's order; nothing before it is drawn, and before it is published to
    whom its bureau is not within the scope.
    """
    check, bureau = _checks(tables, {check_id}).get(check_id), check_number(check_id)
    if check is None or check.draw is None or bureau is None:
        return []
    if check.publish is None and not sees_division(scope, bureau.bureau):
        return []
    rows = read(tables, f"{_ORDERS} WHERE check_id = {{check_id:String}}", {"check_id": check_id})
    found: dict[str, list[InspectionOrder]] = {}
    for start in range(0, len(rows), MOST_ROWS):
        for order in _whole(tables, rows[start : start + MOST_ROWS]):
            found.setdefault(order.stratum, []).append(order)
    return list(_by_stratum(check.draw, found))


def _by_stratum(draw: Draw, orders_of: dict[str, list[InspectionOrder]]) -> Iterable[StratumResult]:
    for stratum in draw.strata:
        lives = [(order, standing_of(order, dt.date.min).life) for order in orders_of.get(stratum.stratum, ())]
        tested = [Outcome(order.weight, life.verdict == "pass") for order, life in lives if life.verdict]
        ended = sum(life.state in _ENDS and not life.verdict for _, life in lives)
        rate = pass_rate(tested, stratum.next)
        yield StratumResult(
            stratum.stratum,
            stratum.rows,
            stratum.drawn,
            rate.tested,
            rate.passed,
            stratum.drawn - rate.tested - ended,
            ended,
            rate.rate,
            None if rate.interval is None else rate.interval.low,
            None if rate.interval is None else rate.interval.high,
            CONFIDENCE,
        )


_ENDS = frozenset({"refused", "gone", "removed", "cancelled"})


def _list(scope: Scope, wanted: OrderFilter) -> ListQuery:
    visible = visible_orders(scope)
    given: dict[str, Any] = {name: getattr(wanted, name) for name in _CONDITIONS if getattr(wanted, name) is not None}
    if "platform_code" in given:
        given["platform_code"] = code_form(given["platform_code"]) or ""
    conditions = [visible.condition, *(_CONDITIONS[name] for name in given)]
    return ListQuery(_ORDERS, conditions, {**visible.values, **given}, _NEWEST_CHECK_FIRST)


def _place(order: InspectionOrder) -> tuple[int, str, int]:
    return order.occurred_at, order.check_id, int(order.order_no.rpartition("-")[2])


def _whole(tables: Tables, rows: Sequence[Row]) -> list[InspectionOrder]:
    if not rows:
        return []
    numbers = {"orders": [row["order_no"] for row in rows]}
    answers, results = _by_order(read(tables, _ANSWERS, numbers)), _by_order(read(tables, _RESULTS, numbers))
    checks = _checks(tables, {row["check_id"] for row in rows})
    cancelled = {check_id for check_id, check in checks.items() if check.cancel is not None}
    whole = [
        {
            **row,
            "answers": answers.get(row["order_no"], []),
            "results": results.get(row["order_no"], []),
            "cancelled": row["check_id"] in cancelled,
        }
        for row in rows
    ]
    return typed(whole, InspectionOrder)


def _checks(tables: Tables, check_ids: Iterable[str]) -> dict[str, Check]:
    """What the acts on checks give; none of one without acts."""
    return checks_of(typed(acts_on(tables, sorted(check_ids)), CheckAct))


def _by_order(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        day = row.get("inspected_on")
        found.setdefault(row["order_no"], []).append(row if day is None else {**row, "inspected_on": day.isoformat()})
    return found


def _is_wanted(order: InspectionOrder, wanted: OrderFilter) -> bool:
    stands = standing_of(order, wanted.day)
    return (not wanted.states or stands.state in wanted.states) and (stands.overdue or not wanted.overdue)

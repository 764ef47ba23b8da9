"""Orders of spot checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from suyuan.cli.drawing.records import Column, Records, Value
from suyuan.cli.drawing.words import NOTHING, clean, joined, moment

Row = Mapping[str, Any]
_COLUMNS = (
    Column("order"),
    Column("state"),
    Column("verdict"),
    Column("until"),
    Column("title", "text"),
    Column("platform"),
    Column("listing"),
    Column("officers", "names"),
)
_ANSWERS = (
    Column("at"),
    Column("answer"),
    Column("party"),
    Column("seals", "names"),
    Column("effect"),
    Column("actor"),
)


def draw_orders(orders: Iterable[Row]) -> Records:
    """In the order given."""
    return Records(_COLUMNS, map(_fields, orders))


def draw_answers(order: Row) -> Records:
    """What was said of one."""
    return Records(_ANSWERS, map(_answer_fields, order["answers"]))


def order_fields(order: Row) -> list[tuple[str, str]]:
    """What one says, by name."""
    named = [(name, order[name]) for name in _NAMED]
    said = [(name, clean(str(value))) for name, value in named if value is not None]
    said += [(name, joined(order[name])) for name in ("items", "officers") if order[name]]
    for each in order["results"]:
        report = f"{each['result']} of {each['of']} {each['sample_no']}: {each['report_no']} of {each['agency_code']}"
        said.append(("result", f"{clean(report)}, {each['inspected_on']}"))
    for name, words in (("told", "on"), ("to_tell", "by"), ("objection", "until")):
        said += [(name, f"{each['party']} {words} {each['day']}") for each in order[name]]
    return said


_NAMED = (
    "order_no",
    "check_id",
    "state",
    "verdict",
    "bureau",
    "platform_code",
    "listing_id",
    "title",
    "seller_code",
    "producer_code",
    "gtin",
    "lot",
    "stratum",
    "ticket",
    "sample",
    "spare",
    "objected_by",
)


def _fields(order: Row) -> Mapping[str, Value]:
    days = [each["day"] for each in (*order["to_tell"], *order["objection"])]
    until = min(days, default=None)
    return {
        "order": clean(order["order_no"]),
        "state": order["state"],
        "verdict": order["verdict"] or NOTHING,
        "until": NOTHING if until is None else f"{until}{' overdue' if order['overdue'] else ''}",
        "title": clean(order["title"] or ""),
        "platform": clean(order["platform_code"]),
        "listing": clean(order["listing_id"]),
        "officers": [clean(each) for each in order["officers"]] or "waits",
    }


def _answer_fields(answer: Row) -> Mapping[str, Value]:
    return {
        "at": moment(answer["occurred_at"]),
        "answer": clean(answer["answer"]),
        "party": clean(answer["party"] or NOTHING),
        "seals": [clean(each) for each in (answer["sample"], answer["spare"]) if each] or NOTHING,
        "effect": "void" if answer["void"] else "counts",
        "actor": clean(answer["actor"] or NOTHING),
    }

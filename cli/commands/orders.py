"""`suyuan orders`: the orders of spot checks, from issued to final."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from suyuan.access.scope import EVERYTHING
from suyuan.cli.acting import BY
from suyuan.cli.drawing.orders import draw_answers, draw_orders, order_fields
from suyuan.cli.options import AsJson, Data, Kafka
from suyuan.cli.order_answers import answer_order, order_of, said_of
from suyuan.cli.screen import print_json, put, show_records
from suyuan.domain.calendar import china_day
from suyuan.domain.checks.life import ANSWERS, PARTIES, STATES
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.orders.outward import outward
from suyuan.queries.answers import each_plain, plain
from suyuan.queries.api import OrderFilter
from suyuan.queries.paging import walk
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import load

app = typer.Typer(no_args_is_help=True, help="Orders of spot checks.")
OrderNo = Annotated[str, typer.Argument(metavar="ORDER", help="Its number: 330100-2026-7-1.")]
_SHOWN = 50


@app.command("list")
def list_(
    data: Data = None,
    check: Annotated[
        str | None, typer.Option(metavar="CHECK", help="Only those of this check.", show_default=False)
    ] = None,
    platform: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only those of this platform.", show_default=False)
    ] = None,
    state: Annotated[
        str | None,
        typer.Option(help=f"Only these, several with commas: {', '.join(STATES)}.", show_default=False),
    ] = None,
    officer: Annotated[
        str | None, typer.Option(metavar="STAFF_NO", help="Only those of this officer.", show_default=False)
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help=f"At most so many; default {_SHOWN}, with --json all.", show_default=False),
    ] = None,
    *,
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Only those of which somebody should have been told.")
    ] = False,
    kafka: Kafka = None,
    as_json: AsJson = False,
) -> None:
    """List orders, those of the newest check first."""
    states = tuple(each.strip() for each in (state or "").split(",") if each.strip())
    if unknown := sorted(set(states) - set(STATES)):
        raise SuyuanError(f"--state {unknown[0]}: not one of {', '.join(STATES)}", ErrorKind.USAGE)
    today = china_day(_now())
    wanted = OrderFilter(today, check_id=check, platform_code=platform, officer=officer, states=states, overdue=overdue)
    nothing = "no such orders" if any((check, platform, states, officer, overdue)) else "no orders"
    with deployment_of(load(data=data, kafka=kafka)).queries() as ask:
        found = walk(lambda page: ask.orders(EVERYTHING, wanted, page), limit or (None if as_json else _SHOWN))
        orders = each_plain(outward(order, today, actors=True) for order in found)
        if as_json:
            print_json(orders, nothing)
        else:
            show_records(draw_orders(orders), nothing)


@app.command()
def show(order_no: OrderNo, data: Data = None, *, kafka: Kafka = None, as_json: AsJson = False) -> None:
    """Show an order: what is to be bought, what was said of it, its results, and what is to be done until when."""
    now = _now()
    order = outward(order_of(deployment_of(load(data=data, kafka=kafka)), order_no, now), china_day(now), actors=True)
    told = plain(order)
    if as_json:
        print_json([told])
        return
    for name, value in order_fields(told):
        put(f"{name:<14} {value}")
    show_records(draw_answers(told), "nothing was said of it yet")


@app.command()
def answer(
    order_no: OrderNo,
    said: Annotated[str, typer.Argument(metavar="ANSWER", help=f"{', '.join(ANSWERS)}.")],
    data: Data = None,
    sample: Annotated[
        str | None, typer.Option(metavar="SEAL", help="Of unpacked: the sample's seal.", show_default=False)
    ] = None,
    spare: Annotated[
        str | None, typer.Option(metavar="SEAL", help="Of unpacked: the spare sample's seal.", show_default=False)
    ] = None,
    party: Annotated[
        str | None,
        typer.Option(metavar="|".join(PARTIES), help="Of told and objected: who.", show_default=False),
    ] = None,
    *,
    actor: Annotated[str, typer.Option(metavar="WHO", help="The account that answers.")] = BY,
    kafka: Kafka = None,
    as_json: AsJson = False,
) -> None:
    """Say what became of an order. What would change nothing is refused."""
    wanted = said_of(said, sample=sample, spare=spare, party=party)
    made = answer_order(deployment_of(load(data=data, kafka=kafka)), order_no, wanted, actor)
    if as_json:
        print_json([{"order_no": order_no, "answer": made.answer, "event_id": made.event_id}])
    else:
        put(f"{order_no}: {made.answer}")


def _now() -> int:
    return time.time_ns() // 1_000_000

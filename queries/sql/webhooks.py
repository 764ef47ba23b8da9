"""Attempts to deliver webhooks."""

from __future__ import annotations

from dataclasses import dataclass

from suyuan.access.scope import Scope
from suyuan.queries.paging import ListQuery, Order, Page, Paged, moment, number, read_page, text
from suyuan.queries.rows import Row, Tables


@dataclass(frozen=True, slots=True)
class AttemptFilter:
    """Of one subscription. `delivery`: its webhook-id; None: of any. `outcome`: of those alone."""

    subscription: str
    delivery: str | None = None
    outcome: str | None = None


_NEWEST_FIRST = Order(
    (moment("attempted_at", descending=True), text("delivery"), number("attempt", descending=True)),
)


def webhook_attempts(tables: Tables, _scope: Scope, wanted: AttemptFilter, page: Page) -> Paged[Row]:
    """The newest first. They say nothing but ids and what receivers answered, so every scope has them; whose
    subscription it is knows whoever asks.
    """
    conditions, values = ["subscription = {subscription:String}"], {"subscription": wanted.subscription}
    for name, value in (("delivery", wanted.delivery), ("outcome", wanted.outcome)):
        if value is not None:
            conditions.append(f"{name} = {{{name}:String}}")
            values[name] = value
    return read_page(tables, ListQuery("SELECT * FROM webhook_delivery_v", conditions, values, _NEWEST_FIRST), page)

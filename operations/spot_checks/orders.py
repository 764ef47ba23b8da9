"""The orders of a draw as events: published once it is drawn, before its act, so that no draw is without its orders.

What an order says follows from the check and from the chains as they were known when it was frozen. Whoever is stopped
in between draws again and publishes the same, which counts once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from suyuan.access.scope import EVERYTHING
from suyuan.domain.acceptance import SYSTEM
from suyuan.domain.checks.acts import ORDER
from suyuan.domain.checks.bodies import Draw, Freeze, Order, Plan, hash_of
from suyuan.domain.checks.draw import Result
from suyuan.domain.checks.stage import Check
from suyuan.operations.spot_checks import steps
from suyuan.publishing.checking import refuse
from suyuan.publishing.files.outlet import Outlet
from suyuan.publishing.keys import identities
from suyuan.queries.answers import ListingAsKnown
from suyuan.queries.api import AsKnown, Queries
from suyuan.schemas.events import encode_event

BATCH = 1_000
"""orders that are looked up and appended at once"""


def drawn(ask: Queries, outlet: Outlet, check: Check, folder: Path) -> Result:
    """Draw, and publish the orders; the act of the draw is then to be published. Raises what `steps.drawn` does, and
    SuyuanError, UNAVAILABLE where the log does not answer: the same may be drawn again.
    """
    result = steps.drawn(check, folder)
    if check.plan is not None and check.freeze is not None:
        issue(ask, outlet, check.plan, check.freeze, result)
    return result


def issue(ask: Queries, outlet: Outlet, plan: Plan, frozen: Freeze, result: Result) -> None:
    """Publish the orders of a draw; durable on return."""
    for start in range(0, len(result.orders), BATCH):
        some = result.orders[start : start + BATCH]
        wanted = AsKnown(frozen.as_known_at, [listing_of(order.id) for order in some])
        known = {(each.platform_code, each.listing_id): each for each in ask.listings_as_known(EVERYTHING, wanted)}
        events = list(_events(plan, result.draw, some, known))
        for event in events:
            refuse(ORDER, event, event["occurred_at"] / 1000)
        taken = outlet.append(identities(ORDER, events), [encode_event(ORDER, event) for event in events]).result()
        if taken.failure is not None:
            raise taken.failure


def listing_of(frame_id: str) -> tuple[str, str]:
    """Platform and listing of what a frame calls so (`frame.frame_id`)."""
    platform_code, _, listing_id = frame_id.partition("/")
    return unquote(platform_code), unquote(listing_id)


def _events(
    plan: Plan, draw: Draw, orders: Sequence[Order], known: dict[tuple[str, str], ListingAsKnown]
) -> Iterator[dict[str, Any]]:
    drawn, items = hash_of(draw), [item.item_no for item in plan.items]
    for order in orders:
        platform_code, listing_id = listing_of(order.id)
        listing = known.get((platform_code, listing_id))
        yield {
            "event_id": f"{drawn}-{order.order_no.rpartition('-')[2]}",
            "publisher": SYSTEM,
            # the moment from which on this draw was the only one that there could be: the same each time
            "occurred_at": plan.randomness.at,
            "order_no": order.order_no,
            "check_id": plan.check_id,
            "platform_code": platform_code,
            "listing_id": listing_id,
            **{name: getattr(listing, name, None) for name in _OF_LISTING},
            "stratum": order.stratum,
            "weight": order.weight,
            "ticket": order.ticket,
            "officers": list(order.officers),
            "items": items,
        }


_OF_LISTING = ("title", "seller_code", "producer_code", "gtin", "lot")

"""The demo's spot check, from the plan to a sample that fails: as a bureau, two parties and a laboratory do it, and as
a stranger verifies it.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from suyuan.access.scope import EVERYTHING
from suyuan.domain.checks.bodies import AnyBody, Order
from suyuan.domain.checks.publication import VERIFY
from suyuan.domain.checks.stage import Check
from suyuan.errors import SuyuanError
from suyuan.operations.spot_checks import acting, steps
from suyuan.operations.spot_checks.orders import drawn
from suyuan.publishing.files.batches import Publisher
from suyuan.publishing.files.outlet import Outlet
from suyuan.queries.answers import WholeChain
from suyuan.queries.api import AlertFilter, ChainFilter, OfListing, Page, Queries
from suyuan.schemas.validation import parse_event
from suyuan.simulation.outbox import Event
from suyuan.simulation.spot_check import BUREAU, answers, failed_report, plan_of

GAP, RULE = "inspection_failed", "failed_inspection_on_sale"
"""what comes of a sample that fails"""
_ACTOR, _FINE = "demo", "OK"
_PARTIES = ("消费者协会 consumers' association", "大学 university")
_DUE_SECONDS, _PATIENCE_SECONDS, _LOOK_SECONDS = 4.0, 60.0, 0.1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SpotCheck:
    """What came of it. `rows` of the frame; `verified`: what `verify.py` found to be so, run on the public files alone;
    of the order whose sample failed: `order_no`, `listing_id`, its officers; `gaps` and `alert_id` of its listing
    afterwards; `results`: of each stratum with one, how many samples were tested and how many passed, as everybody may
    read them; `folder`: of the public files.
    """

    check_id: str
    rows: int
    orders: int
    verified: list[str]
    order_no: str
    platform_code: str
    listing_id: str
    officers: list[str]
    gaps: list[str]
    alert_id: str
    results: list[tuple[str, int, int]]
    folder: str


def hold(ask: Queries, outlet: Outlet, public: Path) -> SpotCheck:
    """Hold a check on the market as it stands: blocks for some seconds. `public`: the folder of public files. Raises
    SuyuanError where it does not come out as it must.
    """
    check_id = acting.next_number(ask, BUREAU, time.gmtime().tm_year)
    folder = acting.folder_of(public, check_id)
    check, orders = _drawn(ask, outlet, check_id, folder)
    verified = _verified(folder)
    order = next((each for each in orders if each.officers), None)
    if order is None:
        raise SuyuanError(f"no officers were drawn for any order of {check_id}")
    platform_code, _, listing_id = order.id.partition("/")
    listing = OfListing(platform_code, listing_id)
    chain = _awaited(f"the chain of {order.id}", lambda: ask.chain(EVERYTHING, listing))
    _say(outlet, answers(order.order_no, order.officers, _now()))
    _say(outlet, [failed_report(order.order_no, chain.producer_code or "", chain.gtin or "", chain.lot or "", _now())])
    raised = AlertFilter(rule=(RULE,), listing=(platform_code, listing_id), state="raised")
    alert = _awaited(f"the alert of {order.id}", lambda: next(iter(ask.alerts(EVERYTHING, raised, Page(1)).rows), None))
    after = _awaited(f"the gap of {order.id}", lambda: _failed(ask.chain(EVERYTHING, listing)))
    results = _awaited(f"the result of {order.order_no}", lambda: _results(ask, check_id))
    return SpotCheck(
        check_id=check_id,
        rows=check.freeze.rows if check.freeze else 0,
        orders=len(orders),
        verified=verified,
        order_no=order.order_no,
        platform_code=platform_code,
        listing_id=listing_id,
        officers=list(order.officers),
        gaps=after.gap_names,
        alert_id=alert.alert_id,
        results=results,
        folder=str(folder),
    )


def _drawn(ask: Queries, outlet: Outlet, check_id: str, folder: Path) -> tuple[Check, Sequence[Order]]:
    """From the plan to the public files."""

    def act(body: AnyBody) -> Check:
        acting.publish(outlet, body, actor=_ACTOR, now=_now())
        return _awaited(f"the {steps.name_of(body)} of {check_id}", lambda: _reached(ask, body))

    begun = _now()
    given = {name: secrets.token_hex(32) for name in _PARTIES}
    seller = next((row.seller_code for row in ask.chains(EVERYTHING, ChainFilter(), Page(1)).rows), None)
    due = begun + int(_DUE_SECONDS * 1000)
    check = act(acting.planned(ask, plan_of(check_id, given, now=begun, due=due, recused=seller)))
    # the tables have all that the market said: it is at its end, and the plan that came behind it is in them
    check = act(acting.frozen(ask, check, folder, as_known_at=_now(), now=_now()))
    time.sleep(max(0.0, (due - _now()) / 1000 + 0.01))
    check = act(acting.of_parties(check, given.items(), now=_now()))
    result = drawn(ask, outlet, check, folder)
    check = act(result.draw)
    return act(acting.published(ask, check, folder)), result.orders


def _reached(ask: Queries, body: AnyBody) -> Check | None:
    check = acting.check_named(ask, body.check_id)
    return check if check.last == body else None


def _verified(folder: Path) -> list[str]:
    """What `verify.py` says to a stranger who has the public files alone. Raises SuyuanError."""
    done = subprocess.run(  # noqa: S603 - our own file
        [sys.executable, "-I", VERIFY], cwd=folder, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise SuyuanError(f"{folder} does not hold what {VERIFY} draws: {done.stdout}{done.stderr}")
    return [line.removeprefix(_FINE).strip() for line in done.stdout.splitlines() if line.startswith(_FINE)]


def _failed(chain: WholeChain | None) -> WholeChain | None:
    return chain if chain is not None and GAP in chain.gap_names else None


def _results(ask: Queries, check_id: str) -> list[tuple[str, int, int]] | None:
    """Of each stratum with a result how many were tested and how many passed; None before the first result."""
    found = [
        (each.stratum, each.tested, each.passed) for each in ask.check_results(EVERYTHING, check_id) if each.tested
    ]
    return found or None


def _say(outlet: Outlet, events: Iterable[Event]) -> None:
    publisher = Publisher(outlet)
    for event in events:
        parsed = parse_event(json.dumps(event).encode())
        publisher.take(parsed.kind, parsed.event)
    publisher.flush()


def _awaited(what: str, look: Callable[[], T | None]) -> T:
    """What a look finds once it finds something. Raises SuyuanError where it does not in good time."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while (found := look()) is None:
        if time.monotonic() > until:
            raise SuyuanError(f"{what} did not come within {_PATIENCE_SECONDS:.0f} s")
        time.sleep(_LOOK_SECONDS)
    return found


def _now() -> int:
    return time.time_ns() // 1_000_000

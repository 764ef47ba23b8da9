"""A spot check of the simulated market: its plan, and what its officers and its laboratory say of one order.

The randomness is of two parties who commit and reveal, so the market needs no beacon.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from suyuan.domain.acceptance import SYSTEM
from suyuan.domain.calendar import china_day
from suyuan.domain.checks.bodies import CommitReveal, Item, Officer, Party, Plan, Recusal, Stratum, Weight
from suyuan.domain.checks.randomness import commitment
from suyuan.simulation.goods import CATEGORIES
from suyuan.simulation.outbox import Event
from suyuan.simulation.scene import AUTHORITY

BUREAU = "100000"
"""the nation's desk: the market's parties are all over the country"""
POPULATION = "verdict = 'complete' AND lot IS NOT NULL"
"""so that a fail is the only thing that is wrong with a listing"""
ITEM = "GB2760-2024"
SAMPLE, SPARE = "YP-2026-0001", "YP-2026-0001B"
FAILED = "山梨酸钾"
_EACH = 2
"""listings of each category"""
_ANSWER_MS = 1_000


def plan_of(check_id: str, secrets: dict[str, str], *, now: int, due: int, recused: str | None) -> Plan:
    """The plan of a check of two listings of each category of goods. `secrets`: of each party, 64 digits 0-9 a-f;
    `now`, `due`: ms UTC, of the plan and of the randomness; `recused`: a party's code, whom the first officer does not
    go to.
    """
    parties = tuple(
        Party(name=name, commitment=commitment(check_id, name, secret), default=f"{place:064x}")
        for place, (name, secret) in enumerate(secrets.items())
    )
    return Plan(
        check_id=check_id,
        title="网上抽查：线上在售商品 / goods on sale online",
        planned_at=now,
        items=(Item(item_no=ITEM, item_class="key"),),
        population=POPULATION,
        column="category",
        strata=tuple(Stratum(stratum=category.name, size=_EACH) for category in CATEGORIES),
        weights=(Weight(expression="price_fen > 10000", weight=2),),
        officers=tuple(Officer(staff_no=f"A-{number:02}", unit="执法一队", most=9) for number in range(1, 7)),
        recusals=() if recused is None else (Recusal(staff_no="A-01", code=recused, reason="relative"),),
        randomness=CommitReveal(parties=parties, at=due),
    )


def answers(order_no: str, officers: Sequence[str], now: int) -> Iterator[Event]:
    """The order is accepted, the sample bought, delivered, and unpacked into sample and spare. `now`: ms UTC."""
    names = ("accepted", "bought", "delivered", "unpacked")
    for place, answer in enumerate(names):
        seals = {"sample": SAMPLE, "spare": SPARE} if answer == "unpacked" else {}
        yield _event(
            "order_answer",
            {
                "event_id": f"{order_no}-{answer}",
                "publisher": SYSTEM,
                "occurred_at": now - (len(names) - place) * _ANSWER_MS,
                "order_no": order_no,
                "answer": answer,
                "actor": officers[0],
                **seals,
            },
        )


def failed_report(order_no: str, producer_code: str, gtin: str, lot: str, now: int) -> Event:
    """The laboratory's report: the sample has failed. `now`: ms UTC."""
    return _event(
        "inspection",
        {
            "event_id": f"{order_no}-report",
            "publisher": AUTHORITY,
            "occurred_at": now,
            "report_no": f"检{order_no}",
            "agency_code": AUTHORITY,
            "producer_code": producer_code,
            "gtin": gtin,
            "lot": lot,
            "purpose": "spot_check",
            "result": "fail",
            "failed_items": [FAILED],
            "inspected_on": china_day(now).isoformat(),
            "order_no": order_no,
            "sample_no": SAMPLE,
        },
    )


def _event(kind: str, fields: dict[str, Any]) -> Event:
    return {"kind": kind, **fields}

"""Rows of a country in which everybody is somewhere else, the same each time: what is asked is told from them."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter

from suyuan.schemas.events import encode_event
from tests.sinks.contract.views import load
from tests.sinks.rows import (
    DIGEST,
    GTIN,
    NOW,
    alert,
    block,
    chain,
    dead_letter,
    events,
    finding,
    listing,
    lot,
    node,
    replay,
)

CHANCE = random.Random(7)
DIVISIONS = ("330106", "330203", "320100", "310115", None)
PLATFORMS = ("91330000PLATFORM01", "91310000PLATFORM02")
CODES = {f"91{CHANCE.randrange(10**14):014}{number:02}": CHANCE.choice(DIVISIONS) for number in range(12)}
"""of who sells and makes, and where they are"""
CHAINS, ALERTS = 60, 40
VERDICTS = ("complete", "broken", "partial")


def _some(options):
    return CHANCE.choice(tuple(options))


def _chain(number):
    seller, producer = _some(CODES), _some([*CODES, None])
    return chain(
        number,
        platform_code=_some(PLATFORMS),
        verdict=_some(VERDICTS),
        seller_code=seller,
        producer_code=producer,
        seller_division=CODES[seller],
        producer_division=CODES.get(producer),
        gap_names=["lot_unknown"] if number % 4 else [],
        gaps=[{"gap": "lot_unknown", "class": "broken", "subject": "批", "detail": None, "evidence": ["A/1"]}]
        if number % 4 or not number
        else [],
        nodes=[node("seller", seller, name="卖家")],
        title="绿茶" * CHANCE.randrange(3),
    )


def _alert(number):
    seller = _some(CODES)
    return alert(
        f"a{number}",
        sequence=1,
        severity=_some(("high", "low")),
        platform_code=_some(PLATFORMS),
        seller_code=seller,
        state="raised" if number % 5 else "cleared",
        seller_division=CODES[seller],
        producer_division=_some(DIVISIONS),
        bureau=_some(DIVISIONS),
        bureau_why="seller:330106" if number % 3 else "unknown:seller unknown:producer nation:100000",
        raised_at=NOW + CHANCE.randrange(8),
    )


def _finding(alert_id, number, platform, seller, bureau, change="raised"):
    return finding(
        f"{alert_id}-{number}",
        alert_id,
        platform_code=platform,
        listing_id=f"l{number}",
        seller_code=seller,
        seller_division=CODES[seller],
        bureau=bureau,
        change=change,
        title="绿茶",
    )


def _lot_alert(number):
    """An alert about a lot that is offered on both platforms, or on one of them, and its findings, of which the last
    stands no more.
    """
    chance = random.Random(f"lot {number}")
    alert_id, bureau = f"g{number}", chance.choice(DIVISIONS[:4])
    offered = [(chance.choice(PLATFORMS[: 1 + number % 2]), chance.choice(list(CODES))) for _ in range(2 + number % 4)]
    found = [_finding(alert_id, each, *of, bureau) for each, of in enumerate(offered)]
    gone = _finding(alert_id, len(offered), PLATFORMS[1], next(iter(CODES)), bureau, "cleared")
    counts = Counter(platform for platform, _ in offered)
    said = alert(
        alert_id,
        severity="high",
        subject_kind="lot",
        subject=f"lot:{number}/{GTIN}/L",
        listings=len(offered),
        platforms=[{"platform_code": code, "listings": counts[code]} for code in sorted(counts)],
        producer_code=str(number),
        gtin=GTIN,
        lot="L",
        producer_division=chance.choice(DIVISIONS),
        bureau=bureau,
        bureau_why="why",
        verdict="contradicted",
        gap_names=["lot_recalled"],
        explanation_zh="批次已召回",
        triggering='{"lot_recalled":true}',
        evidence=[f"listing/{offered[0][0]}/e~{DIGEST[:8]}", f"recall/M/r~{DIGEST[:8]}"],
        newest_listed_at=NOW,
        handling=("open", "assigned")[number % 2],
        assignee=(None, "somebody")[number % 2],
        act=(None, "assign")[number % 2],
        actor=(None, "another")[number % 2],
        raised_at=NOW + number,
    )
    return said, [*found, gone]


_LOT_ALERTS = [_lot_alert(number) for number in range(8)]


SAID = {
    "chain": [_chain(number) for number in range(CHAINS)],
    "alert": [*(_alert(number) for number in range(ALERTS)), *(said for said, _ in _LOT_ALERTS)],
    "finding": [row for _, found in _LOT_ALERTS for row in found],
    "entity": [
        {"code": code, "name": "名", "status": "active", "division": division, "publisher": _some(CODES)}
        for code, division in CODES.items()
    ],
    "listing": [
        listing(number)
        | {"platform_code": _some(PLATFORMS), "seller_code": _some(CODES), "producer_code": _some(CODES)}
        | {"publisher": _some(PLATFORMS)}
        for number in range(20)
    ],
    "lot": [
        lot(f"L{number}", f"X{number}") | {"producer_code": _some(CODES), "publisher": _some(CODES)}
        for number in range(20)
    ],
    "shipment": [
        {
            "shipment_id": f"S{number}",
            "producer_code": _some(CODES),
            "gtin": GTIN,
            "lot": "unheard of",
            "from_code": _some(CODES),
            "to_code": _some(CODES),
            "quantity": 5,
            "shipped_at": NOW,
            "publisher": _some(CODES),
        }
        for number in range(20)
    ],
    "dead_letter": [dead_letter("in.lot", number % 2, number, received_at=NOW + number % 3) for number in range(15)],
}
"""by what they are; events by their kind"""
EVENTS = ("entity", "listing", "lot", "shipment")
REFUSED = {
    "event_id": "第 1/~" + "x" * 70,
    "publisher": "91330106MABQWU0B72",
    "occurred_at": NOW,
    "producer_code": "91330106MABQWU0B72",
    "gtin": "6901234567893",
    "lot": "L",
    "produced_on": dt.date(2026, 9, 1),
    "expires_on": None,
    "quantity": 1,
    "inputs": [],
}
"""a lot that intake did not accept"""
AWAITED = {"platform_code": "91310000PLATFORM03", "listing_id": "awaited"}
"""a listing with three events, whose chain rests on the second; and another, `waiting`, whose chain is behind"""


PUBLISHED = encode_event("lot", REFUSED)
REFUSED_AT = {"kind": "lot", "field": "gtin", "reason": "fails its check digit"}
SAID["dead_letter"].append(
    dead_letter("in.lot", 0, 900, payload=PUBLISHED, payload_bytes=len(PUBLISHED), received_at=NOW + 9, **REFUSED_AT)
)


def _listing_event(name, listing_id, **fields):
    return listing(0, **{**AWAITED, "listing_id": listing_id}) | {"event_id": name, **fields}


def _resting_on(name, listing_id):
    of = {**AWAITED, "listing_id": listing_id, "seller_division": None, "producer_division": None}
    return chain(0, **of, verdict="broken", listing_event=f"listing/{AWAITED['platform_code']}/{name}~{DIGEST[:8]}")


SAID["chain"] += [_resting_on("now", "awaited"), _resting_on("before", "waiting")]
LISTING_EVENTS = [
    row | {"publisher": AWAITED["platform_code"]}
    for row in (
        _listing_event("early", "awaited", occurred_at=NOW - 1),
        _listing_event("now", "awaited"),
        _listing_event("before", "waiting"),
        _listing_event("next", "waiting", occurred_at=NOW + 1),
    )
]


def _order(number):
    chance = random.Random(f"order {number}")
    check_id = f"{('330106', '330203', '310115')[number % 3]}-2026-{1 + number // 12}"
    return {
        "order_no": f"{check_id}-{1 + number}",
        "check_id": check_id,
        "platform_code": PLATFORMS[number % 2],
        "listing_id": f"l{number}",
        "seller_code": chance.choice(list(CODES)),
        "stratum": "330106",
        "weight": 1,
        "ticket": "0." + "7" * 77,
        "officers": ["A-01", "A-02"],
        "items": ["F-12"],
        "occurred_at": NOW + number % 2,
        "publisher": "SUYUAN",
    }


SAID["order"] = [_order(number) for number in range(24)]


def _attempt(subscription, number, attempt):
    return {
        "subscription": subscription,
        "delivery": f"a{number}.1.{subscription}",
        "attempt": attempt,
        "attempted_at": NOW + number + attempt,
        "outcome": "delivered" if attempt == 5 else "retried",
        "status": 204 if attempt == 5 else None,
        "reason": "",
        "milliseconds": 5,
    }


ATTEMPTS = [_attempt("s1", number, attempt) for number in range(4) for attempt in range(1, 6)] + [_attempt("s2", 0, 1)]


def fill(clickhouse):
    """All of them, in blocks as loaders get them."""
    load(clickhouse, "chain", block("chain", *SAID["chain"]))
    load(
        clickhouse, "alert.state", *(block("alert_state", *some) for some in (SAID["alert"][::2], SAID["alert"][1::2]))
    )
    load(clickhouse, "finding", block("finding", *SAID["finding"]))
    for kind in EVENTS:
        load(clickhouse, f"event.{kind}", events(kind, *SAID[kind]))
    load(clickhouse, "event.listing", events("listing", *LISTING_EVENTS, first=900))
    load(clickhouse, "event.order", events("order", *SAID["order"]))
    load(clickhouse, "dead_letter", block("dead_letter", *SAID["dead_letter"]))
    load(clickhouse, "webhook.delivery", block("delivery", *ATTEMPTS))
    load(clickhouse, "dead_letter.replay", block("replay", replay("in.lot", 0, 0)))
